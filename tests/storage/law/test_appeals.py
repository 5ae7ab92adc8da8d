"""Appeals: recorded as requests or as defences, they are one thing, a defence against what was rejected, by credit."""

from datetime import date

import pytest
from sqlalchemy import Engine, insert

from models.errors import Refusal
from models.law.requests import Request, RequestKind
from operations import due_process
from operations.operation import Credentials
from storage.case.transaction import case_transaction
from storage.law.annulments import Mistake, annul
from storage.law.defences import Ruling, file_defence, rule_on_defence
from storage.law.requests import Answer, answer_request, record_request
from storage.schema import notice_credits, requests
from tests import factories
from tests.agreement_world import Contract, at, contract

ON = date(2026, 3, 10)

FILED = """
    SELECT state, reference, ARRAY(SELECT credit FROM defence_credits WHERE defence = defences.id ORDER BY credit)
    FROM defences WHERE appeal ORDER BY id
"""


@pytest.fixture
def made(engine: Engine) -> Contract:
    """A case with two debts that a formal notice has listed."""
    made = contract(engine, "600.00", "700.00")
    with engine.begin() as connection:
        notice = factories.notice(
            connection, made.case, "domicile", stage="notice", formal=True, at=date(2026, 2, 2), sent_at=at(ON)
        )
        listed = [{"notice": notice, "credit": debt, "debt": debt} for debt in made.debts]
        connection.execute(insert(notice_credits), listed)
    return made


def defend(made: Contract, *credits: str, ruled: Ruling | None = "rejected") -> None:
    file_defence(made.engine, made.case, "Ana", "1500-1/2026", at(ON), credits=credits)
    if ruled:
        rule_on_defence(made.engine, made.case, ruled, "Bia", "parecer", at(ON), credits=credits)


def appeal(made: Contract) -> Request:
    return record_request(made.engine, made.case, RequestKind.APPEAL, "Ana", "1500-2/2026", at(ON))


def answer(made: Contract, said: Answer) -> Request:
    return answer_request(made.engine, made.case, RequestKind.APPEAL, said, "Bia", "parecer 2", at(ON))


def pursued(made: Contract) -> list[str]:
    with case_transaction(made.engine, made.case, at(ON)) as tx:
        return sorted(debt.id for debt in tx.facts.debts if debt.outstanding)


def test_an_appeal_that_was_asked_for_is_a_defence_of_what_was_rejected(made: Contract) -> None:
    one, other = made.debts
    defend(made, one)
    asked = appeal(made)
    assert made.rows(FILED) == [("open", "1500-2/2026", [one])]
    assert made.rows("SELECT id FROM defences WHERE appeal") == [(asked.id,)]
    assert made.rows("SELECT kind FROM requests") == []
    assert pursued(made) == [other]


def test_people_are_asked_to_decide_it_within_thirty_days(made: Contract) -> None:
    defend(made)
    # filed on Tue 10/03/2026: the first day counted is Wed 11/03, the thirtieth Thu 09/04
    assert appeal(made).due == date(2026, 4, 9)
    assert made.rows("SELECT what FROM tasks") == [
        ("recurso, de 10/03/2026, a decidir até 09/04/2026 (LC 225/2026, art. 4º, VII)",)
    ]


@pytest.mark.parametrize(("said", "state"), [("granted", "accepted"), ("denied", "rejected")])
def test_its_answer_is_a_ruling(made: Contract, said: Answer, state: str) -> None:
    defend(made)
    asked = appeal(made)
    assert answer(made, said) == asked
    assert made.rows("SELECT state, decided_by, decided_on, reason FROM defences WHERE appeal") == [
        (state, "Bia", ON, "parecer 2")
    ]
    assert made.tasks == {}
    assert made.journal[-2:] == ["defence_filed", f"defence_{state}"]
    assert pursued(made) == ([] if said == "granted" else sorted(made.debts))


def test_a_ruling_on_a_defence_rules_on_it_too(made: Contract) -> None:
    defend(made)
    appeal(made)
    rule_on_defence(made.engine, made.case, "accepted", "Bia", "parecer 2", at(ON))
    assert made.tasks == {}
    with pytest.raises(Refusal, match="no appeal that is open"):
        answer(made, "granted")


def test_filed_as_a_defence_it_is_answered_as_a_request(made: Contract) -> None:
    defend(made)
    assert file_defence(made.engine, made.case, "Ana", "1500-2/2026", at(ON)).appeal
    assert [*made.tasks] == ["request"]
    answer(made, "denied")
    assert made.tasks == {}


NOTHING_LEFT = "no rejected defence left to appeal against"


def test_without_a_rejection_there_is_none(made: Contract) -> None:
    with pytest.raises(Refusal, match=NOTHING_LEFT):
        appeal(made)


@pytest.mark.parametrize("ruled", [None, "accepted"])
def test_it_leaves_out_what_was_not_rejected(made: Contract, ruled: Ruling | None) -> None:
    one, other = made.debts
    defend(made, other, ruled=ruled)
    with pytest.raises(Refusal, match=NOTHING_LEFT):
        appeal(made)
    defend(made, one)
    appeal(made)
    assert made.rows(FILED) == [("open", "1500-2/2026", [one])]


def test_one_appeal_follows_a_rejection(made: Contract) -> None:
    defend(made)
    appeal(made)
    with pytest.raises(Refusal, match=NOTHING_LEFT):
        appeal(made)
    answer(made, "denied")
    with pytest.raises(Refusal, match=NOTHING_LEFT):
        appeal(made)


def test_an_answer_is_not_for_a_first_defence(made: Contract) -> None:
    defend(made, ruled=None)
    with pytest.raises(Refusal, match="no appeal that is open"):
        due_process.answer_request(
            made.engine, Credentials("Bia"), made.case, RequestKind.APPEAL, "denied", "parecer 2", at(ON)
        )
    assert made.rows("SELECT state FROM defences") == [("open",)]
    assert made.rows("SELECT outcome FROM audit_log") == [("refused",)]


def test_an_annulled_ruling_asks_people_anew(made: Contract) -> None:
    defend(made)
    appeal(made)
    answer(made, "denied")
    annul(made.engine, made.case, Mistake.RULING, None, "Bia", "engano", at(ON))
    assert [*made.tasks] == ["request"]
    answer(made, "granted")
    assert (made.tasks, pursued(made)) == ({}, [])


def test_an_appeal_of_a_time_when_it_was_a_mere_request_is_answered_where_it_is(made: Contract) -> None:
    defend(made)
    old = {"case": made.case, "kind": "appeal", "made_on": ON, "due": date(2026, 4, 9), "reference": "protocolo 1"}
    with made.engine.begin() as connection:
        connection.execute(insert(requests).values({**old, "recorded_by": "Ana"}))
    with case_transaction(made.engine, made.case, at(ON)) as tx:
        assert tx.step.status == "under_review"
    answer(made, "granted")
    assert made.rows("SELECT answer, answered_by FROM requests") == [("granted", "Bia")]
    assert made.rows("SELECT state FROM defences") == [("rejected",)]
