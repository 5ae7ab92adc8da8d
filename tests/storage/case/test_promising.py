"""Promises on record: rungs wait for them, and the transaction that takes the money keeps them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, update

from models.collections.promise import PromiseChannel
from models.contact.replies import NOT_PROMISED, intent_of
from models.errors import Refusal
from storage.audit.invariants import violations
from storage.case.promising import cancel_promise, make_promise
from storage.contact.replies import Reply, record_reply
from storage.payments.ledger import record_bank
from storage.payments.reports import Receipt
from storage.schema import taxpayers
from tests.agreement_world import SP, Contract, at, contract
from tests.builders import FACTS, ICMS
from tests.record_world import Life, Street

PHONE = "+5582999990000"
STATE = 'SELECT state, CAST(paid AS text) FROM promises WHERE "case" = :case ORDER BY id'
KINDS = "SELECT kind FROM decisions WHERE \"case\" = :case AND kind LIKE 'promise%' ORDER BY id"
TASKS = "SELECT done_at IS NOT NULL FROM tasks WHERE \"case\" = :case AND kind = 'promise'"


@pytest.fixture
def street(engine: Engine) -> Street:
    return Street(engine, ICMS, [FACTS["h1"]], compressed=False, providers=False, shared=False)


def due_of(life: Life) -> tuple[str, Decimal]:
    [(txid, balance)] = life.rows("SELECT pix_txid, balance FROM debts JOIN debtors ON debt = id WHERE taxpayer = :who")
    return txid, balance


def promises(life: Life, on: date, amount: Decimal | None = None, **more: Any) -> int:
    street = life.street
    owed = amount or due_of(life)[1]
    made = make_promise(street.engine, life.case, owed, on, PromiseChannel.PHONE, "Dora", street.now, **more)
    street.rest()
    return made.id


def test_friendly_rungs_wait_until_the_bank_must_have_told(street: Street) -> None:
    """Told on Tuesday the 3rd of November; the next rung is due on Tuesday the 10th. Promised for Friday the 13th, the
    bank has told by Wednesday the 18th; between them only the reminder of Thursday the 12th."""
    [life] = street.lives
    [(due,)] = life.rows("SELECT next_step ->> 'on' FROM cases WHERE id = :case")
    assert due == "2026-11-10"
    promises(life, date(2026, 11, 13))
    [(step,)] = life.rows("SELECT next_step FROM cases WHERE id = :case")
    assert (step["on"], step["action"]) == ("2026-11-18", "notify")
    assert "para 13/11/2026 aguarda o banco" in step["reason"]
    street.passes(14)
    told = "SELECT DISTINCT at FROM notices ORDER BY at"
    assert life.rows(told) == [(date(2026, 11, 3),), (date(2026, 11, 12),)]
    street.passes(2)
    assert life.rows(STATE) == [("broken", "0.00")]
    assert life.rows("SELECT decided_on FROM promises") == [(date(2026, 11, 18),)]
    assert life.rows(told)[2:] == [(date(2026, 11, 18),)]
    assert life.rows(KINDS) == [("promise_made",), ("promise_broken",)]
    assert life.rows(TASKS) == [(False,)]
    assert violations(street.engine, street.cohort.name) == []


def test_a_rung_later_than_that_is_not_moved_and_the_day_is_kept(street: Street) -> None:
    [life] = street.lives
    promises(life, date(2026, 11, 4))
    [(step,)] = life.rows("SELECT next_step FROM cases WHERE id = :case")
    assert step["on"] == "2026-11-09"
    street.passes(6.5)
    assert life.rows(STATE) == [("broken", "0.00")]
    [(step,)] = life.rows("SELECT next_step FROM cases WHERE id = :case")
    assert (step["on"], step["action"]) == ("2026-11-10", "notify")


def test_the_payment_s_own_transaction_keeps_it(street: Street) -> None:
    [life] = street.lives
    txid, owed = due_of(life)
    promises(life, date(2026, 11, 13), owed / 2)
    street.pays(txid, owed / 2)  # nobody looks at the case
    assert life.rows(STATE) == [("kept", f"{owed / 2:.2f}")]
    assert life.rows(KINDS) == [("promise_made",), ("promise_kept",)]
    street.rest()
    assert life.status == "running"


def test_the_last_payment_keeps_it_and_resolves_the_case(street: Street) -> None:
    [life] = street.lives
    txid, owed = due_of(life)
    promises(life, date(2026, 11, 13))
    street.pays(txid, owed)
    assert life.rows(STATE) == [("kept", f"{owed:.2f}")]
    kinds = life.rows('SELECT kind FROM decisions WHERE "case" = :case ORDER BY id DESC LIMIT 3')
    assert kinds == [("resolved",), ("promise_kept",), ("payment",)]


def test_a_refund_opens_it_again_and_its_day_breaks_it(street: Street) -> None:
    [life] = street.lives
    txid, owed = due_of(life)
    promises(life, date(2026, 11, 13))
    street.pays(txid, owed)
    street.gives_back(street.paid[0], owed)
    assert life.rows(STATE) == [("open", "0.00")]
    street.rest()
    street.passes(16)
    assert life.rows(KINDS)[1:] == [("promise_kept",), ("promise_reopened",), ("promise_broken",)]
    assert violations(street.engine, street.cohort.name) == []


def test_paid_in_time_and_told_after_its_day_it_is_kept_and_nobody_asks_any_more(street: Street) -> None:
    [life] = street.lives
    [(slip,)] = life.rows("SELECT slip_number FROM debts JOIN debtors ON debt = id WHERE taxpayer = :who")
    promises(life, date(2026, 11, 4))
    paid_at = street.now + timedelta(days=1)
    street.passes(8)
    assert (life.rows(STATE), life.rows(TASKS)) == ([("broken", "0.00")], [(False,)])
    record_bank(
        street.engine, [Receipt("bank", due_of(life)[1], paid_at, reference="R1", slip_number=slip)], street.now
    )
    assert (life.rows(STATE)[0][0], life.rows(TASKS)) == ("kept", [(True,)])


def made(engine: Engine) -> Contract:
    return contract(engine, "400.00", "800.00")


def promised(made: Contract, amount: str, on: date, now: datetime, **more: Any) -> int:
    return make_promise(made.engine, made.case, Decimal(amount), on, PromiseChannel.COUNTER, "Dora", now, **more).id


def test_an_agreement_overtakes_it(engine: Engine) -> None:
    case = made(engine)
    promised(case, "1200.00", date(2026, 3, 13), at(date(2026, 3, 4)))
    case.sign(SP, 3, date(2026, 3, 5))
    case.pay(1, date(2026, 3, 5))
    assert case.rows(STATE) == [("overtaken", "400.00")]


def test_what_is_refused_leaves_nothing(engine: Engine) -> None:
    case, now = made(engine), at(date(2026, 3, 4))
    with pytest.raises(Refusal, match="too little"):
        promised(case, "100.00", date(2026, 3, 13), now)
    promised(case, "600.00", date(2026, 3, 13), now)
    with pytest.raises(Refusal, match="is open"):
        promised(case, "600.00", date(2026, 3, 12), now)
    promised(case, "600.00", date(2026, 3, 12), now, another=True)
    assert case.rows(STATE) == [("open", "0.00")] * 2
    assert case.rows(KINDS) == [("promise_made",)] * 2


def replies(case: Contract, body: str, now: datetime, event: str) -> str | None:
    """Somebody known by this telephone alone answers by SMS."""
    with case.engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone=PHONE))
    reply = Reply("twilio", event, "sms", PHONE, body, intent_of(body))
    return record_reply(case.engine, reply, now, lambda of: "https://p")


PROMISED = "SELECT amount, promised_for, channel, state FROM promises ORDER BY id"
CALLS = "SELECT what FROM tasks WHERE kind = 'call' AND done_at IS NULL"


def test_a_reply_that_names_a_day_is_a_promise_of_all_that_is_owed(engine: Engine) -> None:
    case, now = made(engine), at(date(2026, 3, 4))
    answer = "Anotamos seu pagamento para 06/03/2026. Se algo mudar, responda 5. Para pagar, acesse: https://p"
    assert replies(case, "prometo pagar sexta", now, "1") == answer
    assert replies(case, "sexta", now, "2") == answer
    assert case.rows(PROMISED) == [(Decimal("1200.00"), date(2026, 3, 6), "reply", "open")]
    assert (case.rows(CALLS), case.rows(KINDS)) == ([], [("promise_made",)])


def test_a_reply_that_names_an_amount_is_held_to_it(engine: Engine) -> None:
    case = made(engine)
    replies(case, "pago R$ 500,50 dia 10", at(date(2026, 3, 4)), "1")
    assert case.rows(PROMISED) == [(Decimal("500.50"), date(2026, 3, 10), "reply", "open")]


@pytest.mark.parametrize("body", ["R$ 200 dia 5", "pago dia 30", "prometo 5.000,00 sexta", "pago 31/02"])
def test_a_reply_that_promises_what_the_ruler_does_not_take_is_a_person_s(engine: Engine, body: str) -> None:
    """R$ 1,200 are owed: 30 % at least, within ten working days of Wednesday the 4th of March."""
    case = made(engine)
    assert replies(case, body, at(date(2026, 3, 4)), "1") == NOT_PROMISED.format(link="https://p")
    assert case.rows(PROMISED) == []
    assert case.rows(CALLS) == [("contribuinte prometeu pagar por SMS, e a régua não aceita o valor ou o dia",)]
    assert case.journal[-1] == "call_asked"


def test_a_second_day_in_a_reply_is_a_person_s_to_take(engine: Engine) -> None:
    case, now = made(engine), at(date(2026, 3, 4))
    replies(case, "sexta", now, "1")
    assert replies(case, "segunda", now, "2") == NOT_PROMISED.format(link="https://p")
    assert [row[1] for row in case.rows(PROMISED)] == [date(2026, 3, 6)]
    assert len(case.rows(CALLS)) == 1


REMINDERS = "SELECT kind, promise, asked_on, outcome FROM communications WHERE kind = 'promise_reminder'"


def test_the_working_day_before_it_a_reminder_is_due(engine: Engine) -> None:
    """Promised on Wednesday the 4th for Monday the 9th: reminded of on Friday the 6th."""
    case, now = made(engine), at(date(2026, 3, 4))
    promise = promised(case, "600.00", date(2026, 3, 9), now)
    assert case.rows(REMINDERS) == [("promise_reminder", promise, date(2026, 3, 6), None)]


def test_who_promises_for_tomorrow_is_not_reminded_today(engine: Engine) -> None:
    case, now = made(engine), at(date(2026, 3, 4))
    promised(case, "600.00", date(2026, 3, 5), now)
    assert case.rows(REMINDERS) == []


def test_one_by_mistake_is_taken_back_once(engine: Engine) -> None:
    case, now = made(engine), at(date(2026, 3, 4))
    mine = promised(case, "600.00", date(2026, 3, 13), now)
    cancel_promise(engine, case.case, mine, "Bia", "valor errado", now)
    assert case.rows(STATE) == [("cancelled", "0.00")]
    for again in (mine, mine + 1):
        with pytest.raises(Refusal):
            cancel_promise(engine, case.case, again, "Bia", "valor errado", now)
    case.pay_debt(0, date(2026, 3, 5), "400.00")
    assert case.rows(STATE) == [("cancelled", "0.00")]


def test_it_holds_no_formal_notice(engine: Engine) -> None:
    """The persistent defaulter's first notice is proven read on its day; the second, formal too, follows its own term,
    which ends before the promise's day."""
    street = Street(engine, ICMS, [FACTS["h8"]] * 2, compressed=True, providers=False, shared=False)
    promising, silent = street.lives
    promises(promising, street.today + timedelta(days=14), Decimal("5000000.00"))
    street.passes(70)
    told = 'SELECT array_agg(at ORDER BY step) FROM notices WHERE "case" = :case AND formal'
    assert promising.rows(told) == silent.rows(told)
    assert len(silent.rows(told)[0][0]) > 1
    assert promising.rows(STATE) == [("broken", "0.00")]
    assert violations(street.engine, street.cohort.name) == []
