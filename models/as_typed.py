"""Days and amounts as people type them, in English or Portuguese, at a terminal or on a page."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from models.errors import Refusal

EARLIEST, LATEST = 1900, 2200
LARGEST = Decimal(10**12)
"""One trillion reais and more is a typing error."""

ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
BRAZILIAN = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})", re.ASCII)
POINT = re.compile(r"\d+(?:\.\d{1,2})?", re.ASCII)
COMMA = re.compile(r"(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}|\d{1,3}(?:\.\d{3}){2,}", re.ASCII)


def read_day(written: str) -> date:
    """`23/11/2026` or `2026-11-23`. Raises Refusal, also outside 1900–2200."""
    text = written.strip()
    found = ISO.fullmatch(text) or BRAZILIAN.fullmatch(text)
    if found is None:
        raise Refusal(f"{written!r} is not a date; write 23/11/2026 or 2026-11-23")
    year, month, of_month = int(found["year"]), int(found["month"]), int(found["day"])
    if not EARLIEST <= year <= LATEST:
        raise Refusal(f"{text!r} is outside the years {EARLIEST} to {LATEST}")
    try:
        return date(year, month, of_month)
    except ValueError:
        raise Refusal(f"{text!r} is a day that doesn't exist") from None


def read_amount(written: str) -> Decimal:
    """Reais to the cent, zero or more: `1000`, `1000.00`, `1000,00` or `1.000,00`. Raises Refusal."""
    text = written.strip()
    if COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif not POINT.fullmatch(text):
        raise Refusal(f"{written!r} is not an amount; write 1000.00 or 1.000,00")
    if (read := Decimal(text)) >= LARGEST:
        raise Refusal(f"{written!r} is one trillion or more")
    return read.quantize(Decimal("0.01"))
