"""The call centre in figures, each with what it is a share of, by agent, queue and day; and the age of its queues."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, select, text

from models.collections.outcome import RULES
from models.collections.queue import QUEUE_OF
from models.law.calendar import Clock
from storage.rows import typed_rows
from storage.schema import cohorts

CONNECTED = [outcome.value for outcome, rule in RULES.items() if rule.connects]
ONCE = [outcome.value for outcome, rule in RULES.items() if rule.right_party]


class Age(TypedDict):
    queue: str
    open: int
    in_hand: int
    oldest: date | None
    """Since which day of its case the oldest is due."""


class Figures(TypedDict):
    """Counts, each of the one named after it: connected of calls, right_party of connected and visits, promises of
    right_party, kept of matured, cured of spoken; money in reais."""

    of: str
    """The agent, queue or day; `all` of the whole."""
    calls: int
    connected: int
    right_party: int
    promises: int
    promised: Decimal
    matured: int
    """Promises whose day is over, or that are kept."""
    kept: int
    matured_amount: Decimal
    kept_amount: Decimal
    """The money that came of those that matured, parts too."""
    resolved_at_once: int
    """Tasks that were done with their first call, of which the taxpayer himself was spoken to."""
    tasks: int
    """Tasks that had a call."""
    visits: int
    spoken: int
    """Cases whose taxpayer was spoken to, for the first time so many days ago or longer."""
    cured: int
    """The cases of these that were resolved within that many days."""
    hours: Decimal
    """In which somebody had a task in hand."""
    calls_an_hour: Decimal | None
    reais_an_hour: Decimal | None
    """The money of kept promises."""


class Coverage(TypedDict):
    """The cases to be charged, and those that were: a notice left, or a person spoke to somebody."""

    to_charge: int
    charged: int
    amount_to_charge: Decimal
    amount_charged: Decimal


class Moved(TypedDict):
    """The roll matrix: cases whose taxpayer was spoken to, by the cell they were in at the first such call, and now."""

    before: str
    after: str
    cases: int


class UnderWay(TypedDict):
    """A task in somebody's hands."""

    call: int
    agent: str
    queue: str
    kind: str
    case: str
    since: datetime


class CallCentre(TypedDict):
    within: int
    """The days of `cured`."""
    queues: list[Age]
    under_way: list[UnderWay]
    coverage: Coverage
    whole: list[Figures]
    by_agent: list[Figures]
    by_queue: list[Figures]
    by_day: list[Figures]
    roll: list[Moved]


AGES = text("""
    SELECT coalesce(kept.queue, 'office') AS queue, count(*) AS open, count(calls.id) AS in_hand, min(due) AS oldest
    FROM tasks LEFT JOIN unnest(CAST(:kinds AS text[]), CAST(:of AS text[])) AS kept (kind, queue)
         ON kept.kind = tasks.kind
    LEFT JOIN calls ON calls.task = tasks.id AND ended_at IS NULL
    WHERE done_at IS NULL GROUP BY 1 ORDER BY 1
""")

UNDER_WAY = text("""
    SELECT calls.id AS call, agent, queue, tasks.kind, tasks."case", started_at AS since
    FROM calls JOIN tasks ON tasks.id = calls.task WHERE ended_at IS NULL AND lapses_at > :now ORDER BY calls.id
""")

WITHIN = """outcome IS NOT NULL
        AND calls.at BETWEEN coalesce(CAST(:since AS date), calls.at) AND coalesce(CAST(:until AS date), calls.at)"""

FIGURES = """
    WITH made AS (
        SELECT calls.*, tasks."case", {of} AS of, outcome = ANY(:connected) AND channel = 'phone' AS connects,
               confirmed_at IS NOT NULL AND channel <> 'office' AS is_party,
               row_number() OVER (PARTITION BY calls.task ORDER BY calls.id) AS turn,
               tasks.done_at IS NOT NULL AS over
        FROM calls JOIN tasks ON tasks.id = calls.task WHERE {within}
    ), cures AS (
        SELECT first.of, count(*) AS spoken, count(*) FILTER (WHERE EXISTS (
                   SELECT FROM decisions WHERE decisions."case" = first."case" AND kind = 'resolved'
                   AND decisions.at BETWEEN first.at AND first.at + CAST(:within AS int))) AS cured
        FROM (SELECT of, "case", min(at) AS at FROM made WHERE is_party GROUP BY of, "case") AS first
        JOIN cases ON cases.id = first."case"
        JOIN unnest(CAST(:cohorts AS text[]), CAST(:days AS date[])) AS now (cohort, today)
            ON now.cohort = cases.cohort
        WHERE first.at + CAST(:within AS int) <= now.today GROUP BY first.of
    ), figures AS (
        SELECT made.of, count(*) FILTER (WHERE made.channel = 'phone') AS calls,
               count(*) FILTER (WHERE connects) AS connected,
               count(*) FILTER (WHERE is_party) AS right_party,
               count(promises.id) AS promises, coalesce(sum(promises.amount), 0) AS promised,
               count(promises.id) FILTER (WHERE promises.state IN ('kept', 'kept_in_part', 'broken')) AS matured,
               count(promises.id) FILTER (WHERE promises.state = 'kept') AS kept,
               coalesce(sum(promises.amount) FILTER (WHERE promises.state IN ('kept', 'kept_in_part', 'broken')), 0)
                   AS matured_amount,
               coalesce(sum(promises.paid) FILTER (WHERE promises.state IN ('kept', 'kept_in_part')), 0) AS kept_amount,
               count(*) FILTER (WHERE turn = 1 AND over AND outcome = ANY(:once)) AS resolved_at_once,
               count(DISTINCT task) AS tasks, count(*) FILTER (WHERE made.channel = 'counter') AS visits,
               CAST(sum(extract(epoch FROM ended_at - started_at)) / 3600 AS numeric(12, 2)) AS hours
        FROM made LEFT JOIN promises ON promises.id = made.promise AND promises.state <> 'cancelled' GROUP BY made.of
    )
    SELECT figures.*, coalesce(spoken, 0) AS spoken, coalesce(cured, 0) AS cured,
           round(calls / nullif(hours, 0), 1) AS calls_an_hour,
           round(kept_amount / nullif(hours, 0), 2) AS reais_an_hour
    FROM figures LEFT JOIN cures ON cures.of = figures.of ORDER BY of
"""

