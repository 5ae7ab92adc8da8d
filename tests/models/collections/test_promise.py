"""Promises to pay on paper: which may be made, and what each comes to by the money that counts for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from models.collections.promise import Owed, Promise, PromiseState, check_promise, days_of, judged, least_promised
from models.errors import Refusal
from models.law.calendar import Calendar, Unit, Wait
from models.ruler.schema import Promises

CALENDAR = Calendar(holidays=frozenset({date(2026, 4, 3), date(2026, 4, 21)}))
"""Good Friday and Tiradentes of 2026."""
RULE = Promises()
THREE = Wait(days=3, unit=Unit.BUSINESS)
WEDNESDAY, NEXT = date(2026, 3, 4), date(2026, 3, 9)
MADE = {"id": 1, "made_on": WEDNESDAY, "promised_for": NEXT, "due": NEXT, "judged_on": date(2026, 3, 12)}
OWED, NOTHING, HELD = Owed(Decimal(1000), Decimal(1000)), Owed(Decimal(0), Decimal(0)), Owed(Decimal(1000), Decimal(0))


@dataclass(frozen=True)
class Paid:
    id: int
    on: date
    amount: Decimal


def promise(amount: str = "400.00", **changed: object) -> Promise:
    return Promise.model_validate({**MADE, "amount": amount, **changed})


def paid(amount: str, on: date = NEXT, id: int = 7) -> Paid:
    return Paid(id, on, Decimal(amount))


def state(known: Promise, *payments: Paid, on: date, owed: Owed = OWED) -> tuple[str, str]:
    [told] = judged([known], payments, owed, on)
    return told.state, f"{told.paid:.2f}"


def test_its_days_are_those_of_banks() -> None:
    assert days_of(date(2026, 3, 9), CALENDAR, THREE) == (date(2026, 3, 9), date(2026, 3, 12))
    # Saturday: paid on Monday, reported by Thursday; over Good Friday: Monday, and Thursday again
    assert days_of(date(2026, 3, 7), CALENDAR, THREE) == (date(2026, 3, 9), date(2026, 3, 12))
    assert days_of(date(2026, 4, 3), CALENDAR, THREE) == (date(2026, 4, 6), date(2026, 4, 9))


LIVES = {
    "nothing yet": ((), NEXT, ("open", "0.00")),
    "the bank still has a day": ((), date(2026, 3, 11), ("open", "0.00")),
    "broken on the day": ((), date(2026, 3, 12), ("broken", "0.00")),
    "kept": ((paid("400.00"),), NEXT, ("kept", "400.00")),
    "kept by two": ((paid("150.00"), paid("250.00", id=8)), NEXT, ("kept", "400.00")),
    "no more than was promised counts": ((paid("900.00"),), NEXT, ("kept", "400.00")),
    "a part so far": ((paid("399.99"),), NEXT, ("open", "399.99")),
    "a part in the end": ((paid("399.99"),), date(2026, 3, 12), ("kept_in_part", "399.99")),
    "paid a day late": ((paid("400.00", date(2026, 3, 10)),), date(2026, 3, 12), ("broken", "0.00")),
    "paid in time and told late": ((paid("400.00"),), date(2026, 3, 20), ("kept", "400.00")),
    "paid before it was made": ((paid("400.00", date(2026, 3, 3)),), date(2026, 3, 12), ("broken", "0.00")),
    "on record before it was made": ((paid("400.00", WEDNESDAY, id=5),), date(2026, 3, 12), ("broken", "0.00")),
}


@pytest.mark.parametrize("life", LIVES)
def test_what_it_comes_to(life: str) -> None:
    payments, on, expected = LIVES[life]
    assert state(promise(after_payment=5), *payments, on=on) == expected


def test_all_that_was_asked_for_keeps_it_and_a_later_day_does_not_break_it() -> None:
    [kept] = judged([promise()], [paid("350.00")], NOTHING, NEXT)
    assert kept.state is PromiseState.KEPT
    assert state(kept, paid("350.00"), on=date(2026, 4, 1)) == ("kept", "350.00")


def test_what_goes_back_opens_it_again_or_breaks_it() -> None:
    [kept] = judged([promise()], [paid("400.00")], OWED, NEXT)
    assert state(kept, paid("0.00"), on=NEXT) == ("open", "0.00")
    assert state(kept, paid("100.00"), on=date(2026, 3, 12)) == ("kept_in_part", "100.00")
    assert state(kept, on=date(2026, 3, 12)) == ("broken", "0.00")


def test_where_nothing_can_be_demanded_it_is_overtaken_for_good() -> None:
    [overtaken] = judged([promise()], [], HELD, NEXT)
    assert overtaken.state is PromiseState.OVERTAKEN
    # an agreement was signed, and its first instalment paid
    assert state(promise(), paid("100.00"), on=NEXT, owed=HELD) == ("overtaken", "100.00")
    assert judged([overtaken], [paid("400.00")], OWED, date(2026, 3, 12)) == [overtaken]
    assert state(promise(state="broken"), on=date(2026, 4, 1), owed=NOTHING) == ("broken", "0.00")


def test_of_two_each_payment_keeps_one_the_one_due_first() -> None:
    first, second = promise("300.00"), promise("300.00", id=2, due=date(2026, 3, 10), promised_for=date(2026, 3, 10))
    told = judged([second, first], [paid("400.00")], OWED, NEXT)
    assert [(each.id, each.state.value, str(each.paid)) for each in told] == [
        (1, "kept", "300.00"),
        (2, "open", "100.00"),
    ]


def check(amount: str = "500.00", on: date = NEXT, owed: str = "1000.00", *known: Promise, **more: bool) -> None:
    check_promise(Decimal(amount), on, Decimal(owed), known, RULE, CALENDAR, WEDNESDAY, **more)


def test_its_share_and_its_day_lie_within_the_ruler_s() -> None:
    assert least_promised(RULE, Decimal("1000.01")) == Decimal("300.01")
    check("300.00")
    check("1000.00", WEDNESDAY)
    # ten working days from Wednesday the 4th
    check("300.00", date(2026, 3, 18))


REFUSED = {
    "too little": ("299.99", NEXT, "1000.00"),
    "more than": ("1000.01", NEXT, "1000.00"),
    "two decimals": ("300.001", NEXT, "1000.00"),
    "nothing can be demanded": ("1.00", NEXT, "0.00"),
    "choose a day from 2026-03-04 to 2026-03-18": ("300.00", date(2026, 3, 19), "1000.00"),
    "for 2026-03-03 can't": ("300.00", date(2026, 3, 3), "1000.00"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_lies_outside_is_refused(why: str) -> None:
    with pytest.raises(Refusal, match=why):
        check(*REFUSED[why])


def test_one_is_open_at_a_time_but_where_a_supervisor_says_so() -> None:
    with pytest.raises(Refusal, match="for 2026-03-09 is open"):
        check("500.00", NEXT, "1000.00", promise())
    check("500.00", NEXT, "1000.00", promise(), another=True)
    check("500.00", NEXT, "1000.00", promise(state="broken"))
    with pytest.raises(Refusal, match="no promise is open"):
        check(another=True)
