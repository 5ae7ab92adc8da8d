"""A CNAB 240 file that registers slips with their bank (remessa): segments P, Q and R a slip.

Positions are FEBRABAN's; the nosso número is written as each bank reads it (`models/payment/our_numbers.py`). 196-220
of segment P is ours, and comes back in 106-130 of the return's segment T.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.contact.postal_address import postal_address
from models.errors import Refusal
from models.payment.our_numbers import SLIP_BANKS, Account
from models.payment.slip import Slip, only_digits

WIDTH = 240
LARGEST_NUMBER = 999_999
FILE_VERSION, LOT_VERSION = "103", "060"
ENTRY = "01"
"""Register the slip."""
OTHER_KIND = "99"
"""Espécie: none of commerce's."""


UNKNOWN_ADDRESS = "NAO INFORMADO"


@dataclass(frozen=True)
class Remittance:
    """A file to be written."""

    number: int
    """NSA: one more with each file for the bank."""
    made_at: datetime
    """In the authority's own time."""
    beneficiary: str
    tax_id: str
    account: Account


def write_remessa(file: Remittance, slips: Sequence[Slip]) -> list[str]:
    """The lines of the file, without their ends. Raises Refusal for what a bank doesn't take."""
    if not slips:
        raise Refusal("there is no slip to register")
    if file.number > LARGEST_NUMBER:
        raise Refusal("the file numbers of this bank are used up")
    details = [
        segment
        for place, slip in enumerate(slips)
        for segment in (
            _segment_p(file, slip, 3 * place + 1),
            _segment_q(file, slip, 3 * place + 2),
            _segment_r(file, 3 * place + 3),
        )
    ]
    lot = [_lot_header(file), *details, _lot_trailer(file, slips, len(details) + 2)]
    return [_header(file), *lot, _trailer(file, len(lot) + 2)]


def _header(file: Remittance) -> str:
    return _line(
        f"{file.account.bank}00000{'':9}{_payee(file, 14)}{_whose(file)}{_text(file.beneficiary, 30)}",
        _text(SLIP_BANKS[file.account.bank].name, 30),
        f"{'':10}1{file.made_at:%d%m%Y%H%M%S}{file.number:06}{FILE_VERSION}00000",
    )


def _lot_header(file: Remittance) -> str:
    return _line(
        f"{file.account.bank}00011R01  {LOT_VERSION} {_payee(file, 15)}{_whose(file)}{_text(file.beneficiary, 30)}",
        f"{'':80}{file.number:08}{file.made_at:%d%m%Y}00000000",
    )


def _segment_p(file: Remittance, slip: Slip, place: int) -> str:
    if slip.at_bank is None:
        raise Refusal(f"slip {slip.document} is of no bank's: it needs no registration")
    account = file.account
    return _line(
        f"{_detail(file, place)}P {ENTRY}{SLIP_BANKS[account.bank].remitted_account(account)}{slip.at_bank.remitted}",
        # simple collection, registered, written, issued and handed out by us
        f"11222{slip.document:<15}{slip.due:%d%m%Y}{_cents(slip.amount, 15)}00000 {OTHER_KIND}N",
        # no interest, discount, tax or rebate: the amount is that of its day
        f"{slip.issued_on:%d%m%Y}3{0:08}{0:015}0{0:08}{0:015}{0:015}{0:015}{slip.our_number:<25}",
        # not protested by the bank, and written off by it when we say so
        f"3002000{'09'}{0:010} ",
    )


def _segment_q(file: Remittance, slip: Slip, place: int) -> str:
    tax_id = only_digits(slip.payer_tax_id)
    return _line(
        f"{_detail(file, place)}Q {ENTRY}{'1' if len(tax_id) == 11 else '2'}{tax_id:0>15}{_text(slip.payer, 40)}",
        _payer_address(slip.payer_address),
        f"0{0:015}{'':40}000{'':28}",
    )


def _payer_address(written: str) -> str:
    """74-153: street, district, postcode, city and state; where no letter would find it, the words for that."""
    try:
        known = postal_address(written)
    except ValueError:
        return f"{_text(UNKNOWN_ADDRESS, 40)}{'':15}{0:08}{'':17}"
    street, _, district = known.street.rpartition(", ") if known.street.count(", ") > 1 else (known.street, "", "")
    postcode = known.postcode.replace("-", "")
    return f"{_text(street, 40)}{_text(district, 15)}{postcode}{_text(known.city, 15)}{known.state:2}"


def _segment_r(file: Remittance, place: int) -> str:
    return _line(
        f"{_detail(file, place)}R {ENTRY}0{0:08}{0:015}0{0:08}{0:015}0{0:08}{0:015}",
    )


def _lot_trailer(file: Remittance, slips: Sequence[Slip], lines: int) -> str:
    total = _cents(sum((slip.amount for slip in slips), Decimal(0)), 17)
    return _line(f"{file.account.bank}00015{'':9}{lines:06}{len(slips):06}{total}{0:069}")


def _trailer(file: Remittance, lines: int) -> str:
    return _line(f"{file.account.bank}99999{'':9}{1:06}{lines:06}{0:06}")


def _detail(file: Remittance, place: int) -> str:
    return f"{file.account.bank}00013{place:05}"


def _payee(file: Remittance, digits: int) -> str:
    return f"2{file.tax_id:0>{digits}}"


def _whose(file: Remittance) -> str:
    """Convênio, agency and account."""
    account = file.account
    return (
        f"{account.agreement:<20}{account.agency:0>5}{account.agency_digit or ' '}"
        f"{account.account:0>12}{account.account_digit or ' '} "
    )


def _text(written: str, width: int) -> str:
    """A text as banks take it: capital ASCII letters, cut to its field."""
    plain = unicodedata.normalize("NFKD", written).encode("ascii", "ignore").decode()
    return f"{plain.upper()[:width]:<{width}}"


def _cents(amount: Decimal, digits: int) -> str:
    return f"{int(amount.scaleb(2)):0{digits}}"


def _line(*parts: str) -> str:
    line = "".join(parts)
    assert len(line) <= WIDTH, len(line)  # noqa: S101 - the fields are of fixed widths
    return line.ljust(WIDTH)
