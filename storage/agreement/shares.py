"""The money of an agreement's instalments on its debts: shared among them, and forgiven when all is paid.

Told anew from all its payments whenever one changes; what was paid straight to a debt, or forgiven otherwise, fills it
first, so that no debt takes more than it lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, text, update

from models.agreement.instalments import Life
from models.agreement.quote import NOTHING
from models.errors import Unreckonable
from models.money.imputation import Claim, Payment, replay
from models.money.rates import Rates
from storage.agreement.agreement_row import AgreementRow
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import Case
from storage.schema import allocations, debts, remissions

GROUND = "agreement"


@dataclass(frozen=True)
class Share:
    """A debt in an agreement."""

    debt: str
    brought: Decimal
    lacks: Decimal
    """The part this agreement has to pay of it: what it brought in, less what was paid or forgiven besides."""
    kind: Any
    prescribes: date
    own: bool
    protested: bool


SHARES = text("""
    SELECT debts.id AS debt, agreement_debts.amount AS brought, debts.kind, debts.prescribes, debts.protested,
           coalesce(debtors.own, true) AS own,
           debts.amount - debts.received - debts.remitted AS left_over,
           coalesce((SELECT sum(allocations.amount) FROM allocations
                     JOIN payments ON payments.id = allocations.payment
                     JOIN instalments ON instalments.id = payments.instalment
                     WHERE allocations.debt = debts.id AND instalments.agreement = :agreement), 0.00) AS mine
    FROM agreement_debts JOIN debts ON debts.id = agreement_debts.debt
    LEFT JOIN debtors ON debtors.debt = debts.id AND debtors.taxpayer = (
        SELECT taxpayer FROM cases JOIN agreements ON agreements."case" = cases.id WHERE agreements.id = :agreement)
    WHERE agreement_debts.agreement = :agreement ORDER BY debts.id
""")


def read_shares(connection: Connection, row: AgreementRow, *, settled: bool) -> list[Share]:
    """Read what each debt of an agreement has a share of. Once it is `settled` no debt takes more of its payments: what
    was forgiven is not paid after all."""
    accrued = row["terms"].get("accrued", {})
    return [
        Share(
            debt=each["debt"],
            brought=each["brought"],
            lacks=each["mine"] if settled else _lacks(each, Decimal(accrued.get(each["debt"], "0"))),
            kind=each["kind"],
            prescribes=each["prescribes"] or date.max,
            own=each["own"],
            protested=each["protested"],
        )
        for each in connection.execute(SHARES, {"agreement": row["id"]}).mappings()
    ]


def _lacks(share: RowMapping, accrued: Decimal) -> Decimal:
    left: Decimal = share["left_over"] + share["mine"] + accrued
    lacks: Decimal = min(share["brought"], left)
    return max(NOTHING, lacks)


def allocate(connection: Connection, agreement: str, shares: list[Share], life: Life) -> None:
    """Allocate the agreement's payments among its debts by CTN art. 163; what was paid straight to a debt fills it
    first."""
    claims = [
        Claim(share.debt, share.lacks, date.min, own=share.own, kind=share.kind, prescribes=share.prescribes)
        for share in shares
        if share.lacks > 0
    ]
    paid = [
        Payment(each.id, each.day, each.net - life.fees.get(each.id, NOTHING))
        for each in connection.execute(INSTALMENT_PAYMENTS, {"agreement": agreement})
    ]
    settled = replay(claims, [each for each in paid if each.amount > 0], date.max, Rates())
    new = {(payment, debt): part for payment, parts in settled.shares.items() for debt, part in parts.items()}
    mine = allocations.c.payment.in_([each.id for each in paid])
    old = {(each.payment, each.debt): each.amount for each in connection.execute(select(allocations).where(mine))}
    if new == old:
        return
    for share in shares:
        gained = sum(
            (new.get(key, NOTHING) - old.get(key, NOTHING) for key in {*new, *old} if key[1] == share.debt), NOTHING
        )
        if gained:
            received = {"received": debts.c.received + gained}
            connection.execute(update(debts).where(debts.c.id == share.debt).values(received))
    connection.execute(allocations.delete().where(mine))
    rows = [{"payment": payment, "debt": debt, "amount": amount} for (payment, debt), amount in new.items()]
    if rows:
        connection.execute(insert(allocations), rows)


INSTALMENT_PAYMENTS = text("""
    SELECT payments.id, payments.paid_on AS day,
           payments.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS net
    FROM payments JOIN instalments ON instalments.id = payments.instalment WHERE instalments.agreement = :agreement
""")


def remit(connection: Connection, agreement: str, shares: list[Share], case: Case, today: date) -> None:
    """Remit what the discount, the bonus and early payment forgave: all that the debts still lack of what they brought;
    by a table of accrual also what was added since, for the agreement had consolidated it."""
    mine = connection.execute(ALLOCATED, {"agreement": agreement})
    allocated = {each.debt: each.amount for each in mine}
    left = {share.debt: share.lacks - allocated.get(share.debt, NOTHING) for share in shares}
    try:
        if table := accrual_of(case.ruler):
            left = {debt: owed.total for debt, owed in owed_of(connection, left, table, today).items()}
    except Unreckonable:
        # a payment is never lost for want of a rate: what was added since is then for the case to say
        pass
    for debt, amount in left.items():
        _remit_one(connection, agreement, debt, amount, today)


ALLOCATED = text("""
    SELECT allocations.debt, sum(allocations.amount) AS amount FROM allocations
    JOIN payments ON payments.id = allocations.payment JOIN instalments ON instalments.id = payments.instalment
    WHERE instalments.agreement = :agreement GROUP BY allocations.debt
""")


def take_back_remission(connection: Connection, agreement: str, today: date) -> None:
    mine = select(remissions.c.debt, func.sum(remissions.c.amount).label("amount"))
    mine = mine.where(remissions.c.ground == GROUND, remissions.c.reference == agreement).group_by(remissions.c.debt)
    for each in connection.execute(mine).all():
        _remit_one(connection, agreement, each.debt, -each.amount, today)


def _remit_one(connection: Connection, agreement: str, debt: str, amount: Decimal, today: date) -> None:
    if not amount:
        return
    row = {"debt": debt, "amount": amount, "ground": GROUND, "reference": agreement, "remitted_on": today}
    connection.execute(insert(remissions).values(row))
    connection.execute(update(debts).where(debts.c.id == debt).values(remitted=debts.c.remitted + amount))
