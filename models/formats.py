"""Money, days, periods and names as people read them, in pt-BR."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\uf8ff\ufffe\uffff]")

POINTS_AND_COMMAS = str.maketrans(",.", ".,")


def money(amount: Decimal) -> str:
    """`R$ 1.234,56`, half a cent to the even one."""
    sign = "-" if amount < 0 else ""
    return f"{sign}R$ {f'{abs(amount):,.2f}'.translate(POINTS_AND_COMMAS)}"


def percent(rate: Decimal) -> str:
    return f"{rate.normalize():f}".replace(".", ",")


def day(on: date) -> str:
    return f"{on:%d/%m/%Y}"


def moment(at: datetime) -> str:
    return f"{at:%d/%m/%Y} às {at:%H:%M}"


def period(written: str) -> str:
    """`2025-10` is 10/2025 and `2025-Q1` the first quarter; anything else stays as the authority wrote it."""
    if month := re.fullmatch(r"(\d{4})-(\d{2})", written):
        return f"{month[2]}/{month[1]}"
    if quarter := re.fullmatch(r"(\d{4})-?[QT]([1-4])", written):
        return f"{quarter[2]}º trimestre de {quarter[1]}"
    return written


def tax_name(text: str) -> str:
    """The one spelling of a tax, in which it is stored and compared: `icms`, `Contribuição_de melhoria`."""
    return "-".join(text.replace("_", " ").split()).upper()


def fold(text: str) -> str:
    """Upper case without accents or punctuation, single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[A-Z0-9]+", plain.upper()))


def unseen_in(text: str) -> str | None:
    """The first character of a text that is no letter of anybody's: half a character, a control character, one that
    turns the direction of writing or ends the line elsewhere. None: there is none."""
    found = UNSEEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None
