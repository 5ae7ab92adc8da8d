"""Credits that seem prescribed: set apart on their day, until people have said whether they are extinct."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from models.law.grounds import Ground
from models.law.prescription import Cause
from storage.case.prescription import SetApart, list_set_apart
from storage.case.transaction import CaseTransaction, case_transaction
from storage.law.extinctions import judge_extinction
from storage.law.holds import place_hold, release_hold
from storage.law.interruptions import record_interruption
from storage.law.prior_steps import take_prior_step
from storage.read_models.pay_page import read_pay_page
from tests.agreement_world import BH, FINE, Contract, at, co_debtor, contract

LAST, PRESCRIBED = date(2026, 3, 9), date(2026, 3, 10)


@pytest.fixture
def made(engine: Engine) -> Contract:
    found = contract(engine, "600.00", "1200.00", due=date(2021, 3, 10))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE debts SET prescribes = '2026-03-10' WHERE id = %s", (found.debts[0],))
    return found


def seen(made: Contract, on: date) -> CaseTransaction:
    with case_transaction(made.engine, made.case, at(on)) as tx:
        return tx


def balance(made: Contract, on: date) -> Decimal:
    return seen(made, on).facts.balance


def judge(made: Contract, said: Any, *of_debts: str, on: date = PRESCRIBED) -> dict[str, date]:
    return judge_extinction(made.engine, made.case, said, "Bia", "parecer 9", at(on), of_debts)


def set_apart(made: Contract, on: date) -> list[SetApart]:
    with made.engine.connect() as connection:
        return list(list_set_apart(connection, at(on)))


def test_on_its_day_a_debt_leaves_balance_page_and_signing(made: Contract) -> None:
    assert balance(made, LAST) == Decimal("1800.00")
    assert balance(made, PRESCRIBED) == Decimal("1200.00")
    with made.engine.connect() as connection:
        page = read_pay_page(connection, made.case, at(PRESCRIBED))
    assert page is not None
    assert [debt.id for debt in page.debts] == [made.debts[1]]
    made.sign(BH, 3, PRESCRIBED)
    assert made.rows("SELECT debt FROM agreement_debts") == [(made.debts[1],)]


def test_it_is_listed_and_asked_of_people_once(made: Contract) -> None:
    assert set_apart(made, LAST) == []
    seen(made, LAST)
    assert made.tasks == {}
    seen(made, PRESCRIBED)
    seen(made, PRESCRIBED)
    [row] = set_apart(made, PRESCRIBED)
    assert (row["case"], row["debt"], row["balance"], row["prescribes"]) == (
        *(made.case, made.debts[0], Decimal("600.00")),
        PRESCRIBED,
    )
    assert [*made.tasks] == ["prescription"]


def test_a_case_that_waits_looks_again_on_the_day(engine: Engine) -> None:
    made = contract(engine, "600.00", due=date(2021, 3, 10), prescribes=date(2026, 3, 10))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET paused_by = 'Ana', paused_on = '2026-01-02'")
    waits = seen(made, date(2026, 2, 2)).step
    assert (waits.action, waits.status, waits.on) == ("wait", "paused", PRESCRIBED)
    apart = seen(made, PRESCRIBED).step
    assert (apart.action, apart.status) == ("wait", "on_hold")
    assert "prescrição a confirmar" in apart.reason
    assert "suspensa" not in apart.reason


def test_confirmed_it_is_owed_no_more_by_any_debtor(made: Contract) -> None:
    other = co_debtor(made)
    assert judge(made, "confirmed") == {made.debts[0]: PRESCRIBED}
    for each in (made, other):
        assert balance(each, date(2026, 4, 1)) == Decimal("1200.00")
    assert made.balances == ["0.00", "1200.00"]
    assert set_apart(made, PRESCRIBED) == []
    assert made.tasks == {}
    assert sorted(row[0] for row in made.rows('SELECT "case" FROM outbox')) == sorted([made.case, other.case])
    [why] = {row[0] for row in made.rows("SELECT reason FROM decisions WHERE kind = 'extinction_confirmed'")}
    assert why == f"débito {made.debts[0]}: extinto por prescrição em 10/03/2026, por Bia: parecer 9"


def test_a_case_whose_last_debt_is_extinct_is_over(engine: Engine) -> None:
    made = contract(engine, "600.00", due=date(2021, 3, 10), prescribes=date(2026, 3, 10))
    judge(made, "confirmed")
    assert seen(made, PRESCRIBED).step.action == "resolve"


def test_what_delay_added_is_extinct_with_it(engine: Engine) -> None:
    made = contract(engine, "600.00", due=date(2021, 3, 10), prescribes=date(2026, 3, 10), accrual=FINE)
    assert balance(made, LAST) == Decimal("720.00")
    judge(made, "confirmed")
    assert [debt.balance for debt in seen(made, PRESCRIBED).facts.debts] == [0]


def test_refuted_it_is_collected_as_before(made: Contract) -> None:
    judge(made, "refuted")
    assert balance(made, date(2026, 4, 1)) == Decimal("1800.00")
    assert set_apart(made, date(2026, 4, 1)) == []
    with pytest.raises(Refusal, match="is set apart"):
        judge(made, "confirmed")


def test_another_day_is_judged_anew(made: Contract) -> None:
    judge(made, "refuted")
    record_interruption(
        made.engine, made.case, Cause.ORDER_TO_CITE, date(2021, 6, 1), "autos 1", "Ana", at(PRESCRIBED), made.debts[:1]
    )
    assert balance(made, date(2026, 5, 31)) == Decimal("1800.00")
    assert balance(made, date(2026, 6, 1)) == Decimal("1200.00")


def test_what_is_not_set_apart_is_not_judged(made: Contract) -> None:
    with pytest.raises(Refusal, match=f"no debt of case {made.case} is set apart"):
        judge(made, "confirmed", on=LAST)
    with pytest.raises(Refusal, match=f"debt {made.debts[1]} isn't set apart"):
        judge(made, "confirmed", made.debts[1])
    with pytest.raises(Refusal, match="has no debt x"):
        judge(made, "confirmed", "x")
    assert made.balances == ["600.00", "1200.00"]


def test_suspended_enforceability_suspends_prescription_and_other_holds_do_not(made: Contract) -> None:
    ten_days: dict[str, Any] = {"since": date(2026, 3, 1), "until": date(2026, 3, 10)}
    place_hold(made.engine, made.case, Ground.DEATH, "Ana", "óbito", at(LAST), of_debts=made.debts[:1], **ten_days)
    assert [row["prescribes"] for row in set_apart(made, PRESCRIBED)] == [PRESCRIBED]
    place_hold(made.engine, made.case, Ground.DEPOSIT, "Ana", "guia", at(LAST), of_debts=made.debts[:1], **ten_days)
    assert set_apart(made, date(2026, 3, 19)) == []
    assert [row["prescribes"] for row in set_apart(made, date(2026, 3, 20))] == [date(2026, 3, 20)]


def test_an_agreement_signed_elsewhere_interrupts_and_ends_with_its_default(made: Contract) -> None:
    first = made.debts[:1]
    place_hold(made.engine, made.case, Ground.AGREEMENT, "Ana", "refis", at(date(2026, 3, 2)), of_debts=first)
    release_hold(made.engine, made.case, "Ana", "rompido", at(date(2026, 5, 4)), published=date(2026, 4, 15))
    [shown] = [debt.prescribes for debt in seen(made, date(2026, 5, 4)).facts.debts if debt.id == first[0]]
    assert shown == date(2031, 4, 15)


def test_a_protest_interrupts_for_the_debts_it_was_of(made: Contract) -> None:
    second = made.debts[1:]
    take_prior_step(made.engine, made.case, "protest", date(2026, 3, 2), "cartório", "Ana", at(LAST), second)
    assert {debt.id: debt.prescribes for debt in seen(made, LAST).facts.debts} == {
        made.debts[0]: PRESCRIBED,
        made.debts[1]: date(2031, 3, 2),
    }


@pytest.mark.parametrize(
    ("cause", "on", "told"),
    [
        (Cause.ORDER_TO_CITE, date(2026, 3, 11), "yet to come"),
        (Cause.ORDER_TO_CITE, date(2021, 3, 9), "there was no debt"),
        (Cause.MEDIATION, date(2026, 3, 1), "LC 236/2026"),
    ],
)
def test_what_cannot_have_interrupted_is_refused(made: Contract, cause: Cause, on: date, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        record_interruption(made.engine, made.case, cause, on, "autos 1", "Ana", at(PRESCRIBED))
    assert made.rows("SELECT count(*) FROM interruptions") == [(0,)]


def test_the_same_interruption_is_on_record_once(made: Contract) -> None:
    day = date(2026, 3, 2)
    record_interruption(made.engine, made.case, Cause.ORDER_TO_CITE, day, "autos 1", "Ana", at(LAST))
    with pytest.raises(Refusal, match="on record already"):
        record_interruption(made.engine, made.case, Cause.ORDER_TO_CITE, day, "autos 1", "Ana", at(LAST))


def test_a_refused_request_changes_nothing_else(made: Contract) -> None:
    made.refused(BH, 500, date(2026, 3, 2))
    assert (
        made.rows('SELECT cause, "on" FROM interruptions ORDER BY id') == [("agreement_request", date(2026, 3, 2))] * 2
    )
    assert balance(made, date(2026, 4, 1)) == Decimal("1800.00")
