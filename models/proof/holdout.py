"""The draw of who is not contacted, or is contacted by another ruler, so that the ruler's effect can be told from what
would have come by itself.

What is drawn is a *unit*: a person with all his cases, and whoever owes or is reached together with him
(models/proof/units.py), since a notice to one of them is a notice to all. The draw is decided by a salted hash of the
unit, so that anybody who has the cohort's salt can repeat it, and nobody can choose who is in it. Units are put in
order, strata one after another and by their hash inside each, and picked at even distances along the whole line
(systematic sampling). So every stratum has its share but for less than one unit, and what is rounded away in one
stratum is made up in the next: thousands of small strata don't add up to a bias. The line's first pick is drawn by the
hash too: each unit has exactly the asked chance.
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
    """Contacted by the first of the rulers that the cohort's is compared with."""
    RIVAL_2 = "rival_2"
    RIVAL_3 = "rival_3"
    STANDARD = "standard"
    """Contacted by the cohort's ruler, without what its rungs say by habit."""


RIVALS = (Arm.RIVAL, Arm.RIVAL_2, Arm.RIVAL_3)
"""The arms of other rulers, in the order in which they are named."""
BESIDE = (*RIVALS, Arm.STANDARD)
"""The arms that are contacted otherwise than by the cohort's ruler as it is written."""


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
    joined: str = ""
    """The unit that it is drawn with; empty: it is drawn by itself."""

    @property
    def unit(self) -> str:
        return self.joined or self.case


class Stratum(NamedTuple):
    tax: str
    band: int
    habit: Habit

    @property
    def key(self) -> str:
        return f"{self.tax}/{self.band}/{self.habit}"


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


def strata_of(candidates: Iterable[Candidate]) -> dict[str, Stratum]:
    """Unit → its stratum, which is that of its case that owes most."""
    largest: dict[str, Candidate] = {}
    for each in candidates:
        known = largest.setdefault(each.unit, each)
        largest[each.unit] = max(known, each, key=lambda one: (one.amount, one.case))
    return {unit: stratum_of(each) for unit, each in largest.items()}


def shares_of(control: Decimal | None, others: Mapping[Arm, Decimal | None]) -> dict[str, Decimal]:
    """The shares of the draw, but for what is left to the cohort's ruler: that of the control group, and those of other
    arms. Arms without a share of their own, the cohort's ruler among them, share evenly what the rest leaves."""
    fixed = sum((share for share in (control, *others.values()) if share), Decimal(0))
    even = (1 - fixed) / (1 + sum(share is None for share in others.values()))
    held: dict[str, Decimal] = {Arm.CONTROL: control} if control else {}
    return held | {arm: even if share is None else share for arm, share in others.items()}


def draw(candidates: Iterable[Candidate], shares: Mapping[str, Decimal], salt: str) -> dict[str, str]:
    """Unit → the arm it is drawn for, such as `control`. Who isn't in the answer stays with the cohort's ruler.

    The order of `candidates` doesn't matter. Raises Refusal when the shares leave nothing, or are not shares.
    """
    if not all(0 < share < 1 for share in shares.values()) or sum(shares.values()) >= 1:
        raise Refusal("the shares drawn must each lie between 0% and 100%, and leave cases for the cohort's own ruler")
    strata = strata_of(candidates)
    line = sorted(strata, key=lambda unit: (strata[unit], _hash(salt, unit), unit))
    drawn: dict[str, str] = {}
    left = Fraction(1)
    for arm, share in shares.items():
        picked = set(_at_even_distances(line, Fraction(share) / left, f"{salt}/{arm}"))
        drawn |= {unit: arm for unit in line if unit in picked}
        line = [unit for unit in line if unit not in picked]
        left -= Fraction(share)
    return drawn


def _at_even_distances(line: list[str], share: Fraction, salt: str) -> Iterator[str]:
    """Start anew with each line, so that cohorts that grow by one case a night are drawn as fairly as large ones."""
    step, whole = share.numerator, share.denominator
    start = int.from_bytes(_hash(salt, line[0])) % whole if line else 0
    for place, unit in enumerate(line):
        if (start + place * step) % whole >= whole - step:
            yield unit


def _hash(salt: str, unit: str) -> bytes:
    return sha256(f"{salt}/{unit}".encode()).digest()
