"""The account that is asked for at the end: money, notices and cases, each against what the outside world saw of it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, text
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey

from models.case.status import Status
from models.case.step import Step
from models.contact.channel import Channel
from models.law.calendar import Clock
from storage.audit.invariants import violations
from storage.case.transaction import case_transaction
from tests.chaos.stories import Entry, Story
from workflows.names import case_workflow_id

SHOWN_WITHIN = 10.0
"""Seconds that Temporal's list of workflows may lag behind them."""

SETTLED_WITHIN = 60.0
"""Seconds for which faults are asked for again."""

CASE_STATUS = SearchAttributeKey.for_keyword("CaseStatus")


@dataclass(frozen=True)
class Heard:
    """The knowledge that the outside world has for sure."""

    payments: Mapping[str, str]
    """Amounts by endToEndId, of those answered with 200."""
    refunds: Mapping[str, str]
    """Amounts by their id, of those answered with 200."""
    letters: Mapping[str, int]
    """The number of files that there are of each notice."""
    messages: Mapping[str, int]
    """How many times a provider took each notice."""


@dataclass(frozen=True)
class Account:
    payments_accepted: int
    payments_applied: int
    notices: Mapping[str, int]
    """By `sent`, `failed` and `duplicates`."""
    faults: list[str]
    stories: Mapping[int, Story]


async def settled_accounts(ask: Callable[[], Awaitable[Account]]) -> Account:
    """The account, once nothing is wrong with it or it has been asked for long enough: what moved between two looks
    seems wrong to the later one."""
    deadline = asyncio.get_running_loop().time() + SETTLED_WITHIN
    while (account := await ask()).faults and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(1.0)
    return account


async def settle_accounts(
    engine: Engine,
    client: Client,
    clock: Clock,
    cohorts: Sequence[str],
    numbers: Mapping[str, int],
    heard: Heard,
    unaddressed: Set[Channel],
) -> Account:
    """`numbers` of people by their tax ids; `unaddressed` as the worker knows them."""
    notices = _rows(engine, NOTICES)
    money = [*_payment_faults(engine, heard), *_refund_faults(engine, heard)]
    faults = [*money, *_signal_faults(engine), *_notice_faults(notices, heard)]
    faults += [fault for cohort in cohorts for fault in violations(engine, cohort)]
    faults += [*resting_faults(engine, unaddressed), *await _workflow_faults(engine, client)]
    sent = sum(row["sent_at"] is not None for row in notices)
    failed = sum(row["status"] == "failed" for row in notices)
    return Account(
        payments_accepted=len(heard.payments),
        payments_applied=len(heard.payments) - len(money),
        notices={"sent": sent, "failed": failed, "duplicates": sum(n - 1 for n in heard.messages.values() if n > 1)},
        faults=faults,
        stories=_stories(engine, clock, numbers),
    )


def _rows(engine: Engine, query: str, **values: Any) -> list[RowMapping]:
    with engine.connect() as connection:
        return [*connection.execute(text(query), values).mappings()]


# ---- money


PAYMENTS = """
    SELECT end_to_end_id, amount, coalesce(debt, instalment) IS NOT NULL AS is_for_something,
           (SELECT count(*) FROM decisions
            WHERE kind = 'payment' AND CAST(evidence->>'payment' AS bigint) = payments.id) AS told,
           (SELECT count(*) FROM debtors JOIN debts ON debts.id = debtors.debt
            JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax
            WHERE debts.id = payments.debt AND coalesce((
                SELECT kind = 'reopened' FROM decisions
                WHERE "case" = cases.id AND kind IN ('resolved', 'ended', 'reopened')
                AND recorded_at < payments.recorded_at ORDER BY id DESC LIMIT 1), true)) AS open_cases
    FROM payments WHERE end_to_end_id IS NOT NULL
"""

REFUNDS = "SELECT reference, amount FROM reversals"

UNDELIVERED = """SELECT id, "case", name FROM outbox WHERE delivered_at IS NULL ORDER BY id"""


def _payment_faults(engine: Engine, heard: Heard) -> Iterator[str]:
    ledger = {row["end_to_end_id"]: row for row in _rows(engine, PAYMENTS)}
    for name, amount in heard.payments.items():
        row = ledger.get(name)
        if row is None:
            yield f"payment {name} was answered with 200, and the ledger has none"
        elif f"{row['amount']:.2f}" != amount:
            yield f"payment {name} was of {amount}, and the ledger says {row['amount']}"
        elif not row["is_for_something"]:
            yield f"payment {name} is for nothing that the ledger knows"
        elif row["told"] != row["open_cases"]:
            yield f"payment {name} is in the journal {row['told']} times, and {row['open_cases']} open cases owed it"


def _refund_faults(engine: Engine, heard: Heard) -> Iterator[str]:
    ledger = {row["reference"]: row["amount"] for row in _rows(engine, REFUNDS)}
    for name, amount in heard.refunds.items():
        if f"{ledger.get(name, 0):.2f}" != amount:
            yield f"refund {name} of {amount} was answered with 200, and the ledger says {ledger.get(name)}"


def _signal_faults(engine: Engine) -> Iterator[str]:
    for row in _rows(engine, UNDELIVERED):
        yield f"case {row['case']}: the signal {row['id']} ({row['name']}) is not delivered"


# ---- notices


NOTICES = "SELECT id, channel, status, failure, sent_at, provider FROM notices ORDER BY id"

