"""The audit's own terms and service against values worked out by hand, and what it lets pass until it is mended."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import Engine, text

from models.law.calendar import Calendar, Standstill, Unit, Wait
from models.law.term import RECESS, term_of
from storage.audit.terms import End, Terms
from storage.case.cohorts import pin_ruler
from storage.catalogue import RULERS
from tests.builders import ICMS, shipped
from tests.casebook.book import days_off, next_day, rows
from tests.storage.audit.test_invariants import lived as lived
from tests.storage.audit.test_invariants import planted

Ends = Callable[..., End]


@pytest.fixture
def end(owner: Engine) -> Iterator[Ends]:
    """The ends of terms on the days off of the casebook."""
    days = json.dumps(sorted(day.isoformat() for day in days_off()))
    with owner.begin() as connection:
        ruler = pin_ruler(connection, shipped(ICMS), RULERS.read(ICMS)[1], 2025).digest
        connection.execute(text("UPDATE rulers SET holidays = CAST(:days AS jsonb)"), {"days": days})
        yield partial(Terms(connection).end, ruler)


@pytest.mark.parametrize(("table", "recess"), [("legal-terms", False), ("legal-terms-recess", True)])
def test_legal_terms_are_those_worked_out_by_hand(end: Ends, table: str, recess: bool) -> None:
    for row in rows(f"calendar/{table}.tsv"):
        found = end(date.fromisoformat(row["served"]), Wait(days=int(row["days"]), unit=Unit.LEGAL), recess)
        assert (found.last_day.isoformat(), found.act_from.isoformat()) == (row["last_day"], row["act_from"]), row


@pytest.mark.parametrize(
    ("event", "days", "last"),
    [
        (date(2026, 11, 19), 1, date(2026, 11, 23)),  # 20/11 is a holiday, then a weekend
        (date(2026, 11, 3), 5, date(2026, 11, 10)),
        (date(2026, 12, 24), 3, date(2026, 12, 30)),  # Christmas is a Friday
        (date(2026, 2, 13), 2, date(2026, 2, 19)),  # Carnival on Monday and Tuesday
    ],
)
def test_business_days_are_counted_one_by_one(end: Ends, event: date, days: int, last: date) -> None:
    assert end(event, Wait(days=days, unit=Unit.BUSINESS)).last_day == last


def counted_by_hand(event: date, wait: Wait, off: frozenset[date], recess: bool, stood: frozenset[date]) -> date:
    """Day by day: nothing begins, is counted or ends on a day on which the term stands still."""
    day, left, begun = event, wait.days, False
    while True:
        day += timedelta(days=1)
        if day in stood or (recess and ((day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 20))):
            continue
        works = day.weekday() < 5 and day not in off
        begun = begun or works
        left -= begun and (works or wait.unit is Unit.LEGAL)
        if left <= 0 and works:
            return day


def test_the_audit_s_terms_the_gate_s_and_those_counted_by_hand_are_one(end: Ends) -> None:
    """With days on which they stood still, also where the last of them meets a weekend, a holiday or the recess."""
    chance, off = Random(210), frozenset(days_off())
    for _ in range(400):
        event = date(2026, 1, 1) + timedelta(days=chance.randrange(700))
        wait = Wait(days=chance.choice([1, 5, 10, 20, 30]), unit=chance.choice([*Unit]))
        begins = event + timedelta(days=chance.randrange(45))
        still = Standstill(stopped=begins, resumed=begins + timedelta(days=chance.randrange(40)))
        stood = frozenset(begins + timedelta(days=n) for n in range(80) if still.holds(begins + timedelta(days=n)))
        recess = chance.random() < 0.5
        by_gate = term_of(event, wait, Calendar(holidays=off), RECESS if recess else None, [still]).last_day
        by_hand = counted_by_hand(event, wait, off, recess, stood)
        assert (end(event, wait, recess, stood).last_day, by_gate) == (by_hand, by_hand), (event, wait, still, recess)


def test_a_term_is_asked_of_the_database_once(end: Ends) -> None:
    asked = (date(2026, 11, 6), Wait(days=30, unit=Unit.LEGAL))
    assert end(*asked) is end(*asked)


def test_a_suspension_on_the_last_day_of_the_defence_is_found(lived: Engine) -> None:
    with planted(lived, "UPDATE suspensions SET suspended_on = '2026-04-17'") as found:
        assert any("before the time for defence ended on 2026-04-17" in violation for violation in found), found


def test_a_notice_that_only_an_e_mail_delivered_is_found(lived: Engine) -> None:
    announced = "DELETE FROM notice_credits; UPDATE notices SET channel = 'email', served_by = 'delivered'"
    with planted(lived, announced) as found:
        assert any("has no formal notice that was served" in violation for violation in found), found


@pytest.mark.parametrize("channel", ["whatsapp", "voice", "messenger"])
def test_what_a_provider_tells_of_an_announcement_is_no_service(lived: Engine, channel: str) -> None:
    announced = f"UPDATE notices SET channel = '{channel}', served_by = 'delivered'"
    with planted(lived, announced) as found:
        assert any("has no formal notice that was served" in violation for violation in found), found


@pytest.mark.parametrize("way", ["served_by = 'deemed'", "served_by = 'Ana'"])
def test_the_domicile_and_a_person_s_proof_serve(lived: Engine, way: str) -> None:
    with planted(lived, f"UPDATE notices SET {way}") as found:
        assert not any("served" in violation for violation in found), found


def test_a_term_that_begins_before_a_weekend_is_longer(lived: Engine) -> None:
    """Served on Friday 20/03/2026: counted from Monday 23/03, last day Wednesday 22/04, after a holiday."""
    late = """
        UPDATE notices SET served_on = '2026-03-20' WHERE step = 1;
        UPDATE suspensions SET suspended_on = '2026-04-20'; UPDATE notices SET at = '2026-04-20' WHERE step = 2
    """
    with planted(lived, late) as found:
        assert any(f"defence ended on {next_day(date(2026, 4, 21))}" in violation for violation in found), found