COVERAGE = text("""
    SELECT count(*) AS to_charge, count(*) FILTER (WHERE charged) AS charged,
           coalesce(sum(owed), 0) AS amount_to_charge,
           coalesce(sum(owed) FILTER (WHERE charged), 0) AS amount_charged
    FROM (SELECT owed, EXISTS (SELECT FROM notices WHERE notices."case" = cases.id AND notices.kind = 'rung'
                               AND notices.status NOT IN ('claimed', 'failed', 'bounced', 'blocked'))
                    OR EXISTS (SELECT FROM tasks JOIN calls ON calls.task = tasks.id
                               WHERE tasks."case" = cases.id AND confirmed_at IS NOT NULL) AS charged
          FROM cases WHERE status <> 'control') AS each
""")

# the cell of a case on a day is what the last entry of its journal by then says
ROLL = text("""
    SELECT coalesce(before, '-') AS before, coalesce(after, '-') AS after, count(*) AS cases
    FROM (SELECT DISTINCT ON (tasks."case") tasks."case",
                 (SELECT concat_ws(' ', upper(hypothesis), stage) FROM decisions
                  WHERE decisions."case" = tasks."case" AND hypothesis IS NOT NULL AND recorded_at < calls.started_at
                  ORDER BY id DESC LIMIT 1) AS before,
                 CASE WHEN cases.closed_at IS NOT NULL THEN cases.status ELSE
                 (SELECT concat_ws(' ', upper(hypothesis), stage) FROM decisions
                  WHERE decisions."case" = tasks."case" AND hypothesis IS NOT NULL ORDER BY id DESC LIMIT 1)
                 END AS after
          FROM calls JOIN tasks ON tasks.id = calls.task JOIN cases ON cases.id = tasks."case"
          WHERE confirmed_at IS NOT NULL ORDER BY tasks."case", calls.id) AS spoken
    GROUP BY 1, 2 ORDER BY 1, 2
""")


def call_centre(
    connection: Connection, now: datetime, since: date | None = None, until: date | None = None, within: int = 30
) -> CallCentre:
    """Read the figures of the calls whose case's day lies between these, both included; a case is cured that was
    resolved `within` so many days of the first such call."""
    days = _days(connection, now)
    asked: dict[str, object] = {"since": since, "until": until, "connected": CONNECTED, "once": ONCE, "within": within}
    asked |= {"cohorts": [*days], "days": [*days.values()]}

    def figures(of: str) -> list[Figures]:
        query = text(FIGURES.format(of=of, within=WITHIN))
        return typed_rows(Figures, connection.execute(query, asked).mappings())

    kinds = {"kinds": [*QUEUE_OF], "of": [*QUEUE_OF.values()]}
    [coverage] = typed_rows(Coverage, connection.execute(COVERAGE).mappings())
    return {
        "within": within,
        "under_way": typed_rows(UnderWay, connection.execute(UNDER_WAY, {"now": now}).mappings()),
        "queues": typed_rows(Age, connection.execute(AGES, kinds).mappings()),
        "coverage": coverage,
        "whole": figures("CAST('all' AS text)"),
        "by_agent": figures("calls.agent"),
        "by_queue": figures("calls.queue"),
        "by_day": figures("CAST(calls.at AS text)"),
        "roll": typed_rows(Moved, connection.execute(ROLL).mappings()),
    }


def _days(connection: Connection, now: datetime) -> dict[str, date]:
    """The day of each cohort now."""
    known = connection.execute(select(cohorts.c.name, cohorts.c.clock)).tuples()
    return {name: Clock.model_validate(clock).day_at(now) for name, clock in known}
