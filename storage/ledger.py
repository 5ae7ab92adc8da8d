"""Money coming in. A payment is written in the same transaction as the signals it owes, and counts once.

Everything one call needs is locked before anything is written, in one order whoever calls: cases by id, debts by id,
payments by the bank's id. So calls that meet queue up, and none deadlocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, RowMapping, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.exc import DataError, DBAPIError

from models.calendar import Clock
from models.case import Status
from models.events import PaymentReceived, PaymentReversed
from models.pix import Malformed, PixPayment, PixRefund
from models.words import money
from storage.schema import cases, cohorts, debtors, debts, decisions, payments, reversals
from storage.signals import owe

TIMEZONE = ZoneInfo("America/Sao_Paulo")
"""Dates a payment that concerns no case: the bank's own days."""

OPEN = datetime.max.replace(tzinfo=UTC)
"""Sorts an open case after all closed ones."""

ATTEMPTS = 5
OVERTAKEN = {"40001", "40P01", "23505"}
"""SQLSTATEs of a transaction that lost to another one: not serializable, deadlocked, a row written meanwhile."""


@dataclass(frozen=True)
class Recorded:
    """What a call brought that was new."""

    payments: int
    reversals: int


class Overtaken(Exception):
    """Another call stored one of our payments for another debt while we were locking."""


