"""Debts as they are on record, whatever case they are of: what is owed of them on a day, and why they are on hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.errors import Refusal, Unreckonable
from models.law.grounds import PRESCRIBED
from models.money.accrual import Accrual
from models.money.accrual_table import AccrualTable
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import frozen_ruler
from storage.case.prescription_events import read_prescriptions

# that of the debt's open case, else of the one closed last: what settled it settles it for good;
# of co-debtors' cases the one that was opened first
RULERS = text("""
    SELECT DISTINCT ON (debts.id) debts.id, cases.ruler FROM debts
    JOIN debtors ON debtors.debt = debts.id
    JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax
    WHERE debts.id = ANY(:debts)
    ORDER BY debts.id, cases.closed_at DESC NULLS FIRST, cases.opened_at, cases.id
""").bindparams(bindparam("debts", type_=ARRAY(Text)))


@dataclass(frozen=True)
class Owed:
    owed: Accrual
    table: AccrualTable | None
    excess: Decimal


def owed_on(connection: Connection, debt: str, on: date, otherwise: AccrualTable | None = None) -> Owed:
    """The amount owed of a debt on a day, by the table of the ruler that its case is on, by `otherwise` where it has
    none, and with neither by nothing: the amount as imported. Refuses an unknown debt, and one for which a rule or a
    rate is missing."""
    table = tables_of(connection, [debt]).get(debt) or otherwise
    found = owed_of(connection, [debt], table, on).get(debt)
    if found is None:
        raise Refusal(f"there is no debt {debt}; `case show CASE` lists the debts of a case")
    return Owed(found.accrual, table, sum(found.excess.values(), Decimal("0.00")))


def tables_of(connection: Connection, debts: Iterable[str]) -> dict[str, AccrualTable]:
    """The tables of accrual of those debts that have one."""
    rulers = {row.id: row.ruler for row in connection.execute(RULERS, {"debts": list(debts)})}
    tables = {digest: accrual_of(frozen_ruler(connection, digest).ruler) for digest in set(rulers.values())}
    return {debt: table for debt, digest in rulers.items() if (table := tables[digest])}


def owed_each(connection: Connection, debts: Collection[str], on: date) -> dict[str, Accrual]:
    """The amount owed of each debt on a day, without those of which it can't be told."""
    found: dict[str, Accrual] = {}
    tables = tables_of(connection, debts)
    for table in {id(each): each for each in map(tables.get, debts)}.values():
        try:
            owed = owed_of(connection, [debt for debt in debts if tables.get(debt) is table], table, on)
        except Unreckonable:
            continue
        found |= {debt: each.accrual for debt, each in owed.items()}
    return found


HELD = text("""
    SELECT debts.id, prescribes, ARRAY(
        SELECT DISTINCT ground FROM holds
        WHERE holds.debt = debts.id AND lifted_at IS NULL AND coalesce(until >= :today, true)) AS grounds
    FROM debts WHERE debts.id = ANY(:debts)
""").bindparams(bindparam("debts", type_=ARRAY(Text)))


def grounds_of(connection: Connection, debts: Collection[str], today: date) -> dict[str, frozenset[str]]:
    """The grounds on which each debt is on hold, also that it seems prescribed; empty: it is not."""
    rows = connection.execute(HELD, {"debts": [*debts], "today": today}).all()
    prescriptions = read_prescriptions(connection, {row.id: row.prescribes for row in rows}, today)
    found = {}
    for row in rows:
        prescribes = prescriptions[row.id]
        prescribed = prescribes.on is not None and prescribes.on <= today and not prescribes.refuted
        found[row.id] = frozenset([*row.grounds, PRESCRIBED] if prescribed else row.grounds)
    return found
