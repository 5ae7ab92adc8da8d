"""An interval that may be looked at every day: it errs once in 20 lives of a cohort, not once in 20 looks.

Each payer that comes is treated or held out, by chance. A bet on which, at odds that are fair under an effect,
multiplies its stake by 1 on the average, so it is at no time worth 20 stakes but once in 20 lives (Ville, 1939; Ramdas,
Grünwald, Vovk, Shafer: Statistical Science 38, 2023). Many bets at once are one bet. The interval has all effects that
have not yet paid 20 for 1.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.proof.estimate import ALPHA
from models.proof.randomization import Comparison, Part, Reading, Split, Stratum, crossing, reading

Numbers = npt.NDArray[np.float64]

BETS: Numbers = np.array([sign * 2.0**power for power in range(-6, 3) for sign in (-1, 1)])
"""The effects that are bet on: factors on the odds, as logarithms, from 1.6 % to 55 times."""
STEPS_A_DECADE = 10
LIMIT = math.log(1 / ALPHA)


def read_anytime(compared: Comparison, typical: float) -> Reading:
    """The reading of a day that nobody chose beforehand. `typical` is a payer's weight that was known before anybody
    paid: who weighs less is bet on less boldly, who weighs more no more boldly."""
    payers = _Payers.of(compared, typical)
    best = crossing(lambda effect: payers.slope(effect) >= 0)
    weakest = -crossing(lambda distance: distance >= -best and payers.stake(-distance) >= LIMIT)
    strongest = crossing(lambda effect: effect >= best and payers.stake(effect) >= LIMIT)
    p = min(1.0, math.exp(-payers.stake(0)))
    return reading(compared, _split(compared, weakest), _split(compared, strongest), p)


def _split(compared: Comparison, effect: float) -> Split:
    """The weight that each stratum's treated get where each payer is theirs by chance."""
    return [part.total * _chance(part.stratum, effect) for part in compared.parts]


def _chance(stratum: Stratum, effect: float) -> float:
    """The chance of a payer to be one of the treated."""
    return 1 / (1 + stratum.control / stratum.treated * math.exp(-effect))


class _Payers:
    """Payers that are alike, and how many there are of each kind."""

    def __init__(self, boldness: Numbers, odds: Numbers, treated: Numbers, counts: Numbers) -> None:
        self.boldness, self.odds, self.treated, self.counts = boldness, odds, treated, counts

    @classmethod
    def of(cls, compared: Comparison, typical: float) -> _Payers:
        told = [_told(part, typical) for part in compared.parts]
        (boldness, odds, treated), counts = np.unique(np.concatenate(told, axis=1), axis=1, return_counts=True)
        return cls(boldness, odds, treated, counts.astype(np.float64))

    def stake(self, effect: float) -> float:
        """The logarithm of what all bets are worth that were made against an effect."""
        fair = self.odds + effect
        bet = fair + BETS[:, None] * self.boldness
        worth = (_log_chance(bet, self.treated) - _log_chance(fair, self.treated)) @ self.counts
        return float(np.logaddexp.reduce(worth)) - math.log(len(BETS))

    def slope(self, effect: float) -> float:
        """Above 0 where an effect is larger than what was seen."""
        chance = 1 / (1 + np.exp(-(self.odds + effect)))
        return float((chance - self.treated) * self.boldness @ self.counts)


def _told(part: Part, typical: float) -> Numbers:
    """Boldness, log odds of being treated, and whether it was (1 or 0), for each payer of a stratum."""
    stratum = part.stratum
    size = np.minimum(part.weights / typical, 1.0)
    boldness = 10 ** (np.round(np.log10(size) * STEPS_A_DECADE) / STEPS_A_DECADE)
    treated = np.repeat([1.0, 0.0], [len(stratum.of_treated), len(stratum.of_control)])
    return np.stack([boldness, np.full(len(size), math.log(stratum.treated / stratum.control)), treated])


def _log_chance(odds: Numbers, treated: Numbers) -> Numbers:
    """The logarithm of the chance of what came, at these log odds."""
    chance: Numbers = -np.logaddexp(0, np.where(treated == 1, -odds, odds))
    return chance
