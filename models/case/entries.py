"""What people may put on record of a case, and on which days. All of it is refused in one sentence."""

from __future__ import annotations

from datetime import date

from models.case.facts import Defence
from models.errors import Refusal


def must_have_been(what: str, on: date, today: date) -> None:
    if on > today:
        raise Refusal(f"{what} on {on}, which is yet to come: today is {today}")


def check_hold(since: date, until: date | None, today: date) -> None:
    """Both days are included."""
    must_have_been("a hold can't begin", since, today)
    if until is None:
        return
    if until < since:
        raise Refusal(f"a hold can't end on {until}, before it begins on {since}")
    if until < today:
        raise Refusal(f"a hold until {until} is over already: today is {today}")


def check_defence(filed_on: date, first_notice_on: date | None, newest: Defence | None, today: date) -> None:
    """Against what a formal notice announces, and one at a time."""
    if newest is not None and newest.state == "open":
        raise Refusal(f"a defence filed on {newest.filed_on} is open already; decide it first, with --decided")
    if first_notice_on is None:
        raise Refusal("no formal notice was sent, so there is nothing yet to defend oneself against")
    must_have_been("a defence can't be filed", filed_on, today)
    if filed_on < first_notice_on:
        raise Refusal(f"a defence can't be filed on {filed_on}, before the first formal notice of {first_notice_on}")


def check_ruling(decided_on: date, newest: Defence | None, today: date) -> None:
    """Of the defence that is open."""
    if newest is None:
        raise Refusal("no defence is on record; file it first, with --reference")
    if newest.state != "open":
        raise Refusal(f"the defence filed on {newest.filed_on} was {newest.state} on {newest.decided_on} already")
    must_have_been("a defence can't be decided", decided_on, today)
    if decided_on < newest.filed_on:
        raise Refusal(f"a defence can't be decided on {decided_on}, before it was filed on {newest.filed_on}")
