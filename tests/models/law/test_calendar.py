"""Working days, waits in both units, and the clock that maps logical days to the wall."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.law.calendar import LAWFUL_HOURS, Calendar, Clock, Unit, Wait
from models.law.jurisdiction import Jurisdiction
from tests.builders import ICMS, calendar_of

ALAGOAS = calendar_of(ICMS)
DAYS = st.dates(date(2024, 1, 1), date(2035, 1, 1))
WAITS = st.builds(Wait, days=st.integers(1, 120), unit=st.sampled_from(Unit))


def wait(written: str) -> Wait:
    return TypeAdapter(Wait).validate_python(written)


def on_clock(day_seconds: str, last_day: date | None = None) -> Clock:
    return Clock(
        day_seconds=Decimal(day_seconds),
        origin_wall=datetime(2026, 11, 3, 15, tzinfo=UTC),
        origin_day=date(2026, 11, 3),
        timezone="America/Maceio",
        last_day=last_day,
    )


REAL, COMPRESSED = on_clock("86400"), on_clock("0.5")


@pytest.mark.parametrize(
    ("start", "written", "over"),
    [
        ("2026-11-03", "3 legal", "2026-11-06"),  # Tuesday; the day itself is excluded, the third one included
        ("2026-11-03", "4 legal", "2026-11-09"),  # ends on a Saturday, rolled forward to Monday
        ("2026-11-03", "30 legal", "2026-12-03"),
        ("2026-10-21", "30 legal", "2026-11-23"),  # ends on 20/11, a holiday, and a weekend follows
        ("2026-11-03", "1 business", "2026-11-04"),
        ("2026-11-06", "1 business", "2026-11-09"),  # Friday to Monday
        ("2026-11-08", "1 business", "2026-11-09"),  # a Sunday is no working day to begin with
        ("2026-11-19", "1 business", "2026-11-23"),  # over 20/11 and the weekend
        ("2026-11-26", "5 business", "2026-12-04"),  # over 30/11, a holiday of Alagoas
        ("2028-02-28", "1 legal", "2028-02-29"),  # a leap year's last Tuesday of February is Carnival
    ],
)
def test_a_wait_is_over_on_the_day_that_the_law_says(start: str, written: str, over: str) -> None:
    calendar = Calendar(holidays=ALAGOAS.holidays - {date(2028, 2, 29)})
    assert calendar.after(date.fromisoformat(start), wait(written)) == date.fromisoformat(over)


@pytest.mark.parametrize(
    "holiday",
    [
        "2026-06-24",  # São João
        "2026-06-29",  # São Pedro
        "2026-09-16",  # emancipation of Alagoas
        "2026-11-30",  # evangelical day
        "2026-11-20",  # Consciência Negra, national from 2024
        "2027-02-09",  # Carnival Tuesday
        "2027-02-08",  # and Monday
        "2026-06-04",  # Corpus Christi
        "2026-04-03",  # Good Friday
        "2027-01-01",
        "2036-11-20",  # frozen for as long as a case may run
    ],
)
def test_alagoas_does_not_work_on(holiday: str) -> None:
    assert date.fromisoformat(holiday).weekday() < 5
    assert not ALAGOAS.is_working(date.fromisoformat(holiday))


def test_a_state_holiday_binds_only_its_state() -> None:
    brazil = Jurisdiction(name="Brasil", timezone="America/Sao_Paulo").days_off(2026)
    assert brazil.is_working(date(2026, 9, 16))


def test_an_authority_that_does_not_observe_carnival_works_on_it() -> None:
    strict = Jurisdiction(name="X", timezone="America/Maceio", observes=()).days_off(2027)
    assert strict.is_working(date(2027, 2, 9))


def test_municipal_days_repeat_every_year_and_29_february_falls_on_28_in_common_years() -> None:
    maceio = Jurisdiction(name="Maceió", timezone="America/Maceio", municipal=("08-27", "02-29")).days_off(2026)
    assert not maceio.is_working(date(2026, 8, 27))
    assert not maceio.is_working(date(2027, 8, 27))
    assert not maceio.is_working(date(2028, 2, 29))
    assert {date(2027, 2, 28), date(2028, 2, 29)} <= maceio.holidays


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "America/Alagoas"},
        {"state": "ZZ"},
        {"municipal": ("02-30",)},
        {"observes": ("Festa Junina",)},
    ],
)
def test_a_jurisdiction_that_does_not_exist_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Jurisdiction.model_validate({"name": "X", "timezone": "America/Maceio", **wrong})


@pytest.mark.parametrize("written", ["10", "10 days", "0 legal", "-1 business", "4000 legal", "1.5 legal", ""])
def test_a_wait_without_a_sound_number_and_unit_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        wait(written)


@given(DAYS, WAITS)
def test_a_wait_never_ends_early_and_always_on_a_working_day(start: date, stay: Wait) -> None:
    over = ALAGOAS.after(start, stay)
    assert over >= start + timedelta(days=stay.days)
    assert ALAGOAS.is_working(over)


@given(DAYS, WAITS)
def test_business_days_count_working_days_only(start: date, stay: Wait) -> None:
    over = ALAGOAS.after(start, Wait(days=stay.days, unit=Unit.BUSINESS))
    between = [start + timedelta(days=n) for n in range(1, (over - start).days + 1)]
    assert sum(map(ALAGOAS.is_working, between)) == stay.days


@given(DAYS, WAITS, st.integers(0, 30), st.integers(0, 30))
def test_who_starts_later_or_waits_longer_never_ends_earlier(start: date, stay: Wait, later: int, longer: int) -> None:
    over = ALAGOAS.after(start, stay)
    assert ALAGOAS.after(start + timedelta(days=later), stay) >= over
    assert ALAGOAS.after(start, Wait(days=stay.days + longer, unit=stay.unit)) >= over


SHARES = st.floats(0, 0.99)


@given(st.integers(0, 3000), SHARES, st.sampled_from(["0.05", "0.5", "1", "60", "86399"]))
def test_what_runs_at_the_instant_of_a_compressed_day_runs_on_that_day(day: int, share: float, seconds: str) -> None:
    clock = on_clock(seconds)
    on = clock.origin_day + timedelta(days=day)
    at = clock.instant_of(on, share)
    assert at is not None
    assert clock.day_at(at) == on


@given(DAYS, SHARES)
def test_on_a_real_clock_a_day_is_the_local_date_and_its_steps_run_in_lawful_hours(day: date, share: float) -> None:
    at = REAL.instant_of(day, share)
    assert at is not None
    assert REAL.day_at(at) == day
    assert LAWFUL_HOURS.holds(REAL.logical_at(at).time())


def test_on_a_real_clock_an_evening_belongs_to_the_local_day_not_to_that_of_greenwich() -> None:
    assert REAL.day_at(datetime(2026, 11, 4, 2, 30, tzinfo=UTC)) == date(2026, 11, 3)


def test_a_rehearsal_stands_still_after_its_last_day() -> None:
    clock = on_clock("0.5", last_day=date(2026, 11, 10))
    assert clock.instant_of(date(2026, 11, 11)) is None
    assert clock.instant_of(date(2026, 11, 10)) is not None
    assert clock.day_at(clock.origin_wall + timedelta(hours=1)) == date(2026, 11, 10)


MONDAY = date(2026, 3, 2)


def stepped(*seconds: float) -> Clock:
    """Moved so many seconds after it was started."""
    start = datetime(2026, 11, 3, 15, tzinfo=UTC)
    began = tuple(start + timedelta(seconds=each) for each in (0, *seconds))
    return Clock(
        day_seconds=Decimal("0.001"), origin_wall=start, origin_day=MONDAY, timezone="America/Maceio", began=began
    )


def test_a_stepped_clock_stands_on_its_day_until_it_is_moved_and_knows_when_each_day_was() -> None:
    clock = stepped(2.5, 600)
    walls = [-1, 0, 2.4, 2.5, 599, 600, 10**8]
    on = [clock.day_at(clock.origin_wall + timedelta(seconds=each)).day for each in walls]
    assert on == [2, 2, 2, 3, 3, 4, 4]


def test_nothing_of_a_later_day_runs_before_a_stepped_clock_is_moved_to_it() -> None:
    clock, wednesday = stepped(2.5), MONDAY + timedelta(days=2)
    assert clock.instant_of(wednesday) is None
    moved = clock.moved(clock.origin_wall + timedelta(seconds=600))
    at = moved.instant_of(wednesday)
    assert at is not None
    assert timedelta(0) <= at - moved.began[-1] < timedelta(milliseconds=1)


@given(st.lists(st.floats(0.01, 1000), max_size=20), SHARES, st.data())
def test_what_is_due_on_a_day_of_a_stepped_clock_runs_in_the_lawful_hours_of_that_day(
    lasted: list[float], share: float, data: st.DataObject
) -> None:
    clock = stepped(*accumulate(lasted))
    day = MONDAY + timedelta(days=data.draw(st.integers(0, len(lasted))))
    at = clock.instant_of(day, share)
    assert at is not None
    assert clock.day_at(at) == day
    assert LAWFUL_HOURS.holds(clock.logical_at(at).time())


def test_an_outage_moves_a_step_on_a_real_clock_and_never_on_a_compressed_one() -> None:
    due, ran = date(2026, 11, 10), date(2026, 11, 20)
    assert COMPRESSED.carried(due, ran) == due
    assert REAL.carried(due, ran) == ran
    assert REAL.carried(due, due - timedelta(days=1)) == due
