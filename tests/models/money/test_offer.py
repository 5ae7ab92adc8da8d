# ruff: noqa: DTZ001 - deadlines are hours of the jurisdiction's own zone
"""A ruler with an offer: what is wrong with one, when a payment is in time, and rungs that lead up to the deadline."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case.decision import decide
from models.case.facts import Pause
from models.case.plan import imagined_case, plan
from models.case.status import Status
from models.case.step import Action, Step
from models.law.calendar import Calendar, Unit, Wait
from models.money.offer import Offer
from models.ruler.check import read_ruler, rule_faults
from models.yaml_file import Fault
from operations.rulers import examined
from storage.catalogue import RULERS
from tests.builders import REFIS, shipped

TEXT = RULERS.read(REFIS)[1]
RULER = shipped(REFIS)
CALENDAR = RULER.jurisdiction.days_off(2022)
assert RULER.offer is not None
OFFER: Offer = RULER.offer
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def faults_of(*changes: tuple[str, str]) -> dict[str, Fault]:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    read = read_ruler(text)
    meant = read.placed(rule_faults(read.sketch)) if read.sketch else ()
    return {".".join(map(str, fault.where)): fault for fault in (*meant, *read.faults)}


# ---- what is wrong with one


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("until: 2023-06-23 16:00", "until: 2023-06-23", "offer.until", "says no hour"),
        ("until: 2023-06-23 16:00", "until: 2023-06-23 16:00:00-03:00", "offer.until", "without an offset"),
        ("until: 2023-06-23 16:00", "until: em junho", "offer.until", "is no day with an hour"),
        ("until: 2023-06-23 16:00", "until: 2023-05-01 16:00", "offer", "which is not after it begins"),
        ('percent: "90"', 'percent: "100.01"', "offer.modalities.0.percent", "less than or equal to 100"),
        ('percent: "90"', 'percent: "0"', "offer.modalities.0.percent", "greater than 0"),
        ("instalments: 1\n", "instalments: 2\n", "offer", "no modality of 1 instalment"),
        ("instalments: 6\n", "instalments: 1\n", "offer", "two modalities of as many instalments"),
        ("of: [fine, interest]", "of: [fine, principal]", "offer.of.1", "'fine' or 'interest'"),
        ("of: [fine, interest]", "of: []", "offer.of", "at least 1 item"),
        ("  law: lei municipal do REFIS 2023 #", "  #", "offer.law", "is missing"),
        ("accrual: pindamonhangaba\n", "", "accrual", "is missing"),
        ("before: 15 business", "before: 31 business", "rows.h1.rungs.1.before", "must be nearer to the deadline"),
        ("before: 15 business", "before: 30 business", "rows.h1.rungs.1.before", "2023-05-11 after 2023-05-11"),
        ("before: 30 business", "before: 40 business", "rows.h1.rungs.0.before", "before the offer begins"),
        ("        before: 7 business\n", "", "rows.h1.rungs.2.before", "is missing"),
        ("        before: 7 business", "        formal: true\n        before: 7 business", "rows.h1.rungs.2.stage",
         "neither serves notice nor suspends"),
        ("ends_in: deadline", "ends_in: referral", "rows.h1.ends_in", "a campaign ends with its offer"),
        ("rigidity: 2", "rigidity: 9", "rows.h1.rungs.2.rigidity", "softens along the row: 3 after 9"),
    ],
)  # fmt: skip
def test_a_faulty_offer_is_refused_at_its_line(old: str, new: str, where: str, what: str) -> None:
    found = faults_of((old, new))
    assert what in found[where].what
    assert found[where].line


def test_what_counts_back_from_a_deadline_needs_an_offer() -> None:
    offer = TEXT[TEXT.index("offer:\n") : TEXT.index("entry:\n")]
    found = faults_of((offer, ""))
    assert "this ruler has none" in found["rows.h1.rungs.0.before"].what
    assert "this ruler has none" in found["rows.h1.ends_in"].what
    assert "is missing" in found["rows.h1.rungs.0.dwell"].what


def test_an_offer_and_a_discount_of_the_table_can_not_hold_together() -> None:
    own = """accrual:
  accrual: own
  title: Teste
  fine: []
  interest: []
  discounts: [{from: 2023-06-01, source: lei, name: outra, percent: "10", of: [fine]}]
