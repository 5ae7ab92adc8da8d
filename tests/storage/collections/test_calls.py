"""Calls and visits: nothing is told before the right person speaks, and each outcome has its effect, at once or not at
all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text, update

from models.collections.outcome import RULES, Outcome
from models.collections.queue import LEASE
from models.errors import Refusal
from models.law.calendar import Clock
from storage.case.cases import read_case
from storage.case.people import read_person
from storage.case.tasks import ask_people
from storage.collections.calls import Result, confirm, end_call
from storage.collections.queue import Taken, take_next, take_visit
from storage.read_models.agree_page import read_agree_page
from storage.read_models.call_centre import call_centre
from storage.schema import taxpayers
from tests.agreement_world import Contract, contract

PHONE = "+5582999990000"
NOON = datetime(2026, 3, 4, 15, tzinfo=UTC)
PROMISE = {"amount": Decimal("600.00"), "on": date(2026, 3, 9)}
LATER = {"call_back_at": NOON + timedelta(hours=2)}
SAID: dict[Outcome, dict[str, Any]] = {Outcome.PROMISE: PROMISE, Outcome.CALL_BACK: LATER}


@pytest.fixture
def made(engine: Engine) -> Contract:
    made = contract(engine, "400.00", "800.00")
    with engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone=PHONE))
    return made


def asked(made: Contract, kind: str) -> None:
    with made.engine.begin() as connection:
        ask_people(connection, read_case(connection, made.case), kind, "r1", "x", date(2026, 3, 4))


def calls(made: Contract, kind: str = "promise", agent: str = "dora", now: datetime = NOON) -> int:
    asked(made, kind)
    taken = take_next(made.engine, agent, now)
    assert isinstance(taken, Taken)
    return taken.call


def ends(made: Contract, call: int, outcome: Outcome, now: datetime = NOON, agent: str = "dora") -> None:
    if RULES[outcome].right_party:
        confirm(made.engine, call, agent, now)
    end_call(made.engine, call, agent, Result(outcome, **SAID.get(outcome, {})), now)


OPEN_TASKS = 'SELECT kind FROM tasks WHERE "case" = :case AND done_at IS NULL ORDER BY kind'

EFFECTS: dict[Outcome, tuple[str, object]] = {
    Outcome.PROMISE: ("SELECT state, amount, made_by FROM promises", [("open", Decimal("600.00"), "dora")]),
    Outcome.PAID: ("SELECT claimed_paid_on FROM cases", [(date(2026, 3, 4),)]),
    Outcome.DISPUTES: ("SELECT kind, answer FROM requests", [("contest", None)]),
    Outcome.CANNOT_PAY: ("SELECT hardship_on FROM cases", [(date(2026, 3, 4),)]),
    Outcome.AGREES: ("SELECT kind, asked_on FROM communications", [("signing_link", date(2026, 3, 4))]),
    Outcome.REFUSES: (OPEN_TASKS, []),
    Outcome.CEASED: (OPEN_TASKS, [("contact",)]),
    Outcome.CALL_BACK: (
        "SELECT kind, not_before FROM tasks WHERE done_at IS NULL",
        [("call_back", LATER["call_back_at"])],
    ),
    Outcome.OPT_OUT: ("SELECT channel, via FROM opt_outs", [("voice", "call")]),
    Outcome.WRONG_NUMBER: (
        "SELECT channel, address FROM suppressed_contacts ORDER BY channel",
        [("sms", PHONE), ("voice", PHONE), ("whatsapp", PHONE)],
    ),
    Outcome.THIRD_PERSON: ("SELECT not_before FROM tasks", [(NOON + timedelta(days=1),)]),
    Outcome.NO_ANSWER: ("SELECT not_before FROM tasks", [(NOON + timedelta(hours=4),)]),
    Outcome.BUSY: ("SELECT not_before FROM tasks", [(NOON + timedelta(minutes=30),)]),
    Outcome.MACHINE: ("SELECT not_before FROM tasks", [(NOON + timedelta(hours=4),)]),
}


def test_each_outcome_of_a_call_is_tried() -> None:
    assert EFFECTS.keys() == set(Outcome) - {Outcome.DONE}


@pytest.mark.parametrize("outcome", EFFECTS)
def test_each_outcome_has_its_effect_and_stands_in_the_journal(made: Contract, outcome: Outcome) -> None:
    ends(made, calls(made), outcome)
    query, expected = EFFECTS[outcome]
    assert made.rows(query) == expected
    assert made.journal[-1] == "call_made"


@pytest.mark.parametrize("outcome", [outcome for outcome, rule in RULES.items() if rule.right_party])
def test_nothing_of_the_debt_is_arranged_with_whoever_answers(made: Contract, outcome: Outcome) -> None:
    call = calls(made)
    with pytest.raises(Refusal, match="confirm first"):
        end_call(made.engine, call, "dora", Result(outcome, **SAID.get(outcome, {})), NOON)
    assert made.journal == []
    assert made.rows("SELECT outcome FROM calls") == [(None,)]


def test_a_call_is_the_agent_s_own_and_ends_once(made: Contract) -> None:
    call = calls(made)
    for agent, now in (("davi", NOON), ("dora", NOON + LEASE)):
        with pytest.raises(Refusal):
            end_call(made.engine, call, agent, Result(Outcome.BUSY), now)
        with pytest.raises(Refusal):
            confirm(made.engine, call, agent, now)
    ends(made, call, Outcome.BUSY)
    with pytest.raises(Refusal, match="over already"):
        ends(made, call, Outcome.BUSY)


def test_what_is_refused_leaves_nothing(made: Contract) -> None:
    call = calls(made)
    confirm(made.engine, call, "dora", NOON)
    for told in (
        Result(Outcome.PROMISE, Decimal("1.00"), date(2026, 3, 9)),
        Result(Outcome.PROMISE),
        Result(Outcome.DONE),
    ):
        with pytest.raises(Refusal):
            end_call(made.engine, call, "dora", told, NOON)
    with pytest.raises(Refusal, match="yet to come"):
        end_call(made.engine, call, "dora", Result(Outcome.CALL_BACK, call_back_at=NOON), NOON)
    assert (made.journal, made.rows("SELECT count(*) FROM promises")) == ([], [(0,)])


def test_after_three_calls_that_nobody_answered_it_is_given_up(made: Contract) -> None:
    now, call = NOON, calls(made)
    for days in range(3):
        ends(made, call, Outcome.NO_ANSWER, now)
        now = NOON + timedelta(days=days + 1)
        taken = take_next(made.engine, "dora", now)
        call = taken.call if isinstance(taken, Taken) else 0
    assert made.rows("SELECT count(*), bool_and(outcome = 'no_answer') FROM calls") == [(3, True)]
    assert made.rows(OPEN_TASKS) == []


def contacts(made: Contract) -> int:
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=NOON, origin_day=NOON.date(), timezone="America/Sao_Paulo")
    with made.engine.connect() as connection:
        return len(read_person(connection, made.case, 0, clock, NOON.date()).contacted)


@pytest.mark.parametrize(
    ("kind", "outcome", "counted"),
    [
        ("promise", Outcome.REFUSES, 1),
        ("promise", Outcome.THIRD_PERSON, 1),
        ("promise", Outcome.NO_ANSWER, 0),
        ("call", Outcome.REFUSES, 0),
    ],
)
def test_a_call_that_somebody_answers_counts_against_the_limits(
    made: Contract, kind: str, outcome: Outcome, counted: int
) -> None:
    """A call that the taxpayer asked for doesn't."""
    ends(made, calls(made, kind), outcome)
    assert contacts(made) == counted


