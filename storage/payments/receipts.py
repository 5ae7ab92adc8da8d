"""Receipts of payments: asked for by the transaction that posts the money, and read when one is about to leave.

A payment has one receipt in a case, whichever of its parts (`storage/payments/parts.py`) is for the case's debts. What
a receipt says is read when it is claimed, so money that went back before is in none; once it is sent, a correction
follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Date, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.contact.communication import CommunicationKind
from models.events import CommunicationChanged, Event
from storage.case.facts import LOST


class Concerned(NamedTuple):
    """A payment, as it came in, and a case that is told of it."""

    payment: int
    case: str
    on: date
    """The case's day."""


def _of_each(sql: str) -> Any:
    return text(sql).bindparams(
        bindparam("payments", type_=ARRAY(BigInteger)),
        bindparam("cases", type_=ARRAY(Text)),
        bindparam("days", type_=ARRAY(Date)),
    )


# one that was withdrawn, since its money was taken off, is asked for anew when the money is put back
RECEIPTS = _of_each("""
    INSERT INTO communications (id, "case", kind, payment, asked_on)
    SELECT DISTINCT ON ("case", payment) "case" || '-receipt-' || payment, "case", :kind, payment, "on"
    FROM unnest(:payments, :cases, :days) AS asked (payment, "case", "on")
    ON CONFLICT (id) DO UPDATE SET asked_on = excluded.asked_on, outcome = NULL, reason = NULL, closed_at = NULL
        WHERE communications.outcome = 'withdrawn'
    RETURNING id, "case"
""")

# a receipt that nobody got needs none, and what no correction has told yet the next one tells
CORRECTIONS = _of_each(f"""
    INSERT INTO communications (id, "case", kind, payment, asked_on)
    SELECT DISTINCT ON (asked."case", asked.payment) asked."case" || '-correction-' || asked.payment || '-'
               || (SELECT count(*) + 1 FROM communications AS before
                   WHERE before.payment = asked.payment AND before."case" = asked."case" AND before.kind = :kind),
           asked."case", :kind, asked.payment, asked."on"
    FROM unnest(:payments, :cases, :days) AS asked (payment, "case", "on")
    WHERE EXISTS (
            SELECT FROM communications AS told JOIN notices ON notices.communication = told.id
            WHERE told.payment = asked.payment AND told."case" = asked."case"
              AND notices.status NOT IN ({LOST}))
      AND NOT EXISTS (
            SELECT FROM communications AS waiting
            WHERE waiting.payment = asked.payment AND waiting."case" = asked."case" AND waiting.kind = :kind
              AND waiting.closed_at IS NULL
              AND NOT EXISTS (SELECT FROM notices WHERE notices.communication = waiting.id))
    RETURNING id, "case"
""")  # noqa: S608 - LOST is a constant


def ask_for_receipts(
    connection: Connection, received: Iterable[Concerned], taken_back: Iterable[Concerned]
) -> list[tuple[str, Event]]:
    """Ask for a receipt of each payment received, and for a correction of each that was taken back after its receipt
    was sent. Gives the news that starts their workflows. The cases are locked."""
    asked = ((RECEIPTS, CommunicationKind.RECEIPT, received), (CORRECTIONS, CommunicationKind.CORRECTION, taken_back))
    return [
        (case, CommunicationChanged(communication=communication))
        for query, kind, concerned in asked
        for communication, case in _asked(connection, query, kind, list(concerned))
    ]


def _asked(
    connection: Connection, query: Any, kind: CommunicationKind, concerned: Sequence[Concerned]
) -> list[tuple[str, str]]:
    if not concerned:
        return []
    payments, cases, days = (list(column) for column in zip(*concerned, strict=True))
    rows = connection.execute(query, {"kind": kind, "payments": payments, "cases": cases, "days": days})
    return sorted(row.tuple() for row in rows)


@dataclass(frozen=True)
class PaidDebt:
    id: str
    inscription: str
    period: str | None
    amount: Decimal
    """The part of the payment that counts for it."""


@dataclass(frozen=True)
class PaidInstalment:
    agreement: str
    n: int
    amount: Decimal


@dataclass(frozen=True)
class ReceivedPayment:
    """A payment as it counts for one case now."""

    paid_on: date
    channel: str
    amount: Decimal
    """All that counts for the case; zero: it was taken back, or is on nothing of the case's any more."""
    gone: Decimal
    """The part of it that counted once and no longer does."""
    debts: tuple[PaidDebt, ...]
    instalments: tuple[PaidInstalment, ...]
    parts: tuple[int, ...]
    """The ids of what it came to for the case (`storage/payments/parts.py`), of those that still count."""
    registered_on: tuple[date | None, ...]
    """For each debt that it is or was on the day of its registration; none: no extract has said."""


# what left them for somewhere else than another of them
GONE = text("""
    SELECT coalesce(sum(amount), 0) FROM reversals
    WHERE payment = ANY(:parts) AND (moved_to IS NULL OR NOT moved_to = ANY(:parts))
""").bindparams(bindparam("parts", type_=ARRAY(BigInteger)))

# the parts that are on the case's debts or on instalments of its agreements, with what is left of each
COUNTING = text("""
    SELECT part.id AS part, debts.id, debts.inscription, debts.period, debts.registered_on, instalments.agreement,
           instalments.n, part.paid_on, part.channel,
           part.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = part.id), 0) AS net
    FROM cases JOIN payments AS part ON part.id = :payment OR part.origin = :payment
    LEFT JOIN debts ON debts.id = part.debt AND debts.tax = cases.tax
         AND EXISTS (SELECT FROM debtors WHERE debtors.debt = debts.id AND debtors.taxpayer = cases.taxpayer)
    LEFT JOIN (instalments JOIN agreements ON agreements.id = instalments.agreement)
         ON instalments.id = part.instalment AND agreements."case" = cases.id
    WHERE cases.id = :case AND num_nonnulls(debts.id, instalments.id) = 1
    ORDER BY part.id
""")


def read_received(connection: Connection, payment: int, case: str) -> ReceivedPayment | None:
    """Read a payment as it counts for a case; none where nothing of it ever did, or it is no longer known by whom."""
    parts = connection.execute(COUNTING, {"payment": payment, "case": case}).all()
    if not parts:
        return None
    left = [part for part in parts if part.net > 0]
    return ReceivedPayment(
        paid_on=parts[0].paid_on,
        channel=parts[0].channel,
        amount=sum((part.net for part in left), Decimal(0)),
        gone=connection.execute(GONE, {"parts": [part.part for part in parts]}).scalar_one(),
        debts=tuple(PaidDebt(part.id, part.inscription, part.period, part.net) for part in left if part.id),
        instalments=tuple(PaidInstalment(part.agreement, part.n, part.net) for part in left if part.agreement),
        parts=tuple(part.part for part in left),
        registered_on=tuple(part.registered_on for part in parts if part.id),
    )
