"""Terms by CTN art. 210 whole, on days worked out by hand."""

from datetime import date

import pytest
from pydantic import TypeAdapter

from models.law.calendar import Calendar, Standstill, Wait
from models.law.term import Recess, read_recess, term_of

DAYS_OFF = """
2026-02-16 2026-02-17 2026-04-21 2026-11-02 2026-11-15 2026-11-20 2026-11-30 2026-12-25 2027-01-01
"""
"""The state's days off that matter here."""
ALAGOAS = Calendar(holidays=frozenset(map(date.fromisoformat, DAYS_OFF.split())))
RECESS = read_recess("12-20:01-20")


def days(event: str, wait: str, recess: Recess | None = None, calendar: Calendar = ALAGOAS) -> list[str]:
    found = term_of(date.fromisoformat(event), TypeAdapter(Wait).validate_python(wait), calendar, recess)
    return [str(day) for day in (found.first_day, found.last_day, found.act_from)]


@pytest.mark.parametrize(
    ("event", "wait", "expected"),
    [
        # a Friday's first day is the Monday after it
        ("2026-11-06", "30 legal", ["2026-11-09", "2026-12-08", "2026-12-09"]),
        # Carnival stands between the event and the first day
        ("2026-02-13", "30 legal", ["2026-02-18", "2026-03-19", "2026-03-20"]),
        # 20/11 is a holiday and a Friday
        ("2026-11-19", "30 legal", ["2026-11-23", "2026-12-22", "2026-12-23"]),
        # the last day is the taxpayer's, and the authority's begins on a Saturday
        ("2026-11-18", "30 legal", ["2026-11-19", "2026-12-18", "2026-12-19"]),
        # ends on a Sunday, rolled forward
        ("2026-11-03", "5 legal", ["2026-11-04", "2026-11-09", "2026-11-10"]),
        ("2026-11-26", "5 business", ["2026-11-27", "2026-12-04", "2026-12-05"]),
        ("2026-11-06", "1 business", ["2026-11-09", "2026-11-09", "2026-11-10"]),
    ],
)
def test_a_term_by_law(event: str, wait: str, expected: list[str]) -> None:
    assert days(event, wait) == expected


def test_a_decree_s_day_off_rolls_the_last_day_forward() -> None:
    decreed = Calendar(holidays=ALAGOAS.holidays | {date(2026, 12, 8)})
    assert days("2026-11-06", "30 legal", calendar=decreed) == ["2026-11-09", "2026-12-09", "2026-12-10"]


@pytest.mark.parametrize(
    ("event", "wait", "expected"),
    [
        # 27 days before the recess, three after it, of which the last is a Saturday
        ("2026-11-19", "30 legal", ["2026-11-23", "2027-01-25", "2027-01-26"]),
        # served on the eve of it, and inside it: both begin when it is over
        ("2026-12-18", "30 legal", ["2027-01-21", "2027-02-19", "2027-02-20"]),
        ("2026-12-31", "30 legal", ["2027-01-21", "2027-02-19", "2027-02-20"]),
        # over before it begins
        ("2026-11-18", "30 legal", ["2026-11-19", "2026-12-18", "2026-12-19"]),
        ("2026-12-17", "2 business", ["2026-12-18", "2027-01-21", "2027-01-22"]),
    ],
)
def test_in_the_recess_terms_stand_still(event: str, wait: str, expected: list[str]) -> None:
    assert days(event, wait, RECESS) == expected


def test_a_recess_within_a_year() -> None:
    assert days("2026-07-01", "3 business", read_recess("07-02:07-31")) == ["2026-08-03", "2026-08-05", "2026-08-06"]


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("20/12 a 20/01", "is no recess"),
        ("12-20", "is no recess"),
        ("02-30:03-05", "a day that doesn't exist"),
        ("01-01:12-31", "the whole year"),
        ("06-15:06-14", "the whole year"),
    ],
)
def test_what_is_no_recess_is_refused(written: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_recess(written)


@pytest.mark.parametrize(
    ("stopped", "resumed", "last"),
    [
        # L17: nine days consumed, 04/03 to 12/03; 21 are left from Mon 06/04 on, the last a Sunday
        (date(2026, 3, 12), date(2026, 4, 5), date(2026, 4, 27)),
        (date(2026, 3, 2), date(2026, 3, 20), date(2026, 4, 22)),  # none consumed: Mon 23/03 is the first; a holiday
        (date(2026, 4, 2), date(2026, 5, 20), date(2026, 4, 2)),  # over before it stood still
    ],
)
def test_what_was_consumed_stays_consumed_and_the_rest_is_left(stopped: date, resumed: date, last: date) -> None:
    thirty = TypeAdapter(Wait).validate_python("30 legal")
    stood = [Standstill(stopped=stopped, resumed=resumed)]
    assert term_of(date(2026, 3, 3), thirty, ALAGOAS, stood=stood).last_day == last
    twice = [*stood, Standstill(stopped=stopped, resumed=resumed)]
    assert term_of(date(2026, 3, 3), thirty, ALAGOAS, stood=twice).last_day == last
