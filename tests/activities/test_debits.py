"""Instalments debited by Pix Automático, at a bank that holds each request to the Central Bank's own description."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from activities.charges import bring_up_to_date
from banks.bank import BankAccount, Unavailable
from models.agreement.quote import Pay
from models.errors import Refusal
from models.payment.pix import PixPayment
from operations.agreements import ask_for_debit, end_agreed_debit
from operations.operation import Credentials
from operations.payments import retry_item
from storage.payments.ledger import record_pix
from storage.payments.quarantine import list_quarantined
from storage.payments.recurrences import record_asked
from tests.agreement_world import BH, Contract, at, contract
from tests.banks.fake_psp import FakePsp, drops
from tests.payloads import CIPHER
from web.webhooks.pix_automatico import take

SIGNED = date(2026, 3, 10)
SECOND_DUE = date(2026, 4, 10)
BEFORE = SECOND_DUE - timedelta(days=5)
BIA = Credentials("Bia")
ACCOUNT = BankAccount("2569", "550689")


@pytest.fixture
def bank() -> FakePsp:
    return FakePsp(today=SIGNED)


@pytest.fixture
def made(engine: Engine, bank: FakePsp) -> Contract:
    made = contract(engine, "900.00")
    made.sign(BH, 3, SIGNED, pay=Pay.DIRECT_DEBIT, authorization="Pix Automático")
    made.pay(1, SIGNED)
    return made


def ask(made: Contract, bank: FakePsp) -> str:
    return ask_for_debit(made.engine, BIA, made.agreement, bank.client(), "91193552", ACCOUNT, at(SIGNED))


def tell(made: Contract, kind: Any, on: date = SIGNED, **item: str) -> None:
    body = {"recs" if kind == "rec" else "cobsr": [{**item, "atualizacao": []}]}
    assert take(made.engine, json.dumps(body).encode(), kind, at(on), CIPHER) == 1


def approved(made: Contract, bank: FakePsp) -> str:
    recurrence = ask(made, bank)
    bank.recurrences[recurrence]["status"] = "APROVADA"
    tell(made, "rec", idRec=recurrence, status="APROVADA")
    return recurrence


def charged(made: Contract, bank: FakePsp, on: date) -> list[tuple[Any, ...]]:
    bring_up_to_date(made.engine, bank.client(), made.case, at(on))
    return made.rows("""
        SELECT n, charges.state, recurrence IS NOT NULL, brcode IS NOT NULL FROM charges
        JOIN instalments ON instalments.id = instalment ORDER BY charges.id
    """)


def test_a_payer_is_asked_and_his_bank_told_of_each_instalment_before_its_day(made: Contract, bank: FakePsp) -> None:
    recurrence = approved(made, bank)
    [asked] = bank.requests
    assert (asked["idRec"], asked["destinatario"]["conta"]) == (recurrence, "550689")
    assert bank.recurrences[recurrence]["vinculo"]["contrato"] == made.agreement[:35]
    assert "550689" not in str(made.rows("SELECT recurrences::text FROM recurrences"))
    # until it is due within ten days it has a code, by which it can be paid ahead
    assert sorted(charged(made, bank, SIGNED)) == [(2, "open", False, True), (3, "open", False, True)]
    told = charged(made, bank, BEFORE)
    assert sorted(told) == [(2, "open", True, False), (2, "removed", False, True), (3, "open", False, True)]
    [debit] = bank.debits.values()
    assert debit["calendario"] == {"dataDeVencimento": "2026-04-10"}
    # a third of 900.00 with 10 % off, and 1 % for the month
    assert debit["valor"] == {"original": "272.70"}
    assert charged(made, bank, SECOND_DUE) == told


def test_a_debit_is_paid_by_the_pix_callback(made: Contract, bank: FakePsp) -> None:
    approved(made, bank)
    charged(made, bank, BEFORE)
    [txid] = bank.debits
    tell(made, "cobr", idRec=bank.debits[txid]["idRec"], txid=txid, status="CONCLUIDA", on=SECOND_DUE)
    record_pix(made.engine, [PixPayment("E" + "1" * 31, txid, Decimal("272.70"), at(SECOND_DUE))], at(SECOND_DUE))
    assert made.rows("SELECT n FROM instalments WHERE paid_on IS NOT NULL ORDER BY n") == [(1,), (2,)]
    assert (2, "paid", True, False) in charged(made, bank, SECOND_DUE)
    assert made.tasks == {}
    assert made.balanced()


@pytest.mark.parametrize("status", ["REJEITADA", "EXPIRADA", "CANCELADA"])
def test_a_debit_that_was_not_made_is_a_task_and_a_code_again(made: Contract, bank: FakePsp, status: str) -> None:
    recurrence = approved(made, bank)
    charged(made, bank, BEFORE)
    [txid] = bank.debits
    bank.debits[txid]["status"] = status
    for _ in range(2):
        tell(made, "cobr", idRec=recurrence, txid=txid, status=status, on=SECOND_DUE)
    assert [kind for (kind,) in made.rows("SELECT kind FROM tasks")] == ["debit"]
    assert "parcela 2" in made.get("SELECT what FROM tasks")
    assert charged(made, bank, SECOND_DUE)[-1] == (2, "open", False, True)


@pytest.mark.parametrize("status", ["REJEITADA", "EXPIRADA", "CANCELADA"])
def test_who_does_not_authorise_or_cancels_is_a_task_and_nothing_is_debited(
    made: Contract, bank: FakePsp, status: str
) -> None:
    recurrence = approved(made, bank)
    charged(made, bank, BEFORE)
    bank.recurrences[recurrence]["status"] = status
    tell(made, "rec", idRec=recurrence, status=status, on=BEFORE)
    # what was told of before comes late
    tell(made, "rec", idRec=recurrence, status="APROVADA", on=BEFORE)
    assert made.get("SELECT status FROM recurrences") == status
    assert [kind for (kind,) in made.rows("SELECT kind FROM tasks")] == ["debit"]
    assert charged(made, bank, BEFORE)[-1] == (2, "open", False, True)
    assert [debit["status"] for debit in bank.debits.values()] == ["CANCELADA"]
    assert ask(made, bank) != recurrence


def test_when_the_debit_ends_its_authorisation_is_cancelled_at_the_bank(made: Contract, bank: FakePsp) -> None:
    recurrence = approved(made, bank)
    end_agreed_debit(made.engine, BIA, made.agreement, "conta encerrada", at(SIGNED))
    charged(made, bank, BEFORE)
    assert (bank.debits, bank.recurrences[recurrence]["status"]) == ({}, "CANCELADA")
    assert made.get("SELECT status FROM recurrences") == "CANCELADA"
    tell(made, "rec", idRec=recurrence, status="CANCELADA", on=BEFORE)
    assert made.rows("SELECT kind FROM tasks") == []


def test_a_debit_whose_answer_was_lost_is_asked_for_again_and_is_one(made: Contract, bank: FakePsp) -> None:
    approved(made, bank)
    bank.trouble += [drops]
    with pytest.raises(Unavailable):
        charged(made, bank, BEFORE)
    assert (2, "open", True, False) in charged(made, bank, BEFORE)
    assert len(bank.debits) == 1
    assert made.get("SELECT count(*) FROM charges WHERE state = 'open' AND recurrence IS NOT NULL") == 1


def test_what_makes_no_sense_is_refused(made: Contract, bank: FakePsp, engine: Engine) -> None:
    with pytest.raises(Refusal, match="no bank with Pix Automático"):
        ask_for_debit(engine, BIA, made.agreement, None, "91193552", ACCOUNT, at(SIGNED))
    with pytest.raises(Refusal, match="ISPB"):
        ask_for_debit(engine, BIA, made.agreement, bank.client(), "001", ACCOUNT, at(SIGNED))
    ask(made, bank)
    with pytest.raises(Refusal, match="was asked for already"):
        ask(made, bank)
    plain = contract(engine, "900.00", cohort="plain")
    plain.sign(BH, 3, SIGNED)
    with pytest.raises(Refusal, match="is not paid by direct debit"):
        ask(plain, bank)


def test_news_that_cannot_be_read_or_are_of_nothing_known_wait_for_people(made: Contract, bank: FakePsp) -> None:
    unknown = {"idRec": "RN1234567820260310aaaaaaaaaaa", "status": "APROVADA"}
    items = [unknown, {"status": "APROVADA"}, {**unknown, "status": "TALVEZ"}, "x", {**unknown, "status": "CRIADA"}]
    take(made.engine, json.dumps({"recs": items}).encode(), "rec", at(SIGNED), CIPHER)
    with made.engine.connect() as connection:
        kept = list_quarantined(connection)
    assert len(kept) == 4
    waiting = next(each["id"] for each in kept if "nothing that is on record" in each["reason"])
    with pytest.raises(Refusal, match="still of nothing that is on record"):
        retry_item(made.engine, BIA, waiting, CIPHER, at(SIGNED))
    with made.engine.begin() as connection:
        record_asked(connection, unknown["idRec"], made.agreement, "Bia")
    retry_item(made.engine, BIA, waiting, CIPHER, at(SIGNED))
    assert made.rows("SELECT id, status FROM recurrences") == [(unknown["idRec"], "APROVADA")]
    take(made.engine, json.dumps({"evento": "teste_webhook"}).encode(), "rec", at(SIGNED), CIPHER)
    for body in (b"{", b"[]", b"{}", b'{"recs": {}}'):
        with pytest.raises(Refusal):
            take(made.engine, body, "rec", at(SIGNED), CIPHER)
