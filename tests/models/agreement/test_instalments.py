"""How an agreement lives, from its payments alone: dated cases named after the rules, and what is always so."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.agreement.bonus import slip_fee
from models.agreement.charges import NOTHING
from models.agreement.deal import Deal, Paid
from models.agreement.instalments import Life, State, live
from models.agreement.policy import Regime
from models.agreement.quote import Pay, Request, quote
from models.law.calendar import Unit, Wait
from storage.amounts.shipped_rates import shipped_rates
from tests.chance import examples
from tests.models.agreement.test_agreement import BH, SIGNED, SP, policy_of


def deal(name: str, amount: str, count: int, kind: str = "iptu", rescinded: date | None = None, **terms: Any) -> Deal:
    request = Request(**{"amount": Decimal(amount), "on": SIGNED, "kind": kind, "instalments": count, **terms})
    offer = quote(policy_of(name), request, shipped_rates())
    fee = slip_fee(policy_of(name), count) / count if request.pay is Pay.SLIP else NOTHING
    return Deal(policy_of(name), request, offer.instalments, offer.discount, fee, rescinded, shipped_rates())


def paid(*days: str | None, each: str, first: int = 1) -> list[Paid]:
    """The instalments from the first on, each on its day; None: not paid."""
    made = [(n, date.fromisoformat(on)) for n, on in enumerate(days, first) if on]
    return [Paid(n, on, Decimal(each), n) for n, on in made]


def steps(agreed: Deal, payments: list[Paid], today: str, *told: tuple[str, int]) -> tuple[str, int, str] | None:
    step = live(agreed, payments, date.fromisoformat(today), frozenset(told)).step
    return (step.kind, step.n, step.on.isoformat()) if step else None


FOUR = deal(SP, "1000.00", 4)
"""Due on 10/03 (the signature), 10/04, 11/05 and 10/06/2026; the second breaks it on 29/05."""


# ---- reminders and alerts


def test_each_instalment_is_reminded_of_three_working_days_before() -> None:
    assert steps(FOUR, paid("2026-03-10", each="250.00"), "2026-03-10") == ("reminder", 2, "2026-04-07")


def test_a_reminder_in_legal_days_leaves_as_many_continuous_days() -> None:
    signed = deal(SP, "1000.00", 4, on=date(2026, 10, 14))
    notices = signed.policy.notices.model_copy(update={"remind_before": Wait(days=5, unit=Unit.LEGAL)})
    asked = replace(signed, policy=signed.policy.model_copy(update={"notices": notices}))
    before = paid("2026-10-14", "2026-11-10", each="250.00")
    # due on Monday 14/12/2026
    assert steps(asked, before, "2026-11-10") == ("reminder", 3, "2026-12-09")
    assert steps(signed, before, "2026-11-10") == ("reminder", 3, "2026-12-09")


def test_the_one_due_on_the_day_of_the_signature_is_not() -> None:
    assert steps(FOUR, [], "2026-03-10") == ("alert", 1, "2026-03-13")


def test_a_missed_one_is_alerted_after_the_banks_have_reported_it() -> None:
    missed = steps(FOUR, paid("2026-03-10", each="250.00"), "2026-04-10", ("reminder", 2))
    assert missed == ("alert", 2, "2026-04-15")


def test_what_is_paid_ahead_is_not_reminded_of() -> None:
    ahead = paid("2026-03-10", "2026-03-20", each="250.00")
    assert steps(FOUR, ahead, "2026-03-20") == ("reminder", 3, "2026-05-06")


def test_a_reminder_missed_in_an_outage_is_not_sent_after_the_due_date() -> None:
    assert steps(FOUR, paid("2026-03-10", each="250.00"), "2026-04-13") == ("alert", 2, "2026-04-15")


def test_nothing_is_said_between_the_break_and_its_decision() -> None:
    told = [("reminder", n) for n in (2, 3, 4)] + [("alert", n) for n in (2, 3)]
    assert steps(FOUR, paid("2026-03-10", each="250.00"), "2026-06-01", *told) == ("break", 2, "2026-06-03")


# ---- default


@pytest.mark.parametrize(("today", "state"), [("2026-06-02", State.ACTIVE), ("2026-06-03", State.BROKEN)])
def test_sp_a_break_has_effect_from_its_day_and_is_decided_three_banking_days_later(today: str, state: State) -> None:
    life = live(FOUR, paid("2026-03-10", each="250.00"), date.fromisoformat(today))
    assert (life.state, life.breaks_on, life.default_due) == (state, date(2026, 5, 29), date(2026, 4, 10))


@pytest.mark.parametrize(("day", "state"), [("2026-05-29", State.ACTIVE), ("2026-05-30", State.BROKEN)])
def test_sp_a_payment_of_the_last_day_prevents_it_one_of_the_next_does_not(day: str, state: State) -> None:
    made = paid("2026-03-10", day, each="250.00")
    assert live(FOUR, made, date(2026, 6, 3)).state is state


def test_payments_after_the_break_are_not_for_instalments() -> None:
    late = paid("2026-03-10", "2026-05-30", "2026-05-31", "2026-06-01", each="250.00")
    life = live(FOUR, late, date(2026, 7, 1))
    assert [entry.paid_on for entry in life.entries] == [date(2026, 3, 10), None, None, None]


SIMPLES = deal(SP, "1800.00", 6, "simples", regime=Regime.SIMPLES)
"""Due on the tenth, rolled: 10/03, 10/04, 11/05, 10/06, 10/07, 10/08/2026."""


def test_sp_simples_breaks_on_the_due_date_of_the_third_open_one_consecutive_or_not() -> None:
    made = paid("2026-03-10", None, "2026-05-11", None, each="300.00")
    life = live(SIMPLES, made, date(2026, 7, 15))
    assert (life.state, life.breaks_on, life.default_due) == (State.BROKEN, date(2026, 7, 10), date(2026, 7, 10))


def test_sp_simples_an_overdue_one_paid_during_the_agreement_stays_open_and_pays_the_next_to_come() -> None:
    made = [*paid("2026-03-10", each="300.00"), Paid(9, date(2026, 4, 20), Decimal("303.00"), 2)]
    life = live(SIMPLES, made, date(2026, 4, 20))
    assert [str(entry.left) for entry in life.entries] == ["0.00", "300.00", "0.00", "300.00", "300.00", "300.00"]


def test_sp_simples_overdue_ones_are_paid_at_the_end_and_complete_it() -> None:
    in_time = paid("2026-03-10", None, None, "2026-06-10", "2026-07-10", "2026-08-10", each="300.00")
    assert live(SIMPLES, in_time, date(2027, 1, 1)).state is State.ACTIVE
    # with a fine of 20 %, and the interest of the others that is still open
    at_the_end = [*in_time, *paid("2026-08-11", "2026-08-11", each="450.00", first=2)]
    assert live(SIMPLES, at_the_end, date(2027, 1, 1)).state is State.COMPLETED


def test_bh_no_day_breaks_it_but_a_person_may() -> None:
    assert live(deal(BH, "1000.00", 4), [], date(2030, 1, 1)).state is State.ACTIVE
    broken = live(deal(BH, "1000.00", 4, rescinded=date(2026, 9, 1)), [], date(2026, 9, 1))
    assert (broken.state, broken.breaks_on) == (State.BROKEN, date(2026, 9, 1))


# ---- what is credited and forgiven


def punctual(agreed: Deal, count: int) -> list[Paid]:
    return [Paid(each.n, each.due, each.amount, each.n) for each in agreed.schedule[:count]]


def test_bh_the_bonus_of_a_sequence_is_credited_when_it_is_complete() -> None:
    agreed = deal(BH, "2400.00", 24)
    assert sum(entry.credited for entry in live(agreed, punctual(agreed, 11), SIGNED).entries) == NOTHING
    life = live(agreed, punctual(agreed, 12), SIGNED)
    assert [str(entry.credited) for entry in life.entries[-2:]] == ["0.00", "100.00"]
    assert live(agreed, punctual(agreed, 23), SIGNED).state is State.COMPLETED


def test_bh_one_paid_late_begins_a_new_sequence() -> None:
    agreed = deal(BH, "2400.00", 24)
    late = [Paid(p.id, p.day + timedelta(days=3 * (p.n == 12)), p.amount, p.n) for p in punctual(agreed, 20)]
    assert sum(entry.credited for entry in live(agreed, late, SIGNED).entries) == NOTHING


def test_bh_ten_percent_off_one_paid_early_and_none_with_direct_debit() -> None:
    early = [Paid(1, SIGNED, Decimal("90.00"), 2)]
    by_slip = live(deal(BH, "300.00", 3), early, SIGNED)
    assert (by_slip.entries[1].forgiven, by_slip.entries[1].paid_on) == (Decimal("10.00"), SIGNED)
    debited = live(deal(BH, "300.00", 3, pay=Pay.DIRECT_DEBIT), early, SIGNED)
    assert debited.entries[1].forgiven == NOTHING


def test_bh_the_price_of_a_slip_is_no_part_of_the_debt() -> None:
    life = live(deal(BH, "2400.00", 24), [Paid(7, SIGNED, Decimal("102.00"), 1)], SIGNED)
    assert (life.books.parts[7].fee, life.entries[-1].credited) == (Decimal("2.00"), NOTHING)


@settings(max_examples=examples(40))
@given(st.integers(2, 180), st.integers(1_000_000, 5_000_000))
def test_bh_paid_punctually_to_the_end_earns_the_bonus_that_was_quoted(count: int, cents: int) -> None:
    request = Request(Decimal(cents).scaleb(-2), SIGNED, "iptu", instalments=count, pay=Pay.DIRECT_DEBIT)
    offer = quote(policy_of(BH), request, shipped_rates())
    agreed = Deal(policy_of(BH), request, offer.instalments, offer.discount, NOTHING, rates=shipped_rates())
    life = live(agreed, punctual(agreed, count), SIGNED)
    assert life.state is State.COMPLETED
    assert sum(entry.credited for entry in life.entries) == offer.bonus


# ---- always

DAYS = st.dates(SIGNED, SIGNED + timedelta(days=400))
PAYMENTS = st.lists(
    st.tuples(DAYS, st.decimals("0.01", "900.00", places=2), st.none() | st.integers(1, 6)), max_size=12
).map(lambda made: [Paid(id, *each) for id, each in enumerate(made)])
DEALS = st.sampled_from((deal(BH, "1800.00", 6), deal(SP, "1800.00", 6), SIMPLES, deal(BH, "1800.00", 1, pay=Pay.CASH)))


def told(life: Life) -> tuple[Any, ...]:
    return (
        life.state,
        life.breaks_on,
        life.decided_on,
        life.completed_on,
        life.effective_on,
        life.entries,
        {**life.books.parts},
    )


@given(DEALS, PAYMENTS, DAYS, st.randoms(use_true_random=False))
def test_payments_tell_the_same_life_in_whatever_order_they_arrive(
    agreed: Deal, payments: list[Paid], today: date, chance: Any
) -> None:
    payments = [payment for payment in payments if payment.n is None or payment.n <= len(agreed.schedule)]
    shuffled = chance.sample(payments, len(payments))
    assert told(live(agreed, payments, today)) == told(live(agreed, shuffled, today))


@given(DEALS, PAYMENTS, DAYS)
def test_no_instalment_takes_more_than_it_is(agreed: Deal, payments: list[Paid], today: date) -> None:
    payments = [payment for payment in payments if payment.n is None or payment.n <= len(agreed.schedule)]
    life = live(agreed, payments, today)
    taken = sum(entry.received + entry.charges_paid + entry.fee for entry in life.entries)
    assert taken <= sum(payment.amount for payment in payments)
    for entry in life.entries:
        assert min(entry.left, entry.received, entry.credited, entry.forgiven) >= 0
        assert (entry.paid_on is not None) == (entry.left == 0)
        assert entry.owes >= 0
    settled = all(entry.left == entry.owes == 0 for entry in life.entries)
    assert (life.state is State.COMPLETED) == settled


@given(DEALS, PAYMENTS)
def test_a_break_once_decided_is_undone_by_a_payment_only(agreed: Deal, payments: list[Paid]) -> None:
    payments = [payment for payment in payments if payment.n is None or payment.n <= len(agreed.schedule)]
    states = [live(agreed, payments, SIGNED + timedelta(days=each)).state for each in range(0, 500, 20)]
    assert State.BROKEN not in states or set(states[states.index(State.BROKEN) :]) == {State.BROKEN}
