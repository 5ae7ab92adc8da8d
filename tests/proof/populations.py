"""Ledgers whose true effect is known, drawn by the product's own lot: how often a report claims what is not there, and
how often its interval holds the truth. `python -m tests.proof.populations 1000` prints the table (`make figures`).
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.proof.estimate import Estimate
from models.proof.holdout import Arm, Candidate, Habit, draw, shares_of, strata_of
from models.proof.uplift import Group, Payer, compare

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Population:
    """People who owe, and pay by chance: each habit at a rate of its own, more often once they are notified."""

    size: int
    held_out: int
    base: float
    """How many pay by themselves."""
    effect: float
    """How many more pay once they are notified, in the half of the runs that have an effect."""
    spread: float = 1.2
    """The deviation of the logarithm of what is owed."""
    rival: bool = False
    household: int = 1
    """People who are drawn together, and pay together in half of the cases."""
    whale: bool = False
    """One of them owes, and always pays, more than all others together."""


POPULATIONS: Mapping[str, Population] = {
    "20 held out, 5 % pay": Population(200, 20, 0.05, 0.05),
    "20 held out, 0.5 % pay": Population(400, 20, 0.005, 0.02),
    "20 held out, 20 % pay, heavy": Population(200, 20, 0.2, 0.1, spread=2.0),
    "50 held out, light": Population(500, 50, 0.06, 0.05, spread=0.3),
    "100 held out, 20 % pay": Population(500, 100, 0.2, 0.1),
    "100 held out, heavy": Population(1_000, 100, 0.06, 0.04, spread=2.0),
    "300 held out": Population(1_000, 300, 0.06, 0.04),
    "300 held out, heavy": Population(1_200, 300, 0.1, 0.04, spread=2.0),
    "1,000 held out, 0.5 % pay": Population(3_000, 1_000, 0.005, 0.005),
    "a whale": Population(1_000, 100, 0.06, 0.0, whale=True),
    "three arms": Population(1_500, 300, 0.1, 0.05, rival=True),
    "clusters": Population(1_500, 300, 0.1, 0.05, household=3),
}

HABITS = [Habit.PAID_AFTER_NOTICE, Habit.SILENT]
READINESS = np.array([1.6, 0.4])


class People(NamedTuple):
    candidates: list[Candidate]
    cents: Numbers
    readiness: Numbers
    household: Numbers
    strata: Numbers
    """By household."""


@cache
def people(population: Population) -> People:
    chance = np.random.default_rng(7)
    size = population.size
    cents = np.maximum(1, np.round(100 * chance.lognormal(6.5, population.spread, size))).astype(np.int64)
    if population.whale:
        cents[:], cents[0] = 100_000, 500_000_000
    kind = chance.integers(0, len(HABITS), size // population.household + 1).repeat(population.household)[:size]
    candidates = [
        Candidate(str(n), "IPTU", Decimal(int(owed)).scaleb(-2), HABITS[kind[n]], str(n // population.household))
        for n, owed in enumerate(cents)
    ]
    stratum_of = {int(unit): stratum.key for unit, stratum in strata_of(candidates).items()}
    strata = np.array([stratum_of[unit] for unit in range(len(stratum_of))])
    return People(
        candidates, cents, READINESS[kind] / READINESS.mean(), np.arange(size) // population.household, strata
    )


class Run(NamedTuple):
    """A figure of one ledger's report: the truth, its estimate, and whether each arm has 30 payers."""

    truth: float
    found: Estimate
    p: float
    thirty: bool


