"""Prescription as a date that events move: worked out by hand from CTN arts. 151, 156 and 174, and CC art. 132."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.law.prescription import Cause, Interruption, five_years_after, must_interrupt, prescription
from models.law.spans import Span

STATED = date(2027, 2, 1)


def by(cause: Cause, day: str) -> Interruption:
    return Interruption(cause, date.fromisoformat(day))


def held(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


CITED, PROTESTED, ASKED = Cause.ORDER_TO_CITE, Cause.CDA_PROTEST, Cause.AGREEMENT_REQUEST


@pytest.mark.parametrize(
    ("events", "suspended", "ends"),
    [
        # nothing moves it
        ([], [], "2027-02-01"),
        # L8: an agreement from its request to its default; the CDA's protest; a request that is refused
        ([by(ASKED, "2026-12-01")], [held("2026-12-01", "2027-03-31")], "2032-04-01"),
        ([by(PROTESTED, "2026-12-01")], [], "2031-12-01"),
        ([by(ASKED, "2026-12-01")], [], "2031-12-01"),
        # a protest interrupts from 03/07/2024 on (LC 208/2024), the events of LC 236/2026 from 04/09/2026 on
        ([by(PROTESTED, "2024-07-02")], [], "2027-02-01"),
        ([by(PROTESTED, "2024-07-03")], [], "2029-07-03"),
        ([by(Cause.MEDIATION, "2026-09-03")], [], "2027-02-01"),
        ([by(Cause.MEDIATION, "2026-09-04")], [], "2031-09-04"),
        # several: the last one counts, in whatever order they are told
        ([by(CITED, "2026-05-04"), by(PROTESTED, "2025-03-10")], [], "2031-05-04"),
        # on its last day it may still be interrupted; the day after nothing undoes it
        ([by(CITED, "2027-02-01")], [], "2032-02-01"),
        ([by(CITED, "2027-02-02")], [], "2027-02-01"),
        ([by(ASKED, "2027-06-01"), by(CITED, "2027-07-01")], [], "2027-02-01"),
        # what was before these five years began is in them already
        ([by(CITED, "2021-06-01")], [], "2027-02-01"),
        # a later one saves what would have prescribed but for an earlier one
        ([by(CITED, "2026-06-01"), by(PROTESTED, "2030-01-15")], [], "2035-01-15"),
        # held for 31 days: as many more; twice the same days count once
        ([], [held("2026-03-01", "2026-03-31")], "2027-03-04"),
        ([], [held("2026-03-01", "2026-03-31"), held("2026-03-10", "2026-03-31")], "2027-03-04"),
        # a hold that begins once it is prescribed adds nothing; one before the five years neither
        ([], [held("2027-02-02", "2027-12-31")], "2027-02-01"),
        ([], [held("2020-01-01", "2021-12-31")], "2027-02-01"),
        # the days held after an interruption are added to the new five years
        ([by(CITED, "2026-06-01")], [held("2026-07-01", "2026-07-10")], "2031-06-11"),
        # 29 February, five years on: the day after 28 February
        ([by(CITED, "2024-02-29")], [], "2029-03-01"),
    ],
)
def test_a_prescription_is_moved(events: list[Interruption], suspended: list[Span], ends: str) -> None:
    assert prescription(STATED, events, suspended) == date.fromisoformat(ends)


def test_where_nobody_has_said_a_day_an_interruption_begins_one() -> None:
    assert prescription(None) is None
    assert prescription(None, (), [held("2026-01-01", "2026-02-01")]) is None
    assert prescription(None, [by(CITED, "2026-05-04")]) == date(2031, 5, 4)


def test_an_end_on_a_day_off_is_not_put_off() -> None:
    """Sat 01/05/2027 is a Saturday and a holiday."""
    assert prescription(date(2027, 5, 1)) == date(2027, 5, 1)


def test_what_was_before_its_law_is_refused() -> None:
    with pytest.raises(Refusal, match=r"interrupts nothing: it does from 2026-09-04 on \(LC 236/2026\)"):
        must_interrupt(by(Cause.ARBITRATION, "2026-09-03"))


DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
EVENTS = st.lists(st.builds(Interruption, st.just(CITED), DAYS), max_size=5)
SPANS = st.lists(st.builds(lambda day, n: Span(day, day + timedelta(days=n)), DAYS, st.integers(0, 900)), max_size=4)


@given(EVENTS, SPANS, st.randoms(use_true_random=False))
def test_the_order_that_events_are_told_in_is_nothing(events: list[Interruption], spans: list[Span], by: Any) -> None:
    shuffled, spread = events[:], spans[:]
    by.shuffle(shuffled)
    by.shuffle(spread)
    assert prescription(STATED, events, spans) == prescription(STATED, shuffled, spread)


@given(EVENTS, SPANS)
def test_nothing_brings_a_prescription_forward(events: list[Interruption], spans: list[Span]) -> None:
    found = prescription(STATED, events, spans)
    assert found is not None
    assert found >= STATED


@given(EVENTS, SPANS)
def test_what_happens_once_it_is_prescribed_moves_nothing(events: list[Interruption], spans: list[Span]) -> None:
    found = prescription(STATED, events, spans)
    assert found is not None
    late = [*events, Interruption(CITED, found + timedelta(days=1))]
    assert prescription(STATED, late, [*spans, Span(found + timedelta(days=1), date(2060, 1, 1))]) == found


@given(DAYS)
def test_five_years_have_as_many_days_as_the_calendar_says(day: date) -> None:
    after = five_years_after(day)
    assert (after.year - day.year, after.month, after.day) in {(5, day.month, day.day), (5, 3, 1)}
