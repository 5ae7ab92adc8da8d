"""Calendars of days off by year: as they are listed, as they are computed, and what is wrong with one."""

from datetime import date

import pytest

from models.calendar_file import read_calendar
from models.law.calendar_table import CalendarTable
from storage.catalogue import CALENDARS

NATIONAL = ["01-01", "04-03", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"]
LISTED = "\n".join(f"      - 2026-{day} Feriado" for day in NATIONAL)
OWN = f"""
calendar: own
example: true
title: Estado
state: AL
years:
  - year: 2026
    source: Decreto 1/2025
    holidays:
{LISTED}
    optional:
      - 2026-12-08 Nossa Senhora da Conceição
"""


def read(text: str) -> CalendarTable:
    found = read_calendar(text)
    assert found.faults == ()
    assert found.table is not None
    return found.table


def test_a_listed_year_has_the_days_of_its_list_alone() -> None:
    days = read(OWN).days_off(range(2026, 2027))
    assert not days.is_working(date(2026, 12, 8))
    assert days.is_working(date(2026, 6, 24)), "a holiday of the state that the list leaves out"
    assert days.is_working(date(2026, 2, 17)), "Carnival, which the list leaves out"


def test_any_other_year_is_computed_and_provisional() -> None:
    days = read(OWN).days_off(range(2026, 2028))
    assert not days.is_working(date(2027, 6, 24))
    assert not days.is_working(date(2027, 2, 9)), "Carnival"
    assert days.is_working(date(2027, 12, 8))
    assert [days.is_provisional(day) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [False, True]


def test_a_calendar_without_a_list_is_all_provisional() -> None:
    days = read(OWN.split("years:", maxsplit=1)[0] + 'municipal: ["07-10"]\n').days_off(range(2026, 2027))
    assert not days.is_working(date(2026, 7, 10))
    assert days.is_provisional(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("2026-12-08 N", "2027-12-08 N", 21, "is no day of 2026"),
        ("2026-12-08 N", "2026-12-25 N", 19, "lists 2026-12-25 twice"),
        ("      - 2026-11-20 Feriado\n", "", 9, "lacks 2026-11-20, a national holiday"),
        ("2026-12-08 N", "08/12/2026 N", 21, "written as its date and its name"),
        ("2026-12-08 N", "2026-12-32 N", 21, "day value is outside expected range"),
        ("year: 2026", "year: 20260", 7, "less than or equal to 2200"),
        ("state: AL", 'municipal: ["02-30"]', 5, "day"),
        ("state: AL", "observes: [Festa Junina]", 5, "unknown optional day"),
        ("example: true", "exemplo: true", 3, "is an unknown key"),
        ("    source: Decreto 1/2025\n", "", 7, "is missing"),
    ],
)
def test_a_faulty_calendar_is_refused_at_its_line(old: str, new: str, line: int, complaint: str) -> None:
    assert OWN.count(old) == 1
    faults = read_calendar(OWN.replace(old, new)).faults
    assert faults
    assert faults[0].line == line
    assert complaint in str(faults[0])


def test_years_follow_one_another() -> None:
    later = OWN + OWN[OWN.index("  - year") :].replace("2026", "2028")
    assert [fault.what for fault in read_calendar(later).faults if "gap" in fault.what] == [
        "must be 2027: years follow one another without a gap"
    ]


@pytest.mark.parametrize("name", CALENDARS.names())
def test_a_shipped_calendar_is_sound_and_an_example(name: str) -> None:
    table = read(CALENDARS.read(name)[1])
    assert (table.calendar, table.is_example) == (name, True)


def test_alagoas_2026_has_the_days_of_its_decree() -> None:
    """Decreto AL 106.093, as reported, beside the holidays."""
    decreed = ["01-02", "02-16", "02-17", "02-18", "04-02", "06-04", "06-05", "10-28", "12-08", "12-24", "12-31"]
    (year,) = read(CALENDARS.read("alagoas")[1]).years
    assert [f"{day.on:%m-%d}" for day in year.optional] == decreed
