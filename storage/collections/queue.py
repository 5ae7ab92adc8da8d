"""Work given out: one task to one person at a time, however many ask at once.

A task is taken under its lock; whoever finds it locked goes on to the next (SKIP LOCKED), and whoever locks it later
sees that it was taken, since its own row says so. No case is waited for meanwhile, and no person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import BigInteger, Text

from models.case.commands import must_be_open
from models.collections.queue import ASKED_FOR, DEFAULT, IN_ORDER, LEASE, QUEUE_OF, Queue, queue_of
from models.errors import Refusal
from models.law.contact_caps import first_free_day
from storage.case.cases import Case, read_case
from storage.case.facts import limits_of
from storage.case.people import read_person
from storage.case.prescription import HORIZONS, NEAR_FIRST, PRESCRIPTION, horizons
from storage.schema import agent_queues, calls, tasks

TRIES = 50
"""Tasks looked at before one is given: of the others the person may not be called now."""


@dataclass(frozen=True)
class Taken:
    """A task in somebody's hands."""

    call: int
    task: int
    case: str
    kind: str
    queue: Queue


RANKS = [queue.value for queue in IN_ORDER]
KINDS = [*QUEUE_OF]

# the oldest prescription first, then by queue; within requests a key pressed in a call after what was written
NEXT = text(f"""
    SELECT tasks.id, tasks."case", tasks.kind
    FROM tasks JOIN cases ON cases.id = tasks."case" {PRESCRIPTION}
    LEFT JOIN unnest(CAST(:kinds AS text[]), CAST(:of AS text[])) AS kept (kind, queue) ON kept.kind = tasks.kind
    WHERE done_at IS NULL AND coalesce(not_before <= :now, true) AND cases.status <> 'control'
      AND coalesce(kept.queue, 'office') = ANY(:queues) AND tasks.id <> ALL(:seen)
      AND coalesce(taken_until <= :now, true)
    ORDER BY {NEAR_FIRST}, array_position(CAST(:ranks AS text[]), coalesce(kept.queue, 'office')),
             EXISTS (SELECT FROM replies WHERE replies.event = tasks.reference AND replies.channel = 'voice'),
             due, tasks.id
    LIMIT 1 FOR UPDATE OF tasks SKIP LOCKED
""").bindparams(  # noqa: S608 - constants
    *HORIZONS,
    *(bindparam(name, type_=ARRAY(Text)) for name in ("kinds", "of", "queues", "ranks")),
    bindparam("seen", type_=ARRAY(BigInteger)),
)

# of each row those who owe most, by that and the share of such people who have paid up to now
MOST = text("""
    WITH chances AS (
        SELECT state -> 'place' ->> 'row' AS "row",
               CAST(1 + count(*) FILTER (WHERE status = 'resolved') AS numeric) / (2 + count(*)) AS chance
        FROM cases WHERE status <> 'control' GROUP BY 1
    )
    SELECT cases.id FROM chances CROSS JOIN LATERAL (
        SELECT id, owed FROM cases
        WHERE status = 'running' AND state -> 'place' ->> 'row' = chances."row" AND owed > 0 AND id <> ALL(:seen)
          AND NOT EXISTS (SELECT FROM tasks WHERE tasks."case" = cases.id
                          AND (done_at IS NULL OR kind = 'collect' AND done_at > :now - interval '7 days'))
          AND NOT EXISTS (SELECT FROM promises WHERE promises."case" = cases.id AND promises.state = 'open')
        ORDER BY owed DESC, id LIMIT 20) AS most
    JOIN cases ON cases.id = most.id
    ORDER BY most.owed * chance DESC, cases.id LIMIT 1 FOR UPDATE OF cases SKIP LOCKED
""").bindparams(bindparam("seen", type_=ARRAY(Text)))

LAPSED = update(calls).where(calls.c.ended_at.is_(None))


def take_next(engine: Engine, agent: str, now: datetime) -> Taken | None:
    """Give out the next task of the agent's queues; the one that is in his hands already, if there is one."""
    with engine.begin() as connection:
        # two browsers of one person get the same task
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('call'), hashtext(:agent))"), {"agent": agent})
        if mine := in_hand(connection, agent, now):
            return mine
        queues = queues_of(connection, agent)
        for task, case, kind in _candidates(connection, queues, now):
            record = read_case(connection, case)
            if queue_of(kind) is Queue.OFFICE or may_be_called(connection, record, queue_of(kind), now):
                return _take(connection, task, record, kind, agent, now)
        if Queue.COLLECTION in queues:
            return _take_most(connection, agent, now)
    return None


def _candidates(connection: Connection, queues: Sequence[Queue], now: datetime) -> Iterator[tuple[int, str, str]]:
    near, seen = horizons(connection, now), [0]
    asked = {**near, "now": now, "kinds": KINDS, "of": [*QUEUE_OF.values()], "queues": [*queues], "ranks": RANKS}
    for _ in range(TRIES):
        found = connection.execute(NEXT, {**asked, "seen": seen}).one_or_none()
        if found is None:
            return
        seen.append(found.id)
        yield found.id, found.case, found.kind


