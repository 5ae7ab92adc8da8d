"""Shares, and differences between shares, as people write them: `6%`, `6,5 %`, `0.06`; `1pp`."""

import re
from decimal import Decimal

from models.errors import Refusal

NUMBER = r"[0-9]{1,9}(?:[.,][0-9]{1,9})?"


def share_of(written: str) -> Decimal:
    """Read a share between 0 and 1, neither of them. Refuses a bare number above 1: `6` may be meant as `6%`, or by
    mistake."""
    found = re.fullmatch(rf"({NUMBER})\s*(%?)", written.strip())
    share = _number(found[1]) / (100 if found[2] else 1) if found else None
    if share is None or not 0 < share < 1:
        raise Refusal(f"{written!r} is not a share between 0% and 100%; write for example 6% or 0.06")
    return share


def points_of(written: str) -> Decimal:
    """A difference between two shares, as a fraction: `1pp` is 0.01. Refuses `1%`, which may be meant of the other."""
    found = re.fullmatch(rf"({NUMBER})\s*p\.?p\.?", written.strip(), re.IGNORECASE)
    if not found or not (points := _number(found[1]) / 100) or points >= 1:
        raise Refusal(f"{written!r} is not a difference in percentage points; write for example 1pp or 0.5pp")
    return points


def _number(digits: str) -> Decimal:
    return Decimal(digits.replace(",", "."))
