"""One debt as it is on record, and what is owed of it on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select, text

from models.accrual import Accrual
from models.accrual_table import AccrualTable
from models.errors import Refusal
from models.imputation import Claim, Payment, replay
from storage.accruals import accrual_of
from storage.cases import frozen_ruler
from storage.rates import read_rates
from storage.schema import debts

# less what was reversed; one that was reversed wholly is none
PAYMENTS = text("""
    SELECT id, paid_on AS day, net AS amount FROM (
        SELECT payments.id, paid_on,
               payments.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS net
        FROM payments WHERE payments.debt = :debt
        UNION ALL
        SELECT payments.id, paid_on, allocations.amount
        FROM allocations JOIN payments ON payments.id = allocations.payment WHERE allocations.debt = :debt
    ) AS kept WHERE net > 0
""")

# of co-debtors' cases the one that was opened first
RULER = text("""
    SELECT cohorts.ruler FROM debtors JOIN debts ON debts.id = debtors.debt
    JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax AND closed_at IS NULL
    JOIN cohorts ON cohorts.name = cases.cohort
    WHERE debtors.debt = :debt ORDER BY cases.opened_at, cases.id LIMIT 1
""")


@dataclass(frozen=True)
class Owed:
    owed: Accrual
    table: AccrualTable | None
    excess: Decimal


def owed_on(connection: Connection, debt: str, on: date, otherwise: AccrualTable | None = None) -> Owed:
    """By the table of the ruler that the debt's open case is on, by `otherwise` where it has none, and with neither
    by nothing: the amount as imported. Refuses an unknown debt, and one for which a rule or a rate is missing."""
    row = connection.execute(select(debts).where(debts.c.id == debt)).one_or_none()
    if row is None:
        raise Refusal(f"there is no debt {debt}; `case show CASE` lists the debts of a case")
    table = _table(connection, debt) or otherwise
    payments = [Payment(**payment) for payment in connection.execute(PAYMENTS, {"debt": debt}).mappings()]
    settled = replay([Claim(debt, row.amount, row.due, table=table)], payments, on, read_rates(connection))
    account = settled.accounts[debt]
    owed = Accrual((*account.lines, *account.offer(on)))
    return Owed(owed, table, sum(settled.excess.values(), Decimal("0.00")))


def _table(connection: Connection, debt: str) -> AccrualTable | None:
    digest = connection.execute(RULER, {"debt": debt}).scalar_one_or_none()
    return accrual_of(frozen_ruler(connection, digest).ruler) if digest else None