def _take_most(connection: Connection, agent: str, now: datetime) -> Taken | None:
    seen = [""]
    for _ in range(TRIES):
        case = connection.scalar(MOST, {"seen": seen, "now": now})
        if case is None:
            return None
        seen.append(case)
        record = read_case(connection, case)
        may = may_be_called(connection, record, Queue.COLLECTION, now)
        if may and (task := _opened(connection, record, "collect", now)):
            return _take(connection, task, record, "collect", agent, now)
    return None


def _opened(connection: Connection, case: Case, kind: str, now: datetime) -> int | None:
    """Open a task of a case; None: somebody was faster, who calls the same taxpayer."""
    today = case.clock.day_at(now)
    what = {"collect": "ligar para cobrar: ninguém pediu", "visit": "contribuinte veio ao balcão"}[kind]
    row = {"case": case.id, "kind": kind, "reference": f"{kind} {now.isoformat()}", "what": what, "due": today}
    opened = upsert(tasks).values(row).on_conflict_do_nothing().returning(tasks.c.id)
    return connection.execute(opened).scalar_one_or_none()


def may_be_called(connection: Connection, case: Case, queue: Queue, now: datetime) -> bool:
    """Whether the taxpayer may be called now: there is a number, it is an hour for calls, and one more contact keeps
    his limits, which what he asked for himself doesn't touch. On a compressed clock no hour is too late."""
    # held by whoever contacts the same person; to wait here might be to wait for somebody who waits for the task
    if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:person)"), {"person": case.taxpayer}):
        return False
    today = case.clock.day_at(now)
    person = read_person(connection, case.id, case.state.steps - 1, case.clock, today)
    if person.contacts.address("voice") is None or ("voice" in person.contacts.refused and queue not in ASKED_FOR):
        return False
    if not case.clock.compressed:
        place = case.ruler.jurisdiction
        local = now.astimezone(ZoneInfo(place.timezone))
        if not place.contact_hours.allows(local, ["voice"], case.frozen.calendar):
            return False
    if queue in ASKED_FOR:
        return True
    contacted = [contact.on for contact in person.contacted]
    return first_free_day(today, contacted, limits_of(connection, case, person), case.frozen.calendar) == today


def _take(
    connection: Connection, task: int, case: Case, kind: str, agent: str, now: datetime, channel: str | None = None
) -> Taken:
    """Take a task whose row is locked; who let it lapse has it no more."""
    connection.execute(LAPSED.where(calls.c.task == task).values(ended_at=calls.c.lapses_at))
    connection.execute(update(tasks).where(tasks.c.id == task).values(taken_until=now + LEASE))
    queue = queue_of(kind)
    channel = channel or ("office" if queue is Queue.OFFICE else "phone")
    row = {"task": task, "agent": agent, "queue": queue, "channel": channel, "at": case.clock.day_at(now)}
    row |= {"started_at": now, "lapses_at": now + LEASE}
    call: int = connection.execute(insert(calls).values(row).returning(calls.c.id)).scalar_one()
    return Taken(call, task, case.id, kind, queue)


def take_visit(engine: Engine, case: str, agent: str, now: datetime) -> Taken:
    """Take in a taxpayer who came to the counter. Raises Refusal: the case is closed, or the agent has a task."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        if mine := in_hand(connection, agent, now):
            raise Refusal(f"task {mine.task} is in your hands; tell its outcome first, with `call outcome {mine.call}`")
        task = _opened(connection, record, "visit", now)
        assert task is not None  # noqa: S101 - visits are one by one
        return _take(connection, task, record, "visit", agent, now, "counter")


def in_hand(connection: Connection, agent: str, now: datetime) -> Taken | None:
    """The task that somebody has in hand."""
    mine = (calls.c.agent == agent) & calls.c.ended_at.is_(None) & (calls.c.lapses_at > now)
    columns = (calls.c.id, tasks.c.id.label("task"), tasks.c.case, tasks.c.kind, calls.c.queue)
    row = connection.execute(select(*columns).join_from(calls, tasks).where(mine).order_by(calls.c.id)).first()
    return Taken(row.id, row.task, row.case, row.kind, Queue(row.queue)) if row else None


def reassign(engine: Engine, call: int, to: str, now: datetime) -> None:
    """Put a task that is in somebody's hands into another's. Raises Refusal: it is in nobody's."""
    with engine.begin() as connection:
        under_way = (calls.c.id == call) & calls.c.ended_at.is_(None)
        moved = update(calls).where(under_way).values(agent=to, confirmed_at=None, lapses_at=now + LEASE)
        task = connection.scalar(moved.returning(calls.c.task))
        if task is None:
            raise Refusal(f"call {call} is not under way, so there is nothing to reassign")
        connection.execute(update(tasks).where(tasks.c.id == task).values(taken_until=now + LEASE))


# ---- who works on which queues


def queues_of(connection: Connection, agent: str) -> list[Queue]:
    given = connection.scalar(select(agent_queues.c.queues).where(agent_queues.c.agent == agent))
    return [Queue(name) for name in given] if given else [*DEFAULT]


def set_queues(engine: Engine, agent: str, queues: Sequence[Queue], by: str) -> None:
    row: dict[str, Any] = {"agent": agent, "queues": [*queues], "set_by": by}
    kept = upsert(agent_queues).values(row)
    with engine.begin() as connection:
        connection.execute(
            kept.on_conflict_do_update(index_elements=["agent"], set_={**row, "set_at": func.clock_timestamp()})
        )
