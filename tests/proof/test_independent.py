"""Our figures beside another hand's: statsmodels for tests and power, lifelines for how soon people pay."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from models.proof.experiment import holm
from models.proof.power import POWER, Design, RateEffect, ValueEffect, smallest_cohort
from models.proof.randomization import Stratum, comparison, read
from models.proof.survival import Day, curve, log_rank

CHANCE = np.random.default_rng(20_261_129)


def days(count: int, wait: float, last: int = 90) -> list[Day]:
    """So many cases that pay after so many days on the average; some are lost from sight before the last."""
    when = np.minimum(CHANCE.exponential(wait, count).astype(int), last)
    lost = CHANCE.integers(0, 3 * last, count)
    seen, paid = np.minimum(when, lost), (when < last) & (when <= lost)
    return [
        Day(int(day), int((paid & (seen == day)).sum()), int((~paid & (seen == day)).sum())) for day in np.unique(seen)
    ]


def spread(found: Sequence[Day]) -> tuple[list[int], list[bool]]:
    """A case each: the day it was last seen, and whether it paid then."""
    cases = [(day.day, paid) for day in found for paid, n in ((True, day.paid), (False, day.left)) for _ in range(n)]
    return [day for day, _ in cases], [paid for _, paid in cases]


OURS, THEIRS = days(400, 120), days(150, 200)


def test_curve_and_interval_are_those_of_lifelines() -> None:
    theirs = KaplanMeierFitter().fit(*spread(OURS))
    bounds = theirs.confidence_interval_
    for point in curve(OURS).points:
        assert 1 - point.paid == pytest.approx(float(theirs.survival_function_at_times(point.day).iloc[0]))
        if point.low is not None and point.high is not None:
            low, high = bounds.loc[float(point.day)]
            assert (1 - point.high, 1 - point.low) == pytest.approx((float(low), float(high)), abs=1e-6)


def test_the_log_rank_test_is_that_of_lifelines() -> None:
    (ours, ours_paid), (theirs, theirs_paid) = spread(OURS), spread(THEIRS)
    assert log_rank(OURS, THEIRS) == pytest.approx(logrank_test(ours, theirs, ours_paid, theirs_paid).p_value)


STRATA = [(900, 70, 100, 4), (450, 90, 50, 6), (180, 11, 20, 3)]
"""Treated, those of them that paid; held out, those of them that paid."""


def test_the_ratio_is_mantel_and_haenszels_and_the_p_value_near_theirs() -> None:
    tables = [[[paid, treated - paid], [held_paid, held - held_paid]] for treated, paid, held, held_paid in STRATA]
    found = read(
        comparison(Stratum(treated, held, [1] * paid, [1] * held_paid) for treated, paid, held, held_paid in STRATA)
    )
    theirs = StratifiedTable([np.array(table) for table in tables])
    assert found.ratio is not None
    assert found.ratio.value + 1 == pytest.approx(theirs.riskratio_pooled)
    assert found.p == pytest.approx(theirs.test_null_odds(correction=True).pvalue, rel=0.15)


def test_several_comparisons_are_adjusted_as_statsmodels_does() -> None:
    ps = [float(p) for p in CHANCE.random(12) ** 3]
    assert holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]))


@pytest.mark.parametrize(("base", "uplift", "control", "treated"), [(0.06, 0.01, 5_416, 48_747), (0.2, 0.1, 100, 400)])
def test_the_power_of_a_rate_is_that_of_statsmodels(base: float, uplift: float, control: int, treated: int) -> None:
    theirs = power_proportions_2indep(uplift, base, treated, ratio=control / treated, alternative="two-sided")
    ours = Design(RateEffect(base, uplift), control + treated, control).power
    assert ours == pytest.approx(float(theirs.power), abs=0.01)


@pytest.mark.parametrize("share", [Fraction(1, 10), Fraction(1, 2)])
def test_so_many_are_needed_for_a_value_as_statsmodels_says(share: Fraction) -> None:
    found = smallest_cohort(ValueEffect(400, 12.50), share)
    treated = NormalIndPower().solve_power(12.50 / 400, power=POWER, alpha=0.05, ratio=float(share / (1 - share)))
    assert found is not None
    assert found.cohort == pytest.approx(treated / float(1 - share), rel=0.001)
