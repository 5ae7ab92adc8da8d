"""The randomisation test beside what others compute: Fisher's exact test, the conditional odds ratio, all draws."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from scipy.stats.contingency import odds_ratio

from models.proof.anytime import read_anytime
from models.proof.randomization import Stratum, comparison, read

TABLES = [(9_000, 560, 1_000, 48), (70, 56, 80, 48), (500, 31, 500, 30), (180, 9, 20, 3), (300, 12, 300, 0)]


@pytest.mark.parametrize("table", TABLES)
def test_of_payers_it_is_fishers_exact_test(table: tuple[int, int, int, int]) -> None:
    treated, of_treated, control, of_control = table
    found = read(comparison([Stratum(treated, control, [1] * of_treated, [1] * of_control)]))
    counts = [[of_treated, treated - of_treated], [of_control, control - of_control]]
    sides = [fisher_exact(counts, alternative=side).pvalue for side in ("less", "greater")]
    assert found.p == pytest.approx(min(1, 2 * min(sides)), rel=1e-9)


@pytest.mark.parametrize("table", TABLES[:4])
def test_the_difference_lies_where_the_conditional_odds_ratio_lies(table: tuple[int, int, int, int]) -> None:
    """An odds ratio of 1 is a difference of 0, and both intervals are on the same side of it."""
    treated, of_treated, control, of_control = table
    found = read(comparison([Stratum(treated, control, [1] * of_treated, [1] * of_control)])).difference
    counts = [[of_treated, treated - of_treated], [of_control, control - of_control]]
    theirs = odds_ratio(counts, kind="conditional").confidence_interval(0.95)
    assert (found.low > 0, found.high < 0) == (theirs.low > 1, theirs.high < 1)
    assert found.value == pytest.approx(of_treated / treated - of_control / control)


def test_of_payers_in_strata_it_is_the_share_of_all_draws_to_the_last() -> None:
    """Two strata of 6 and 7 units, 2 and 3 of them held out: all 15 × 35 draws, counted."""
    strata = [(6, 2, 4, 1), (7, 3, 5, 2)]
    ways = [
        sum(payers - sum(place < payers for place in way) for (_, _, payers, _), way in zip(strata, draw, strict=True))
        for draw in product(*(combinations(range(units), held) for units, held, _, _ in strata))
    ]
    treated = sum(payers - held_paying for _, _, payers, held_paying in strata)
    sides = (sum(way >= treated for way in ways), sum(way <= treated for way in ways))
    compared = [Stratum(n - held, held, [1] * (all_ - theirs), [1] * theirs) for n, held, all_, theirs in strata]
    assert read(comparison(compared)).p == pytest.approx(min(1, 2 * min(sides) / len(ways)))


def test_of_amounts_it_is_the_share_of_all_draws() -> None:
    """Eight units, three held out: all 56 ways to hold three out, counted."""
    amounts = [900, 410, 220, 75, 60, 0, 0, 0]
    held = (0, 3, 7)
    treated = sum(amounts) - sum(amounts[place] for place in held)
    ways = [sum(amounts) - sum(amounts[place] for place in way) for way in combinations(range(8), 3)]
    at_most = sum(way <= treated for way in ways) / len(ways)
    at_least = sum(way >= treated for way in ways) / len(ways)
    ours = [amount for place, amount in enumerate(amounts) if amount and place not in held]
    found = read(comparison([Stratum(5, 3, ours, [900, 75])]))
    assert found.p == pytest.approx(min(1, 2 * min(at_most, at_least)), abs=0.03)


def test_strata_are_weighed_as_mantel_and_haenszel_do() -> None:
    """40 of 100 against 5 of 50, and 30 of 60 against 20 of 40: by hand."""
    found = read(comparison([Stratum(100, 50, [1] * 40, [1] * 5), Stratum(60, 40, [1] * 30, [1] * 20)]))
    by_hand = (40 - 45 * 100 / 150 + 30 - 50 * 60 / 100) / (100 * 50 / 150 + 60 * 40 / 100)
    assert found.difference.value == pytest.approx(by_hand)
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx((40 * 50 / 150 + 30 * 40 / 100) / (5 * 100 / 150 + 20 * 60 / 100) - 1)


weights = st.lists(st.integers(1, 10_000), max_size=8)


@given(st.integers(8, 60), st.integers(8, 60), weights, weights)
def test_interval_and_p_value_always_say_the_same(
    treated: int, control: int, ours: list[int], theirs: list[int]
) -> None:
    if not ours and not theirs:
        return
    compared = comparison([Stratum(treated, control, ours, theirs)])
    for found in (read(compared), read_anytime(compared, 100.0)):
        assert found.difference.low <= found.difference.value <= found.difference.high
        assert found.difference.beyond_chance == (found.p <= 0.05)
        if found.ratio is not None:
            assert found.ratio.beyond_chance == found.difference.beyond_chance
