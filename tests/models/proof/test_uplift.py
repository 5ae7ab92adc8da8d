from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.proof.estimate import Estimate
from models.proof.uplift import (
    BASES,
    Basis,
    Group,
    Look,
    Payer,
    Uplift,
    comparable,
    compare,
    conclusions,
    group_of,
    robust,
    side_by_side,
    together,
)


def group(name: str, cases: int, payers: int, paying: str = "100.00") -> Group:
    """Everybody who pays pays the same."""
    return group_of(name, [Decimal(paying)] * payers + [Decimal(0)] * (cases - payers))


def between(estimate: Estimate | None, places: int) -> tuple[float, float, float]:
    assert estimate is not None
    return round(estimate.value, places), round(estimate.low, places), round(estimate.high, places)


# ---- against what others have published


def test_nobody_paid_still_says_how_much_may_have_been_missed() -> None:
    """Clopper and Pearson: with none of 10, up to 30.85 % may pay."""
    found = compare(group("a", 10, 0), group("b", 10, 0))
    assert between(found.rate, 4) == (0.0, -0.3085, 0.3085)
    assert found.rate_p == 1


def test_heart_attacks_with_aspirin_and_without() -> None:
    """104 of 11,037 and 189 of 11,034: in textbooks a ratio of 0.55 (0.43 to 0.70); exact ones are longer."""
    found = compare(group("a", 11_037, 104), group("b", 11_034, 189))
    assert found.rate_relative is not None
    assert found.rate_relative.value == pytest.approx(0.55 - 1, abs=0.005)
    assert found.rate_relative.low == pytest.approx(0.43 - 1, abs=0.02)
    assert found.rate_relative.high == pytest.approx(0.70 - 1, abs=0.02)


def test_pindamonhangaba_received_a_fifth_more_from_the_notified() -> None:
    """60,000 notified, 3,700 of them paid, and 20 % more was received per head than from the not notified."""
    notified = group_of("notificados", [Decimal("900.00")] * 3_500 + [Decimal("2250.00")] * 200 + [Decimal(0)] * 56_300)
    others = group_of("não notificados", [Decimal("900.00")] * 889 + [Decimal("2249.90")] + [Decimal(0)] * 15_181)
    assert (notified.cases, notified.payers, notified.received) == (60_000, 3_700, Decimal("3600000.00"))
    found = compare(notified, others)
    assert found.value_relative is not None
    assert f"{found.value_relative.value:.0%}" == "20%"
    assert found.value_relative.beyond_chance
    assert found.brought_in is not None
    assert found.brought_in.value == pytest.approx(3_600_000 - 60_000 * float(others.received) / others.cases)


amounts = st.lists(st.decimals("0", "1000000", places=2), max_size=20)


@given(st.lists(amounts, max_size=4))
def test_groups_together_are_the_group_of_all_their_cases(parts: list[list[Decimal]]) -> None:
    found = together("all", [group_of(str(number), part) for number, part in enumerate(parts)])
    whole = group_of("all", [amount for part in parts for amount in part])
    assert (found.cases, found.payers, found.received) == (whole.cases, whole.payers, whole.received)
    assert sorted(payer.cents for payer in found.paid) == sorted(payer.cents for payer in whole.paid)


# ---- what is said


def test_an_effect_is_told_with_its_uncertainty() -> None:
    found = compare(group("notificados", 9_000, 810), group("grupo de controle", 1_000, 60))
    assert found.cautions == ()
    rate, value = conclusions(found)
    assert rate.startswith("notificados: 3,00 pontos percentuais de pagantes a mais que grupo de controle (entre 1,")
    assert value.startswith("notificados: 3,00 reais por contribuinte a mais que grupo de controle (entre 1,")
    assert value.endswith(", com 95 % de confiança)")


def test_what_may_be_chance_is_called_so() -> None:
    rate, value = conclusions(compare(group("A", 500, 31), group("B", 500, 30)))
    assert rate.startswith("A e B: diferença que pode ser do acaso (entre −2,9")
    assert value.endswith("reais por contribuinte, com 95 % de confiança)")


def test_the_words_keep_to_the_number() -> None:
    better, worse = group("A", 90_000, 9_900), group("B", 90_000, 9_000)
    assert "A: 1,00 ponto percentual de pagantes a mais que B" in conclusions(compare(better, worse))[0]
    assert "B: 1,00 ponto percentual de pagantes a menos que A" in conclusions(compare(worse, better))[0]


def test_a_comparison_that_is_not_by_lot_is_marked() -> None:
    found = compare(group("alcançados", 50, 9), group("controle", 50, 3), Basis.AS_DELIVERED)
    assert "não prova" in BASES[found.basis]


# ---- where there is little to go by

EMPTY, ALONE, SILENT, ALL = group("x", 0, 0), group("x", 1, 1), group("x", 400, 0), group("x", 400, 400)
SOME = group("y", 400, 40)


def figures(found: Uplift) -> dict[str, object]:
    return {each.name: getattr(found, each.name) for each in fields(found)[4:-1]}