def record_pix(engine: Engine, received: Sequence[PixPayment], arrived_at: datetime) -> Recorded:
    """Stores all of a call or nothing. Repeating it changes nothing."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                return _record(connection, received, arrived_at)
        except DataError:
            raise Malformed("pix", "adds up to more than one debt can record") from None
        except (DBAPIError, Overtaken) as error:
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            if attempt == ATTEMPTS or not (state in OVERTAKEN or isinstance(error, Overtaken)):
                raise
    raise AssertionError("the last attempt returns or raises")


def unmatched(connection: Connection) -> list[dict[str, Any]]:
    """Payments for no debt that we know of, oldest first: people find out whose they are."""
    columns = (
        payments.c.end_to_end_id,
        payments.c.txid,
        payments.c.amount,
        payments.c.paid_at,
        payments.c.recorded_at,
    )
    rows = connection.execute(select(*columns).where(payments.c.debt.is_(None)).order_by(payments.c.id))
    return [dict(row) for row in rows.mappings()]


def _record(connection: Connection, received: Sequence[PixPayment], arrived_at: datetime) -> Recorded:
    posting = _Posting(connection, received, arrived_at)
    new = posting.receive(received)
    reversed_ = posting.reverse({payment.end_to_end_id: payment.refunds for payment in received if payment.refunds})
    posting.write_journal()
    return Recorded(payments=new, reversals=reversed_)


@dataclass
class _Case:
    id: str
    taxpayer: int
    tax: str
    ruler: str
    clock: Clock
    status: str
    closed_at: datetime | None

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass
class _Debt:
    """A locked debt, and for each who owes it the newest case of its tax, the open one if there is one."""

    id: str
    cases: list[_Case]

    @property
    def open_cases(self) -> list[_Case]:
        return [case for case in self.cases if case.open]

    @property
    def dated_by(self) -> _Case | None:
        return next(iter(self.open_cases or self.cases), None)


@dataclass(frozen=True)
class _Reversal:
    payment: int
    debt: str | None
    reference: str
    amount: Decimal
    at: datetime | None

    @property
    def evidence(self) -> dict[str, Any]:
        return {
            "payment": self.payment,
            "amount": f"{self.amount:.2f}",
            "debt": self.debt,
            "refund": self.reference,
        }


class _Posting:
    """One call's transaction: the rows it has locked, and what it has to say to each case."""

    def __init__(self, connection: Connection, received: Sequence[PixPayment], arrived_at: datetime) -> None:
        self.connection = connection
        self.arrived_at = arrived_at
        self.debt_of_txid, self.debts = _lock(connection, received)
        self.journal: list[dict[str, Any]] = []

    def receive(self, received: Sequence[PixPayment]) -> int:
        rows = [self._row(payment) for payment in sorted(received, key=lambda payment: payment.end_to_end_id)]
        if not rows:
            return 0
        # The first report of a payment stands, also when a repeat states another amount: notices and decisions rest
        # on it already, and the bank takes money back with a refund, never by rewording a payment.
        stored = self.connection.execute(
            postgresql_insert(payments)
            .on_conflict_do_nothing(index_elements=["end_to_end_id"])
            .returning(payments.c.id, payments.c.debt, payments.c.amount, payments.c.paid_at),
            rows,
        )
        new = sorted(stored.mappings(), key=lambda payment: payment["id"])
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for payment in new:
            if payment["debt"] is not None:
                sums[payment["debt"]] += payment["amount"]
                self._tell_received(payment)
        for debt, amount in sums.items():
            self._add(debt, amount)
        return len(new)

    def reverse(self, refunds: dict[str, tuple[PixRefund, ...]]) -> int:
        if not refunds:
            return 0
        columns = (payments.c.id, payments.c.end_to_end_id, payments.c.debt, payments.c.amount)
        refunded = self.connection.execute(
            select(*columns)
            .where(payments.c.end_to_end_id.in_(refunds))
            .order_by(payments.c.end_to_end_id)
            .with_for_update()
        ).mappings()
        return sum(self._reverse_one(payment, refunds[payment["end_to_end_id"]]) for payment in refunded.all())

    def write_journal(self) -> None:
        if self.journal:
            self.connection.execute(insert(decisions), self.journal)

    def _row(self, payment: PixPayment) -> dict[str, Any]:
        debt = self.debts.get(self.debt_of_txid.get(payment.txid or "", ""))
        return {
            "end_to_end_id": payment.end_to_end_id,
            "txid": payment.txid,
            "debt": debt.id if debt else None,
            "amount": payment.amount,
            "paid_at": payment.paid_at,
            "paid_on": self._day(debt.dated_by if debt else None, payment.paid_at),
        }

    def _tell_received(self, payment: RowMapping) -> None:
        amount, debt = payment["amount"], payment["debt"]
        reason = f"pagamento de {money(amount)} recebido por Pix"
        evidence = {"payment": payment["id"], "amount": f"{amount:.2f}", "debt": debt}
        for case in self.debts[debt].open_cases:
            day = self._day(case, payment["paid_at"])
            self._note(case, day, "payment", reason, evidence)
            owe(self.connection, [case.id], PaymentReceived(payment=payment["id"], amount=amount, on=day))

    def _reverse_one(self, payment: RowMapping, refunds: tuple[PixRefund, ...]) -> int:
        earlier = select(reversals.c.reference, reversals.c.amount).where(reversals.c.payment == payment["id"])
        known = dict(self.connection.execute(earlier).tuples().all())
        before = len(known)
        for refund in refunds:
            # the bank is the authority on what it gave back, but no more can be given back than came in
            amount = min(refund.amount, payment["amount"] - sum(known.values()))
            if refund.id not in known and amount > 0:
                known[refund.id] = amount
                self._store_reversal(_Reversal(payment["id"], payment["debt"], refund.id, amount, refund.at))
        return len(known) - before

    def _store_reversal(self, reversal: _Reversal) -> None:
        debt = self._locked(reversal.debt)
        row = {
            "payment": reversal.payment,
            "reference": reversal.reference,
            "amount": reversal.amount,
            "reversed_on": self._day(debt.dated_by if debt else None, reversal.at),
        }
        self.connection.execute(insert(reversals).values(row))
        if debt is None:
            return
        balance = self._add(debt.id, -reversal.amount)
        for case in debt.cases:
            if case.open:
                self._tell_reversed(case, reversal)
            elif case.status == Status.RESOLVED and balance > 0:
                self._tell_reversed(case, reversal)
                self._reopen(case, reversal)

    def _tell_reversed(self, case: _Case, reversal: _Reversal) -> None:
        day = self._day(case, reversal.at)
        reason = f"devolução de {money(reversal.amount)} de um pagamento recebido por Pix"
        self._note(case, day, "payment_reversed", reason, reversal.evidence)
        owe(self.connection, [case.id], PaymentReversed(payment=reversal.payment, amount=reversal.amount, on=day))

    def _reopen(self, case: _Case, reversal: _Reversal) -> None:
        case.closed_at, case.status = None, Status.RUNNING
        self.connection.execute(
            update(cases).where(cases.c.id == case.id).values(closed_at=None, status=Status.RUNNING.value)
        )
        reason = f"caso reaberto pela devolução de {money(reversal.amount)}"
        self._note(case, self._day(case, reversal.at), "reopened", reason, reversal.evidence)

    def _locked(self, debt: str | None) -> _Debt | None:
        if debt is None:
            return None
        if debt not in self.debts:
            raise Overtaken
        return self.debts[debt]

    def _add(self, debt: str, amount: Decimal) -> Decimal:
        """The balance afterwards."""
        added = update(debts).where(debts.c.id == debt).values(received=debts.c.received + amount)
        balance: Decimal = self.connection.execute(added.returning(debts.c.balance)).scalar_one()
        return balance

    def _note(self, case: _Case, day: date, kind: str, reason: str, evidence: dict[str, Any]) -> None:
        row = {"case": case.id, "at": day, "kind": kind, "reason": reason, "ruler": case.ruler, "evidence": evidence}
        self.journal.append(row)

    def _day(self, case: _Case | None, said_at: datetime | None) -> date:
        """The day that counts: the bank's on a real clock, that of the arrival on a compressed one."""
        instant = said_at or self.arrived_at
        if case is None:
            return instant.astimezone(TIMEZONE).date()
        return case.clock.day_at(self.arrived_at if case.clock.compressed else instant)


