"""The fields of a row: how each kind of value is written, and why it is rejected.

Values are text in PostgreSQL's own form, empty for NULL: millions of them pass on their way to COPY.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from models.contact.phone import e164
from models.formats import fold, tax_name
from models.law.extinction import Extinction
from models.states import STATES
from models.taxid import MASK, TaxId, read_tax_id

EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
"""01/01/1000 and 31/12/9999 are how systems write "unknown"."""
LARGEST_WHOLE_DIGITS = 12
"""One trillion reais and more is a typing error."""
LONGEST_NAME, LONGEST_CODE = 250, 60

YES = frozenset(("SIM", "S", "YES", "Y", "TRUE", "T", "1"))
KINDS = {
    "TAX": "tax",
    "IMPOSTO": "tax",
    "FEE": "fee",
    "TAXA": "fee",
    "CONTRIBUTION": "contribution",
    "CONTRIBUICAO": "contribution",
    "CONTRIBUICAO DE MELHORIA": "contribution",
}
"""In which order a payment is imputed (CTN art. 163, II)."""
NO = frozenset(("NAO", "NÃO", "N", "NO", "FALSE", "F", "0"))

_POINT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]{1,2})?|\.[0-9]{1,2})")
_COMMA = re.compile(r"-?(?:[0-9]*|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]{1,2}")
_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_DATE_BR = re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})")
_PERIOD = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]|T[1-4]))?")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]*)?E\+[0-9]{1,3}", re.IGNORECASE)
_NO_KEY = re.compile(r"[^0-9A-Za-z]+")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_PHONE = re.compile(r"\+?[0-9]{8,15}")
_PHONE_PUNCTUATION = str.maketrans("", "", " ()-.")


class Rejected(ValueError):
    """The reason for which a row is not taken: the column and what is wrong with it, without the person's data."""


class DamagedKey(Rejected):
    """The reason for which a whole file is suspect: a program took a number for a quantity, and its digits are lost."""


class ContactRefused(ValueError):
    """The reason for which a row is taken without one of its contacts: which one, and what is wrong with it."""

    def __init__(self, why: str, row: Any) -> None:
        super().__init__(why)
        self.row = row
        """The row without it."""


def read_who(text: str, name: str, column: str) -> TaxId:
    try:
        tax_id = read_tax_id(text, name)
    except ValueError as error:
        must_be_whole(text, column)
        raise Rejected(f"{column} {error}" if text.strip() else f"{column} is missing") from None
    if not name and tax_id.number.startswith(MASK):
        raise Rejected(f"{column} is a masked CPF, which says who it is only together with the name")
    return tax_id


def read_text(text: str, column: str, longest: int) -> str:
    """A text with single spaces and no line breaks."""
    text = " ".join(text.split())
    if not text:
        raise Rejected(f"{column} is missing")
    if len(text) > longest:
        raise Rejected(f"{column} is longer than {longest} characters")
    return text


def read_owed(text: str, column: str, ended: str) -> tuple[str, str]:
    """The amount of a debt, and how it ended: `ended`, else by payment where nothing is owed any more."""
    if ended and not text.strip():
        return "0", ended
    amount = read_money(text, column)
    return amount, ended or ("" if amount.strip("0.") else Extinction.PAYMENT)


def read_money(text: str, column: str) -> str:
    """An amount of zero or more."""
    text = text.strip()
    if _COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif not _POINT.fullmatch(text):
        what = "is not an amount: 1234.56, 1234,56 or 1.234,56" if text else "is missing"
        raise Rejected(f"{column} {what}")
    if text[0] == "-":
        raise Rejected(f"{column} is negative")
    if len(text) > LARGEST_WHOLE_DIGITS and len(text.partition(".")[0].lstrip("0")) > LARGEST_WHOLE_DIGITS:
        raise Rejected(f"{column} is one trillion or more")
    return text