"""
    for text, faulty in ((own, True), (own.replace("2023-06-01", "2023-06-24"), False)):
        _, found = examined(TEXT.replace("accrual: pindamonhangaba\n", text))
        assert [("outra" in fault.what) for fault in found] == [True] * faulty


# ---- in time, to the minute


def in_time(at: str, timezone: str = "America/Sao_Paulo", offer: Offer = OFFER) -> bool:
    paid_at = datetime.fromisoformat(at)
    paid_at = paid_at if paid_at.tzinfo else paid_at.replace(tzinfo=ZoneInfo(timezone))
    return offer.in_time(paid_at.astimezone(ZoneInfo(timezone)).date(), paid_at, timezone)


def test_the_deadlines_minute_is_in_time_and_the_next_one_late() -> None:
    assert in_time("2023-06-23 16:00:59.999")
    assert not in_time("2023-06-23 16:01")
    assert in_time("2023-05-02 00:00")
    assert not in_time("2023-05-01 23:59")


def test_the_hour_is_that_of_the_jurisdiction() -> None:
    assert in_time("2023-06-23T19:00:30+00:00")
    assert not in_time("2023-06-23T19:00:30+00:00", "America/Noronha")


def test_where_only_the_day_is_known_the_whole_day_is_in_time() -> None:
    days = [date(2023, 5, 1), date(2023, 5, 2), date(2023, 6, 23), date(2023, 6, 24)]
    assert [OFFER.in_time(day, None, "America/Sao_Paulo") for day in days] == [False, True, True, False]


def test_an_hour_that_the_clocks_repeat_or_leave_out_is_read_in_favour_of_who_pays() -> None:
    """São Paulo's last summer time began on 4 November 2018 at 00:00 and ended on 17 February 2019 at 00:00."""
    repeated = OFFER.model_copy(update={"from_": date(2019, 1, 2), "until": datetime(2019, 2, 16, 23, 30)})
    assert in_time("2019-02-17T02:30:00+00:00", offer=repeated)
    assert not in_time("2019-02-17T02:31:00+00:00", offer=repeated)
    left_out = OFFER.model_copy(update={"from_": date(2018, 10, 1), "until": datetime(2018, 11, 4, 0, 30)})
    assert in_time("2018-11-04 01:30", offer=left_out)
    assert not in_time("2018-11-04 01:31", offer=left_out)


@given(
    until=st.integers(0, 7 * 365 * 24 * 60).map(lambda minute: datetime(2017, 1, 1) + timedelta(minutes=minute)),
    minutes=st.integers(-200_000, 200),
)
def test_once_late_always_late(until: datetime, minutes: int) -> None:
    offer = OFFER.model_copy(update={"from_": date(2016, 1, 1), "until": until})
    deadline = offer.deadline("America/Sao_Paulo")
    assert deadline.astimezone(SAO_PAULO).replace(tzinfo=None) > until
    at = deadline + timedelta(minutes=minutes)
    assert offer.in_time(at.astimezone(SAO_PAULO).date(), at, "America/Sao_Paulo") == (minutes < 0)


# ---- counting back


@given(day=st.dates(date(2023, 1, 1), date(2025, 12, 31)), days=st.integers(1, 60), unit=st.sampled_from(Unit))
def test_what_is_counted_back_leaves_at_least_the_wait(day: date, days: int, unit: Unit) -> None:
    wait = Wait(days=days, unit=unit)
    back = CALENDAR.before(day, wait)
    assert CALENDAR.is_working(back)
    left = (day - back).days if unit is Unit.LEGAL else working_days(CALENDAR, back, day)
    assert left >= days
    later = CALENDAR.working(back + timedelta(days=1))
    less = (day - later).days if unit is Unit.LEGAL else working_days(CALENDAR, later, day)
    assert less < days