def runs(population: Population, effect: bool, seed: int) -> dict[str, Run]:
    """A ledger and its report, read once."""
    known, chance = people(population), np.random.default_rng([seed, effect])
    size, households = population.size, population.size // population.household + 1
    rivals: dict[Arm, Decimal | None] = {Arm.RIVAL: None} if population.rival else {}
    shares = shares_of(Decimal(population.held_out) / size, rivals)
    arm_of = draw(known.candidates, shares, f"{seed}")
    arms = np.array([arm_of.get(each.unit, Arm.RULER) for each in known.candidates])
    luck = np.where(
        np.repeat(chance.random(households) < 0.5, population.household)[:size],
        np.repeat(chance.random(households), population.household)[:size],
        chance.random(size),
    )
    raised = population.base + population.effect * effect
    alone, told = (np.where(luck < rate * known.readiness, known.cents, 0) for rate in (population.base, raised))
    if population.whale:
        alone[0] = told[0] = known.cents[0]
    other = Arm.RIVAL if population.rival else Arm.CONTROL
    paid = np.where(arms == other, alone, told)
    owed = Decimal(round(float(np.sqrt((known.cents.astype(float) ** 2).mean())))).scaleb(-2)
    ours, theirs = (group(known, paid, arms == arm, owed) for arm in (Arm.RULER, other))
    found = compare(ours, theirs)
    thirty = min(ours.payers, theirs.payers) >= 30
    seen = {"payers": (found.rate, found.rate_p), "value": (found.value, found.value_p)}
    truth = {"payers": (told > 0).mean() - (alone > 0).mean(), "value": (told - alone).mean() / 100}
    return {
        figure: Run(float(truth[figure]), estimate, p, thirty)
        for figure, (estimate, p) in seen.items()
        if estimate is not None and p is not None
    }


def group(known: People, cents: Numbers, member: Numbers, typical: Decimal) -> Group:
    homes, count = known.household[member], len(known.strata)
    drawn = np.bincount(homes, minlength=count) > 0
    paying, totals = (
        np.bincount(homes, weights=each, minlength=count).astype(np.int64)
        for each in (cents[member] > 0, cents[member])
    )
    paid = tuple(Payer(known.strata[n], int(paying[n]), int(totals[n])) for n in np.flatnonzero(totals))
    return Group("g", int(member.sum()), Counter(known.strata[drawn].tolist()), paid, typical)


class Tally(NamedTuple):
    """The count over many ledgers of a population: claims in either direction, and intervals that hold the truth."""

    read: int
    above: int
    below: int
    held: int
    thirty: int
    """Ledgers in which each arm has 30 payers."""
    held_of_thirty: int
    contradicted: int
    """Reports whose interval and p-value say two things."""

    @property
    def claimed(self) -> int:
        return self.above + self.below


def tally(found: list[Run]) -> Tally:
    held = [run.found.low <= run.truth <= run.found.high for run in found]
    return Tally(
        read=len(found),
        above=sum(run.found.low > 0 for run in found),
        below=sum(run.found.high < 0 for run in found),
        held=sum(held),
        thirty=sum(run.thirty for run in found),
        held_of_thirty=sum(ok for ok, run in zip(held, found, strict=True) if run.thirty),
        contradicted=sum(run.found.beyond_chance != (run.p <= 0.05) for run in found),
    )


def many(name: str, effect: bool, count: int) -> dict[str, Tally]:
    each = [runs(POPULATIONS[name], effect, seed) for seed in range(count)]
    return {figure: tally([run[figure] for run in each if figure in run]) for figure in ("payers", "value")}


def main(count: int, show: Callable[[str], object] = print) -> None:
    show(f"{'population':30} {'figure':7} false claims: above, below, all | held: no effect, effect | 30 payers")
    with ProcessPoolExecutor() as pool:
        asked = [(name, effect) for name in POPULATIONS for effect in (False, True)]
        futures = {key: pool.submit(many, *key, count) for key in asked}
        for name in POPULATIONS:
            none, some = futures[name, False].result(), futures[name, True].result()
            for figure in ("payers", "value"):
                a, b = none[figure], some[figure]
                thirty = f"{b.held_of_thirty / b.thirty:.1%} of {b.thirty}" if b.thirty else "–"
                show(
                    f"{name:30} {figure:7} {a.above:5} {a.below:5} {a.claimed:5} of {a.read} |"
                    f" {a.held / a.read:.1%} {b.held / b.read:.1%} | {thirty}"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
