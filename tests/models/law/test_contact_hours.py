"""Contact hours over years of days: never on a Sunday or holiday, never outside the window, never too early."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from holidays.countries.brazil import Brazil
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.contact.channel import Channel
from models.law.calendar import LAWFUL_HOURS, Calendar, Clock, Window
from models.law.contact_hours import ContactHours
from models.law.jurisdiction import Jurisdiction

ZONES = ("America/Sao_Paulo", "America/Maceio", "America/Noronha", "America/Rio_Branco", "America/Cuiaba")
CHANNELS: tuple[Channel, ...] = ("email", "sms", "whatsapp", "voice")
SPEED = st.sampled_from(["0.05", "0.5", "60", "3600", "86400"])

HOURS = ContactHours.model_validate(
    {
        "default": {"weekdays": "08:00-20:00", "saturdays": "08:00-14:00"},
        "whatsapp": {"weekdays": "00:00-23:59", "saturdays": "00:00-23:59"},
        "voice": {"weekdays": "09:00-18:00"},
    }
)


@lru_cache
def calendar_of(state: str) -> Calendar:
    """2010 to 2039: ten summers of daylight saving among them."""
    place = Jurisdiction(name=state, timezone="America/Sao_Paulo", state=state)
    return Calendar(holidays=place.days_off(2010).holidays | place.days_off(2025).holidays)


CALENDARS = st.sampled_from([state for state in Brazil.subdivisions if len(state) == 2]).map(calendar_of)
FROM, TO = (datetime(year, 1, 1) for year in (2010, 2039))  # noqa: DTZ001 - hypothesis adds the zone
DAYS = st.dates(FROM.date(), TO.date())
RUNGS = st.lists(st.sampled_from(CHANNELS), min_size=1, unique=True)
SHARES = st.floats(0, 1)
ALAGOAS = calendar_of("AL")


def clock_of(day_seconds: str, zone: str, origin_day: date = date(2010, 1, 1)) -> Clock:
    return Clock(
        day_seconds=Decimal(day_seconds),
        origin_wall=datetime(2026, 11, 3, 15, 17, 1, 333_333, tzinfo=UTC),
        origin_day=origin_day,
        timezone=zone,
    )


CLOCKS = st.builds(clock_of, SPEED, st.sampled_from(ZONES))


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Local instants of Brazil, the repeated hours of summer time's end among them."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    return draw(st.datetimes(FROM, TO, timezones=st.just(UTC))).astimezone(zone)


def lawful(day: date, hour: time, channels: list[Channel], calendar: Calendar) -> bool:
    """The rule once more, in the words of the law."""
    if day.weekday() == 6 or day in calendar.holidays or ("voice" in channels and day.weekday() == 5):
        return False
    opens, closes = time(0), time(23, 59)
    if {"email", "sms"} & set(channels):
        opens, closes = time(8), time(14) if day.weekday() == 5 else time(20)
    if "voice" in channels:
        opens, closes = max(opens, time(9)), min(closes, time(18))
    return opens <= hour < closes


# ---- windows


@given(instants(), RUNGS, CALENDARS)
def test_a_contact_is_allowed_when_all_its_channels_are_open(
    local: datetime, channels: list[Channel], calendar: Calendar
) -> None:
    assert HOURS.allows(local, channels, calendar) == lawful(local.date(), local.time(), channels, calendar)


@given(instants(), RUNGS, CALENDARS)
def test_the_next_opening_is_lawful_and_never_before_it_was_asked_for(
    local: datetime, channels: list[Channel], calendar: Calendar
) -> None:
    opening = HOURS.opens_at(local, channels, calendar)
    assert opening.astimezone(UTC) >= local.astimezone(UTC)
    assert HOURS.allows(opening, channels, calendar)
    assert HOURS.opens_at(opening, channels, calendar) == opening
    assert (opening == local) == HOURS.allows(local, channels, calendar)


@given(instants(), RUNGS, CALENDARS, SHARES)
def test_nothing_between_the_asking_and_the_opening_was_lawful(
    local: datetime, channels: list[Channel], calendar: Calendar, share: float
) -> None:
    opening = HOURS.opens_at(local, channels, calendar).astimezone(UTC)
    asked = local.astimezone(UTC)
    between = asked + share * (opening - asked - timedelta(microseconds=1))
    if asked <= between < opening:
        assert not HOURS.allows(between.astimezone(local.tzinfo), channels, calendar)


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        ("2026-11-03T07:59:59", "2026-11-03T08:00:00"),
        ("2026-11-03T08:00:00", "2026-11-03T08:00:00"),
        ("2026-11-03T19:59:59", "2026-11-03T19:59:59"),
        ("2026-11-03T20:00:00", "2026-11-04T08:00:00"),
        ("2026-11-06T20:00:00", "2026-11-07T08:00:00"),  # Friday night to Saturday
        ("2026-11-07T14:00:00", "2026-11-09T08:00:00"),  # Saturday afternoon to Monday
        ("2026-11-19T21:00:00", "2026-11-21T08:00:00"),  # over 20/11 to Saturday
        ("2026-11-28T15:00:00", "2026-12-01T08:00:00"),  # over Sunday and 30/11, a holiday of Alagoas
        ("2028-02-26T14:00:00", "2028-03-01T08:00:00"),  # over Carnival, which ends on the 29th of a leap year
    ],
)
def test_the_law_of_alagoas_is_the_default(asked: str, opens: str) -> None:
    local = datetime.fromisoformat(asked).replace(tzinfo=ZoneInfo("America/Maceio"))
    found = ContactHours().opens_at(local, ["sms"], ALAGOAS)
    assert found.replace(tzinfo=None) == datetime.fromisoformat(opens)


def test_a_channel_without_saturdays_keeps_its_rung_from_them() -> None:
    saturday = date(2026, 11, 7)
    assert HOURS.window_on(saturday, ["sms"], ALAGOAS) == Window(opens=time(8), closes=time(14))
    assert HOURS.window_on(saturday, ["sms", "voice"], ALAGOAS) is None


def test_channels_that_are_never_open_together_don_t_meet() -> None:
    apart = ContactHours.model_validate({"sms": {"weekdays": "08:00-12:00"}, "voice": {"weekdays": "12:00-18:00"}})
    assert apart.meet(["sms", "email"])
    assert not apart.meet(["sms", "voice"])
    with pytest.raises(ValueError, match="sms, voice have no contact hours in common"):
        apart.opens_at(datetime(2026, 11, 3, tzinfo=UTC), ["sms", "voice"], ALAGOAS)


@pytest.mark.parametrize("wrong", ["20:00-08:00", "08:00-08:00", "08:00", "8-20", "08:00-24:00", "08:60-20:00", ""])
def test_hours_that_no_day_has_are_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Window).validate_python(wrong)


# ---- the clock


@given(CLOCKS, DAYS, SHARES, RUNGS, CALENDARS)
def test_an_instant_handed_out_is_inside_its_day_s_window_on_every_clock(
    clock: Clock, day: date, share: float, channels: list[Channel], calendar: Calendar
) -> None:
    window = HOURS.window_on(day, channels, calendar)
    if window is not None:
        at = clock.instant_of(day, share, window)
        assert at is not None
        logical = clock.logical_at(at)
        assert logical.date() == day
        assert HOURS.allows(logical, channels, calendar)


@given(CLOCKS, DAYS, st.lists(SHARES, min_size=2, max_size=6))
def test_a_greater_share_never_runs_earlier(clock: Clock, day: date, shares: list[float]) -> None:
    ats = [clock.instant_of(day, share) for share in sorted(shares)]
    assert all(a is not None and b is not None and a <= b for a, b in pairwise(ats))


@pytest.mark.parametrize("day_seconds", ["0.5", "86400"])
def test_a_wave_fills_its_window_evenly(day_seconds: str) -> None:
    clock = clock_of(day_seconds, "America/Maceio", date(2026, 11, 3))
    ats = [clock.instant_of(date(2026, 11, 3), (n + 0.5) / 1200) for n in range(1200)]
    hours = [clock.logical_at(at).hour for at in ats if at is not None]
    assert {hour: hours.count(hour) for hour in range(24) if hour in hours} == dict.fromkeys(range(8, 20), 100)


@given(CLOCKS, instants())
def test_the_wall_s_instant_of_a_logical_one_is_the_first_that_is_not_before_it(clock: Clock, asked: datetime) -> None:
    logical = asked.astimezone(ZoneInfo(clock.timezone)).replace(fold=0)
    wall = clock.wall_at(logical)
    assert clock.logical_at(wall).replace(tzinfo=None) >= logical.replace(tzinfo=None)
    if clock.compressed and wall > clock.origin_wall:
        assert clock.logical_at(wall - timedelta(microseconds=1)) < logical


@given(CLOCKS, st.integers(0, 10**9))
def test_going_to_the_logical_clock_and_back_never_runs_late(clock: Clock, microseconds: int) -> None:
    wall = clock.origin_wall + timedelta(microseconds=microseconds)
    assert clock.wall_at(clock.logical_at(wall)) <= wall


def test_eight_in_the_morning_is_a_third_of_a_compressed_day() -> None:
    clock = clock_of("0.75", "America/Maceio", date(2026, 11, 3))
    assert clock.instant_of(date(2026, 11, 5)) == clock.origin_wall + timedelta(seconds=2 * 0.75 + 0.25)


def test_a_clock_pinned_before_there_were_contact_hours_is_still_read() -> None:
    pinned = clock_of("86400", "America/Maceio").model_dump(mode="json") | {"notices_at": "09:00:00"}
    assert Clock.model_validate(pinned) == clock_of("86400", "America/Maceio")


# ---- contacts that are late


@given(CLOCKS, DAYS, st.integers(-3 * 10**10, 10**12), SHARES, RUNGS, CALENDARS)
def test_a_contact_late_or_not_runs_inside_its_hours_and_never_in_the_past(
    clock: Clock, due: date, late: int, share: float, channels: list[Channel], calendar: Calendar
) -> None:
    """`late`: microseconds after the due day's opening, up to eleven days."""
    opening = clock.instant_of(due)
    assert opening is not None
    now = opening + timedelta(microseconds=late)
    at = HOURS.contact_at(clock, due, share, channels, calendar, now)
    assert at is not None
    assert HOURS.allows(clock.logical_at(at), channels, calendar)
    assert clock.day_at(at) >= due
    assert clock.compressed or at >= now


