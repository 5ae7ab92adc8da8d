"""The vitals of the record: what is overdue, owed, kept aside or failing, in numbers that name nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, text

from models.case.cohort_state import State
from storage.audit.living import AGREEMENTS, CASES, COMMUNICATIONS, overdue_cases
from storage.case.cohorts import cohort_names, read_cohort

CLAIMED_LONG = timedelta(minutes=15)
"""After which a notice that was claimed should have left."""

RELAY, RECONCILER = "regua relay", "regua reconciler"
"""The advisory locks of who delivers the outbox, and of who compares record and engine."""

IDLE_AFTER = {RELAY: timedelta(minutes=2), RECONCILER: timedelta(minutes=30)}
"""How long after it last asked for its lock who holds it is idle; a turn of the reconciler may take minutes."""

AT_WORK = text("""
    SELECT count(*) > 0 FROM pg_locks LEFT JOIN pg_stat_activity AS session USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32 | objid::bigint) = hashtext(:lock)
      AND coalesce(session.state_change, clock_timestamp()) > clock_timestamp() - CAST(:idle_after AS interval)
""")

NUMBERS = text("""
    SELECT (SELECT count(*) FROM tasks WHERE done_at IS NULL AND due < CAST(:now AS timestamptz)::date)
               AS overdue_tasks,
           (SELECT count(*) FROM notices WHERE status = 'claimed' AND claimed_at < :claimed) AS notices_claimed_long,
           (SELECT count(*) FROM replies WHERE intent = 'unclear' AND recorded_at > CAST(:now AS timestamptz)
               - interval '7 days') AS unclear_replies,
           (SELECT count(*) FROM quarantined_items WHERE settled_at IS NULL) AS quarantined_payments,
           (SELECT count(*) FROM payments WHERE debt IS NULL AND instalment IS NULL) AS unmatched_payments,
           (SELECT coalesce(extract(epoch FROM :now - min(recorded_at)), 0) FROM outbox WHERE delivered_at IS NULL)
               AS owed_signal_seconds,
           (SELECT extract(epoch FROM :now - max(at)) FROM audit_log WHERE command = 'seal') AS checkpoint_seconds,
           (SELECT extract(epoch FROM :now - max(at)) FROM audit_log
            WHERE command = 'taxpayers import' AND outcome = 'done') AS import_seconds,
           (SELECT coalesce(sum(cost), 0) FROM notices WHERE at = CAST(:now AS timestamptz)::date) AS cost_today
""")

FAILING = text("""
    SELECT command FROM (
        SELECT DISTINCT ON (command) command, outcome FROM audit_log WHERE command LIKE '% import'
        ORDER BY command, id DESC) AS newest
    WHERE outcome = 'refused'
    UNION ALL
    SELECT 'payments import' FROM bank_files
    WHERE state = 'disagreeing' OR state = 'applying' AND recorded_at < CAST(:now AS timestamptz) - interval '1 hour'
    GROUP BY 1
    ORDER BY command
""")

SENT = text("""
    SELECT channel, status AS result, count(*) AS notices FROM notices WHERE at = CAST(:now AS timestamptz)::date
    GROUP BY channel, status ORDER BY channel, status
""")


class Sent(TypedDict):
    channel: str
    result: str
    notices: int


class Vitals(TypedDict):
    """Ages are in seconds; none: there was no such thing yet."""

    overdue_cases: list[str]
    overdue_tasks: int
    notices_claimed_long: int
    unclear_replies: int
    """Counted over the last seven days."""
    quarantined_payments: int
    unmatched_payments: int
    owed_signal_seconds: float
    checkpoint_seconds: float | None
    import_seconds: float | None
    failing_imports: list[str]
    """Kinds of import of which the last one was refused, or whose file disagrees with itself."""
    idle_work: list[str]
    """Work beside the web that no process does: the relay's, the reconciler's."""
    cost_today: Decimal
    sent_today: list[Sent]
    cases: int
    """That should have a workflow."""
    agreements: int
    communications: int
    """That wait or are being sent."""


def read_vitals(connection: Connection, now: datetime) -> Vitals:
    asked = {"now": now, "claimed": now - CLAIMED_LONG}
    numbers = connection.execute(NUMBERS, asked).mappings().one()

    def seconds(name: str) -> float | None:
        return None if numbers[name] is None else float(numbers[name])

    return {
        "overdue_cases": _overdue(connection, now),
        "overdue_tasks": numbers["overdue_tasks"],
        "notices_claimed_long": numbers["notices_claimed_long"],
        "unclear_replies": numbers["unclear_replies"],
        "quarantined_payments": numbers["quarantined_payments"],
        "unmatched_payments": numbers["unmatched_payments"],
        "owed_signal_seconds": seconds("owed_signal_seconds") or 0.0,
        "checkpoint_seconds": seconds("checkpoint_seconds"),
        "import_seconds": seconds("import_seconds"),
        "failing_imports": list(dict.fromkeys(connection.scalars(FAILING, {"now": now}))),
        "idle_work": [lock.removeprefix("regua ") for lock in IDLE_AFTER if not _at_work(connection, lock)],
        "cost_today": numbers["cost_today"],
        "sent_today": [
            Sent(channel=row.channel, result=row.result, notices=row.notices) for row in connection.execute(SENT, asked)
        ],
        "cases": CASES.count(connection),
        "agreements": AGREEMENTS.count(connection),
        "communications": COMMUNICATIONS.count(connection),
    }


def _overdue(connection: Connection, now: datetime) -> list[str]:
    """The overdue cases of running cohorts."""
    cohorts = [read_cohort(connection, name) for name in cohort_names(connection)]
    running = [cohort for cohort in cohorts if cohort.lifecycle.state is State.RUNNING]
    return [case for cohort in running for case in overdue_cases(connection, cohort, now)]


def _at_work(connection: Connection, lock: str) -> bool:
    """Whether a process holds the lock and still asks for it."""
    return bool(connection.scalar(AT_WORK, {"lock": lock, "idle_after": IDLE_AFTER[lock]}))
