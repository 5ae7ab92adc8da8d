"""Requests of a taxpayer: on record with the last day for the answer, and what waits for it."""

from datetime import date

import pytest
from sqlalchemy import Engine

from models.case.step import Step
from models.errors import Refusal
from models.law.requests import RULES, Request, RequestKind
from models.words import REQUESTS
from storage.case.cases import read_case
from storage.case.transaction import case_transaction
from storage.law.requests import answer_request, contested, record_request
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
            contested(connection, read_case(connection, made.case), "resposta por SMS", "resposta do contribuinte", ON)
    assert made.rows("SELECT kind, recorded_by FROM requests") == [("contest", "resposta do contribuinte")]
    assert step(made).status == "under_review"
