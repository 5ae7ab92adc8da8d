"""The amount owed on a day, where it is judged: facts, cohorts, reversals, the statement and the invariants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select, text

from models.case.selection import Selection
from models.case.status import Status
from models.errors import Refusal
from models.payment.pix import PixPayment, PixRefund
from storage.audit.invariants import violations
from storage.case.cohorts import candidates, must_be_reckonable
from storage.case.facts import read_facts
from storage.case.transaction import case_transaction
from storage.payments.ledger import record_pix
from storage.payments.statement import list_payments, reconcile
from storage.read_models.case_file import case_file
from storage.schema import cases
from tests.chance import examples, fresh_key
from tests.owing import DUE, SERIES, debtor, load, noon, ruler

# ---- facts


def test_a_case_owes_what_the_table_says_that_day(engine: Engine) -> None:
    who = debtor(engine)
    assert who.owes(DUE) == 0, "on its last day in time it isn't outstanding yet"
    # one day, and in the month of the due date no interest
    assert who.owes(DUE + timedelta(days=1)) == Decimal("1003.30")
    # 12 days × 0.33 % and November's 1 %
    assert who.owes(date(2025, 11, 1)) == Decimal("1049.60")
    # 20 % and four months
    assert who.owes(date(2026, 2, 10)) == Decimal("1240.00")


def test_a_payment_of_the_whole_on_its_day_settles_the_debt_for_good(engine: Engine) -> None:
    who = debtor(engine)
    who.pays("1240.00", date(2026, 2, 10))
    assert who.owes(date(2026, 2, 10)) == 0
    assert who.owes(date(2026, 12, 31)) == 0


def test_who_pays_what_was_imported_still_owes_what_was_added(engine: Engine) -> None:
    who = debtor(engine)
    who.pays("1000.00", date(2026, 2, 10))
    # 200.00 and 40.00 first; 240.00 of the principal is left, at 1 % a month
    assert who.owes(date(2026, 2, 10)) == Decimal("240.00")
    assert who.owes(date(2026, 3, 1)) == Decimal("242.40")
    [page] = candidates(engine, ruler(), Selection(min_amount=Decimal(242)), date(2026, 3, 1))
    assert [candidate.facts.balance for candidate in page] == [Decimal("242.40")]
    assert not list(candidates(engine, ruler(), Selection(min_amount=Decimal(243)), date(2026, 3, 1)))


def test_what_an_extract_says_is_left_grows_from_its_day(engine: Engine) -> None:
    who = debtor(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE debts SET amount = 1240, deducted = 0, as_of = '2026-02-10'"))
    assert who.owes(date(2026, 2, 28)) == Decimal("1240.00")
    # a month of 1 % on what was left; the fine had come to its limit
    assert who.owes(date(2026, 3, 1)) == Decimal("1252.40")


def test_facts_of_a_page_take_as_many_queries_as_those_of_one(engine: Engine) -> None:
    people = [debtor(engine) for _ in range(5)]
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    people[0].owes(date(2026, 2, 10))
    alone = len(asked)
    with engine.connect() as connection:
        pairs = [(who.taxpayer, "ICMS") for who in people]
        found = read_facts(connection, ruler(), pairs, date(2026, 2, 10))
    assert {facts.balance for facts in found.values()} == {Decimal("1240.00")}
    assert len(asked) == 2 * alone


# ---- a rate that is missing


def test_a_cohort_is_refused_while_a_rate_is_missing(engine: Engine) -> None:
    debtor(engine)
    load(engine, "1.28", "1.05")
    with pytest.raises(Refusal, match="rate of ufm for 12/2025 is missing"):
        must_be_reckonable(engine, ruler(SERIES), Selection(), date(2026, 1, 10))
    must_be_reckonable(engine, ruler(SERIES), Selection(), date(2025, 12, 31))


def test_a_live_case_waits_for_the_rate_and_is_told_when_it_is_there(engine: Engine) -> None:
    who = debtor(engine)
    load(engine, "1.28", "1.05")
    case = who.on_ruler(date(2026, 1, 5), SERIES)
    with case_transaction(engine, case, noon(date(2026, 1, 6))) as tx:
        assert tx.step.status is Status.AMOUNT_UNKNOWN
        assert tx.step.reason == "não se pode dizer quanto é devido: falta a taxa ufm de 12/2025"
        assert tx.state.row is None
    assert shown(engine, case) == (None, "não se pode dizer quanto é devido: falta a taxa ufm de 12/2025")
    load(engine, "1.28", "1.05", "1.22")
    with engine.connect() as connection:
        told = connection.execute(text('SELECT "case", name FROM outbox')).tuples().all()
    assert told == [(case, "rates_loaded")]
    with case_transaction(engine, case, noon(date(2026, 1, 7))) as tx:
        assert tx.step.status is Status.RUNNING
        # 20 % and 1.05 + 1.22 + 1
        assert tx.facts.balance == Decimal("1232.70")


def shown(engine: Engine, case: str) -> tuple[object, str | None]:
    with engine.connect() as connection:
        file = case_file(connection, case, reveal=False)
    return file["debts"][0]["amount"], file["waits_because"]


def test_a_case_that_was_paid_in_time_needs_no_later_rate(engine: Engine) -> None:
    who = debtor(engine)
    load(engine, "1.28", "1.05")
    case = who.on_ruler(date(2025, 12, 1), SERIES)
    # 20 % from the 61st day on; on 15/12 56 × 0.33 % = 18.48 %, and 1.05 + 1
    who.pays("1205.30", date(2025, 12, 15))
    with case_transaction(engine, case, noon(date(2026, 3, 1))) as tx:
        assert tx.facts.balance == 0
        assert tx.step.status is Status.RUNNING


# ---- reversals, excess, invariants


def test_a_reversal_opens_the_case_again_when_it_leaves_something_owed(engine: Engine) -> None:
    for back, status in (("200.00", "running"), ("10.00", "resolved")):
        who = debtor(engine)
        case = who.on_ruler(date(2026, 2, 1))
        # 10.00 more than is owed
        at = noon(date(2026, 2, 10))
        paid = PixPayment(f"E{fresh_key()[:31]}", who.txid, Decimal("1250.00"), at)
        record_pix(engine, [paid], at)
        with engine.begin() as connection:
            connection.execute(text("UPDATE cases SET status = 'resolved', closed_at = now() WHERE closed_at IS NULL"))
        refunded = PixPayment(paid.end_to_end_id, paid.txid, paid.amount, at, (PixRefund("D", Decimal(back), at),))
        record_pix(engine, [refunded], at)
        with engine.connect() as connection:
            assert connection.scalar(select(cases.c.status).where(cases.c.id == case)) == status


def test_excess_is_what_the_debt_did_not_need_that_day(engine: Engine) -> None:
    who, other = debtor(engine), debtor(engine)
    case = who.on_ruler(date(2026, 2, 1))
    who.pays("1250.00", date(2026, 2, 10))
    other.pays("1250.00", date(2026, 2, 10))
    for closed in (False, True):
        if closed:
            with engine.begin() as connection:
                connection.execute(text("UPDATE cases SET closed_at = now() WHERE id = :case"), {"case": case})
        with engine.connect() as connection:
            found = list(list_payments(connection, "excess"))
            proof = reconcile(connection, date(2026, 2, 10))
        assert [(row["debt"], row["excess"]) for row in found] == [
            (who.debt, Decimal("10.00")),
            (other.debt, Decimal("250.00")),
        ]
        assert (proof.allocations, proof.excess, proof.balanced) == (Decimal(2240), Decimal(260), True)


def test_a_notice_for_what_delay_added_is_no_violation(engine: Engine) -> None:
    """Nothing was open of the imported amount any more."""
    who = debtor(engine)
    case = who.on_ruler(date(2026, 2, 1))
    who.pays("1000.00", date(2026, 2, 10))
    told = """
        INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                             formal, status, body, claimed_at)
        VALUES ('n', :case, 0, 'email', 'email', :at, 'h1', 'reminder', 1, 'friendly', 't', false, 'sent', '', :claimed)
    """
    with engine.begin() as connection:
        # recorded when it was made, as in a life that really took these days
        connection.execute(text("UPDATE payments SET recorded_at = paid_at"))
        on = noon(date(2026, 2, 20))
        connection.execute(text(told), {"case": case, "at": on.date(), "claimed": on})
        connection.execute(text("UPDATE outbox SET delivered_at = now()"))
    assert violations(engine, f"c-{who.taxpayer}") == []
    who.pays("240.00", date(2026, 2, 15))
    with engine.begin() as connection:
        connection.execute(text("UPDATE payments SET recorded_at = paid_at"))
        connection.execute(text("UPDATE outbox SET delivered_at = now()"))
    assert violations(engine, f"c-{who.taxpayer}") == [
        f"case {case}: notice n was claimed when nothing was outstanding"
    ]


# ---- whatever comes, in whatever order

days = st.dates(date(2025, 9, 1), date(2026, 12, 31))
amounts = st.integers(1, 90_000).map(lambda cents: Decimal(cents).scaleb(-2))


@dataclass(frozen=True)
class Paid:
    on: date
    amount: Decimal
    back: Decimal


paids = st.builds(Paid, days, amounts, st.one_of(st.just(Decimal(0)), amounts))


@given(st.lists(paids, max_size=5), days, st.randoms(use_true_random=False))
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_balances_are_those_of_a_naive_sum_whatever_the_order(
    engine: Engine, life: list[Paid], on: date, chance: Random
) -> None:
    who = debtor(engine)
    said = []
    for number, paid in enumerate(life):
        key, at = f"E{fresh_key()[:31]}", noon(paid.on)
        said.append(PixPayment(key, who.txid, paid.amount, at))
        if paid.back:
            said.append(PixPayment(key, who.txid, paid.amount, at, (PixRefund(f"D{number}", paid.back, at),)))
    chance.shuffle(said)
    for each in [*said, *chance.sample(said, len(said) // 2)]:
        record_pix(engine, [each], noon(date(2027, 1, 1)))
    assert who.owes(on) == (naive(life, on) if on > DUE else 0)


def naive(life: Sequence[Paid], on: date) -> Decimal:
    """Day after day: 0.33 % more fine until it is 20 %, on every first of a month 1 % more interest, on what is left
    of the 1,000.00; both summed up and rounded whenever somebody pays. Money pays fine, interest, principal."""
    principal, fine, interest = Decimal(1000), Decimal(0), Decimal(0)
    grown_fine = grown_interest = late = Decimal(0)
    day = min((paid.on for paid in life), default=DUE)
    day = min(day, DUE)
    while day <= on:
        if day > DUE:
            step = min(Decimal("0.33"), Decimal(20) - late)
            late += step
            grown_fine += step
            grown_interest += day.day == 1
        came = sum((max(paid.amount - paid.back, Decimal(0)) for paid in life if paid.on == day), Decimal(0))
        if came or day == on:
            fine += cents(principal * grown_fine / 100)
            interest += cents(principal * grown_interest / 100)
            grown_fine = grown_interest = Decimal(0)
        for_fine = min(came, fine)
        for_interest = min(came - for_fine, interest)
        fine, interest = fine - for_fine, interest - for_interest
        principal -= min(came - for_fine - for_interest, principal)
        day += timedelta(days=1)
    return principal + fine + interest


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
