from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from models.errors import Refusal
from models.proof.holdout import (
    RIVALS,
    Arm,
    Candidate,
    Habit,
    Stratum,
    band_name,
    band_of,
    draw,
    shares_of,
    strata_of,
    stratum_of,
)
from models.proof.units import units

TENTH = {"control": Decimal("0.1")}

amounts = st.sampled_from([0, 50, 500, 5_000, 50_000]).map(Decimal)
candidates = st.lists(
    st.builds(
        Candidate,
        case=st.uuids(version=4).map(str),
        tax=st.sampled_from(["ICMS", "IPTU"]),
        amount=amounts,
        habit=st.sampled_from([Habit.UNKNOWN, Habit.ANSWERED]),
        joined=st.just(""),
    ),
    max_size=120,
    unique_by=lambda each: each.case,
)
shares = st.integers(1, 99).map(lambda percent: Decimal(percent) / 100)
salts = st.text("0123456789abcdef", min_size=8, max_size=8)


def town(size: int) -> list[Candidate]:
    return [Candidate(f"c{number}", "ICMS", Decimal(1000)) for number in range(size)]


def strata(cases: list[Candidate]) -> Counter[Stratum]:
    return Counter(map(stratum_of, cases))


@given(candidates, shares, salts)
def test_every_stratum_and_the_whole_have_the_share_but_for_less_than_a_case(
    cases: list[Candidate], share: Decimal, salt: str
) -> None:
    drawn = draw(cases, {"control": share}, salt)
    held_out = strata([case for case in cases if case.case in drawn])
    for stratum, size in strata(cases).items():
        assert floor(size * share) <= held_out[stratum] <= ceil(size * share)
    assert floor(len(cases) * share) <= len(drawn) <= ceil(len(cases) * share)


@given(candidates, salts, st.randoms(use_true_random=False))
def test_the_draw_can_be_repeated_in_any_order(cases: list[Candidate], salt: str, chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = chance.sample(cases, len(cases))
    assert draw(cases, TENTH, salt) == draw(shuffled, TENTH, salt)


def test_another_salt_is_another_draw() -> None:
    assert draw(town(1000), TENTH, "one").keys() != draw(town(1000), TENTH, "other").keys()


@given(candidates, salts)
def test_two_rulers_and_a_control_group_share_one_cohort(cases: list[Candidate], salt: str) -> None:
    wanted = {"control": Decimal("0.2"), "b": Decimal("0.4")}
    arms = Counter(draw(cases, wanted, salt).values())
    for arm, share in wanted.items():
        assert abs(arms[arm] - len(cases) * share) < 2
    by_stratum = Counter((stratum_of(case), draw(cases, wanted, salt).get(case.case)) for case in cases)
    for stratum, size in strata(cases).items():
        assert all(abs(by_stratum[stratum, arm] - size * share) < 2 for arm, share in wanted.items())


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_case_has_the_asked_chance_however_few_join_at_a_time(size: int) -> None:
    """As when a schedule takes in a handful of cases every night with one salt: nobody is always first."""
    nights = 2000
    held_out = sum(
        len(draw([Candidate(f"{night}-{n}", "ISS", Decimal(9)) for n in range(size)], TENTH, "salt"))
        for night in range(nights)
    )
    assert binomtest(held_out, nights * size, 0.1).pvalue > 0.001


def test_thousands_of_small_strata_do_not_add_up_to_a_bias() -> None:
    cases = [Candidate(f"c{number}", f"tax {number // 3}", Decimal(100)) for number in range(9000)]
    assert len(draw(cases, TENTH, "salt")) == 900


def test_groups_are_drawn_by_past_response() -> None:
    answered = [Candidate(f"a{n}", "IPTU", Decimal(300), Habit.ANSWERED) for n in range(200)]
    silent = [Candidate(f"s{n}", "IPTU", Decimal(300), Habit.SILENT) for n in range(600)]
    drawn = draw([*silent, *answered], TENTH, "salt")
    assert Counter(case[0] for case in drawn) == {"a": 20, "s": 60}


@pytest.mark.parametrize("shares", [{"control": "0"}, {"control": "1"}, {"control": "0.5", "b": "0.5"}, {"b": "-0.1"}])
def test_shares_that_leave_nobody_to_contact_are_refused(shares: dict[str, str]) -> None:
    with pytest.raises(Refusal, match="leave cases for the cohort's own ruler"):
        draw(town(10), {arm: Decimal(share) for arm, share in shares.items()}, "salt")


@given(shares | st.none(), st.integers(0, 3))
def test_the_rulers_share_evenly_whom_the_control_group_leaves(control: Decimal | None, rivals: int) -> None:
    found = shares_of(control, dict.fromkeys(RIVALS[:rivals]))
    assert found.get(Arm.CONTROL) == control
    even = Fraction(1 - (control or 0)) / (rivals + 1)
    assert [float(found[arm]) for arm in RIVALS[:rivals]] == pytest.approx([float(even)] * rivals)


def test_a_ruler_has_the_share_that_was_named_and_the_others_what_is_left() -> None:
    found = shares_of(Decimal("0.1"), {Arm.RIVAL: Decimal("0.3"), Arm.RIVAL_2: None})
    assert found == {"control": Decimal("0.1"), "rival": Decimal("0.3"), "rival_2": Decimal("0.3")}


def test_nobody_is_drawn_from_nobody() -> None:
    assert draw([], TENTH, "salt") == {}


@pytest.mark.parametrize(
    ("amount", "band", "name"),
    [
        ("0", 0, "sem valor"),
        ("0.01", 1, "menos de R$ 100,00"),
        ("99.99", 1, "menos de R$ 100,00"),
        ("100", 2, "de R$ 100,00 a menos de R$ 1.000,00"),
        ("999.99", 2, "de R$ 100,00 a menos de R$ 1.000,00"),
        ("15000000.00", 7, "R$ 10.000.000,00 ou mais"),
        ("2000000000", 7, "R$ 10.000.000,00 ou mais"),
    ],
)
def test_a_band_is_a_decade(amount: str, band: int, name: str) -> None:
    assert band_of(Decimal(amount)) == band
    assert band_name(band) == name


def test_a_unit_is_drawn_as_one_in_the_stratum_of_who_owes_most_of_it() -> None:
    family = [Candidate("a", "IPTU", Decimal(90), joined="a"), Candidate("b", "ISS", Decimal(5_000), joined="a")]
    alone = Candidate("c", "IPTU", Decimal(90))
    assert strata_of([*family, alone]) == {"a": stratum_of(family[1]), "c": stratum_of(alone)}
    drawn = draw([*family, alone], {"control": Decimal("0.5")}, "salt")
    assert set(drawn) < {"a", "c"}


def test_what_is_joined_by_a_third_is_one_unit() -> None:
    assert units([["b", "c"], ["a", "b"], ["x", "y"], ["z"]]) == {
        "a": "a",
        "b": "a",
        "c": "a",
        "x": "x",
        "y": "x",
        "z": "z",
    }
    assert units([]) == {}