def test_a_visit_is_on_record_and_counts_against_nothing(made: Contract) -> None:
    taken = take_visit(made.engine, made.case, "dora", NOON)
    ends(made, taken.call, Outcome.PROMISE)
    assert made.rows("SELECT channel FROM promises") == [("counter",)]
    [(reason,)] = made.rows("SELECT reason FROM decisions WHERE kind = 'call_made'")
    assert reason == "atendimento no balcão de dora: prometeu pagar"
    assert contacts(made) == 0


def test_what_the_office_does_is_no_contact(made: Contract) -> None:
    asked(made, "processed")
    with made.engine.begin() as connection:
        connection.execute(text("INSERT INTO agent_queues (agent, queues, set_by) VALUES ('dora', '{office}', 'bia')"))
    taken = take_next(made.engine, "dora", NOON)
    assert isinstance(taken, Taken)
    ends(made, taken.call, Outcome.DONE)
    assert (made.rows(OPEN_TASKS), made.journal, contacts(made)) == ([], [], 0)


def test_the_figures_say_what_each_is_a_share_of(made: Contract) -> None:
    """Four calls of dora's in an hour: nobody, a third person, a promise that is kept; and one visit of davi's."""
    for n, outcome in enumerate((Outcome.NO_ANSWER, Outcome.THIRD_PERSON, Outcome.PROMISE)):
        now = NOON + timedelta(days=(0, 2, 5)[n])
        if n:
            taken = take_next(made.engine, "dora", now)
            call = taken.call if isinstance(taken, Taken) else 0
        else:
            call = calls(made)
        ends(made, call, outcome, now + timedelta(minutes=12))
    visit = take_visit(made.engine, made.case, "davi", NOON + timedelta(days=5, hours=1))
    confirm(made.engine, visit.call, "davi", NOON + timedelta(days=5, hours=1))
    end_call(made.engine, visit.call, "davi", Result(Outcome.REFUSES), NOON + timedelta(days=5, hours=1, minutes=6))
    made.pay_debt(1, date(2026, 3, 9), "600.00")
    with made.engine.connect() as connection:
        told = call_centre(connection, NOON)
        one_day = call_centre(connection, NOON, date(2026, 3, 6), date(2026, 3, 6))
    [whole] = told["whole"]
    assert {key: whole[key] for key in ("calls", "connected", "right_party", "promises", "matured", "kept")} == {
        "calls": 3,
        "connected": 2,
        "right_party": 2,
        "promises": 1,
        "matured": 1,
        "kept": 1,
    }
    assert (whole["promised"], whole["kept_amount"]) == (Decimal("600.00"), Decimal("600.00"))
    assert (whole["tasks"], whole["resolved_at_once"], whole["visits"]) == (2, 1, 1)
    by_agent = {each["of"]: each for each in told["by_agent"]}
    assert (by_agent["dora"]["hours"], by_agent["dora"]["reais_an_hour"]) == (Decimal("0.60"), Decimal("1000.00"))
    assert (by_agent["davi"]["calls"], by_agent["davi"]["visits"]) == (0, 1)
    assert [each["of"] for each in told["by_day"]] == ["2026-03-04", "2026-03-06", "2026-03-09"]
    assert one_day["whole"][0]["calls"] == 1
    assert (told["coverage"]["to_charge"], told["coverage"]["charged"]) == (1, 1)


