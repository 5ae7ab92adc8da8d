"""A randomisation test of two arms that were drawn by stratum, and the interval that it leaves: one answer for both.

The draw is what is known by heart: inside a stratum any of its units was as likely to be held out as another. So who
paid, and how much, is held fixed, and the draw is repeated: how often does the treated arm get at least as much as it
got? Without an effect that is exact, whatever the amounts are: a single large payer can't make an effect of himself.

An effect is a factor on the odds that somebody who paid is one of the treated. How many of a stratum's payers are
treated is then a noncentral hypergeometric number (Fisher, 1935; stratified: Gart, 1970), and which of them is chance.
The interval has all factors that the same test does not refute, so it leaves out "no effect" just where the test does.
A factor is read as what it moves: what the treated arm got beyond what the draw alone would have given it, per unit
(Mantel and Haenszel's weights). How much there was to divide is chance too; that widens both ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from models.proof.estimate import ALPHA, NORMAL, Estimate

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Split = Sequence[float]
"""The weight in the treated arm, stratum by stratum."""

MOST_DRAWS, FEWEST_DRAWS = 1_999, 499
ROOM = 20_000_000
"""Payers times draws that are held in memory at once, 8 bytes each."""
SEED = 20_110_728
"""The same ledger gives the same figures each time it is read."""
NEGLIGIBLE = 1e-18
"""Chances so small that all of them together change no figure."""
STRONGEST = 32.0
"""The logarithm of a factor beyond which an effect can't be told from an endless one."""
FIRST_STEP, PRECISION = 0.25, 0.001


class Stratum(NamedTuple):
    """Units that were drawn together, and the weights (payers or cents) of those that paid: whole numbers above 0."""

    treated: int
    control: int
    of_treated: Sequence[int]
    of_control: Sequence[int]

    @property
    def share(self) -> float:
        return self.treated / (self.treated + self.control)


class Reading(NamedTuple):
    """A reading of two arms: the difference per unit, the ratio less 1 where there is one, and the p-value of both."""

    difference: Estimate
    ratio: Estimate | None
    p: float


@dataclass(frozen=True)
class Part:
    """A stratum with payers, and how the draw may divide them."""

    stratum: Stratum
    weights: Integers
    counts: Numbers
    """How many of its payers may be treated."""
    log_chance: Numbers
    """The chance of each of these counts without an effect, but for a constant."""

    @property
    def total(self) -> int:
        return int(self.weights.sum())

    @property
    def mean(self) -> float:
        return float(self.weights.mean())

    def chances(self, effect: float) -> Numbers:
        logs = self.log_chance + effect * self.counts
        chances: Numbers = np.exp(logs - logs.max())
        chances /= chances.sum()
        return chances

    def treated_total(self, effect: float) -> float:
        """The weight expected in the treated arm."""
        return float(self.chances(effect) @ self.counts) * self.mean


def part_of(stratum: Stratum) -> Part:
    weights = np.array([*stratum.of_treated, *stratum.of_control], dtype=np.int64)
    payers, (treated, control) = len(weights), stratum[:2]
    counts = np.arange(max(0, payers - control), min(payers, treated) + 1, dtype=np.float64)
    return Part(stratum, weights, counts, _log_choices(treated, counts) + _log_choices(control, payers - counts))


def _log_choices(of: int, chosen: Numbers) -> Numbers:
    choices: Numbers = gammaln(of + 1) - gammaln(chosen + 1) - gammaln(of - chosen + 1)
    return choices


@dataclass(frozen=True)
class Comparison:
    """Two arms by stratum, with what each repeated draw would give to the treated one."""

    parts: Sequence[Part]
    units: float
    """Mantel and Haenszel's: treated × control ÷ both, over all strata."""

    @property
    def seen(self) -> Split:
        return [sum(part.stratum.of_treated) for part in self.parts]

    def difference(self, split: Split) -> float:
        """Per unit: what the treated arm has beyond what the draw alone would have given it."""
        return (sum(split) - sum(part.total * part.stratum.share for part in self.parts)) / self.units

    def ratio(self, split: Split) -> float:
        """The ratio of what a treated unit and one held out bring; infinite where nothing is left for the latter."""
        ours = theirs = 0.0
        for part, got in zip(self.parts, split, strict=True):
            ours += got * (1 - part.stratum.share)
            theirs += (part.total - got) * part.stratum.share
        return ours / theirs if theirs > 0 else math.inf

    @property
    def spread(self) -> float:
        """The relative standard error of the total, as if each payer came by chance."""
        squares = sum(float((part.weights.astype(np.float64) ** 2).sum()) for part in self.parts)
        return math.sqrt(squares) / sum(part.total for part in self.parts)


def comparison(strata: Iterable[Stratum]) -> Comparison:
    """The comparison of two arms by the strata that have units of both; somebody of these must have paid."""
    known = [stratum for stratum in strata if stratum.treated and stratum.control]
    parts = [part_of(stratum) for stratum in known if len(stratum.of_treated) + len(stratum.of_control)]
    units = sum(stratum.treated * stratum.control / (stratum.treated + stratum.control) for stratum in known)
    return Comparison(parts, units)


def read(compared: Comparison) -> Reading:
    """The randomisation test, and the interval of all effects that it doesn't refute."""
    draw, got = _draw_of(compared.parts), int(sum(compared.seen))
    weakest = crossing(lambda effect: draw.at_least(got, effect) > ALPHA / 2)
    strongest = crossing(lambda effect: draw.at_most(got, effect) <= ALPHA / 2)
    least, most = ([part.treated_total(effect) for part in compared.parts] for effect in (weakest, strongest))
    return reading(compared, least, most, min(1.0, 2 * min(draw.at_least(got, 0), draw.at_most(got, 0))))


