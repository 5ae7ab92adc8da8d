"""An estimate with its interval, and how sure the intervals of all comparisons are."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
ALPHA = 1 - CONFIDENCE
NORMAL = NormalDist().inv_cdf(1 - ALPHA / 2)


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Whether no effect at all is ruled out, at 95 %."""
        return self.low > 0 or self.high < 0

    def scaled(self, factor: float) -> Estimate:
        return Estimate(self.value * factor, self.low * factor, self.high * factor)
