import math
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.proof.balance import balance
from models.proof.holdout import Candidate, draw


def city(size: int) -> list[Candidate]:
    chance = Random(7)
    return [
        Candidate(f"c{n}", chance.choice(["ICMS", "IPTU"]), Decimal(round(chance.lognormvariate(6, 1.5), 2)))
        for n in range(size)
    ]


def test_what_the_draw_makes_is_balanced() -> None:
    cases = city(4000)
    drawn = draw(cases, {"control": Decimal("0.1")}, "salt")
    control = [case for case in cases if case.case in drawn]
    others = [case for case in cases if case.case not in drawn]
    found = balance(control, others)
    assert [each.covariate for each in found] == ["valor devido", "tributo", "faixa de valor", "hábito"]
    assert all(each.balanced for each in found)
    assert found[1].said == "tributo: diferença de 0,00 desvio-padrão (p = 0,95), equilibrado"


def test_a_choice_of_the_large_debts_is_found_out() -> None:
    by_amount = sorted(city(4000), key=lambda case: case.amount)
    found = {each.covariate: each for each in balance(by_amount[3600:], by_amount[:3600])}
    assert not found["valor devido"].balanced
    assert not found["faixa de valor"].balanced
    assert found["valor devido"].said.startswith("valor devido: diferença de 1,")
    assert found["valor devido"].said.endswith("desvio-padrão (p = 0,00), desequilibrado")


def test_a_choice_of_one_tax_is_found_out() -> None:
    icms, iptu = ([Candidate(f"{tax}{n}", tax, Decimal(900)) for n in range(300)] for tax in ("ICMS", "IPTU"))
    found = {each.covariate: each for each in balance(icms[:90] + iptu[:10], icms[90:] + iptu[10:])}
    assert not found["tributo"].balanced
    assert found["valor devido"].balanced


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_group_of_hardly_anybody_is_not_called_unbalanced(size: int) -> None:
    cases = city(100)
    found = balance(cases[:size], cases[size:])
    assert all(each.balanced for each in found)
    assert bool(found) == bool(size)


groups = st.lists(
    st.builds(Candidate, st.just("c"), st.sampled_from("AB"), st.sampled_from([0, 7, 90_000_000]).map(Decimal)),
    min_size=1,
    max_size=30,
)


@given(groups, groups)
def test_no_figure_is_ever_no_number(ours: list[Candidate], theirs: list[Candidate]) -> None:
    for each in balance(ours, theirs):
        assert math.isfinite(each.apart)
        assert 0 <= each.p <= 1