def test_without_a_control_group_nothing_is_claimed() -> None:
    for found in (compare(SOME, EMPTY), compare(EMPTY, SOME), compare(EMPTY, EMPTY)):
        assert set(figures(found).values()) == {None}
        assert found.brought_in is None
        assert conclusions(found) == ()
        assert found.cautions[0] == "x: nenhum caso, e por isso não há com o que comparar"


@pytest.mark.parametrize("look", Look)
def test_a_group_of_which_nobody_paid_gets_a_difference_and_no_ratio(look: Look) -> None:
    found = compare(SOME, SILENT, look=look)
    assert found.rate is not None
    assert found.rate.beyond_chance
    assert found.rate_relative is found.value_relative is None
    assert found.cautions == ("x: nada entrou; não há variação em %",)


def test_when_all_paid_there_is_still_a_difference() -> None:
    found = compare(ALL, SOME)
    assert found.rate is not None
    assert found.rate.value == pytest.approx(0.9)
    assert found.rate.beyond_chance


def test_few_payers_are_pointed_out() -> None:
    assert compare(SOME, group("x", 90, 1)).cautions == ("x: só 1 pagante; o que não se vê pode ser grande",)


@pytest.mark.parametrize("look", Look)
def test_one_payment_above_all_others_makes_no_effect_and_is_pointed_out(look: Look) -> None:
    huge = group_of("x", [Decimal(5_000_000), *[Decimal(100)] * 40, *[Decimal(0)] * 359], typical=Decimal(1_000))
    found = compare(huge, SOME, look=look)
    assert found.value is not None
    assert not found.value.beyond_chance
    again = robust(huge, SOME, look)
    assert again is not None
    assert again.winsorized.value == pytest.approx(0.25, abs=0.001)
    assert found.cautions[-1].startswith("um só pagante trouxe 100")


def test_looking_on_any_day_takes_a_longer_interval() -> None:
    planned, any_day = (compare(group("a", 9_000, 810), group("b", 1_000, 60), look=look) for look in Look)
    assert planned.rate is not None
    assert any_day.rate is not None
    assert any_day.rate.low < planned.rate.low < planned.rate.value < planned.rate.high < any_day.rate.high


def test_units_are_compared_and_cases_are_told() -> None:
    """Fifty households of two cases in each group; in twenty and ten of them one of the two pays: 20 % and 10 %."""
    ours, theirs = (
        Group(name, 100, {"s": 50}, tuple(Payer("s", 1, 10_000) for _ in range(paying)))
        for name, paying in (("a", 20), ("b", 10))
    )
    found = compare(ours, theirs)
    assert found.rate is not None
    assert found.rate.value == pytest.approx(0.1)
    assert found.value is not None
    assert found.value.value == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "joined"),
    [
        ({"a": 5, "b": 5}, {"a": 1, "b": 1}, [["a"], ["b"]]),
        ({"a": 5, "b": 5, "c": 3}, {"b": 1}, [["a", "b", "c"]]),
        ({"a": 5, "b": 5, "c": 3, "d": 9}, {"b": 1, "d": 1}, [["a", "b"], ["c", "d"]]),
        ({"a": 50}, {"b": 50}, [["a", "b"]]),
        ({"a": 50}, {}, []),
    ],
)
def test_a_stratum_of_one_group_alone_is_compared_with_its_neighbours(
    ours: dict[str, int], theirs: dict[str, int], joined: list[list[str]]
) -> None:
    assert comparable(ours, theirs) == joined


def test_nobody_who_paid_is_left_out_of_the_comparison() -> None:
    """Nine of ten of the one stratum and all of the other are treated: what these paid counts."""
    ours = Group("a", 95, {"s": 90, "t": 5}, (Payer("t", 1, 1_000_000),))
    theirs = Group("b", 10, {"s": 10}, (Payer("s", 1, 100),))
    found = compare(ours, theirs)
    assert found.value is not None
    assert found.value.value == pytest.approx(10_000 / 95 - 1 / 10)


def test_of_several_comparisons_a_difference_that_is_beyond_chance_alone_may_be_chance_among_them() -> None:
    groups = [
        group_of(name, [Decimal(100)] * paid + [Decimal(0)] * (200 - paid)) for name, paid in (("a", 40), ("b", 24))
    ]
    alone = compare(groups[0], groups[1])
    first, second, third = side_by_side([alone, compare(groups[0], groups[0]), compare(groups[1], groups[1])])
    assert alone.rate_p is not None
    assert alone.rate is not None
    assert alone.rate.beyond_chance
    assert first.rate_p_adjusted == pytest.approx(3 * alone.rate_p)
    assert second.rate_p_adjusted == 1.0
    assert third.rate_p == 1.0
    assert "a mais que b" in conclusions(alone)[0]
    assert "pode ser do acaso, entre tantas comparações" in conclusions(first)[0]
    assert side_by_side([alone]) == (alone,), "one comparison is adjusted for nothing"
