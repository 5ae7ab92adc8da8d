"""The invariants of promises to pay, restated on the record alone: one at a time, by the money that counts, on its day,
and nothing that the law counts waits for one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from models.law.calendar import Clock
from storage.audit.life import OWED, of_cases
from storage.case.cases import frozen_ruler


def promise_faults(connection: Connection, cases: list[str], clock: Clock) -> Iterator[str]:
    """The faults of the promises of these cases, by their clock's day now."""
    asked = {"cases": cases, "today": _today(clock)}
    for found in connection.execute(SEVERAL, asked).mappings():
        what = f"has {found['open']} promises open, and a supervisor took {found['beside']} beside one"
        yield f"case {found['case']}: {what}"
    for sentence, query in SENTENCES:
        for found in connection.execute(query, asked).mappings():
            yield f"case {found['case']}: promise {found['id']} {sentence.format(**found)}"
    for found in connection.execute(WAITS_FOR_ONE, asked).mappings():
        if frozen_ruler(connection, found["ruler"]).ruler.rung(found["row"], found["rung"]).formal:
            yield f"case {found['case']}: its formal notice waits until {found['on']} for promise {found['id']}"


def _today(clock: Clock) -> date:
    try:
        return clock.day_at(datetime.now(UTC))
    except OverflowError:
        return date.max  # a rehearsal's clock that ran on for months


# a second one is a supervisor's act, which the audit log has
SEVERAL = of_cases("""
    SELECT * FROM (
        SELECT "case", count(*) AS open,
               (SELECT count(*) FROM audit_log WHERE audit_log.subject = promises."case"
                AND command = 'case promise --another' AND outcome = 'done') AS beside
        FROM promises WHERE "case" = ANY(:cases) AND state = 'open' GROUP BY "case"
    ) AS several WHERE open > 1 + beside ORDER BY "case"
""")

# what was paid on the debts of a case, net of what went back, with the shares of instalments
MONEY = f"""
    SELECT owed."case", payments.id, payments.paid_on AS "on",
           payments.amount - (SELECT coalesce(sum(reversals.amount), 0) FROM reversals
                              WHERE reversals.payment = payments.id) AS net
    FROM ({OWED}) AS owed JOIN payments ON payments.debt = owed.id
    UNION ALL
    SELECT owed."case", payments.id, payments.paid_on, allocations.amount
    FROM ({OWED}) AS owed JOIN allocations ON allocations.debt = owed.id
    JOIN payments ON payments.id = allocations.payment
"""  # noqa: S608 - OWED is a constant

MORE_THAN_CAME = of_cases(f"""
    SELECT * FROM (
        SELECT promises."case", promises.id, paid,
               (SELECT coalesce(sum(net), 0) FROM ({MONEY}) AS money
                WHERE money."case" = promises."case" AND money.id > after_payment
                  AND money."on" BETWEEN made_on AND due) AS came
        FROM promises JOIN cases ON cases.id = promises."case"
        WHERE promises."case" = ANY(:cases) AND closed_at IS NULL AND promises.state IN ('kept', 'kept_in_part')
    ) AS kept WHERE paid > came OR paid = 0 ORDER BY id
""")  # noqa: S608 - MONEY is a constant

TOO_LATE = of_cases("""
    SELECT promises."case", promises.id, judged_on FROM promises JOIN cases ON cases.id = promises."case"
    WHERE promises."case" = ANY(:cases) AND closed_at IS NULL AND promises.state = 'open' AND judged_on < :today
    ORDER BY promises.id
""")

TOO_EARLY = of_cases("""
    SELECT "case", id, state, judged_on, decided_on FROM promises
    WHERE "case" = ANY(:cases) AND state IN ('broken', 'kept_in_part') AND decided_on < judged_on ORDER BY id
""")

HELD_OUT = of_cases("""
    SELECT promises."case", promises.id FROM promises JOIN cases ON cases.id = promises."case"
    WHERE promises."case" = ANY(:cases) AND arm = 'control' ORDER BY promises.id
""")

# of a contact that was under way when the promise was made the rest leaves
PRESSED = of_cases("""
    SELECT promises."case", promises.id, notices.id AS notice, notices.at
    FROM promises JOIN notices ON notices."case" = promises."case"
    WHERE promises."case" = ANY(:cases) AND communication IS NULL AND notices.kind = 'rung' AND NOT formal
      AND notices.claimed_at > promises.recorded_at AND notices.at < judged_on
      AND (decided_on IS NULL OR decided_on > notices.at)
      AND NOT EXISTS (SELECT FROM notices AS begun WHERE begun."case" = notices."case" AND begun.step = notices.step
                      AND begun.claimed_at <= promises.recorded_at)
    ORDER BY promises.id, notices.id
""")

WAITS_FOR_ONE = of_cases("""
    SELECT cases.id AS "case", cases.ruler, promises.id, next_step ->> 'row' AS "row",
           CAST(next_step ->> 'rung' AS int) AS rung, judged_on AS "on"
    FROM cases JOIN promises ON promises."case" = cases.id AND promises.state = 'open'
    WHERE cases.id = ANY(:cases) AND next_step ->> 'action' = 'notify' AND next_step ->> 'rung' IS NOT NULL
      AND CAST(next_step ->> 'on' AS date) = judged_on AND next_step ->> 'reason' LIKE '%promessa de % aguarda o banco%'
    ORDER BY promises.id
""")

SENTENCES = (
    ("is kept by {paid}, and {came} came for it", MORE_THAN_CAME),
    ("was to be kept or broken on {judged_on}, and is open", TOO_LATE),
    ("is {state} on {decided_on}, before {judged_on}", TOO_EARLY),
    ("is of the control group", HELD_OUT),
    ("was open, and yet the notice {notice} of {at} left, which the law doesn't ask for", PRESSED),
)
