"""A payment of one charge for all that a case owes, shared among its debts by parts (`storage/payments/parts.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, insert

from storage.payments.joint_charges import Member
from storage.payments.posting import RECEIVED_BY, Posting
from storage.payments.posting_locks import dated_by
from storage.schema import payments, reversals


def share(posting: Posting, payment: RowMapping, members: Sequence[Member]) -> None:
    """Share a new payment among the debts of its charge: each part is a payment of its debt, told to its cases."""
    for member, amount in _shares(payment["amount"], members):
        debt = posting.debts[member.debt]
        part: dict[str, Any] = {
            "origin": payment["id"],
            "channel": payment["channel"],
            "txid": payment["txid"],
            "debt": debt.id,
            "amount": amount,
            "paid_at": payment["paid_at"],
            "paid_on": posting.day(dated_by(debt), payment["paid_at"]),
        }
        id = posting.connection.execute(insert(payments).values(part).returning(payments.c.id)).scalar_one()
        left = {
            "payment": payment["id"],
            "kind": "shared",
            "reference": f"cobrança conjunta {id}",
            "moved_to": id,
            "amount": amount,
            "reversed_on": payment["paid_on"],
        }
        posting.connection.execute(insert(reversals).values(left))
        posting.add(debt.id, amount, reported=id)
        how = f"{RECEIVED_BY[payment['channel']]}, parte de cobrança conjunta"
        posting.tell_received({**part, "id": id, "instalment": None, "bank_file": None}, how)
    posting.tell_agreements([member.debt for member in members])


def _shares(amount: Decimal, members: Sequence[Member]) -> Iterator[tuple[Member, Decimal]]:
    """The amount as far as it goes; what is beyond the charge is the last one's."""
    for member in members[:-1]:
        if share := min(amount, member.amount):
            yield member, share
            amount -= share
    if amount:
        yield members[-1], amount