@lru_cache(maxsize=1 << 15)
def read_date(text: str, column: str) -> str:
    """A date written `2026-10-31` or `31/10/2026`, as the former."""
    text = text.strip()
    match = _DATE_BR.fullmatch(text) or _DATE.fullmatch(text)
    if match is None:
        raise Rejected(f"{column} is not a date: YYYY-MM-DD or DD/MM/YYYY" if text else f"{column} is missing")
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise Rejected(f"{column} is a day that doesn't exist") from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Rejected(f"{column} is before {EARLIEST_YEAR}" if day.year < EARLIEST_YEAR else f"{column} is too late")
    return day.isoformat()


@lru_cache(maxsize=1 << 10)
def read_period(text: str, column: str) -> str:
    """A period: a month `2026-09`, a quarter `2026-T3` (or `2026-Q3`) or a year `2026`."""
    period = text.strip().upper().replace("Q", "T")
    if not _PERIOD.fullmatch(period):
        raise Rejected(f"{column} is not a period: 2026-09, 2026-T3 or 2026" if period else f"{column} is missing")
    return period


@lru_cache(maxsize=1 << 10)
def read_tax(text: str, column: str) -> str:
    tax = tax_name(text)
    if not tax or len(tax) > LONGEST_CODE:
        raise Rejected(f"{column} is longer than {LONGEST_CODE} characters" if tax else f"{column} is missing")
    return tax


def read_uf(text: str, column: str) -> str:
    uf = text.strip().upper()
    if uf not in STATES and uf != "NA":
        raise Rejected(f"{column} is not a Brazilian state" if uf else f"{column} is missing")
    return uf_if_any(uf)


def uf_if_any(text: str) -> str:
    """The state's two letters, or empty: PGFN writes NA, and now and then Si, where it knows none."""
    return text if text in STATES else ""


def read_kind(text: str, column: str) -> str:
    kind = KINDS.get(fold(text))
    if kind is None:
        raise Rejected(f"{column} is none of tax, fee, contribution")
    return kind


def read_yes_no(text: str, column: str) -> str:
    answer = text.strip().upper()
    if answer in YES:
        return "t"
    if answer in NO:
        return "f"
    raise Rejected(f"{column} is neither SIM nor NAO" if answer else f"{column} is missing")


def read_contacts(email: str, phone: str) -> tuple[str, str, str]:
    """An e-mail address and a telephone number, each empty unless it is one, and the reason where it is none: a debt
    isn't left out for that."""
    email, wrong = email.strip(), ""
    if email and (len(email) > LONGEST_NAME or not _EMAIL.fullmatch(email)):
        email, wrong = "", "email is not an e-mail address"
    if phone := phone.translate(_PHONE_PUNCTUATION).strip():
        try:
            phone = _reachable(phone)
        except ValueError as error:
            phone, wrong = "", f"{wrong}{'; ' if wrong else ''}phone {error}"
    return email, phone, wrong


def _reachable(phone: str) -> str:
    if not _PHONE.fullmatch(phone):
        raise ValueError("is not a telephone number: 8 to 15 digits, with or without + in front")
    try:
        return e164(phone)
    except ValueError:
        # without its + nothing is ever sent there, and the case shows it
        return phone.removeprefix("+")


def read_inscription(text: str, column: str) -> tuple[str, str]:
    """An inscription as it is written, and the key that it is known by."""
    inscription = read_text(text, column, LONGEST_CODE)
    if "+" in inscription:
        must_be_whole(inscription, column)
    key = inscription_key(inscription)
    if not key:
        raise Rejected(f"{column} has neither letters nor digits")
    return inscription, key


def must_be_whole(written: str, column: str) -> None:
    """Check that it isn't a number as spreadsheets write large ones, such as 2,26E+12. Raises DamagedKey."""
    if _SCIENTIFIC.fullmatch(written.strip()):
        raise DamagedKey(f"{column} is a number whose digits a spreadsheet has rounded away")


def inscription_key(written: str) -> str:
    """The one key of an inscription: its letters without case and accents, and its digits. `debts.inscription_key` is
    the same in SQL."""
    if not written.isascii() or not written.isalnum():
        written = _NO_KEY.sub("", normalize("NFKD", written))
    return written.upper()
