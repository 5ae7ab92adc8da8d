"""Ledgers without an effect, of which few reports may claim one, and with one, which intervals hold: a hundred of each
population, from fixed seeds. `make figures` reads a thousand of each."""

import pytest
from scipy.stats import binom

from tests.proof.populations import POPULATIONS, many

COUNT = 100


@pytest.mark.parametrize("name", POPULATIONS)
def test_what_is_not_there_is_seldom_claimed_and_the_truth_is_held(name: str) -> None:
    none, some = many(name, effect=False, count=COUNT), many(name, effect=True, count=COUNT // 4)
    for figure, tally in none.items():
        assert tally.contradicted == 0, figure
        assert tally.claimed <= binom.ppf(0.999, tally.read, 0.05), figure
        assert max(tally.above, tally.below) <= binom.ppf(0.999, tally.read, 0.025), figure
    for figure, tally in some.items():
        assert tally.contradicted == 0, figure
        assert tally.held >= binom.ppf(0.001, tally.read, 0.95), figure
