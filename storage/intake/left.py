"""Amounts that say what is left of a debt: what of the ledger's payments they have deducted already."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT

from models.formats import day, money
from models.intake.statement import BANKS_DAYS, Amounts, Paid, deducted
from models.law.calendar import Clock
from models.money.imputation import Payment
from storage.amounts.owed import read_claims

STATED = text("""
    SELECT DISTINCT ON (debts.id) debts.id, staged.amount AS "left", debts.amount AS lodged, as_of, clock
    FROM staged JOIN debts USING (tax, inscription_key)
    LEFT JOIN LATERAL (
        SELECT cohorts.clock FROM debtors
        JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax AND closed_at IS NULL
        JOIN cohorts ON cohorts.name = cases.cohort
        WHERE debtors.debt = debts.id ORDER BY cases.opened_at, cases.id LIMIT 1) AS dated ON true
    WHERE staged.ended IS NULL AND debts.extinct_on IS NULL AND (debts.received <> 0 OR debts.remitted <> 0)
    ORDER BY debts.id, line
""")

DEDUCTIONS = """
    CREATE TEMP TABLE deductions (
        debt text, deducted numeric(15, 2), as_of date, contradiction text
    ) ON COMMIT DROP
"""

DEDUCT = text("INSERT INTO deductions VALUES (:debt, :deducted, :as_of, :contradiction)")


def deduct(connection: Connection, amounts: Amounts, as_of: date | None, now: datetime) -> None:
    """Make `deductions`: for each debt of `staged` on which money came in, what the source has deducted of it. A debt
    whose case is on a clock of its own is stated on that clock's day, unless `as_of` says another."""
    connection.execute(text(DEDUCTIONS))
    rows = {row.id: row for row in connection.execute(STATED)} if amounts == "left" else {}
    if not rows:
        return
    today = now.astimezone().date()
    _, came_in = read_claims(connection, dict.fromkeys(rows))
    found = []
    for debt, row in rows.items():
        on = as_of or (Clock.model_validate(row.clock).day_at(now) if row.clock else today)
        paid = [Paid(each.day, each.amount) for each in sorted(came_in[debt], key=_order)]
        told = deducted(row.left, on, row.lodged, paid, row.as_of)
        why = _contradiction(row.left, on, paid) if told.contradicted else None
        found.append({"debt": debt, "deducted": told.amount, "as_of": on, "contradiction": why})
    connection.execute(DEDUCT, found)


def _order(payment: Payment) -> tuple[date, int]:
    return payment.day, payment.id


def _contradiction(left: Decimal, on: date, paid: Collection[Paid]) -> str:
    old = sum((each.amount for each in paid if each.on < on - BANKS_DAYS), Decimal(0))
    return f"o extrato de {day(on)} diz {money(left)} em aberto, sem abater o que foi pago até então: {money(old)}"


LATE = text("""
    UPDATE debts SET amount = debts.amount + late.amount, deducted = deducted + late.amount
    FROM (
        SELECT debts.id, sum(payments.amount) AS amount FROM payments JOIN debts ON debts.id = payments.debt
        WHERE payments.id = ANY(:payments) AND deducted IS NOT NULL AND paid_on < as_of - :days
        GROUP BY debts.id
    ) AS late
    WHERE late.id = debts.id
""").bindparams(bindparam("payments", type_=ARRAY(BIGINT)))


def deduct_late(connection: Connection, payments: Collection[int]) -> None:
    """Count payments that were told here only after their source had stated what is left without them."""
    if payments:
        connection.execute(LATE, {"payments": list(payments), "days": BANKS_DAYS.days})