def test_after_a_night_s_outage_the_morning_is_no_stampede() -> None:
    clock = clock_of("86400", "America/Maceio")
    night = datetime(2026, 11, 3, 23, tzinfo=ZoneInfo(clock.timezone))
    ats = [HOURS.contact_at(clock, date(2026, 11, 3), (n + 0.5) / 12, ["sms"], ALAGOAS, night) for n in range(12)]
    assert [clock.logical_at(at).strftime("%d %H") for at in ats if at] == [f"04 {8 + n:02}" for n in range(12)]


def test_a_contact_late_within_its_hours_goes_at_once() -> None:
    clock = clock_of("86400", "America/Maceio")
    noon = datetime(2026, 11, 3, 12, tzinfo=ZoneInfo(clock.timezone))
    assert HOURS.contact_at(clock, date(2026, 11, 3), 0.1, ["sms"], ALAGOAS, noon) == noon


def test_a_contact_after_a_rehearsal_s_last_day_never_runs() -> None:
    clock = clock_of("0.5", "America/Maceio").model_copy(update={"last_day": date(2026, 11, 2)})
    assert HOURS.contact_at(clock, date(2026, 11, 3), 0.5, ["sms"], ALAGOAS, clock.origin_wall) is None


def test_steps_that_contact_nobody_keep_office_hours_too() -> None:
    clock = clock_of("86400", "America/Maceio")
    at = clock.instant_of(date(2026, 11, 3), 0.999)
    assert at is not None
    assert LAWFUL_HOURS.holds(clock.logical_at(at).time())


def test_a_rungs_own_hours_narrow_those_of_its_channels_and_never_widen_them() -> None:
    narrowed = HOURS.within(Window.model_validate("07:00-10:00"))
    assert str(narrowed.of("email")) == "weekdays 08:00-10:00, Saturdays 08:00-10:00"
    assert str(narrowed.of("voice")) == "weekdays 09:00-10:00, no Saturdays"
    assert HOURS.within(None) == HOURS


def test_a_fallback_that_is_shut_in_a_rungs_hours_keeps_its_own() -> None:
    evening = Window.model_validate("18:30-19:30")
    assert HOURS.within(evening).of("voice") == HOURS.of("voice")
    assert HOURS.meet(["email"], evening)
    assert not HOURS.meet(["email", "voice"], evening)
