"""The oracle is right itself: against values worked out by hand, and another library's days."""

from datetime import date, timedelta

import pytest
from holidays.countries.brazil import Brazil

from tests.casebook.book import days_off, rows
from tests.oracle.calendar import BRAZIL, DAY, STATE, Days, last_day

OPTIONAL = ("Carnaval", "Corpus Christi")
YEARS = range(2024, 2036)


@pytest.mark.parametrize(("table", "recess"), [("legal-terms", False), ("legal-terms-recess", True)])
def test_legal_terms_are_those_worked_out_by_hand(table: str, recess: bool) -> None:
    """Its days off are Alagoas's."""
    for row in rows(f"calendar/{table}.tsv"):
        last = last_day(STATE["AL"], date.fromisoformat(row["served"]), int(row["days"]), "legal", recess)
        assert (last.isoformat(), (last + DAY).isoformat()) == (row["last_day"], row["act_from"]), row


def test_the_days_off_worked_out_by_hand_are_days_off() -> None:
    assert not [day for day in days_off() if STATE["AL"].works(day)]


@pytest.mark.parametrize(("days", "state"), [(STATE["AL"], "AL"), (BRAZIL, None)])
def test_another_library_works_on_the_same_days(days: Days, state: str | None) -> None:
    off = set(Brazil(subdiv=state, years=YEARS))
    optional = Brazil(years=YEARS, categories=("optional",), language="pt_BR").items()
    off |= {day for day, name in optional if name in OPTIONAL}
    first = date(YEARS[0], 1, 1)
    for day in (first + timedelta(days=n) for n in range(365 * len(YEARS))):
        assert days.works(day) is (day.weekday() < 5 and day not in off), day
