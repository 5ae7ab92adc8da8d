"""The ledger of money coming in. A payment is written in the same transaction as its signals, and counts once.

A payment is for a debt, or for an instalment of an agreement, whose life is then told anew
(`storage/agreement/agreements.py`): in the same transaction it is shared among the agreement's debts, puts them on
hold, undoes a break.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DataError

from models.callback import Malformed
from models.errors import Refusal
from models.payment.pix import PixPayment, PixRefund, merged
from storage.payments import reversing
from storage.payments.parts import ids_of_parts
from storage.payments.posting import Posting, purpose_of, whole
from storage.payments.posting_locks import any_of
from storage.payments.receiving import receive
from storage.payments.reports import Receipt, Recorded, TakenBack
from storage.payments.slips import issued_among
from storage.payments.unmatched_reversals import keep_unmatched, settle_unmatched
from storage.schema import payments


def record_pix(engine: Engine, received: Sequence[PixPayment], arrived_at: datetime) -> Recorded:
    """Record a webhook's payments and refunds, all of a call or nothing. Repeating it changes nothing."""
    [recorded] = record_calls(engine, [received], arrived_at)
    return recorded


def record_calls(engine: Engine, calls: Sequence[Sequence[PixPayment]], arrived_at: datetime) -> list[Recorded]:
    """Record the payments and refunds of several calls, all of them or nothing; returned is what each of them brought
    that none before it did. Repeating it changes nothing."""
    received = merged(payment for call in calls for payment in call)
    receipts = [
        Receipt("pix", payment.amount, payment.paid_at, end_to_end_id=payment.end_to_end_id, txid=payment.txid)
        for payment in received
    ]
    refunds = {payment.end_to_end_id: payment.refunds for payment in received if payment.refunds}
    try:
        brought = whole(engine, lambda connection: _record(connection, receipts, refunds, arrived_at))
    except DataError:
        raise Malformed("pix", "adds up to more than one debt can record") from None
    return [brought.taken_by(call) for call in calls]


def amounts_on_record(engine: Engine, end_to_end_ids: Iterable[str]) -> dict[str, Decimal]:
    """The amount of each Pix payment on record, as its first report stated it."""
    asked = select(payments.c.end_to_end_id, payments.c.amount)
    with engine.connect() as connection:
        known = connection.execute(asked.where(any_of(payments.c.end_to_end_id, end_to_end_ids)))
        return {row.end_to_end_id: row.amount for row in known}


def record_bank(engine: Engine, receipts: Sequence[Receipt], arrived_at: datetime) -> Recorded:
    """Record a bank's payments and reversals, all of them or nothing. Repeating it changes nothing."""
    try:
        brought = whole(engine, lambda connection: _record(connection, receipts, {}, arrived_at))
    except DataError:
        raise Refusal("the payments add up to more than one debt can record") from None
    return Recorded(len(brought.payments), 0, sum(not matched for matched in brought.payments.values()))


def take_back(engine: Engine, taken: Sequence[TakenBack], arrived_at: datetime) -> list[TakenBack]:
    """Record what a bank took back, all of it in one transaction, and return those of no payment on record: they wait
    for it. Repeating it changes nothing."""
    return whole(engine, lambda connection: _take_back(connection, taken, arrived_at))


@dataclass
class _Brought:
    """The new payments and reversals of a posting."""

    payments: dict[str, bool]
    """By the name that the bank gave each payment, whether we know what it is for."""
    reversals: dict[str, int]
    """How many there are, by the endToEndIds of their payments."""

    def taken_by(self, call: Sequence[PixPayment]) -> Recorded:
        """The counts of what a call brought, which no other call brings then."""
        new = [self.payments.pop(each.end_to_end_id) for each in call if each.end_to_end_id in self.payments]
        back = [self.reversals.pop(each.end_to_end_id, 0) for each in call if each.refunds]
        return Recorded(len(new), sum(back), new.count(False))


def _record(
    connection: Connection,
    receipts: Sequence[Receipt],
    refunds: Mapping[str, tuple[PixRefund, ...]],
    arrived_at: datetime,
) -> _Brought:
    refunded = select(payments.c.id).where(any_of(payments.c.end_to_end_id, refunds))
    issued = issued_among(connection, {name for receipt in receipts if (name := receipt.returned)})
    posting = Posting(
        connection,
        arrived_at,
        debts_named=[purpose.debt for purpose in issued.paid_for.values() if purpose.debt],
        instalments_named=[purpose.instalment for purpose in issued.paid_for.values() if purpose.instalment],
        txids={receipt.txid for receipt in receipts if receipt.txid},
        slips={receipt.slip_number for receipt in receipts if receipt.slip_number is not None},
        payments_named=ids_of_parts(connection, connection.scalars(refunded).all()) if refunds else (),
    )
    new = receive(posting, receipts, issued)
    reversed_ = reversing.reverse(posting, refunds)
    posting.tell()
    return _Brought(
        {
            each["end_to_end_id"] or each["reference"]: purpose_of(each) is not None
            or each["txid"] in posting.shared_by
            for each in new
        },
        reversed_,
    )


def _take_back(connection: Connection, taken: Sequence[TakenBack], arrived_at: datetime) -> list[TakenBack]:
    of_titles = any_of(payments.c.slip, {each.slip for each in taken})
    paid = connection.scalars(select(payments.c.id).where(of_titles)).all()
    slips = {each.slip_number for each in taken if each.slip_number is not None}
    posting = Posting(connection, arrived_at, slips=slips, payments_named=paid)
    connection.execute(select(payments.c.id).where(of_titles).order_by(payments.c.id).with_for_update())
    unknown = [each for each in taken if not reversing.take_back(posting, each)]
    posting.tell()
    keep_unmatched(connection, unknown)
    settle_unmatched(connection, [each.reference for each in taken if each not in unknown])
    return unknown
