"""Annulments: an entry made by mistake counts no more, and what rested on it is judged again."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from models.errors import Refusal
from models.law.prescription import Cause
from storage.case.cases import read_case
from storage.case.hardship import record_hardship
from storage.case.transaction import CaseTransaction, case_transaction
from storage.law.annulments import Annulled, Mistake, annul
from storage.law.defences import file_defence, rule_on_defence
from storage.law.interruptions import record_interruption
from storage.law.prior_steps import take_prior_step
from storage.law.service import prove_service
from storage.schema import notice_credits
from tests import factories
from tests.agreement_world import Contract, at, contract

ON = date(2026, 3, 10)


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "600.00", due=date(2022, 3, 10), prescribes=date(2027, 3, 10))


def undo(made: Contract, kind: Mistake, entry: str | None = None) -> Annulled:
    return annul(made.engine, made.case, kind, entry, "Bia", "engano", at(ON))


def seen(made: Contract) -> CaseTransaction:
    with case_transaction(made.engine, made.case, at(ON)) as tx:
        return tx


def formal_notice(made: Contract, served: bool = True) -> str:
    with made.engine.begin() as connection:
        notice = factories.notice(
            connection, made.case, "domicile", stage="notice", formal=True, at=date(2026, 2, 2), sent_at=at(ON)
        )
        listed = {"notice": notice, "credit": made.debts[0], "debt": made.debts[0]}
        connection.execute(insert(notice_credits).values(listed))
        if served:
            prove_service(connection, read_case(connection, made.case), notice, ON, "AR 7", "Ana", ON)
    return notice


def test_a_service_is_annulled_and_may_be_proven_anew(made: Contract) -> None:
    notice = formal_notice(made)
    done = undo(made, Mistake.SERVICE, notice)
    assert done.what == f"ciência da notificação {notice} em 10/03/2026, registrada por Ana"
    assert made.rows("SELECT served_on, served_by FROM notices") == [(None, None)]
    assert made.rows("SELECT kind, entry, annulled_by, reason FROM annulments") == [
        ("service", notice, "Bia", "engano")
    ]
    assert made.journal[-1] == "entry_annulled"
    with pytest.raises(Refusal, match=f"no service of a notice {notice} on record"):
        undo(made, Mistake.SERVICE, notice)
    with made.engine.begin() as connection:
        prove_service(connection, read_case(connection, made.case), notice, ON, "AR 8", "Ana", ON)
    undo(made, Mistake.SERVICE)


def test_a_step_counts_no_more_also_for_prescription(made: Contract) -> None:
    take_prior_step(made.engine, made.case, "protest", date(2026, 3, 2), "cartório", "Ana", at(ON))
    [before] = seen(made).facts.debts
    assert (before.prescribes, len(seen(made).facts.prior_steps)) == (date(2031, 3, 2), 1)
    done = undo(made, Mistake.STEP)
    [after] = seen(made).facts.debts
    assert (after.prescribes, seen(made).facts.prior_steps) == (date(2027, 3, 10), ())
    with pytest.raises(Refusal, match=f"prior step {done.entry} of case {made.case} was annulled already"):
        undo(made, Mistake.STEP, done.entry)
    take_prior_step(made.engine, made.case, "protest", date(2026, 3, 3), "cartório 2", "Ana", at(ON))
    assert len(seen(made).facts.prior_steps) == 1


def test_an_interruption_counts_no_more(made: Contract) -> None:
    record_interruption(made.engine, made.case, Cause.ORDER_TO_CITE, date(2026, 3, 2), "autos", "Ana", at(ON))
    undo(made, Mistake.INTERRUPTION)
    assert [debt.prescribes for debt in seen(made).facts.debts] == [date(2027, 3, 10)]
    with pytest.raises(Refusal, match="no interruption on record"):
        undo(made, Mistake.INTERRUPTION)


def test_after_a_ruling_is_annulled_the_defence_is_open_again(made: Contract) -> None:
    formal_notice(made)
    file_defence(made.engine, made.case, "Ana", "protocolo 1", at(ON))
    rule_on_defence(made.engine, made.case, "accepted", "Bia", "parecer", at(ON))
    done = undo(made, Mistake.RULING)
    assert seen(made).facts.under_defence
    with pytest.raises(Refusal, match=f"ruling {done.entry} of case {made.case} was annulled already"):
        undo(made, Mistake.RULING, done.entry)
    with pytest.raises(Refusal, match="no ruling on record"):
        undo(made, Mistake.RULING)
    rule_on_defence(made.engine, made.case, "rejected", "Bia", "parecer 2", at(ON))
    undo(made, Mistake.RULING)


def test_a_hardship_is_annulled_and_may_be_declared_anew(made: Contract) -> None:
    with made.engine.begin() as connection:
        record_hardship(connection, read_case(connection, made.case), "Ana", ON)
    undo(made, Mistake.HARDSHIP)
    assert made.rows("SELECT hardship_on FROM cases") == [(None,)]
    with pytest.raises(Refusal, match="no declared hardship"):
        undo(made, Mistake.HARDSHIP)


@pytest.mark.parametrize("kind", [kind for kind in Mistake if kind is not Mistake.ANNULMENT])
@pytest.mark.parametrize("entry", [None, "77", "x"])
def test_what_is_not_on_record_is_not_annulled(made: Contract, kind: Mistake, entry: Any) -> None:
    with pytest.raises(Refusal, match=f"case {made.case} has no .* on record to annul"):
        undo(made, kind, entry)
    assert made.rows("SELECT count(*) FROM annulments") == [(0,)]


def test_an_annulment_is_final(made: Contract) -> None:
    with pytest.raises(Refusal, match="an annulment is final"):
        undo(made, Mistake.ANNULMENT, "1")
