"""The draw of who is not contacted, or is contacted by another ruler, so that the ruler's effect can be told from what
would have come by itself.

The draw is decided by a salted hash of the case, so that anybody who has the cohort's salt can repeat it, and nobody
can choose who is in it. Cases are put in order, strata one after another and by their hash inside each, and picked at
even distances along the whole line (systematic sampling). So every stratum has its share but for less than one case,
and what is rounded away in one stratum is made up in the next: thousands of small strata don't add up to a bias. The
line's first pick is drawn by the hash too: each case has exactly the asked chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import NamedTuple

from models.errors import Refusal
from models.formats import money


class Arm(StrEnum):
    """The group a case is drawn into."""

    CONTROL = "control"
    """Contacted by nobody."""
    RULER = "ruler"
    """Contacted by the cohort's ruler."""
    RIVAL = "rival"
    """Contacted by the ruler that the cohort's is compared with."""


LEAST_BAND, MOST_BAND = 1, 7
"""The lowest band of amounts ends below R$ 100, the highest begins at R$ 10 million."""


class Habit(StrEnum):
    """A taxpayer's conduct in the last of his closed cases that tells anything, whatever its tax or cohort."""

    PAID_AFTER_NOTICE = "paid_after_notice"
    """Paid something on the day of the case's first notice or later."""
    PAID_UNPROMPTED = "paid_unprompted"
    """Paid before any notice, or was sent none."""
    ANSWERED = "answered"
    """Was notified and paid nothing, but replied, signed an agreement, filed a defence, declared hardship, said it was
    paid, or the case was resolved without a payment (a return filed or corrected)."""
    SILENT = "silent"
    """Was notified, and did nothing of all this."""
    UNKNOWN = "unknown"
    """Has no closed case, or was neither notified in any nor paid."""


class Candidate(NamedTuple):
    case: str
    tax: str
    amount: Decimal
    """Owed when the draw is made, in reais."""
    habit: Habit = Habit.UNKNOWN


class Stratum(NamedTuple):
    tax: str
    band: int
    habit: Habit


def band_of(amount: Decimal) -> int:
    """The band of an amount. Bands are decades, so that a case's band depends on nobody else's debt and can be checked
    for that case alone; a cohort's quantiles would move with every case that joins it."""
    return min(max(amount.adjusted(), LEAST_BAND), MOST_BAND) if amount > 0 else 0


def band_name(band: int) -> str:
    if band == 0:
        return "sem valor"
    least, beyond = (money(Decimal(10) ** edge) for edge in (band, band + 1))
    if band == LEAST_BAND:
        return f"menos de {beyond}"
    return f"{least} ou mais" if band == MOST_BAND else f"de {least} a menos de {beyond}"


def stratum_of(candidate: Candidate) -> Stratum:
    return Stratum(candidate.tax, band_of(candidate.amount), candidate.habit)


def shares_of(control: Decimal | None, rival: bool) -> dict[str, Decimal]:
    """The shares of the draw. Who isn't held out goes half to the cohort's ruler, half to its rival, if it has one."""
    held = control or Decimal(0)
    shares: dict[str, Decimal] = {}
    if held:
        shares[Arm.CONTROL] = held
    if rival:
        shares[Arm.RIVAL] = (1 - held) / 2
    return shares


def draw(candidates: Iterable[Candidate], shares: Mapping[str, Decimal], salt: str) -> dict[str, str]:
    """Case → the arm it is drawn for, such as `control`. Who isn't in the answer stays with the cohort's ruler.

    The order of `candidates` doesn't matter. Raises Refusal when the shares leave nothing, or are not shares.
    """
    if not all(0 < share < 1 for share in shares.values()) or sum(shares.values()) >= 1:
        raise Refusal("the shares drawn must each lie between 0% and 100%, and leave cases for the cohort's own ruler")
    line = [case for *_, case in sorted((stratum_of(each), _hash(salt, each.case), each.case) for each in candidates)]
    drawn: dict[str, str] = {}
    left = Fraction(1)
    for arm, share in shares.items():
        picked = set(_at_even_distances(line, Fraction(share) / left, f"{salt}/{arm}"))
        drawn |= {case: arm for case in line if case in picked}
        line = [case for case in line if case not in picked]
        left -= Fraction(share)
    return drawn


def _at_even_distances(line: list[str], share: Fraction, salt: str) -> Iterator[str]:
    """Start anew with each line, so that cohorts that grow by one case a night are drawn as fairly as large ones."""
    step, whole = share.numerator, share.denominator
    start = int.from_bytes(_hash(salt, line[0])) % whole if line else 0
    for place, case in enumerate(line):
        if (start + place * step) % whole >= whole - step:
            yield case


def _hash(salt: str, case: str) -> bytes:
    return sha256(f"{salt}/{case}".encode()).digest()
