"""Requests of a taxpayer: on record with the last day for the answer, and what waits for it."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from models.case.step import Step
from models.errors import Refusal
from models.law.requests import RULES, Request, RequestKind
from models.words import REQUESTS
from storage.case.cases import read_case
from storage.case.transaction import case_transaction
from storage.law.requests import answer_request, contested, put_request, record_request
from tests import factories
from tests.agreement_world import Contract, at, contract

ON = date(2026, 3, 10)


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "600.00")


def ask(made: Contract, kind: RequestKind, on: date | None = None) -> Request:
    return record_request(made.engine, made.case, kind, "Ana", "protocolo 1", at(ON), on)


def step(made: Contract) -> Step:
    with case_transaction(made.engine, made.case, at(ON)) as tx:
        return tx.step


def test_each_kind_has_its_rule_and_its_words() -> None:
    assert set(RULES) == set(RequestKind) == set(REQUESTS)


# made on Tue 10/03/2026; the first day counted is Wed 11/03, the last is rolled to a working day
@pytest.mark.parametrize(
    ("kind", "due"),
    [
        (RequestKind.ACCESS, date(2026, 3, 25)),
        (RequestKind.AUTOMATED_REVIEW, date(2026, 3, 25)),
        (RequestKind.REASSESSMENT, date(2026, 4, 9)),
        (RequestKind.CONTEST, date(2026, 3, 17)),
    ],
)
def test_a_request_is_answered_by_a_day(made: Contract, kind: RequestKind, due: date) -> None:
    assert ask(made, kind).due == due
    assert [*made.tasks] == ["request"]


@pytest.mark.parametrize("kind", [kind for kind in RequestKind if kind is not RequestKind.APPEAL])
def test_the_next_step_waits_for_some_of_them(made: Contract, kind: RequestKind) -> None:
    ask(made, kind)
    assert (step(made).status == "under_review") is RULES[kind].holds
    answer_request(made.engine, made.case, kind, "denied", "Bia", "parecer", at(ON))
    assert step(made).action == "notify"
    assert made.tasks == {}
    assert [kind for kind in made.journal if kind.startswith("request")] == ["request_made", "request_answered"]


def test_one_of_a_kind_is_open_at_a_time(made: Contract) -> None:
    ask(made, RequestKind.ACCESS)
    with pytest.raises(Refusal, match="the access of 2026-03-10 is open already"):
        ask(made, RequestKind.ACCESS)
    ask(made, RequestKind.CORRECTION)


@pytest.mark.parametrize(
    ("on", "told"), [(date(2026, 3, 11), "yet to come"), (date(2026, 1, 1), "before the case began")]
)
def test_a_day_that_cannot_be_is_refused(made: Contract, on: date, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        ask(made, RequestKind.ACCESS, on)


def test_what_is_not_open_is_not_answered(made: Contract) -> None:
    with pytest.raises(Refusal, match="no access that is open"):
        answer_request(made.engine, made.case, RequestKind.ACCESS, "granted", "Bia", "parecer", at(ON))


def test_a_reply_contests_once_until_somebody_has_looked(made: Contract) -> None:
    for _ in range(2):
        with made.engine.begin() as connection:
            record = read_case(connection, made.case)
            contested(connection, record, made.debts, "resposta por SMS", "resposta do contribuinte", ON)
    assert made.rows("SELECT kind, recorded_by FROM requests") == [("contest", "resposta do contribuinte")]
    assert step(made).status == "under_review"


def contest(made: Contract, *credits: str) -> Request:
    return record_request(made.engine, made.case, RequestKind.CONTEST, "Ana", "protocolo 1", at(ON), None, credits)


def test_what_is_contested_waits_alone(engine: Engine) -> None:
    made = contract(engine, "600.00", "700.00")
    first, second = made.debts
    contest(made, first)
    with case_transaction(engine, made.case, at(ON)) as tx:
        assert (tx.step.action, tx.step.status) == ("notify", "running")
        assert {credit.id: credit.pursued for credit in tx.facts.credits} == {first: False, second: True}
        assert str(tx.facts.uncontested.balance) == "700.00"
        assert all(credit.stopped_on(ON) is None for credit in tx.facts.credits), "a contest stops no term"
    contest(made, second)
    assert step(made).status == "under_review"
    assert [*made.tasks] == ["request"]
    assert made.rows("SELECT count(*) FROM tasks WHERE done_at IS NULL") == [(2,)]


def test_a_debt_that_comes_up_later_goes_its_own_way(engine: Engine) -> None:
    made = contract(engine, "600.00")
    contest(made)
    with engine.begin() as connection:
        late = factories.debt(connection, made.taxpayer, tax="IPTU", due=date(2026, 3, 9), amount=Decimal(80)).id
    with case_transaction(engine, made.case, at(ON)) as tx:
        assert [credit.id for credit in tx.facts.credits if credit.pursued] == [late]
        assert tx.step.action == "notify"


def test_one_that_names_no_credit_holds_the_whole_case(made: Contract) -> None:
    """As they were recorded before they named any."""
    with made.engine.begin() as connection:
        put_request(connection, read_case(connection, made.case), RequestKind.CONTEST, ON, "protocolo 1", "Ana", ON)
        factories.debt(connection, made.taxpayer, tax="IPTU", due=date(2026, 3, 9), amount=Decimal(80))
    assert step(made).status == "under_review"


def test_each_of_several_contests_is_answered_by_what_it_names(engine: Engine) -> None:
    made = contract(engine, "600.00", "700.00")
    first, second = made.debts
    contest(made, first)
    with pytest.raises(Refusal, match="the contest of 2026-03-10 is open already"):
        contest(made, first)
    with pytest.raises(Refusal, match="nothing is open of x in case"):
        contest(made, "x")
    contest(made)
    assert made.rows("SELECT credit FROM request_credits ORDER BY request") == [(first,), (second,)]
    with pytest.raises(Refusal, match="2 requests are open of the kind contest"):
        answer_request(engine, made.case, RequestKind.CONTEST, "denied", "Bia", "parecer", at(ON))
    answer_request(engine, made.case, RequestKind.CONTEST, "denied", "Bia", "parecer", at(ON), [second])
    with case_transaction(engine, made.case, at(ON)) as tx:
        assert [credit.id for credit in tx.facts.credits if credit.pursued] == [second]
