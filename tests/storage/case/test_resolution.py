"""A case is resolved by the transaction that takes its last payment, before any workflow looks at it."""

from decimal import Decimal

import pytest
from sqlalchemy import Engine, text, update

from models.case.state import CaseState
from models.payment.pix import PixPayment, PixRefund
from storage.audit.invariants import violations
from storage.payments.ledger import record_bank, record_pix
from storage.payments.reports import Receipt
from storage.schema import cases
from tests.builders import FACTS, ICMS
from tests.record_world import Life, Street

STATUS = "SELECT status, closed_at IS NOT NULL FROM cases WHERE id = :case"
KINDS = 'SELECT kind FROM decisions WHERE "case" = :case ORDER BY id DESC LIMIT 2'


@pytest.fixture
def street(engine: Engine) -> Street:
    """Three cases of one ICMS debt each, at rest after their first evaluation."""
    return Street(engine, ICMS, [FACTS["h1"]] * 3, compressed=True, providers=False, shared=False)


def due_of(life: Life) -> tuple[str, Decimal]:
    query = """SELECT pix_txid, balance FROM debts JOIN debtors ON debt = id WHERE taxpayer = :who"""
    [(txid, balance)] = life.rows(query)
    return txid, balance


def pays(life: Life, amount: Decimal, id: str = "E1") -> None:
    txid, _ = due_of(life)
    record_pix(life.street.engine, [PixPayment(id, txid, amount, life.street.now)], life.street.now)


def test_the_last_payment_resolves_the_case_in_its_own_transaction(street: Street) -> None:
    life = street.lives[0]
    before = life.rows("SELECT revision FROM cases WHERE id = :case")[0][0]
    pays(life, due_of(life)[1])
    assert life.rows(STATUS) == [("resolved", True)]
    assert life.rows(KINDS) == [("resolved",), ("payment",)]
    assert life.rows("SELECT revision, next_step FROM cases WHERE id = :case") == [(before + 1, None)]
    assert ("payment_received",) in life.rows('SELECT name FROM outbox WHERE "case" = :case AND delivered_at IS NULL')


def test_its_workflow_hears_of_it_and_ends(street: Street) -> None:
    life = street.lives[0]
    pays(life, due_of(life)[1])
    street.rest()
    assert (life.status, life.runs) == ("over", False)
    assert life.rows("SELECT count(*) FROM decisions WHERE \"case\" = :case AND kind = 'resolved'") == [(1,)]
    assert violations(street.engine, street.cohort.name) == []


def test_a_part_resolves_nothing(street: Street) -> None:
    life = street.lives[0]
    pays(life, due_of(life)[1] - Decimal("0.01"))
    assert life.rows(STATUS) == [("running", False)]


def test_a_bank_file_resolves_all_that_it_pays(street: Street) -> None:
    receipts = []
    for n, life in enumerate(street.lives[:2]):
        [(slip,)] = life.rows("SELECT slip_number FROM debts JOIN debtors ON debt = id WHERE taxpayer = :who")
        receipts.append(Receipt("bank", due_of(life)[1], street.now, reference=f"R{n}", slip_number=slip))
    record_bank(street.engine, receipts, street.now)
    assert [life.rows(STATUS) for life in street.lives] == [
        [("resolved", True)],
        [("resolved", True)],
        [("running", False)],
    ]


def test_a_refund_opens_it_again(street: Street) -> None:
    life = street.lives[0]
    txid, balance = due_of(life)
    pays(life, balance)
    taken_back = PixRefund("D1", balance, street.now)
    record_pix(street.engine, [PixPayment("E1", txid, balance, street.now, (taken_back,))], street.now)
    assert life.rows(STATUS) == [("running", False)]
    street.rest()
    assert life.runs


def test_a_payment_and_its_refund_in_one_call_resolve_nothing(street: Street) -> None:
    life = street.lives[0]
    txid, balance = due_of(life)
    taken_back = PixRefund("D1", balance, street.now)
    record_pix(street.engine, [PixPayment("E1", txid, balance, street.now, (taken_back,))], street.now)
    assert life.rows(STATUS) == [("running", False)]


def test_a_cohort_about_to_change_keeps_no_payment_waiting(street: Street) -> None:
    """A change of the cohort holds its lock alone; the workflow resolves the case afterwards."""
    life = street.lives[0]
    with street.engine.begin() as changing:
        changing.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:cohort, 0))"), {"cohort": street.cohort.name}
        )
        pays(life, due_of(life)[1])
        assert life.rows(STATUS) == [("running", False)]
    street.rest()
    assert life.rows(STATUS) == [("resolved", True)]


def test_benefits_are_given_back_before_it_is_resolved(street: Street) -> None:
    life = street.lives[0]
    [(state, today)] = life.rows("SELECT state, CURRENT_DATE FROM cases WHERE id = :case")
    [(benefit,)] = life.rows("SELECT id FROM benefits WHERE taxpayer = :who")
    suspended = CaseState.model_validate(state).suspended_now(today, (), frozenset({benefit}))
    with street.engine.begin() as connection:
        connection.execute(update(cases).where(cases.c.id == life.case).values(state=suspended.model_dump(mode="json")))
    pays(life, due_of(life)[1])
    assert life.rows(STATUS) == [("running", False)]
