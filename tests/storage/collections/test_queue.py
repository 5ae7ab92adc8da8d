"""Work is given out: in order, to one person at a time however many ask, and to nobody whom the law or a lot spares."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, text, update

from models.collections.queue import LEASE, Queue, Spared
from models.errors import Refusal
from storage.case.cases import read_case
from storage.case.tasks import ask_people
from storage.collections.queue import NoTask, Taken, in_hand, reassign, set_queues, take_next, take_visit
from storage.schema import cases, replies, taxpayers
from tests import factories
from tests.agreement_world import Contract, contract

PHONE = "+5582999990000"
WEDNESDAY = date(2026, 3, 4)
NOON = datetime(2026, 3, 4, 15, tzinfo=UTC)
"""At noon in São Paulo."""


@dataclass
class Street:
    """Cases of the same cohort, each of somebody with a telephone."""

    engine: Engine
    cases: list[str]

    def asks(self, case: int, kind: str, reference: str = "r", on: date = WEDNESDAY) -> None:
        with self.engine.begin() as connection:
            ask_people(connection, read_case(connection, self.cases[case]), kind, reference, "x", on)

    def does(self, sql: str, **more: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(sql), more)

    def takes(self, agent: str = "dora", now: datetime = NOON) -> tuple[str, int] | None:
        taken = take_next(self.engine, agent, now)
        return (taken.kind, self.cases.index(taken.case)) if isinstance(taken, Taken) else None

    def spares(self, agent: str = "dora", now: datetime = NOON) -> Mapping[Spared, int]:
        """The limits that leave the agent without a task."""
        none = take_next(self.engine, agent, now)
        assert isinstance(none, NoTask)
        return none.spared


def another(connection: Connection, cohort: str, **debt: object) -> str:
    who = factories.taxpayer(connection, phone=PHONE)
    factories.debt(connection, who, **debt)
    return factories.case(connection, who, cohort, date(2026, 1, 2))


@pytest.fixture
def street(engine: Engine) -> Street:
    made: Contract = contract(engine, "400.00", "800.00")
    with engine.begin() as connection:
        connection.execute(update(taxpayers).values(phone=PHONE))
        more = [another(connection, "iptu") for _ in range(5)]
    return Street(engine, [made.case, *more])


def test_in_order_near_prescription_then_by_queue_then_by_day(street: Street) -> None:
    street.asks(0, "processed")
    street.asks(1, "call", "E7")
    street.asks(2, "call", "E8")
    with street.engine.begin() as connection:
        said = {"provider": "twilio", "channel": "voice", "address": PHONE, "body": "2", "intent": "call"}
        connection.execute(insert(replies).values(event="E7", **said))
    street.asks(3, "promise")
    street.does("""
        INSERT INTO tasks ("case", kind, reference, what, due, not_before)
        SELECT id, 'call_back', 'x', 'x', '2026-03-04', CAST(:at AS timestamptz) FROM cases WHERE id = :case
    """, at=NOON - timedelta(minutes=1), case=street.cases[4])  # fmt: skip
    street.asks(5, "instalments")
    street.does("""
        UPDATE debts SET prescribes = '2026-03-20' FROM debtors JOIN cases ON cases.taxpayer = debtors.taxpayer
        WHERE debtors.debt = debts.id AND cases.id = :case
    """, case=street.cases[5])  # fmt: skip
    for agent in ("a1", "a2", "a3", "a4", "a5", "a6", "a7"):
        set_queues(street.engine, agent, [*Queue], "bia")
    took = [street.takes(agent) for agent in ("a1", "a2", "a3", "a4", "a5", "a6", "a7")]
    assert took == [
        ("instalments", 5),
        ("promise", 3),
        ("call_back", 4),
        ("call", 2),
        ("call", 1),
        ("processed", 0),
        None,
    ]


def test_who_asks_again_gets_the_same_until_it_lapses_and_then_somebody_else_may(street: Street) -> None:
    street.asks(0, "call")
    assert street.takes("dora") == street.takes("dora") == ("call", 0)
    assert street.takes("davi") is None
    assert street.takes("davi", NOON + LEASE + timedelta(seconds=1)) == ("call", 0)
    with street.engine.connect() as connection:
        assert in_hand(connection, "dora", NOON + LEASE + timedelta(seconds=1)) is None


def test_twenty_who_look_for_whom_to_call_call_one_each(street: Street) -> None:
    with street.engine.begin() as connection:
        street.cases += [another(connection, "iptu") for _ in range(14)]
    place = '{"where": "on_row", "kind": "assessed", "row": "h1"}'
    street.does("UPDATE cases SET owed = 100, state = jsonb_set(state, '{place}', CAST(:place AS jsonb))", place=place)
    with ThreadPoolExecutor(20) as pool:
        taken = [*pool.map(lambda n: street.takes(f"agent-{n}"), range(20))]
    assert sorted(each for each in taken if each) == [("collect", case) for case in range(20)]


@pytest.mark.parametrize("agents", [2, 20])
def test_however_many_ask_at_once_nobody_gets_another_s(street: Street, agents: int) -> None:
    with street.engine.begin() as connection:
        street.cases += [another(connection, "iptu") for _ in range(agents - len(street.cases))]
    for case in range(agents):
        street.asks(case, "call", f"r{case}")
    with ThreadPoolExecutor(agents) as pool:
        taken = [*pool.map(lambda n: street.takes(f"agent-{n}"), range(agents))]
    assert sorted(each for each in taken if each) == [("call", case) for case in range(agents)]


def test_many_who_ask_for_one_task_at_once_get_it_once(street: Street) -> None:
    street.asks(0, "call")
    with ThreadPoolExecutor(10) as pool:
        taken = [*pool.map(lambda n: street.takes(f"agent-{n}"), range(10))]
    assert [each for each in taken if each] == [("call", 0)]


SPARED = {
    "held out": ("UPDATE cases SET status = 'control'", NOON, "call"),
    "no telephone": ("UPDATE taxpayers SET phone = NULL", NOON, "call"),
    "before eight": ("SELECT", datetime(2026, 3, 4, 10, 59, tzinfo=UTC), "call"),
    "a Sunday": ("SELECT", datetime(2026, 3, 8, 15, tzinfo=UTC), "call"),
    "no calls wanted": (
        "INSERT INTO opt_outs (taxpayer, channel, via) SELECT id, 'voice', 'reply' FROM taxpayers",
        NOON,
        "promise",
    ),
    "contacted today": (
        'INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,'
        " formal, status, body) SELECT id, id, 0, 'email', 'email', '2026-03-04', 'h1', 'reminder', 1, 'friendly', 'x',"
        " false, 'sent', '' FROM cases",
        NOON,
        "promise",
    ),
}


@pytest.mark.parametrize("why", SPARED)
def test_nobody_is_called_whom_the_law_or_a_lot_spares(street: Street, why: str) -> None:
    does, now, kind = SPARED[why]
    street.asks(0, kind)
    assert street.takes("davi") == (kind, 0)
    street.does("UPDATE calls SET ended_at = now()")
    street.does("UPDATE tasks SET taken_until = NULL")
    street.does(does)
    assert street.takes("dora", now) is None
    assert street.spares("dora", now)[Spared(AGAINST[why])] == 1


AGAINST = {
    "held out": "held_out",
    "no telephone": "no_telephone",
    "before eight": "hours",
    "a Sunday": "hours",
    "no calls wanted": "refused",
    "contacted today": "limits",
}


def test_who_gets_nothing_is_told_which_limits_stand_against_how_many(street: Street) -> None:
    for case in range(3):
        street.asks(case, "call", f"r{case}")
    street.asks(3, "processed")
    street.asks(4, "promise")
    assert [street.takes(agent) for agent in ("a1", "a2", "a3", "a4")] == [
        ("promise", 4),
        ("call", 0),
        ("call", 1),
        ("call", 2),
    ]
    assert street.spares() == {"lease": 4, "skill": 1}
    street.does("UPDATE tasks SET taken_until = NULL, not_before = :at WHERE kind = 'call'", at=NOON + LEASE)
    assert street.spares() == {"lease": 1, "later": 3, "skill": 1}


def test_an_approval_that_waits_is_given_to_who_works_on_those_as_long_as_it_waits(street: Street) -> None:
    street.does("UPDATE cases SET status = 'awaiting_approval' WHERE id = :case", case=street.cases[2])
    set_queues(street.engine, "bia", [Queue.APPROVALS], "bia")
    assert street.takes("dora") is None
    # no hours hold where nobody is called
    assert street.takes("bia", datetime(2026, 3, 8, 3, tzinfo=UTC)) == ("approval", 2)
    street.does("UPDATE calls SET ended_at = now()")
    street.does("UPDATE tasks SET taken_until = NULL")
    assert street.takes("bia") == ("approval", 2)
    street.does("UPDATE calls SET ended_at = now()")
    street.does("UPDATE tasks SET taken_until = NULL")
    street.does("UPDATE cases SET status = 'running'")
    assert street.takes("bia") is None


def test_who_asked_for_it_is_called_beside_the_limits(street: Street) -> None:
    street.does(SPARED["contacted today"][0])
    street.asks(0, "call")
    assert street.takes() == ("call", 0)


def test_where_nobody_asked_it_is_by_value_and_chance(street: Street) -> None:
    """One of two on h7 has paid, none of one on h1: 2/4 of R$ 2,000 are worth more than 1/3 of R$ 2,700."""
    place = """
        UPDATE cases SET owed = :owed, state = jsonb_set(state, '{place}', CAST(:place AS jsonb)) WHERE id = :case
    """
    row = '{"where": "on_row", "kind": "assessed", "row": "%s"}'
    for case, (on, owed) in enumerate([("h1", 2700), ("h7", 2000), ("h7", 1000)]):
        street.does(place, owed=owed, place=row % on, case=street.cases[case])
    street.does("UPDATE cases SET status = 'resolved', closed_at = now() WHERE id = :case", case=street.cases[2])
    street.does(
        "UPDATE cases SET status = 'cancelled', closed_at = now() WHERE id = ANY(:cases)", cases=street.cases[3:]
    )
    assert street.takes("a1") == ("collect", 1)
    assert street.takes("a2") == ("collect", 0)
    assert street.takes("a3") is None
    street.does("UPDATE calls SET ended_at = now(), outcome = 'refuses', counts = true")
    street.does("UPDATE tasks SET done_at = '2026-03-04T15:01:00Z'")
    assert street.takes("a1", NOON + timedelta(days=1)) is None


def test_each_works_on_his_own_queues(street: Street) -> None:
    street.asks(0, "promise")
    set_queues(street.engine, "dora", [Queue.REQUESTS], "bia")
    assert street.takes("dora") is None
    set_queues(street.engine, "dora", [Queue.PROMISES, Queue.REQUESTS], "bia")
    assert street.takes("dora") == ("promise", 0)


def test_a_supervisor_puts_it_into_another_s_hands(street: Street) -> None:
    street.asks(0, "call")
    taken = take_next(street.engine, "dora", NOON)
    assert isinstance(taken, Taken)
    reassign(street.engine, taken.call, "davi", NOON)
    assert street.takes("davi") == ("call", 0)
    assert street.takes("dora") is None
    with pytest.raises(Refusal, match="not under way"):
        reassign(street.engine, taken.call + 1, "davi", NOON)


def test_who_comes_to_the_counter_is_taken_in(street: Street) -> None:
    taken = take_visit(street.engine, street.cases[0], "dora", NOON)
    assert (taken.kind, taken.queue) == ("visit", Queue.COUNTER)
    with pytest.raises(Refusal, match="in your hands"):
        take_visit(street.engine, street.cases[1], "dora", NOON)
    with street.engine.begin() as connection:
        connection.execute(update(cases).values(status="resolved", closed_at=NOON))
    with pytest.raises(Refusal, match="nothing more"):
        take_visit(street.engine, street.cases[1], "davi", NOON)