def _lock(connection: Connection, received: Sequence[PixPayment]) -> tuple[dict[str, str], dict[str, _Debt]]:
    """The debt of each txid, and every debt that the call concerns, locked with the cases it concerns."""
    named = debts.c.pix_txid.in_({payment.txid for payment in received if payment.txid})
    refunded = [payment.end_to_end_id for payment in received if payment.refunds]
    # a repeat may name another txid than the first report did, which stands
    stored = select(payments.c.debt).where(payments.c.end_to_end_id.in_(refunded))
    owed = (
        select(debts.c.id, debts.c.pix_txid, debts.c.tax, debtors.c.taxpayer)
        .join_from(debts, debtors)
        .where(or_(named, debts.c.id.in_(stored)) if refunded else named)
        .order_by(debtors.c.taxpayer)
    )
    owers = connection.execute(owed).all()
    if not owers:
        return {}, {}
    newest = _lock_newest_cases(connection, {(row.taxpayer, row.tax) for row in owers})
    debt_of_txid = {row.pix_txid: row.id for row in owers}
    ids = debt_of_txid.values()
    connection.execute(select(debts.c.id).where(debts.c.id.in_(ids)).order_by(debts.c.id).with_for_update())
    locked = {debt: _Debt(debt, []) for debt in ids}
    for row in owers:
        if (row.taxpayer, row.tax) in newest:
            locked[row.id].cases.append(newest[row.taxpayer, row.tax])
    return debt_of_txid, locked


def _lock_newest_cases(connection: Connection, owers: set[tuple[int, str]]) -> dict[tuple[int, str], _Case]:
    """The open case of each taxpayer and tax, else the one closed last, which a reversal may open again."""
    columns = (cases.c.id, cases.c.taxpayer, cases.c.tax, cases.c.status, cases.c.closed_at)
    rows = connection.execute(
        select(*columns, cohorts.c.ruler, cohorts.c.clock)
        .join_from(cases, cohorts)
        .where(tuple_(cases.c.taxpayer, cases.c.tax).in_(owers))
        .order_by(cases.c.id)
        .with_for_update(of=cases)
    )
    found = [_Case(**{**row, "clock": Clock.model_validate(row["clock"])}) for row in rows.mappings()]
    found.sort(key=lambda case: case.closed_at or OPEN)
    return {(case.taxpayer, case.tax): case for case in found}
