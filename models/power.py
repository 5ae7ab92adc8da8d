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

    def power(self, control: int, treated: int) -> float:
        """Of the test that `models.uplift` makes: pooled variance under no effect, each group's own under the effect
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
    """Of what is received per head, in reais, who pays nothing included."""
    uplift: float
    """Reais per head."""

    @property
    def most(self) -> float:
        return 10 * self.deviation

    def power(self, control: int, treated: int) -> float:
        return CHANCE.cdf(self.uplift / (self.deviation * math.sqrt(1 / control + 1 / treated)) - CRITICAL)


Effect = RateEffect | ValueEffect


def control_of(cohort: int, share: Fraction) -> int:
    """Cases of the hold-out, at least one of each group."""
    return min(max(round(cohort * share), 1), cohort - 1)


def cohort_needed(effect: Effect, share: Fraction) -> int | None:
    """The smallest cohort that shows the effect with this share held out; none up to LARGEST_COHORT."""

    def enough(cohort: int) -> bool:
        control = control_of(cohort, share)
        return effect.power(control, cohort - control) >= POWER

    sizes = range(2, LARGEST_COHORT + 1)
    place = bisect_left(sizes, True, key=enough)
    return sizes[place] if place < len(sizes) else None


def control_needed(effect: Effect, cohort: int) -> int | None:
    """The smallest hold-out that shows the effect in a cohort of this size; none where even half of it doesn't."""

    def power(control: int) -> float:
        return effect.power(control, cohort - control)

    # a large effect is seen best with less than half held out, and more would hide it again
    best = max((control_of(cohort, Fraction(percent, 100)) for percent in range(1, 51)), key=power)
    place = bisect_left(range(1, best + 1), True, key=lambda control: power(control) >= POWER)
    return place + 1 if place < best else None


def detectable(effect: Effect, control: int, treated: int) -> float | None:
    """The smallest uplift that groups of these sizes show, in the effect's own unit, whatever uplift it has; none
    where even the largest isn't seen."""
    uplifts = range(1, int(effect.most * effect.STEPS) + 1)

    def seen(steps: int) -> bool:
        return replace(effect, uplift=steps / effect.STEPS).power(control, treated) >= POWER

    place = bisect_left(uplifts, True, key=seen)
    return uplifts[place] / effect.STEPS if place < len(uplifts) else None
