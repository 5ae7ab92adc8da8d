"""The oracle is right itself: against values worked out by hand, and another library's days."""

from datetime import date, timedelta

import pytest
from holidays.countries.brazil import Brazil

from tests.casebook.book import days_off, rows
from tests.oracle.calendar import BRAZIL, DAY, STATE, Days, known_wrong, last_day

OPTIONAL = ("Carnaval", "Corpus Christi")
YEARS = range(2024, 2036)


@pytest.mark.parametrize("row", rows("calendar/legal-terms.tsv"), ids=lambda row: row["served"])
def test_legal_terms_are_those_worked_out_by_hand(row: dict[str, str]) -> None:
    """Its days off are Alagoas's."""
    last = last_day(STATE["AL"], date.fromisoformat(row["served"]), int(row["days"]), "legal")
    assert (last.isoformat(), (last + DAY).isoformat()) == (row["last_day"], row["act_from"])


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


def test_what_is_known_to_be_wrong_is_so_on_the_days_it_is_wrong() -> None:
    """L1, L2: served on Fri 06/11/2026, acted upon on Mon 07/12 where the last day is Tue 08/12."""
    assert known_wrong(STATE["AL"], date(2026, 11, 6), 30, "legal") == date(2026, 12, 7)
    assert last_day(STATE["AL"], date(2026, 11, 6), 30, "legal") == date(2026, 12, 8)
