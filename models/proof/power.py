"""How large a hold-out must be for an effect to be seen. By the normal approximation, for a two-sided test."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import NormalDist
from typing import ClassVar

LEVEL = 0.05
POWER = 0.80
LARGEST_COHORT = 100_000_000

CHANCE = NormalDist()
CRITICAL = CHANCE.inv_cdf(1 - LEVEL / 2)


@dataclass(frozen=True)
class RateEffect:
    STEPS: ClassVar[int] = 10_000
    """Hundredths of a percentage point: as finely as an uplift is told."""

    base: float
    """The payment rate of who isn't notified, as a fraction."""
    uplift: float
    """0.01: one percentage point more."""

    @property
    def most(self) -> float:
        return 1 - self.base

    def power(self, control: float, treated: float) -> float:
        """The power of the test in `models.proof.uplift`: pooled variance under no effect, each group's own under it
        (Fleiss, Statistical Methods for Rates and Proportions, without continuity correction)."""
        raised = self.base + self.uplift
        pooled = (self.base * control + raised * treated) / (control + treated)
        under_none = math.sqrt(pooled * (1 - pooled) * (1 / control + 1 / treated))
        under_effect = math.sqrt(self.base * (1 - self.base) / control + raised * (1 - raised) / treated)
        return CHANCE.cdf((self.uplift - CRITICAL * under_none) / under_effect) if under_effect else 1.0


@dataclass(frozen=True)
class ValueEffect:
    STEPS: ClassVar[int] = 100
    """Cents."""

    deviation: float
    """The standard deviation of what is received per head, in reais, who pays nothing included."""
    uplift: float
    """Reais per head."""

    @property
    def most(self) -> float:
        """The largest uplift: so much that any two cases show it."""
        return 10 * self.deviation

    def power(self, control: float, treated: float) -> float:
        return CHANCE.cdf(self.uplift / (self.deviation * math.sqrt(1 / control + 1 / treated)) - CRITICAL)


Effect = RateEffect | ValueEffect


@dataclass(frozen=True)
class Clusters:
    """The units that cases are drawn in: who is drawn with another, and pays as he does, tells less than a stranger."""

    size: float = 1.0
    """Cases a unit, on the average."""
    variation: float = 0.0
    """The coefficient of variation of their number."""
    correlation: float = 0.0
    """The correlation of what two cases of a unit pay: 0, as strangers do; 1, as one."""

    @property
    def design_effect(self) -> float:
        """The factor by which a variance grows (Kish, Survey Sampling, 1965; of unequal sizes, Eldridge and others,
        International Journal of Epidemiology 35, 2006)."""
        return 1 + ((1 + self.variation**2) * self.size - 1) * self.correlation


STRANGERS = Clusters()


@dataclass(frozen=True)
class Design:
    """A cohort of which some cases are held out to see an effect."""

    effect: Effect
    cohort: int
    control: int
    clusters: Clusters = STRANGERS

    @property
    def treated(self) -> int:
        return self.cohort - self.control

    @property
    def power(self) -> float:
        return self.effect.power(*self.counted)

    @property
    def counted(self) -> tuple[float, float]:
        """The cases held out and treated, as many strangers as would tell as much."""
        by = self.clusters.design_effect
        return self.control / by, self.treated / by

    @property
    def enough(self) -> bool:
        return self.power >= POWER

    @property
    def detectable(self) -> float | None:
        """The smallest uplift that these groups show, whatever the effect's own; none where the largest isn't seen."""
        uplifts = range(1, int(self.effect.most * self.effect.STEPS) + 1)
        place = bisect_left(uplifts, True, key=lambda step: self._with(step / self.effect.STEPS).enough)
        return uplifts[place] / self.effect.STEPS if place < len(uplifts) else None

    def _with(self, uplift: float) -> Design:
        return replace(self, effect=replace(self.effect, uplift=uplift))


def design(effect: Effect, cohort: int, share: Fraction, clusters: Clusters = STRANGERS) -> Design:
    """The design with this share held out, and at least one case in each group."""
    return Design(effect, cohort, min(max(round(cohort * share), 1), cohort - 1), clusters)


def smallest_cohort(effect: Effect, share: Fraction, clusters: Clusters = STRANGERS) -> Design | None:
    """The smallest cohort that shows the effect with this share held out; none up to LARGEST_COHORT."""
    sizes = range(2, LARGEST_COHORT + 1)
    place = bisect_left(sizes, True, key=lambda cohort: design(effect, cohort, share, clusters).enough)
    return design(effect, sizes[place], share, clusters) if place < len(sizes) else None


def smallest_control(effect: Effect, cohort: int, clusters: Clusters = STRANGERS) -> Design:
    """The smallest hold-out that shows the effect in a cohort of this size, or else the one that shows most of it."""
    # a large effect is seen best with less than half held out, and more would hide it again
    best = max(
        (design(effect, cohort, Fraction(percent, 100), clusters) for percent in range(1, 51)),
        key=lambda each: each.power,
    )
    sizes = range(1, best.control)
    place = bisect_left(sizes, True, key=lambda control: Design(effect, cohort, control, clusters).enough)
    return Design(effect, cohort, sizes[place], clusters) if place < len(sizes) else best
