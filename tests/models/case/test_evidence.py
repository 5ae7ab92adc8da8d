"""From what the authority knows of each period to the row of the heat-map it leads to."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case.evidence import Classification, Debt, Evidence, Filing, classify, evidence_of, window_start
from models.case.facts import facts_of
from models.case.persistent_defaulter import LeftToPeople, periods_left_to_people
from models.ruler.schema import Kind, Ruler, Thresholds
from tests.builders import ICMS, REGISTERED, debt, due_of, filing, missing, months, shipped

START = date(2026, 11, 3)
RULER = shipped(ICMS)
ROLL = shipped(REGISTERED)


def found(debts: Iterable[Debt], filings: Iterable[Filing] = (), ruler: Ruler = RULER) -> Classification | None:
    facts = facts_of(ruler, START, debts, filings)
    return classify(ruler, facts.debts, facts.live_evidence, START)


def row(debts: Iterable[Debt], filings: Iterable[Filing] = (), ruler: Ruler = RULER) -> str | None:
    target = found(debts, filings, ruler)
    return target.row if target else None


def evidence(*filings: Filing, debts: Iterable[Debt] = ()) -> list[tuple[Kind, bool]]:
    return [(e.kind, e.open) for e in evidence_of(RULER, debts, filings)]


def underpaid(period: str = "2026-09") -> Filing:
    return filing(period, paid="400.00", paid_on=due_of(period))


@pytest.mark.parametrize(("times", "expected"), [(1, "h1"), (2, "h2"), (3, "h7"), (7, "h7")])
def test_declared_and_unpaid(times: int, expected: str) -> None:
    periods = months(times)
    assert row(map(debt, periods), map(filing, periods)) == expected


@pytest.mark.parametrize(("times", "expected"), [(1, "h3"), (2, "h4"), (3, "h4")])
def test_return_missing(times: int, expected: str) -> None:
    assert row((), map(missing, months(times))) == expected


@pytest.mark.parametrize(("times", "expected"), [(1, "h5"), (2, "h6"), (3, "h6")])
def test_declared_and_paid_in_part(times: int, expected: str) -> None:
    periods = months(times)
    assert row([debt(period, "600.00") for period in periods], map(underpaid, periods)) == expected


@pytest.mark.parametrize(("times", "expected"), [(1, "h5"), (2, "h6"), (3, "h6")])
def test_declared_less_than_assessed(times: int, expected: str) -> None:
    filings = [filing(p, paid="1000.00", paid_on=due_of(p), assessed="1500.00") for p in months(times)]
    assert row((), filings) == expected


def test_nothing_open_leads_nowhere() -> None:
    assert row((), [filing(paid="1000.00", paid_on=due_of("2026-09"))]) is None
    assert row((), [filing(declared=None, status="not_required")]) is None


def test_a_return_filed_late_was_missing_on_the_due_date_and_is_cured() -> None:
    late = filing(status="late", filed_on="2026-10-20")
    assert evidence(late, debts=[debt()]) == [(Kind.NON_PAYMENT, True), (Kind.RETURN, False)]


def test_a_later_payment_in_part_leaves_it_a_non_payment() -> None:
    assert evidence(filing(paid="400.00", paid_on="2026-10-12"), debts=[debt(balance="600.00")]) == [
        (Kind.NON_PAYMENT, True)
    ]


def test_a_later_payment_leaves_a_divergence_one() -> None:
    paid_more = Filing(
        period="2026-09",
        due=date(2026, 10, 9),
        status="filed",
        filed_on=date(2026, 10, 1),
        declared=Decimal(100),
        paid=Decimal(90),
        paid_on=date(2026, 11, 15),
        paid_before_due=Decimal(40),
    )
    assert [e.kind for e in evidence_of(RULER, (), (paid_more,))] == [Kind.DIVERGENCE]


def test_a_later_payment_in_full_cures_and_is_still_an_occurrence() -> None:
    cured = filing("2026-08", paid="1000.00", paid_on="2026-10-12")
    assert evidence(cured) == [(Kind.NON_PAYMENT, False)]
    assert row([debt()], [cured, filing()]) == "h2"


def test_a_debt_paid_later_cures_a_divergence() -> None:
    assert evidence(underpaid(), debts=[debt(balance="600.00")]) == [(Kind.DIVERGENCE, True)]
    assert evidence(underpaid(), debts=[debt(balance="0.00")]) == [(Kind.DIVERGENCE, False)]


def test_a_correction_cures_a_divergence() -> None:
    wrong: dict[str, Any] = {"paid": "1000.00", "paid_on": due_of("2026-09"), "assessed": "1500.00"}
    assert evidence(filing(**wrong)) == [(Kind.DIVERGENCE, True)]
    assert evidence(filing(**wrong, corrected="1500.00")) == [(Kind.DIVERGENCE, False)]


@pytest.mark.parametrize(("paid", "kinds"), [("999.00", []), ("998.99", [Kind.DIVERGENCE]), ("1001.01", [])])
def test_differences_up_to_the_tolerance_are_no_divergence(paid: str, kinds: list[Kind]) -> None:
    assert [kind for kind, _ in evidence(filing(paid=paid, paid_on=due_of("2026-09")))] == kinds


@pytest.mark.parametrize(
    ("paid", "owed", "lodged", "expected"),
    [
        ("1000.00", None, None, [(Kind.DIVERGENCE, True)]),  # paid as declared at first
        ("1500.00", None, None, []),  # paid as rectified
        ("0.00", "1000.00", "1000.00", [(Kind.NON_PAYMENT, True)]),
        ("0.00", "0.00", "1500.00", [(Kind.NON_PAYMENT, False)]),  # the extract had the whole, and it was paid
        ("0.00", "0.00", "1000.00", [(Kind.DIVERGENCE, True), (Kind.NON_PAYMENT, False)]),  # and here but the old part
    ],
)
def test_a_rectification_upwards_is_collected(
    paid: str, owed: str | None, lodged: str | None, expected: list[tuple[Kind, bool]]
) -> None:
    raised = filing(paid=paid, paid_on=due_of("2026-09"), corrected="1500.00")
    debts = [] if owed is None else [debt("2026-09", owed, lodged=lodged)]
    assert evidence(raised, debts=debts) == expected
    facts = facts_of(RULER, START, debts, [raised])
    assert facts.outstanding is any(still_open for _, still_open in expected)


@pytest.mark.parametrize(
    ("due", "today", "expected"),
    [
        ("2026-11-03", START, None),  # today is in time
        ("2026-11-02", START, None),  # a holiday: the last day in time is the 3rd
        ("2026-10-31", START, None),  # a Saturday before it
        ("2026-10-30", START, "h1"),  # a Friday
        ("2026-11-07", date(2026, 11, 9), None),  # a Saturday, and the Monday
        ("2026-11-07", date(2026, 11, 10), "h1"),
    ],
)
def test_a_debt_counts_from_the_day_after_its_last_day_in_time(due: str, today: date, expected: str | None) -> None:
    facts = facts_of(ROLL, today, [debt(None, due=due)], [])
    found = classify(ROLL, facts.debts, facts.live_evidence, today)
    assert (found and found.row) == expected
    assert facts.outstanding is (expected is not None)


@pytest.mark.parametrize(("due", "expected"), [("2025-11-03", "h1"), ("2025-11-04", "h2")])
def test_the_window_looks_back_twelve_months_from_the_start(due: str, expected: str) -> None:
    old = filing("2025-10", paid="1000.00", paid_on="2026-01-10").model_copy(update={"due": date.fromisoformat(due)})
    assert row([debt()], [old, filing()]) == expected


def test_the_window_of_a_29_february_begins_on_the_28() -> None:
    assert window_start(RULER, date(2028, 2, 29)) == date(2027, 2, 28)


def test_each_kind_counts_its_own_occurrences() -> None:
    a, b = months(2)
    target = found([debt(b)], [missing(a), filing(b)])
    assert target is not None
    assert target.occurrences == 1


def test_mixed_evidence_takes_the_most_rigid_first_rung() -> None:
    a, b, c = months(3)
    target = found([debt(c)], [missing(a), missing(b), filing(c)])
    assert target is not None
    assert (target.kind, target.row, target.occurrences) == (Kind.RETURN, "h4", 2)


def test_mixed_evidence_of_equal_rigidity_takes_the_higher_row() -> None:
    a, b = months(2)
    assert RULER.rigidity("h1", 0, 1) == RULER.rigidity("h3", 0, 1)
    assert row([debt(b)], [missing(a), filing(b)]) == "h3"


@pytest.mark.parametrize(
    ("periods", "each", "expected"),
    [
        (months(4), "4000000.00", "h8"),  # four in a row
        (months(4), "3000000.00", "h7"),  # repeated, not substantial
        (months(3), "9000000.00", "h7"),  # substantial, not repeated
        (months(11)[::2], "3000000.00", "h8"),  # six alternate ones
        (months(9)[::2], "9000000.00", "h7"),  # five
    ],
)
def test_the_thresholds_of_a_persistent_defaulter(periods: list[str], each: str, expected: str) -> None:
    assert row([debt(p, each) for p in periods], [filing(p, each) for p in periods]) == expected


@pytest.mark.parametrize(
    ("here", "elsewhere", "expected"),
    [
        (months(2), months(4)[:2], "h8"),  # four in a row, of two taxes
        (months(4)[2:], months(4)[2:], "h2"),  # the same two twice
        (months(2), ["2025-T4", "2026-T1", "2026-T2", "2026-T3"], "h8"),  # four quarters of the other tax
        (months(2), ["2026-T2", "2026-T3"], "h2"),  # a month is never followed by a quarter
        (months(2), ["2026"], "h2"),
        (months(9)[::2], ["2026-06"], "h8"),  # five alternate months here, one more there
        (months(9)[::2], ["2026"], "h7"),  # an IPTU or IPVA is no sixth: no return declares it
    ],
)
def test_all_taxes_of_the_authority_count_for_the_thresholds(
    here: list[str], elsewhere: list[str], expected: str
) -> None:
    each = "8000000.00"
    other = debt("2026-08", each)
    others = [other.model_copy(update={"id": f"other-{period}", "period": period}) for period in elsewhere]
    owed, returns = [debt(period, each) for period in here], [filing(period, each) for period in here]
    facts = facts_of(RULER, START, owed, returns, elsewhere=others)
    found = classify(RULER, facts.debts, facts.live_evidence, START, elsewhere=facts.elsewhere)
    assert found is not None
    assert found.row == expected


@pytest.mark.parametrize("change", [{"lodged": "9000000.00"}, {"grounds": ("guarantee",)}])
def test_what_is_paid_in_part_or_suspended_elsewhere_counts_for_no_period(change: dict[str, Any]) -> None:
    each, here = "8000000.00", months(4)[2:]
    others = [debt(period, each, id=f"other-{period}", **change) for period in months(4)[:2]]
    owed, returns = [debt(period, each) for period in here], [filing(period, each) for period in here]
    found = classify(RULER, owed, evidence_of(RULER, owed, returns), START, elsewhere=others)
    assert found is not None
    assert found.row == "h2"


def left(owed: list[Debt], elsewhere: Iterable[Debt] = (), ruler: Ruler = RULER) -> Mapping[LeftToPeople, int]:
    return periods_left_to_people(ruler, owed, evidence_of(ruler, owed, ()), START, elsewhere)


def test_periods_paid_in_part_are_left_to_people() -> None:
    """Two are whole, two paid in part here, one of them longer ago than twelve months, and one elsewhere."""
    whole = [debt(period) for period in months(2)]
    in_part = [debt(period, lodged="9000.00") for period in ("2026-01", "2025-09")]
    other = debt("2026-03", id="other", lodged="9000.00")
    held = debt("2026-04", "1000.00", "guarantee", lodged="9000.00")
    assert left([*whole, *in_part, held], [other]) == {"paid_in_part": 2}


def test_assessed_taxes_are_left_to_people() -> None:
    years = ("2026", "2024")
    thresholds = Thresholds(row="h8", amount=Decimal("15000000.00"))
    entry = shipped("iptu").entry.model_copy(update={"thresholds": thresholds})
    ruler = shipped("iptu").model_copy(update={"entry": entry})
    owed = [debt(f"{year}-01").model_copy(update={"period": year, "due": date(int(year), 3, 31)}) for year in years]
    assert left(owed, (), ruler) == {"assessed": 1}


def test_the_years_of_other_taxes_are_left_to_people_too() -> None:
    """The IPVA of a taxpayer of ICMS, and his IPTU in the roll; a quarter of another tax counts."""
    yearly = debt("2026-03", id="ipva").model_copy(update={"period": "2026"})
    quarter = debt("2026-03", id="iss").model_copy(update={"period": "2026-T1"})
    assert left([debt("2026-08")], [yearly, quarter]) == {"assessed": 1}


def test_a_ruler_without_thresholds_leaves_nothing_to_people() -> None:
    assert left([debt("2026-01", lodged="9000.00")], (), ROLL) == {}


def test_debts_on_hold_make_nobody_a_persistent_defaulter() -> None:
    periods = months(4)
    held = [debt(p, "9000000.00", "judicial_decision") for p in periods[:3]]
    assert row([*held, debt(periods[3], "9000000.00")], [filing(p, "9000000.00") for p in periods]) == "h7"


def test_a_debt_on_hold_leads_to_no_row() -> None:
    assert row([debt("2026-09", "1000.00", "negotiation")], [filing()]) is None


@pytest.mark.parametrize(
    ("debts", "expected"),
    [
        ([debt(None)], "h1"),
        ([debt(None, due="2025-11-03")], "h2"),
        ([debt(None, due="2025-11-04")], "h1"),
        ([debt(None), debt(None, id="d2", inscription="i2")], "h7"),
        ([debt(None, litigation=True)], "h7"),
        ([debt(None), debt(None, "50.00", "guarantee", id="d2", inscription="i2", litigation=True)], "h1"),
        ([debt(None), debt(None, "0.00", id="d2", inscription="i2")], "h1"),
        ([debt(None, "0.00")], None),
    ],
)
def test_registered_debt_alone(debts: list[Debt], expected: str | None) -> None:
    assert row(debts, ruler=ROLL) == expected


def test_a_ruler_without_registered_debt_takes_none() -> None:
    assert row([debt(None)]) is None


@given(st.integers(1, 14), st.integers(0, 13), st.sampled_from([filing, missing, underpaid]))
def test_one_more_occurrence_never_leads_to_a_softer_message(times: int, cured: int, kind: Any) -> None:
    def heat(count: int) -> int:
        periods = months(count)
        filings = [kind(p) for p in periods]
        target = found([debt(f.period) for f in filings if f.status != "missing"], filings)
        assert target is not None
        return RULER.rigidity(target.row, 0, target.occurrences)

    assert heat(times + 1) >= heat(times)


AMOUNTS = st.sampled_from([None, Decimal(0), Decimal(400), Decimal(1000), Decimal(1500)])
RETURNS = st.builds(
    Filing,
    period=st.just("2026-09"),
    due=st.just(due_of("2026-09")),
    status=st.sampled_from(["filed", "late", "not_required"]),
    declared=AMOUNTS,
    assessed=AMOUNTS,
    paid=AMOUNTS.filter(lambda amount: amount is not None),
    paid_on=st.just(due_of("2026-09")) | st.none(),
)


@given(RETURNS, AMOUNTS, st.sampled_from([None, Decimal(0), Decimal(600)]))
def test_a_correction_or_a_payment_never_adds_or_changes_a_kind(
    before: Filing, corrected: Decimal | None, balance: Decimal | None
) -> None:
    if corrected is not None and corrected > (before.declared or 0):
        corrected = before.declared  # a rectification that declares more is collected
    after = before.model_copy(update={"corrected": corrected})
    debts = [] if balance is None else [debt(balance=balance)]
    assert [kind for kind, _ in evidence(after, debts=debts)] == [kind for kind, _ in evidence(before)]


@given(RETURNS, st.integers(0, 400))
def test_what_is_paid_after_the_due_date_never_makes_a_divergence(before: Filing, days: int) -> None:
    unpaid = before.model_copy(update={"paid": Decimal(0), "paid_on": None})
    late = unpaid.model_copy(update={"paid": Decimal(400), "paid_on": before.due + timedelta(days=days + 1)})
    assert [kind for kind, _ in evidence(late)] == [kind for kind, _ in evidence(unpaid)]


def test_evidence_says_which_period_and_what_would_cure_it() -> None:
    assert evidence_of(RULER, [], [missing("2026-08")]) == (
        Evidence(kind=Kind.RETURN, period="2026-08", due=due_of("2026-08"), open=True, wants_return=True),
    )


# ---- assessed by the authority itself

IPVA, IPTU = shipped("ipva-alagoas"), shipped("iptu")


def assessed(year: int, **more: Any) -> Debt:
    named = {"id": f"v{year}", "inscription": f"v{year}", "due": date(year, 2, 27)}
    return debt(None, "900.00", **{**named, **more}).model_copy(update={"period": str(year)})


@pytest.mark.parametrize(
    ("years", "expected"), [([2026], "h1"), ([2025, 2026], "h2"), ([2024, 2025, 2026], "h7"), ([], None)]
)
def test_assessed_and_unpaid_leads_by_the_years_that_are_open(years: list[int], expected: str | None) -> None:
    assert row(map(assessed, years), ruler=IPVA) == expected
    assert row(map(assessed, years), ruler=IPTU) == expected


def test_instalments_of_one_year_are_one_occurrence() -> None:
    parts = [assessed(2026, id=f"q{n}", inscription=f"q{n}", due=date(2026, n, 27)) for n in (2, 3, 4)]
    assert row(parts, ruler=IPVA) == "h1"


def test_once_registered_it_is_registered_debt_where_the_ruler_takes_that() -> None:
    registered = assessed(2025, registered_on=date(2026, 1, 15))
    assert row([registered], ruler=IPTU) == "h2"
    assert row([registered], ruler=IPVA) == "h1"


def test_what_was_assessed_makes_nobody_a_persistent_defaulter_by_itself() -> None:
    """Yearly taxes are for people to judge."""
    years = [assessed(year) for year in (2023, 2024, 2025, 2026)]
    found = classify(
        RULER, [debt("2026-09")], evidence_of(RULER, [debt("2026-09")], [filing()]), START, elsewhere=years
    )
    assert found is not None
    assert found.row == "h1"
