from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from models.proof.power import (
    POWER,
    Clusters,
    Design,
    Effect,
    RateEffect,
    ValueEffect,
    design,
    smallest_cohort,
    smallest_control,
)
from models.proof.uplift import Group, Payer, compare

HALF, TENTH = Fraction(1, 2), Fraction(1, 10)

rate_effects = st.builds(RateEffect, st.floats(0.01, 0.6), st.floats(0.005, 0.3))
value_effects = st.builds(ValueEffect, st.floats(1, 10_000), st.floats(1, 1_000))
shares = st.integers(1, 99).map(lambda percent: Fraction(percent, 100))


def test_groups_as_large_as_the_textbooks_say() -> None:
    """58 each for 50 % against 75 %; 64 each for half a standard deviation, of which Student's t takes one."""
    assert smallest_cohort(RateEffect(0.5, 0.25), HALF) == Design(RateEffect(0.5, 0.25), 116, 58)
    assert smallest_cohort(ValueEffect(1, 0.5), HALF) == Design(ValueEffect(1, 0.5), 126, 63)


def test_one_point_more_by_sms_needs_a_hold_out_of_thousands() -> None:
    effect = RateEffect(0.06, 0.01)
    found = smallest_cohort(effect, TENTH)
    assert found is not None
    assert (found.cohort, found.control) == (54_163, 5_416)
    assert smallest_control(effect, 54_163).control == 5_416


@pytest.mark.parametrize(
    ("clusters", "effect"),
    [
        (Clusters(), 1),
        (Clusters(3, correlation=1), 3),
        (Clusters(3, correlation=0.5), 2),
        (Clusters(1.4, 0.8, 0.3), 1 + (1.64 * 1.4 - 1) * 0.3),
        (Clusters(50, correlation=0.02), 1.98),
    ],
)
def test_the_design_effect_is_kishs(clusters: Clusters, effect: float) -> None:
    assert clusters.design_effect == pytest.approx(effect)


def test_units_that_pay_as_one_are_counted_as_one() -> None:
    """A hundred cases in twos that always pay alike tell what fifty strangers do."""
    effect = ValueEffect(1, 0.5)
    assert Design(effect, 100, 50, Clusters(2, correlation=1)).power == Design(effect, 50, 25).power
    twice = smallest_cohort(effect, HALF, Clusters(2, correlation=1))
    assert twice is not None
    assert (twice.cohort, twice.counted) == (252, (63, 63))


@given(st.one_of(rate_effects, value_effects), shares)
def test_the_smallest_cohort_is_enough_and_a_smaller_one_is_not(effect: Effect, share: Fraction) -> None:
    found = smallest_cohort(effect, share)
    if found is not None:
        assert found.enough
        assert found.cohort == 2 or not design(effect, found.cohort - 1, share).enough


@given(st.one_of(rate_effects, value_effects), st.integers(2, 100_000))
def test_the_smallest_control_is_enough_and_a_smaller_one_is_not(effect: Effect, cohort: int) -> None:
    found = smallest_control(effect, cohort)
    assert 1 <= found.control < cohort
    if found.enough:
        assert found.control == 1 or not Design(effect, cohort, found.control - 1).enough
    else:
        assert all(design(effect, cohort, Fraction(part, 20)).power <= found.power + 0.01 for part in range(1, 10))


@given(st.one_of(rate_effects, value_effects), st.integers(10, 50_000), shares)
def test_the_uplift_that_can_be_detected_is_the_one_that_is_enough(
    effect: Effect, cohort: int, share: Fraction
) -> None:
    asked = design(effect, cohort, share)
    least = asked.detectable
    if least is not None and effect.uplift >= least + 1 / effect.STEPS:
        assert asked.enough
    if least is None or effect.uplift < least - 1 / effect.STEPS:
        assert not asked.enough


@pytest.mark.parametrize("share", [HALF, TENTH])
def test_the_comparison_sees_what_was_promised(share: Fraction) -> None:
    """Four times in five, at the size that was asked for."""
    base, uplift, times = 0.06, 0.04, 120
    asked = smallest_cohort(RateEffect(base, uplift), share)
    assert asked is not None
    chance = np.random.default_rng(5)
    treated, control = chance.binomial(asked.treated, base + uplift, times), chance.binomial(asked.control, base, times)
    seen = sum(
        (compare(_rated(asked.treated, ours), _rated(asked.control, theirs)).rate_p or 1) < 0.05
        for ours, theirs in zip(treated, control, strict=True)
    )
    fewest, most = binom.interval(0.999, times, POWER)
    assert fewest <= seen <= most


def _rated(cases: int, payers: int) -> Group:
    return Group("x", cases, {"": cases}, (Payer("", 1, 10_000),) * int(payers))
