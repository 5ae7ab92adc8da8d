"""The cases, debts and instalments that a posting of payments locks before it writes.

Cases are locked by id, then debts by id, as everywhere (`storage/case/locks.py`). What is locked is found before the
locks are held, so it is looked up once more under them: `Overtaken` says that it changed meanwhile, and the caller
begins again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, any_, cast, literal, select, tuple_, union

from models.law.calendar import Clock
from storage.agreement.agreements import debts_of, newest_agreements
from storage.schema import agreement_debts, agreements, cases, cohorts, debtors, debts, instalments, payments

OPEN = datetime.max.replace(tzinfo=UTC)
"""Sorts an open case after all closed ones."""


class Overtaken(Exception):
    """While we were locking, one of our payments was stored for another debt, or an agreement was signed on one."""


@dataclass
class LockedCase:
    id: str
    taxpayer: int
    tax: str
    ruler: str
    clock: Clock
    status: str
    closed_at: datetime | None

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass
class LockedDebt:
    """A locked debt, and for each who owes it the newest case of its tax, the open one if there is one."""

    id: str
    txid: str
    slip_number: int
    cases: list[LockedCase]

    @property
    def debts(self) -> list[LockedDebt]:
        return [self]


@dataclass
class LockedInstalment:
    """An instalment that the call names, and the locked debts of its agreement."""

    id: str
    agreement: str
    case: str
    """The case that the agreement was signed in."""
    txid: str
    slip_number: int
    debts: list[LockedDebt]

    @property
    def cases(self) -> list[LockedCase]:
        return list({case.id: case for debt in self.debts for case in debt.cases}.values())


Purpose = LockedDebt | LockedInstalment
"""The debt or instalment that a payment is for."""


def open_cases_of(purpose: Purpose) -> list[LockedCase]:
    return [case for case in purpose.cases if case.open]


def dated_by(purpose: Purpose | None) -> LockedCase | None:
    """The case whose clock gives a payment its day: an open one if there is one."""
    return next(iter(open_cases_of(purpose) or purpose.cases), None) if purpose else None


@dataclass
class Locked:
    debts: dict[str, LockedDebt]
    instalments: dict[str, LockedInstalment]
    agreements: dict[str, list[str]]
    """The debts of each agreement that may change with a payment, oldest agreement first."""

    @property
    def purposes(self) -> dict[str, Purpose]:
        return {**self.debts, **self.instalments}


def any_of(column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """A condition on one array, where a list of a thousand parameters would take longer to send than to look up."""
    return column == any_(array_of(column, values))


def array_of(column: Column[Any], values: Iterable[Any]) -> ColumnElement[Any]:
    return cast(literal(list(values), ARRAY(column.type)), ARRAY(column.type))


def lock_for_posting(
    connection: Connection,
    txids: Collection[str],
    slips: Collection[int],
    payments_named: Collection[int],
    debts_named: Collection[str],
    instalments_named: Collection[str] = (),
) -> Locked:
    """Lock every debt that the call concerns, those that share an agreement with it, and their cases.

    Raises Overtaken when an agreement was signed on one of the debts before they were locked.
    """
    named = _named(connection, _named_debts(txids, slips, payments_named, debts_named))
    found = _instalments(connection, txids, slips, payments_named, instalments_named)
    covered = _covered(connection, named, {row.agreement for row in found})
    debts_ = _lock_debts(connection, {*named, *(debt for each in covered.values() for debt in each)})
    # only now that the debts are locked can nobody sign on one of them
    if not newest_agreements(connection, debts_) <= covered.keys():
        raise Overtaken
    instalments_ = {
        row.id: LockedInstalment(
            row.id,
            row.agreement,
            row.case,
            row.pix_txid,
            row.slip_number,
            [debts_[debt] for debt in covered[row.agreement]],
        )
        for row in found
    }
    return Locked(debts_, instalments_, covered)


def _covered(connection: Connection, named: set[str], agreements_named: set[str]) -> dict[str, list[str]]:
    """The debts of the agreements whose instalments were named, and of the newest ones of all debts concerned."""
    wanted = set(agreements_named)
    while more := newest_agreements(connection, {*named, *debts_of(connection, wanted)}) - wanted:
        wanted |= more
    if not wanted:
        return {}
    rows = connection.execute(
        select(agreement_debts.c.agreement, agreement_debts.c.debt)
        .join_from(agreement_debts, agreements)
        .where(any_of(agreements.c.id, wanted))
        .order_by(agreements.c.recorded_at, agreements.c.id, agreement_debts.c.debt)
    )
    covered: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        covered[row.agreement].append(row.debt)
    return dict(covered)


def _instalments(
    connection: Connection,
    txids: Collection[str],
    slips: Collection[int],
    payments_named: Collection[int],
    instalments_named: Collection[str],
) -> Sequence[Any]:
    conditions = [
        any_of(column, names)
        for column, names in (
            (instalments.c.pix_txid, txids),
            (instalments.c.slip_number, slips),
            (instalments.c.id, instalments_named),
        )
        if names
    ]
    if payments_named:
        paid_for = select(payments.c.instalment).where(any_of(payments.c.id, payments_named))
        conditions.append(instalments.c.id.in_(paid_for))
    columns = [instalments.c[name] for name in ("id", "agreement", "pix_txid", "slip_number")]
    asked = [
        select(*columns, agreements.c.case).join_from(instalments, agreements).where(where) for where in conditions
    ]
    return connection.execute(union(*asked)).all() if asked else []


def _named_debts(
    txids: Collection[str], slips: Collection[int], payments_named: Collection[int], debts_named: Collection[str]
) -> list[ColumnElement[bool]]:
    named = [
        any_of(column, names)
        for column, names in ((debts.c.pix_txid, txids), (debts.c.slip_number, slips), (debts.c.id, debts_named))
        if names
    ]
    if payments_named:
        # a repeat may name another txid than the first report did, which stands
        named.append(debts.c.id.in_(select(payments.c.debt).where(any_of(payments.c.id, payments_named))))
    return named


def _named(connection: Connection, conditions: list[ColumnElement[bool]]) -> set[str]:
    """The debts that any condition names, one query a condition, so that each uses its own index."""
    return (
        set(connection.scalars(union(*(select(debts.c.id).where(where) for where in conditions))))
        if conditions
        else set()
    )


def _lock_debts(connection: Connection, named: set[str]) -> dict[str, LockedDebt]:
    if not named:
        return {}
    columns = (debts.c.id, debts.c.pix_txid, debts.c.slip_number, debts.c.tax, debtors.c.taxpayer)
    theirs = debts.join(debtors, debtors.c.debt == debts.c.id)
    owed = select(*columns).select_from(theirs).where(any_of(debts.c.id, named)).order_by(debtors.c.taxpayer)
    owers = connection.execute(owed).all()
    # cases before debts, as every other transaction takes them: the other way round two would wait for each other
    newest = _lock_newest_cases(connection, {(row.taxpayer, row.tax) for row in owers})
    locked = {row.id: LockedDebt(row.id, row.pix_txid, row.slip_number, []) for row in owers}
    connection.execute(select(debts.c.id).where(any_of(debts.c.id, locked)).order_by(debts.c.id).with_for_update())
    for row in owers:
        if (row.taxpayer, row.tax) in newest:
            locked[row.id].cases.append(newest[row.taxpayer, row.tax])
    return locked


def _lock_newest_cases(connection: Connection, owers: set[tuple[int, str]]) -> dict[tuple[int, str], LockedCase]:
    """Lock the open case of each taxpayer and tax, else the one closed last, which a reversal may open again."""
    columns = (cases.c.id, cases.c.taxpayer, cases.c.tax, cases.c.status, cases.c.closed_at)
    rows = connection.execute(
        select(*columns, cases.c.ruler, cohorts.c.clock)
        .join_from(cases, cohorts)
        .where(tuple_(cases.c.taxpayer, cases.c.tax).in_(owers))
        .order_by(cases.c.id)
        .with_for_update(of=cases)
    )
    found = [LockedCase(**{**row, "clock": Clock.model_validate(row["clock"])}) for row in rows.mappings()]
    found.sort(key=lambda case: case.closed_at or OPEN)
    return {(case.taxpayer, case.tax): case for case in found}