def reading(compared: Comparison, least: Split, most: Split, p: float) -> Reading:
    """The meaning of an interval of effects, given how the weakest and the strongest would have split what came in."""
    value = compared.difference(compared.seen)
    low, high = min(value, compared.difference(least)), max(value, compared.difference(most))
    beyond = NORMAL * compared.spread
    difference = Estimate(value, _widened(value, low, -1, beyond), _widened(value, high, 1, beyond))
    ratio, lowest, highest = (compared.ratio(split) for split in (compared.seen, least, most))
    if not all(0 < end < math.inf for end in (ratio, lowest, highest)):
        return Reading(difference, None, p)
    return Reading(difference, Estimate(ratio - 1, min(lowest, ratio) - 1, max(highest, ratio) - 1), p)


def _widened(value: float, end: float, side: int, beyond: float) -> float:
    """An end moved outwards by the chance of the total; one between 0 and the value stays on its side of 0."""
    if value * end > 0 and abs(end) < abs(value):
        return value * math.exp(-math.hypot(math.log(value / end), beyond))
    return value + side * math.hypot(end - value, value * beyond)


def crossing(holds: Callable[[float], bool]) -> float:
    """The effect from which on something holds: sought further and further from none at all, then in between."""
    side = -1 if holds(0) else 1
    near, far = 0.0, FIRST_STEP
    while holds(side * far) == (side < 0):
        if far >= STRONGEST:
            return side * STRONGEST
        near, far = far, far * 2
    while far - near > PRECISION:
        middle = (near + far) / 2
        near, far = (middle, far) if holds(side * middle) == (side < 0) else (near, middle)
    return side * far


# ---- the draw, counted where all payers weigh the same, and else repeated


class _Draw(Protocol):
    """The chance of a weight in the treated arm, under an effect."""

    def at_least(self, got: int, effect: float) -> float: ...

    def at_most(self, got: int, effect: float) -> float: ...


def _draw_of(parts: Sequence[Part]) -> _Draw:
    weight = int(parts[0].weights[0])
    return _Counted(parts, weight) if all((part.weights == weight).all() for part in parts) else _repeated(parts)


@dataclass(frozen=True)
class _Counted:
    """The draw of payers who all weigh the same: its chances are convolved stratum by stratum, to the last draw."""

    parts: Sequence[Part]
    weight: int

    def at_least(self, got: int, effect: float) -> float:
        fewest, chances = self._treated(effect)
        return float(chances[max(got // self.weight - fewest, 0) :].sum())

    def at_most(self, got: int, effect: float) -> float:
        fewest, chances = self._treated(effect)
        return float(chances[: max(got // self.weight - fewest + 1, 0)].sum())

    def _treated(self, effect: float) -> tuple[int, Numbers]:
        """The chances of so many treated payers, of the fewest, of one more, and so on."""
        fewest, chances = 0, np.ones(1)
        for part in self.parts:
            chances = np.convolve(chances, part.chances(effect))
            likely = np.flatnonzero(chances > NEGLIGIBLE)
            fewest += int(part.counts[0] + likely[0])
            chances = chances[likely[0] : likely[-1] + 1]
        return fewest, chances


@dataclass(frozen=True)
class _Repeated:
    """The draw, made anew so many times."""

    parts: Sequence[Part]
    count: int
    luck: Numbers
    """A number between 0 and 1 for each part and draw, which decides how many of its payers are treated."""
    sums: Sequence[Integers]
    """For each part and draw, the weight of the first payer, of the first two, … in an order by chance; one row where
    all weigh the same."""

    def at_least(self, got: int, effect: float) -> float:
        return float(1 + np.count_nonzero(self._treated(effect) >= got)) / (self.count + 1)

    def at_most(self, got: int, effect: float) -> float:
        return float(1 + np.count_nonzero(self._treated(effect) <= got)) / (self.count + 1)

    def _treated(self, effect: float) -> Integers:
        """The weight in the treated arm, draw by draw; it grows with the effect."""
        totals = np.zeros(self.count, dtype=np.int64)
        each = np.arange(self.count)
        for part, luck, sums in zip(self.parts, self.luck, self.sums, strict=True):
            bounds = np.cumsum(part.chances(effect))[:-1]
            counts = np.searchsorted(bounds, luck) + int(part.counts[0])
            totals += sums[each if len(sums) > 1 else 0, counts]
        return totals


def _repeated(parts: Sequence[Part]) -> _Repeated:
    payers = sum(len(part.weights) for part in parts)
    count = min(MOST_DRAWS, max(FEWEST_DRAWS, ROOM // payers))
    chance = np.random.default_rng(SEED)
    luck = chance.random((len(parts), count))
    return _Repeated(parts, count, luck, [_sums(part.weights, count, chance) for part in parts])


def _sums(weights: Integers, count: int, chance: np.random.Generator) -> Integers:
    if (weights == weights[0]).all():
        alike: Integers = np.arange(len(weights) + 1)[None, :] * weights[0]
        return alike
    sums = np.zeros((count, len(weights) + 1), dtype=np.int64)
    np.cumsum(chance.permuted(np.broadcast_to(weights, (count, len(weights))), axis=1), axis=1, out=sums[:, 1:])
    return sums
