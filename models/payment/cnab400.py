"""CNAB 400 return: a header, a line a title, a trailer. Each line numbers itself, so a lost one shows at the end.

What is where differs from bank to bank (`models/payment/cnab400_banks.py`); these places are everybody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from models.errors import Refusal
from models.payment.bank_record import (
    SKEW,
    BadLine,
    BankPayment,
    BankReturn,
    Header,
    Line,
    RejectedLine,
    amount,
    brought_nothing,
    day,
    field,
    number,
    payment_day,
    printable,
)
from models.payment.cnab400_banks import LAYOUTS, Layout400
from models.payment.cnab_banks import FirstToLast

WIDTH = 400
SLACK = 1
CENTURY = "20"
MOVEMENT: FirstToLast = (109, 110)
HAPPENED: FirstToLast = (111, 116)
DOCUMENT: FirstToLast = (117, 126)
"""Seu número: the client's, where nothing else names a title."""
FACE, FEE, REBATE, DISCOUNT, PAID, LATE, OTHER = (
    (153, 165),
    (176, 188),
    (228, 240),
    (241, 253),
    (254, 266),
    (267, 279),
    (280, 292),
)
OWN_NUMBER: FirstToLast = (395, 400)


def is_cnab400(first: str) -> bool:
    return first[:9].upper() == "02RETORNO"


class Cnab400Return(BankReturn):
    def __init__(self, first: str, rest: Iterator[Line], today: date) -> None:
        """Read the header. Raises Refusal when it is not one of a bank that is known."""
        self._code = field(first, 77, 79)
        self._layout = _layout(self._code)
        self.header = _header(first.ljust(WIDTH), self._layout)
        self._agreement = self.header.agreement.partition("/")[2].lstrip("0")
        self._rest = rest
        self._latest = max(self.header.made_on, today) + SKEW
        self._lines = 1
        self._stated: int | None = None
        self._other: Counter[str] = Counter()
        self._more = 0

    def records(self) -> Iterator[BankPayment | RejectedLine]:
        for line, text in self._rest:
            self._lines += 1
            try:
                payment = self._read(line, text.rstrip(" "))
            except BadLine as bad:
                yield RejectedLine(line, str(bad), text)
            else:
                if payment:
                    yield payment

    def disagreements(self) -> list[str]:
        if self._stated is None:
            return ["it ends without its trailer (9), so lines may be missing"]
        if self._stated not in (0, self._lines):
            return [f"its trailer (9) is numbered {self._stated} and it has {self._lines} lines"]
        return []

    def warnings(self) -> list[str]:
        said = brought_nothing(self._other)
        if self._more:
            said.append(f"{self._more} lines say more about the title before them, and are left out")
        return said

    def _read(self, line: int, text: str) -> BankPayment | None:
        if self._stated is not None:
            raise BadLine("it stands after the file's trailer")
        if len(text) > WIDTH + SLACK:
            raise BadLine(f"the line has {len(text)} characters instead of {WIDTH}")
        padded, kind = text.ljust(WIDTH), text[0]
        if kind == self._layout.detail and not field(padded, *OWN_NUMBER).strip(" "):
            raise BadLine(
                f"it is cut off: it has {len(text.rstrip())} characters of {WIDTH}, and its own number is last"
            )
        if kind == "9":
            self._stated = number(field(padded, *OWN_NUMBER).strip(" ") or "0", "the trailer's number")
            return None
        if kind == self._layout.detail:
            return self._title(line, padded)
        if kind not in "2345678":
            raise BadLine(f"its record type is none of a return of {self._layout.titles.name}")
        self._more += 1
        return None

    def _title(self, line: int, text: str) -> BankPayment | None:
        bank, movement = self._layout.titles, field(text, *MOVEMENT)
        if not field(text, *PAID).strip("0 ") or not bank.brings_money(movement):
            self._other[movement] += 1
            return None
        numbers = [field(text, *place).strip(" ") for place in bank.number_at]
        ours = [field(text, *place).strip(" ") for place in bank.client_at]
        slip_number, marked = bank.slip_of(numbers, ours, self._agreement)
        written = field(text, *HAPPENED)
        happened = day(CENTURY + written[4:], written[2:4], written[:2], "the payment date")
        return BankPayment(
            line=line,
            code=_code([*numbers, *ours, field(text, *DOCUMENT).strip(" ")]),
            slip_number=slip_number,
            amount=self._paid(text),
            paid_on=payment_day(happened, self._latest),
            authentication="",
            sequence=printable(field(text, *OWN_NUMBER), "the line's own number"),
            by_pix=False,
            bank="" if marked else self._code,
            taken_back=movement in bank.reversals,
        )

    def _paid(self, text: str) -> Decimal:
        """The amount that the payer paid. Where a bank states what is left after its fee, the fee is added back, if the
        title's own sums say that it was taken off."""
        paid = amount(field(text, *PAID), "the amount paid")
        if not self._layout.net_of_fee:
            return paid
        face, fee, rebate, discount, late, other = (
            _or_nothing(field(text, *place)) for place in (FACE, FEE, REBATE, DISCOUNT, LATE, OTHER)
        )
        return paid + fee if paid + fee == face - rebate - discount + late + other else paid


def _layout(code: str) -> Layout400:
    if code not in LAYOUTS:
        known = ", ".join(f"{bank} {layout.titles.name}" for bank, layout in LAYOUTS.items())
        raise Refusal(f"it is a CNAB 400 return of a bank that is not known; known are {known}; nothing was imported")
    return LAYOUTS[code]


def _header(first: str, layout: Layout400) -> Header:
    if len(first.rstrip()) > WIDTH + SLACK:
        raise Refusal(f"its first line has {len(first)} characters instead of {WIDTH}; nothing was imported")
    places = (field(first, *place).strip(" ") for place in layout.agreement_at)
    agreement = next((place for place in places if place.strip("0")), "")
    written = field(first, 95, 100)
    try:
        made_on = day(CENTURY + written[4:], written[2:4], written[:2], "the date")
        own = number(field(first, *layout.number_at).strip(" ") or "0", "the file number") if layout.number_at else 0
        return Header(
            layout="cnab-400",
            agreement=f"{field(first, 77, 79)}/{''.join(agreement.split())}",
            number=own or int(f"{made_on:%Y%m%d}"),
            made_on=made_on,
            numbered=bool(own),
        )
    except BadLine as bad:
        raise Refusal(f"its header: {bad}; nothing was imported") from None


def _code(written: list[str]) -> str:
    """The name of a title for people: the first of its numbers that is filled."""
    code = next((each for each in written if each.strip("0")), None)
    if code is None:
        raise BadLine("its line has no nosso número")
    return printable(code, "the nosso número")


def _or_nothing(written: str) -> Decimal:
    return amount(written, "an amount") if written.isascii() and written.isdigit() else Decimal(0)
