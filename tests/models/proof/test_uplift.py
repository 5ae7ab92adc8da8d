import math
from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.proof.uplift import BASES, Basis, Estimate, Group, Uplift, compare, conclusions, group_of, together


def group(name: str, cases: int, payers: int, paying: str = "100.00") -> Group:
    """Everybody who pays pays the same."""
    return group_of(name, [Decimal(paying)] * payers + [Decimal(0)] * (cases - payers))


def between(estimate: Estimate | None, places: int) -> tuple[float, float, float]:
    assert estimate is not None
    return round(estimate.value, places), round(estimate.low, places), round(estimate.high, places)


# ---- against what others have published


def test_newcombes_own_example() -> None:
    """Newcombe 1998, table II: 56/70 against 48/80, method 10."""
    found = compare(group("a", 70, 56), group("b", 80, 48))
    assert between(found.rate, 4) == (0.2, 0.0524, 0.3339)


def test_nobody_paid_still_says_how_much_may_have_been_missed() -> None:
    """Newcombe 1998, table II: 0/10 against 0/10."""
    found = compare(group("a", 10, 0), group("b", 10, 0))
    assert between(found.rate, 4) == (0.0, -0.2775, 0.2775)
    assert found.rate_p == 1


def test_a_ratio_with_katzs_interval() -> None:
    """Heart attacks with aspirin, 104 of 11,037, and without, 189 of 11,034: in textbooks 0.55 (0.43 to 0.70)."""
    found = compare(group("a", 11_037, 104), group("b", 11_034, 189))
    assert found.rate_relative is not None
    assert between(found.rate_relative, 2) == (-0.45, -0.57, -0.30)


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
    assert found.deviation == pytest.approx(whole.deviation, rel=1e-6, abs=1e-6)


# ---- what is said


def test_an_effect_is_told_with_its_uncertainty() -> None:
    found = compare(group("notificados", 9_000, 810), group("grupo de controle", 1_000, 60))
    assert found.cautions == ()
    assert conclusions(found) == (
        "notificados: 3,00 pontos percentuais de pagantes a mais que grupo de controle"
        " (entre 1,26 e 4,44, com 95 % de confiança)",
        "notificados: 3,00 reais por contribuinte a mais que grupo de controle"
        " (entre 1,43 e 4,57, com 95 % de confiança)",
    )


def test_what_may_be_chance_is_called_so() -> None:
    rate, value = conclusions(compare(group("A", 500, 31), group("B", 500, 30)))
    assert rate.startswith("A e B: diferença que pode ser do acaso (entre −2,8")
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
    return {each.name: getattr(found, each.name) for each in fields(found)[3:-1]}


def test_without_a_control_group_nothing_is_claimed() -> None:
    for found in (compare(SOME, EMPTY), compare(EMPTY, SOME), compare(EMPTY, EMPTY)):
        assert set(figures(found).values()) == {None}
        assert found.brought_in is None
        assert conclusions(found) == ()
        assert found.cautions[0] == "x: nenhum caso, e por isso não há com o que comparar"


def test_a_group_of_which_nobody_paid_gets_a_rate_and_a_caution() -> None:
    found = compare(SOME, SILENT)
    assert found.rate is not None
    assert found.rate.beyond_chance
    assert found.rate_relative is found.value is found.value_relative is None
    assert found.cautions == ("x: nada entrou; não há variação em % nem intervalo do valor por contribuinte",)


def test_a_group_that_paid_to_the_last_gets_no_ratio() -> None:
    found = compare(ALL, SOME)
    assert found.rate_relative is None
    assert found.value_relative is not None
    assert found.cautions == ("x: todos pagaram; não há variação de pagantes em %",)


def test_when_all_paid_alike_there_is_no_interval_of_the_value() -> None:
    found = compare(ALL, ALONE)
    assert found.value is None
    assert found.cautions[-1] == "todos pagaram o mesmo: não há intervalo do valor por contribuinte"


def test_few_payers_are_pointed_out() -> None:
    assert compare(SOME, group("x", 90, 1)).cautions == (
        "x: só 1 pagante; o intervalo do valor por contribuinte é apenas aproximado",
    )


def test_one_payment_above_all_others_leaves_no_ratio() -> None:
    huge = group_of("x", [Decimal(5_000_000), *[Decimal(100)] * 40, *[Decimal(0)] * 360])
    found = compare(huge, SOME)
    assert found.value is not None
    assert not found.value.beyond_chance
    assert found.value_relative is None
    assert found.cautions == ("y: entrou menos do que um só pagamento costuma pesar; não há variação do valor em %",)


received = st.decimals(min_value=-100, max_value=20_000_000, places=2)
groups = st.lists(st.one_of(st.just(Decimal(0)), received), max_size=12).map(lambda paid: group_of("g", paid))


@given(groups, groups)
def test_no_figure_is_ever_no_number(ours: Group, theirs: Group) -> None:
    found = compare(ours, theirs)
    for figure in figures(found).values():
        if isinstance(figure, Estimate):
            assert all(map(math.isfinite, (figure.value, figure.low, figure.high)))
            assert figure.low <= figure.value <= figure.high
        elif isinstance(figure, float):
            assert 0 <= figure <= 1
    if None in figures(found).values():
        assert found.cautions
    for sentence in (*conclusions(found), *found.cautions):
        assert "nan" not in sentence.lower().replace("não", "")


@given(groups, groups)
def test_the_other_way_round_the_sign_turns(ours: Group, theirs: Group) -> None:
    one, other = compare(ours, theirs), compare(theirs, ours)
    if one.rate and other.rate:
        assert one.rate.value == pytest.approx(-other.rate.value)
        assert one.rate.low == pytest.approx(-other.rate.high)
        assert one.rate_p == pytest.approx(other.rate_p)
