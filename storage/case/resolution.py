"""The resolution of cases in the very transaction that took the payment: who has paid is not kept waiting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from models.case.decision import decide
from models.case.step import Action
from models.contact.channel import CHANNELS
from models.errors import Unreckonable
from storage.case.cases import Case, lock_open
from storage.case.side_by_side import CaseRead, read_side_by_side
from storage.case.transaction import transaction_of
from storage.schema import cases, debtors, debts, decisions

# only tried: who takes it alone may hold it for longer than a payment is to wait, and the locks' order is another here
TRIED = text("SELECT pg_try_advisory_xact_lock_shared(hashtextextended(:cohort, 0))")

OWING = (
    select(debts.c.id)
    .join_from(debts, debtors, debtors.c.debt == debts.c.id)
    .where(debtors.c.taxpayer == cases.c.taxpayer, debts.c.tax == cases.c.tax, debts.c.balance > 0)
)


def resolve_paid(connection: Connection, told: Collection[str], now: datetime) -> None:
    """Resolve those of some locked cases that have nothing else to wait for, now that they are paid.

    Every other case is left to its workflow, which hears of the payment: one that owes anything, has benefits to be
    given back, or whose cohort is just being paused, cancelled or migrated.
    """
    by_cohort: dict[str, list[Case]] = defaultdict(list)
    for case in lock_open(connection, cases.c.id.in_(told), cases.c.revision > 0, ~OWING.exists()):
        by_cohort[case.cohort].append(case)
    resolved = [
        transaction_of(connection, read)
        for cohort, alike in sorted(by_cohort.items())
        if connection.execute(TRIED, {"cohort": cohort}).scalar_one()
        for read in _resolvable(connection, alike, now)
    ]
    if not resolved:
        return
    for tx in resolved:
        tx.resolve()
    connection.execute(CLOSED, [{"of": tx.case.id, **tx.values} for tx in resolved])
    connection.execute(insert(decisions), [entry for tx in resolved for entry in tx.entries])


def _resolvable(connection: Connection, alike: list[Case], now: datetime) -> Iterator[CaseRead]:
    today = alike[0].clock.day_at(now)
    try:
        # nobody is contacted, so no address is looked for
        for read in read_side_by_side(connection, alike, today, frozenset(CHANNELS)):
            step = decide(read.case.view(read.case.state, read.facts)).step
            if step.action is Action.RESOLVE and step.on is not None and step.on <= today:
                yield read
    except Unreckonable:
        return


CLOSED = (
    update(cases)
    .where(cases.c.id == bindparam("of"))
    .values(closed_at=func.clock_timestamp(), revision=cases.c.revision + 1)
)
