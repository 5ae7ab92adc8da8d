"""Money that leaves a payment: refunds that a Pix callback tells of, payments that a bank's file takes back, and what a
person gives back or puts elsewhere.

Whoever gives back, it is taken from the parts of a payment (`storage/payments/parts.py`), the newest first: what people
put elsewhere was more than its debt needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from models.case.journal import EntryKind
from models.case.status import Status
from models.events import PaymentReversed
from models.formats import money
from models.payment.pix import PixRefund
from storage.case.journal import Evidence
from storage.payments.parts import Part, parts_of
from storage.payments.posting import RECEIVED_BY, Posting, purpose_of
from storage.payments.posting_locks import LockedCase, LockedDebt, dated_by
from storage.payments.reports import TakenBack
from storage.schema import bank_files, payments, reversals


@dataclass(frozen=True)
class Gone:
    """An amount that leaves a part of a payment."""

    part: Part
    reference: str
    amount: Decimal
    at: datetime | None
    """None: now."""
    rtr_id: str | None = None
    moved_to: int | None = None
    by: str | None = None
    reason: str | None = None

    @property
    def evidence(self) -> Evidence:
        said: dict[str, Any] = {
            "payment": self.part["id"],
            "amount": f"{self.amount:.2f}",
            "debt": purpose_of(self.part),
            "refund": self.reference,
        }
        return said if self.moved_to is None else said | {"moved_to": self.moved_to}

    @property
    def why(self) -> str:
        amount, received = money(self.amount), f"de um pagamento {RECEIVED_BY[self.part['channel']]}"
        if self.moved_to is not None:
            return f"{amount} {received} deixam de contar aqui, por {self.by}: {self.reason}"
        return f"devolução de {amount} {received}" + (f", por {self.by}: {self.reason}" if self.by else "")


def reverse(posting: Posting, refunds: Mapping[str, tuple[PixRefund, ...]]) -> dict[str, int]:
    """Store the refunds of payments by their endToEndId, and give the numbers of those that are new."""
    if not refunds:
        return {}
    refunded = posting.connection.execute(
        select(payments.c.id, payments.c.end_to_end_id)
        .where(payments.c.end_to_end_id.in_(refunds))
        .order_by(payments.c.end_to_end_id)
        .with_for_update()
    )
    return {row.end_to_end_id: _reverse_one(posting, row.id, refunds[row.end_to_end_id]) for row in refunded.all()}


def take_back(posting: Posting, taken: TakenBack) -> bool:
    """Store a bank's reversal with the payments of its title, if it is new; whether they have as much left. A payment
    of just that amount goes before the others, the newest before the older."""
    of_title = (payments.c.slip == taken.slip) & payments.c.origin.is_(None)
    known = select(reversals.c.id).join_from(reversals, payments, reversals.c.payment == payments.c.id)
    named = known.where(payments.c.slip == taken.slip, reversals.c.reference == taken.reference)
    if posting.connection.execute(named).first():
        return True
    found = posting.connection.scalars(
        select(payments.c.id)
        .join_from(payments, bank_files)
        .where(of_title, bank_files.c.agreement == taken.agreement)
        .order_by(payments.c.id.desc())
    )
    paid = [parts_of(posting.connection, payment) for payment in found.all()]
    paid.sort(key=lambda parts: _left(parts) != taken.amount)
    if sum(map(_left, paid), Decimal(0)) < taken.amount:
        return False
    _give_back(posting, [part for parts in paid for part in parts], taken.reference, taken.amount, taken.at, None)
    return True


def _left(parts: Sequence[Part]) -> Decimal:
    return sum((part["left"] for part in parts), Decimal(0))


def leave(posting: Posting, gone: Gone) -> None:
    """Store that an amount leaves a part, and tell it to the cases and agreements that rested on it."""
    purpose = posting.purpose(purpose_of(gone.part))
    row = {
        "payment": gone.part["id"],
        "kind": "refund" if gone.moved_to is None else "moved",
        "reference": gone.reference,
        "rtr_id": gone.rtr_id,
        "moved_to": gone.moved_to,
        "by": gone.by,
        "reason": gone.reason,
        "amount": gone.amount,
        # what was never here counts for no day; what was given back did until then
        "reversed_on": posting.day(dated_by(purpose), gone.at if gone.moved_to is None else gone.part["paid_at"]),
    }
    posting.connection.execute(insert(reversals).values(row))
    if purpose is None:
        return
    posting.taken_back += posting.concerned(gone.part, purpose)
    if isinstance(purpose, LockedDebt):
        posting.add(purpose.id, -gone.amount)
    posting.tell_agreements([purpose.id])
    for case in purpose.cases:
        if case.open:
            _tell(posting, case, gone)
        elif case.status == Status.RESOLVED and posting.owes(case, purpose):
            _tell(posting, case, gone)
            cause = "devolução" if gone.moved_to is None else "correção"
            reason = f"caso reaberto pela {cause} de {money(gone.amount)}"
            posting.reopen(case, posting.day(case, gone.at), reason, gone.evidence)


def _reverse_one(posting: Posting, payment: int, refunds: Sequence[PixRefund]) -> int:
    parts, new = parts_of(posting.connection, payment), 0
    asked = select(reversals.c.reference, reversals.c.rtr_id).where(
        reversals.c.kind == "refund", reversals.c.payment.in_([part["id"] for part in parts])
    )
    known = {name for row in posting.connection.execute(asked) for name in row if name}
    for refund in refunds:
        if not known.isdisjoint({refund.id, refund.rtr_id}):
            continue
        known |= {name for name in (refund.id, refund.rtr_id) if name}
        if _recorded_by_a_person(posting, parts, refund):
            continue
        # the bank is the authority on what it gave back, but no more can be given back than came in
        new += _give_back(posting, parts, refund.id, refund.amount, refund.at, refund.rtr_id)
    return new


def _recorded_by_a_person(posting: Posting, parts: Sequence[Part], refund: PixRefund) -> bool:
    """Whether a person has recorded a refund of that amount before its bank does: it is one, and bears the bank's name
    from now on."""
    waiting = select(reversals.c.id).where(
        reversals.c.kind == "refund",
        reversals.c.by.is_not(None),
        reversals.c.rtr_id.is_(None),
        reversals.c.payment.in_([part["id"] for part in parts]),
        reversals.c.amount == refund.amount,
    )
    found = posting.connection.scalars(waiting.order_by(reversals.c.id).limit(1)).one_or_none()
    if found is not None:
        named = update(reversals).where(reversals.c.id == found)
        posting.connection.execute(named.values(rtr_id=refund.id))
    return found is not None


def _give_back(
    posting: Posting, parts: list[Part], reference: str, amount: Decimal, at: datetime | None, rtr_id: str | None
) -> bool:
    """Take an amount from the parts, as far as they go; whether there was anything."""
    shares = list(_shares(parts, amount))
    for part, share in shares:
        leave(posting, Gone(part, reference, share, at, rtr_id))
        part["left"] -= share
    return bool(shares)


def _shares(parts: Sequence[Part], amount: Decimal) -> Iterator[tuple[Part, Decimal]]:
    for part in parts:
        share = min(part["left"], amount)
        if share > 0:
            yield part, share
            amount -= share


def _tell(posting: Posting, case: LockedCase, gone: Gone) -> None:
    day = posting.day(case, gone.at)
    posting.note(case, day, EntryKind.PAYMENT_REVERSED, gone.why, gone.evidence)
    event = PaymentReversed(payment=gone.part["id"], amount=gone.amount, on=day)
    posting.promised.append((case.id, event))