def working_days(calendar: Calendar, start: date, end: date) -> int:
    """Counted one by one, from `start` on and without `end`."""
    return sum(calendar.is_working(start + timedelta(days=n)) for n in range((end - start).days))


def dates_of(steps: list[Step]) -> list[date]:
    return [step.on for step in steps if step.action is Action.NOTIFY and step.on]


def planned(start: date) -> list[Step]:
    return list(plan(imagined_case(RULER, CALENDAR, "h1", 1, start)))


def test_the_plan_leads_up_to_the_deadline_and_ends_after_the_banks_days() -> None:
    steps = planned(date(2023, 5, 2))
    assert dates_of(steps) == [date(2023, 5, 11), date(2023, 6, 1), date(2023, 6, 14), date(2023, 6, 21)]
    assert (steps[-1].action, steps[-1].on) == (Action.END, date(2023, 7, 3))


def test_who_is_late_gets_the_rungs_in_order_on_days_of_their_own() -> None:
    assert dates_of(planned(date(2023, 6, 16))) == [date(2023, 6, day) for day in (16, 19, 20, 21)]
    assert dates_of(planned(date(2023, 6, 21))) == [date(2023, 6, 21), date(2023, 6, 22)]
    assert dates_of(planned(date(2023, 6, 23))) == []


@given(start=st.dates(date(2023, 1, 2), date(2023, 7, 31)))
def test_whenever_it_starts_no_rung_is_skipped_or_early_and_none_is_on_the_last_day_or_after(start: date) -> None:
    steps = planned(start)
    contacts = [step for step in steps if step.action is Action.NOTIFY]
    assert [step.rung for step in contacts] == list(range(len(contacts)))
    days = dates_of(steps)
    assert all(before < after for before, after in pairwise(days))
    for step in contacts:
        before = RULER.rung("h1", step.rung or 0).before
        assert before
        assert step.on
        assert max(start, CALENDAR.before(OFFER.deadline_day, before)) <= step.on < OFFER.deadline_day
        assert CALENDAR.is_working(step.on)
    assert [step.action for step in steps[len(contacts) :]] == [Action.END]
    assert len(contacts) == min(4, working_days(CALENDAR, start, OFFER.deadline_day))


# ---- whatever a case waits for, it ends


@pytest.mark.parametrize(
    ("change", "status"),
    [({"pauses": (Pause(by="Ana"),)}, Status.PAUSED), ({"held": True}, Status.ON_HOLD), ({}, Status.RUNNING)],
)
def test_a_case_that_is_not_settled_ends_whatever_it_waits_for(change: dict[str, object], status: Status) -> None:
    entered = imagined_case(RULER, CALENDAR, "h1", 1, date(2023, 6, 1))
    facts, reminded = entered.facts, entered.at(entered.state.done(RULER, "h1", 0, 1, date(2023, 6, 1)))
    if change.pop("held", False):
        held = tuple(debt.model_copy(update={"grounds": ("guarantee",)}) for debt in facts.debts)
        facts = facts.model_copy(update={"debts": held})
    late = facts.model_copy(update={"today": date(2023, 6, 23), **change})
    step = decide(reminded.seeing(late)).step
    assert (step.action, step.status, step.on) == (Action.END, status, date(2023, 7, 3))
    assert "23/06/2023 às 16:00" in step.reason


def test_what_is_settled_resolves_even_after_the_deadline() -> None:
    entered = imagined_case(RULER, CALENDAR, "h1", 1, date(2023, 6, 1))
    paid = tuple(debt.model_copy(update={"balance": 0}) for debt in entered.facts.debts)
    after = entered.facts.model_copy(update={"debts": paid, "evidence": (), "today": date(2023, 7, 20)})
    assert decide(entered.seeing(after)).step.action is Action.RESOLVE


def test_the_utc_day_of_a_payment_is_not_its_day() -> None:
    late_evening = datetime(2023, 6, 24, 1, 0, tzinfo=UTC)
    offer = OFFER.model_copy(update={"until": datetime(2023, 6, 23, 23, 59)})
    assert offer.in_time(late_evening.astimezone(SAO_PAULO).date(), late_evening, "America/Sao_Paulo")
