"""Work given out: one task to one person at a time, however many ask at once.

A task is taken under its lock; whoever finds it locked goes on to the next (SKIP LOCKED), and whoever locks it later
sees that it was taken, since its own row says so. No case is waited for meanwhile, and no person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import BigInteger, Text

from models.case.commands import must_be_open
from models.collections.queue import (
    ASKED_FOR,
    DEFAULT,
    IN_ORDER,
    LEASE,
    NOBODY_CALLED,
    QUEUE_OF,
    Queue,
    Spared,
    queue_of,
)
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


@dataclass(frozen=True)
class NoTask:
    """Nothing to be given out now, and why."""

    spared: Mapping[Spared, int]
    """How many tasks each limit stands against; of those whom nobody asked to be called the cases."""


RANKS = [queue.value for queue in IN_ORDER]
KINDS = [*QUEUE_OF]

# the oldest prescription first, then by queue; within requests a key pressed in a call after what was written
NEXT = text(f"""
    SELECT tasks.id, tasks."case", tasks.kind
    FROM tasks JOIN cases ON cases.id = tasks."case" {PRESCRIPTION}
    LEFT JOIN unnest(CAST(:kinds AS text[]), CAST(:of AS text[])) AS kept (kind, queue) ON kept.kind = tasks.kind
    WHERE done_at IS NULL AND coalesce(not_before <= :now, true) AND cases.status <> 'control'
      AND coalesce(kept.queue, 'office') = ANY(:queues) AND tasks.id <> ALL(:seen)
      AND coalesce(taken_until <= :now, true) AND (tasks.kind <> 'approval' OR cases.status = 'awaiting_approval')
    ORDER BY {NEAR_FIRST}, array_position(CAST(:ranks AS text[]), coalesce(kept.queue, 'office')),
             EXISTS (SELECT FROM replies WHERE replies.event = tasks.reference AND replies.channel = 'voice'),
             due, tasks.id
    LIMIT 1 FOR UPDATE OF tasks SKIP LOCKED
""").bindparams(  # noqa: S608 - constants
    *HORIZONS,
    *(bindparam(name, type_=ARRAY(Text)) for name in ("kinds", "of", "queues", "ranks")),
    bindparam("seen", type_=ARRAY(BigInteger)),
)

# approvals that wait are tasks as long as they do
ASKED_TO_APPROVE = text("""
    INSERT INTO tasks ("case", kind, reference, what, due)
    SELECT id, 'approval', 'approval ' || CAST(:now AS text), 'decidir a suspensão de benefícios',
           coalesce(CAST(blocks -> 0 ->> 'since' AS date), opened_on)
    FROM cases WHERE status = 'awaiting_approval'
      AND NOT EXISTS (SELECT FROM tasks WHERE tasks."case" = cases.id AND kind = 'approval' AND done_at IS NULL)
    ON CONFLICT DO NOTHING
""")

# those in nobody's hands that he might have had
SPARED = text("""
    SELECT count(*) FILTER (WHERE status = 'control') AS held_out,
           count(*) FILTER (WHERE status <> 'control' AND NOT mine) AS skill,
           count(*) FILTER (WHERE status <> 'control' AND mine AND taken_until > :now) AS lease,
           count(*) FILTER (WHERE status <> 'control' AND mine AND not_before > :now
                            AND coalesce(taken_until <= :now, true)) AS later
    FROM (SELECT cases.status, taken_until, not_before, coalesce(kept.queue, 'office') = ANY(:queues) AS mine
          FROM tasks JOIN cases ON cases.id = tasks."case"
          LEFT JOIN unnest(CAST(:kinds AS text[]), CAST(:of AS text[])) AS kept (kind, queue) ON kept.kind = tasks.kind
          WHERE done_at IS NULL AND (tasks.kind <> 'approval' OR cases.status = 'awaiting_approval')) AS open