@pytest.mark.parametrize(
    ("within", "days", "shares"),
    [(30, 60, (1, 1)), (5, 60, (1, 0)), (30, 29, (0, 0))],
    ids=["in time", "late", "too soon"],
)
def test_a_case_is_cured_that_is_resolved_within_so_many_days_of_its_first_call(
    made: Contract, within: int, days: int, shares: tuple[int, int]
) -> None:
    """Spoken to on the 4th of March and resolved on the 14th; before the days are over it is a share of nothing."""
    ends(made, calls(made), Outcome.REFUSES)
    with made.engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO decisions ("case", at, kind, reason, ruler, evidence)
                    SELECT id, '2026-03-14', 'resolved', 'r', ruler, '{}' FROM cases""")
        )
        told = call_centre(connection, NOON + timedelta(days=days), within=within)
    for by in ("whole", "by_agent", "by_queue", "by_day"):
        [figures] = told[by]
        assert (figures["spoken"], figures["cured"]) == shares


def test_who_has_what_in_hand_is_seen(made: Contract) -> None:
    call = calls(made)
    with made.engine.connect() as connection:
        [mine] = call_centre(connection, NOON)["under_way"]
        assert call_centre(connection, NOON + LEASE)["under_way"] == []
    assert (mine["call"], mine["agent"], mine["queue"], mine["case"]) == (call, "dora", "promises", made.case)


def test_who_agrees_is_sent_the_address_and_finds_his_choice_there(made: Contract) -> None:
    call = calls(made)
    confirm(made.engine, call, "dora", NOON)
    with pytest.raises(Refusal, match="no plan in 999 instalments"):
        end_call(made.engine, call, "dora", Result(Outcome.AGREES, instalments=999), NOON)
    assert made.rows("SELECT count(*) FROM communications") == [(0,)]
    end_call(made.engine, call, "dora", Result(Outcome.AGREES, instalments=3), NOON)
    with made.engine.connect() as connection:
        page = read_agree_page(connection, made.case, NOON)
    assert page
    assert page.agreed == 3
    assert (made.rows("SELECT count(*) FROM agreements"), made.rows(OPEN_TASKS)) == ([(0,)], []), "he signs himself"
