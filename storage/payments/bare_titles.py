"""A bank's title that nothing but a number names: neither our mark nor a payer stands with it.

Another system's slip at the same bank may have the number by chance, and its check digit is right too. So the amount
has to be what is owed that day, to the cent; any other is for people (`payments match`).
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, select

from models.errors import Unreckonable
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import frozen_ruler
from storage.payments.posting import TIMEZONE, Posting
from storage.payments.posting_locks import LockedDebt, Purpose, dated_by
from storage.payments.reports import Receipt
from storage.schema import debts, instalments


def is_bare(receipt: Receipt) -> bool:
    return bool(receipt.bank) and not receipt.payer


def costs(posting: Posting, purpose: Purpose, receipt: Receipt) -> bool:
    """Whether a receipt's amount is what the debt or instalment costs: by its source, or with what delay has added."""
    if not isinstance(purpose, LockedDebt):
        return receipt.amount == _of_instalment(posting.connection, purpose.id)
    balance = posting.connection.scalars(select(debts.c.balance).where(debts.c.id == purpose.id)).one()
    return receipt.amount in (balance, _with_delay(posting, purpose, receipt))


def _of_instalment(connection: Connection, instalment: str) -> Decimal:
    its = instalments.c
    price = its.amount + its.interest + its.fee - its.credited - its.received
    found: Decimal = connection.scalars(select(price).where(its.id == instalment)).one()
    return found


def _with_delay(posting: Posting, debt: LockedDebt, receipt: Receipt) -> Decimal | None:
    """By the table of the ruler that its case is on; None where there is none, or a rate is missing."""
    case = dated_by(debt)
    if case is None:
        return None
    try:
        table = accrual_of(frozen_ruler(posting.connection, case.ruler).ruler)
        on = receipt.paid_at.astimezone(TIMEZONE).date()
        return owed_of(posting.connection, [debt.id], table, on)[debt.id].total
    except Unreckonable:
        return None