""").bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("kinds", "of", "queues")))

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


def take_next(engine: Engine, agent: str, now: datetime) -> Taken | NoTask:
    """Give out the next task of the agent's queues; the one that is in his hands already, if there is one. Where there
    is none, says which limits stand against how many."""
    with engine.begin() as connection:
        # two browsers of one person get the same task
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('call'), hashtext(:agent))"), {"agent": agent})
        if mine := in_hand(connection, agent, now):
            return mine
        queues, spared = queues_of(connection, agent), Counter[Spared]()
        if Queue.APPROVALS in queues:
            connection.execute(ASKED_TO_APPROVE, {"now": now.isoformat()})
        for task, case, kind in _candidates(connection, queues, now):
            record = read_case(connection, case)
            against = None if queue_of(kind) in NOBODY_CALLED else not_called(connection, record, queue_of(kind), now)
            if against is None:
                return _take(connection, task, record, kind, agent, now)
            spared[against] += 1
        if Queue.COLLECTION in queues and (taken := _take_most(connection, agent, now, spared)):
            return taken
        asked = {"now": now, "kinds": KINDS, "of": [*QUEUE_OF.values()], "queues": [*queues]}
        for limit, count in connection.execute(SPARED, asked).mappings().one().items():
            spared[Spared(limit)] += count
        return NoTask({limit: spared[limit] for limit in Spared if spared[limit]})


def _candidates(connection: Connection, queues: Sequence[Queue], now: datetime) -> Iterator[tuple[int, str, str]]:
    near, seen = horizons(connection, now), [0]
    asked = {**near, "now": now, "kinds": KINDS, "of": [*QUEUE_OF.values()], "queues": [*queues], "ranks": RANKS}
    for _ in range(TRIES):
        found = connection.execute(NEXT, {**asked, "seen": seen}).one_or_none()
        if found is None:
            return
        seen.append(found.id)
        yield found.id, found.case, found.kind


def _take_most(connection: Connection, agent: str, now: datetime, spared: Counter[Spared]) -> Taken | None:
    seen = [""]
    for _ in range(TRIES):
        case = connection.scalar(MOST, {"seen": seen, "now": now})
        if case is None:
            return None
        seen.append(case)
        record = read_case(connection, case)
        if against := not_called(connection, record, Queue.COLLECTION, now):
            spared[against] += 1
        elif task := _opened(connection, record, "collect", now):
            return _take(connection, task, record, "collect", agent, now)
    return None


def _opened(connection: Connection, case: Case, kind: str, now: datetime) -> int | None:
    """Open a task of a case; None: somebody was faster, who calls the same taxpayer."""
    today = case.clock.day_at(now)
    what = {"collect": "ligar para cobrar: ninguém pediu", "visit": "contribuinte veio ao balcão"}[kind]
    row = {"case": case.id, "kind": kind, "reference": f"{kind} {now.isoformat()}", "what": what, "due": today}
    opened = upsert(tasks).values(row).on_conflict_do_nothing().returning(tasks.c.id)
    return connection.execute(opened).scalar_one_or_none()


def not_called(connection: Connection, case: Case, queue: Queue, now: datetime) -> Spared | None:
    """The limit that stands against a call now; none: there is a number, it is an hour for calls, and one more
    contact keeps his limits, which what he asked for himself doesn't touch. On a compressed clock no hour is too
    late."""
    # held by whoever contacts the same person; to wait here might be to wait for somebody who waits for the task
    if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:person)"), {"person": case.taxpayer}):
        return Spared.IN_CONTACT
    today = case.clock.day_at(now)
    person = read_person(connection, case.id, case.state.steps - 1, case.clock, today)
    if "voice" in person.contacts.refused and queue not in ASKED_FOR:
        return Spared.REFUSED
    if person.contacts.address("voice") is None:
        return Spared.NO_TELEPHONE
    if not case.clock.compressed:
        place = case.ruler.jurisdiction
        local = now.astimezone(ZoneInfo(place.timezone))
        if not place.contact_hours.allows(local, ["voice"], case.frozen.calendar):
            return Spared.HOURS
    if queue in ASKED_FOR:
        return None
    if not case.frozen.calendar.is_working(today):
        return Spared.HOURS
    contacted = [contact.on for contact in person.contacted]
    free = first_free_day(today, contacted, limits_of(connection, case, person), case.frozen.calendar)
    return Spared.LIMITS if free > today else None


def _take(
    connection: Connection, task: int, case: Case, kind: str, agent: str, now: datetime, channel: str | None = None
) -> Taken:
    """Take a task whose row is locked; who let it lapse has it no more."""
    connection.execute(LAPSED.where(calls.c.task == task).values(ended_at=calls.c.lapses_at))
    connection.execute(update(tasks).where(tasks.c.id == task).values(taken_until=now + LEASE))
    queue = queue_of(kind)
    channel = channel or ("office" if queue in NOBODY_CALLED else "phone")
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