MOST = {"email": 2}
"""How often a provider may have one: SendGrid can't tell what it took, so a lost answer is followed by one more."""


def _notice_faults(notices: Iterable[RowMapping], heard: Heard) -> Iterator[str]:
    known = {row["id"]: row for row in notices}
    for name in sorted({*heard.letters, *heard.messages} - known.keys()):
        yield f"notice {name} left, and nothing is on record of it"
    for name, row in known.items():
        if row["status"] == "claimed":
            yield f"notice {name} is still claimed"
        if row["status"] == "failed" and not row["failure"]:
            yield f"notice {name} failed, and nothing says why"
        where = heard.letters if row["provider"] == "file" else heard.messages
        if row["sent_at"] is not None and row["provider"] != "domicile" and not where.get(name):
            yield f"notice {name} was sent by {row['provider']}, which hasn't got it"
        if heard.messages.get(name, 0) > MOST.get(row["channel"], 1):
            yield f"notice {name} was taken {heard.messages[name]} times by its provider of {row['channel']}"


# ---- cases


CASES = """
    SELECT cases.id, status, closed_at IS NULL AS open, next_step, state->'place'->>'row' AS "row", tax_id,
           (SELECT hypothesis || ' ' || stage FROM notices
            WHERE "case" = cases.id AND communication IS NULL ORDER BY step DESC LIMIT 1) AS cell
    FROM cases JOIN taxpayers ON taxpayers.id = cases.taxpayer ORDER BY cases.id
"""


class _OnlyLooking(Exception):
    """Ends a case transaction without saving it."""


def resting_faults(engine: Engine, unaddressed: Set[Channel]) -> Iterator[str]:
    """The cases whose record is not what the map decides on today's facts, or is overdue."""
    for row in _rows(engine, CASES):
        if row["open"]:
            yield from (f"case {row['id']} {fault}" for fault in _restless(engine, row, unaddressed))


def _restless(engine: Engine, row: RowMapping, unaddressed: Set[Channel]) -> Iterator[str]:
    if row["next_step"] is None:
        yield "was opened, and nobody has looked at it"
        return
    known = Step.model_validate(row["next_step"])
    with suppress(_OnlyLooking), case_transaction(engine, row["id"], datetime.now(UTC), unaddressed=unaddressed) as tx:
        decided = tx.step
        for entry in tx.entries:
            yield f"is moved by its facts, and nobody has looked: {entry['reason']}"
        if (known.action, known.row, known.rung) != (decided.action, decided.row, decided.rung):
            yield f"was to {known.action}, and its facts say {decided.action}"
        elif row["status"] != decided.status:
            yield f"is {row['status']}, and its facts say {decided.status}"
        elif tx.due:
            yield f"has been due to {decided.action} since {decided.on}"
        raise _OnlyLooking


async def _workflow_faults(engine: Engine, client: Client) -> list[str]:
    """Each open case has a workflow that waits and shows its status; no closed one has any."""
    deadline = asyncio.get_running_loop().time() + SHOWN_WITHIN
    while True:
        running = {
            found.id: found.typed_search_attributes.get(CASE_STATUS)
            async for found in client.list_workflows('WorkflowType = "TaxpayerRuler" AND ExecutionStatus = "Running"')
            if found.status is WorkflowExecutionStatus.RUNNING
        }
        faults = list(_disagreements(_rows(engine, CASES), running))
        if not faults or asyncio.get_running_loop().time() > deadline:
            return faults
        await asyncio.sleep(0.5)


def _disagreements(cases: Iterable[RowMapping], running: Mapping[str, str | None]) -> Iterator[str]:
    for row in cases:
        name = case_workflow_id(row["id"])
        has_will = row["open"] and row["status"] != Status.CONTROL
        if has_will and name not in running:
            yield f"case {row['id']} is open, and no workflow runs for it"
        elif has_will and running[name] != row["status"]:
            yield f"case {row['id']} is {row['status']}, and its workflow shows {running[name]}"
        elif not row["open"] and name in running:
            yield f"case {row['id']} is closed, and its workflow still runs"


# ---- stories


ENTRIES = """
    SELECT "case", kind, CASE WHEN kind = 'notice' THEN hypothesis || ' ' || stage ELSE '' END AS cell, at, recorded_at
    FROM decisions
    UNION ALL
    SELECT cases.id, 'filing', '', NULL, recorded_at FROM cases
    JOIN filings ON filings.taxpayer = cases.taxpayer AND filings.tax = cases.tax AND recorded_at > opened_at
    UNION ALL
    SELECT cases.id, 'interference', '', NULL, audit_log.at FROM cases
    JOIN audit_log ON actor = 'temporal' AND (subject = cases.id OR detail ? 'workflows' AND audit_log.at > opened_at)
    ORDER BY recorded_at
"""


def _stories(engine: Engine, clock: Clock, numbers: Mapping[str, int]) -> dict[int, Story]:
    entries: dict[str, list[Entry]] = defaultdict(list)
    for row in _rows(engine, ENTRIES):
        at = row["at"] or clock.day_at(row["recorded_at"])
        entries[row["case"]].append(Entry(row["kind"], row["cell"], at))
    return {
        (number := numbers[row["tax_id"]]): Story(
            number, row["id"], row["status"], row["cell"] or "", tuple(entries[row["id"]])
        )
        for row in _rows(engine, CASES)
    }


def counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names))
