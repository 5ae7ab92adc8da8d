"""Money that went back: refunds that a Pix callback tells of, and payments that a bank's file takes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import RowMapping, func, insert, select

from models.case.journal import EntryKind
from models.case.status import Status
from models.events import PaymentReversed
from models.formats import money
from models.payment.pix import PixRefund
from storage.case.journal import Evidence
from storage.payments.posting import RECEIVED_BY, Posting, purpose_of
from storage.payments.posting_locks import LockedCase, LockedDebt, dated_by
from storage.payments.reports import TakenBack
from storage.schema import bank_files, payments, reversals

PAYMENT = (payments.c.id, payments.c.channel, payments.c.debt, payments.c.instalment, payments.c.amount)
"""The columns of a payment that its reversal needs."""


@dataclass(frozen=True)
class _Reversal:
    payment: int
    channel: str
    purpose: str | None
    """A debt or an instalment."""
    reference: str
    amount: Decimal
    at: datetime | None
    rtr_id: str | None

    @property
    def evidence(self) -> Evidence:
        return {
            "payment": self.payment,
            "amount": f"{self.amount:.2f}",
            "debt": self.purpose,
            "refund": self.reference,
        }


def reverse(posting: Posting, refunds: Mapping[str, tuple[PixRefund, ...]]) -> int:
    if not refunds:
        return 0
    columns = (*PAYMENT, payments.c.end_to_end_id)
    refunded = posting.connection.execute(
        select(*columns)
        .where(payments.c.end_to_end_id.in_(refunds))
        .order_by(payments.c.end_to_end_id)
        .with_for_update()
    ).mappings()
    return sum(_reverse_one(posting, payment, refunds[payment["end_to_end_id"]]) for payment in refunded.all())


def take_back(posting: Posting, taken: TakenBack) -> bool:
    """Store a bank's reversal with the newest payment of its title that has as much left, if it is new; whether
    there is such a payment."""
    of_title = payments.c.slip == taken.slip
    known = select(reversals.c.id).join_from(reversals, payments)
    if posting.connection.execute(known.where(of_title, reversals.c.reference == taken.reference)).first():
        return True
    back = select(func.coalesce(func.sum(reversals.c.amount), 0)).where(reversals.c.payment == payments.c.id)
    left = payments.c.amount - back.scalar_subquery()
    found = posting.connection.execute(
        select(*PAYMENT)
        .join_from(payments, bank_files)
        .where(of_title, bank_files.c.agreement == taken.agreement, left >= taken.amount)
        .order_by((left == taken.amount).desc(), payments.c.id.desc())
        .limit(1)
    )
    payment = found.mappings().one_or_none()
    if payment:
        _store_reversal(posting, _reversal_of(payment, taken.reference, taken.amount, taken.at))
    return payment is not None


def _reverse_one(posting: Posting, payment: RowMapping, refunds: tuple[PixRefund, ...]) -> int:
    asked = select(reversals.c.reference, reversals.c.rtr_id, reversals.c.amount)
    earlier = posting.connection.execute(asked.where(reversals.c.payment == payment["id"])).all()
    known = {name for row in earlier for name in (row.reference, row.rtr_id) if name}
    left, new = payment["amount"] - sum(row.amount for row in earlier), 0
    for refund in refunds:
        # the bank is the authority on what it gave back, but no more can be given back than came in
        amount = min(refund.amount, left)
        if known.isdisjoint({refund.id, refund.rtr_id}) and amount > 0:
            known |= {name for name in (refund.id, refund.rtr_id) if name}
            left, new = left - amount, new + 1
            _store_reversal(posting, _reversal_of(payment, refund.id, amount, refund.at, refund.rtr_id))
    return new


def _store_reversal(posting: Posting, reversal: _Reversal) -> None:
    purpose = posting.purpose(reversal.purpose)
    row = {
        "payment": reversal.payment,
        "reference": reversal.reference,
        "rtr_id": reversal.rtr_id,
        "amount": reversal.amount,
        "reversed_on": posting.day(dated_by(purpose), reversal.at),
    }
    posting.connection.execute(insert(reversals).values(row))
    if purpose is None:
        return
    if isinstance(purpose, LockedDebt):
        posting.add(purpose.id, -reversal.amount)
    posting.tell_agreements([purpose.id])
    for case in purpose.cases:
        if case.open:
            _tell_reversed(posting, case, reversal)
        elif case.status == Status.RESOLVED and posting.owes(case, purpose):
            _tell_reversed(posting, case, reversal)
            reason = f"caso reaberto pela devolução de {money(reversal.amount)}"
            posting.reopen(case, posting.day(case, reversal.at), reason, reversal.evidence)


def _tell_reversed(posting: Posting, case: LockedCase, reversal: _Reversal) -> None:
    day = posting.day(case, reversal.at)
    reason = f"devolução de {money(reversal.amount)} de um pagamento {RECEIVED_BY[reversal.channel]}"
    posting.note(case, day, EntryKind.PAYMENT_REVERSED, reason, reversal.evidence)
    event = PaymentReversed(payment=reversal.payment, amount=reversal.amount, on=day)
    posting.promised.append((case.id, event))


def _reversal_of(
    payment: RowMapping, reference: str, amount: Decimal, at: datetime | None, rtr_id: str | None = None
) -> _Reversal:
    return _Reversal(payment["id"], payment["channel"], purpose_of(payment), reference, amount, at, rtr_id)
