"""The ledger of money coming in. A payment is written in the same transaction as its signals, and counts once.

A Pix payment may be reported twice, by the webhook (endToEndId) and in a bank's file (reference), in either order and
under names that have nothing in common. The second report is paired with a payment of the same debt, amount and day
that its side has not reported yet, one with one: so two equal payments stay two. Which of them it is paired with makes
no difference to any sum. A file tells the day alone, the webhook the hour, by which the payment is judged then,
whichever comes first.

A payment is for a debt, or for an instalment of an agreement, whose life is then told anew
(`storage/agreement/agreements.py`): in the same transaction it is shared among the
agreement's debts, puts them on hold, undoes a break.

Everything one call needs is locked before anything is written, in one order whoever calls: cases by id, debts by id,
payments by the bank's id. So calls that meet queue up, and none deadlocks.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    Select,
    Table,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.exc import DataError, DBAPIError

from models.callback import Malformed
from models.case.journal import EntryKind
from models.case.status import Status
from models.errors import Refusal, Unreckonable
from models.events import Event, InstalmentsChanged, PaymentReceived, PaymentReversed
from models.formats import money
from models.payment.pix import PixPayment, PixRefund
from storage.agreement.agreements import tell
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import frozen_ruler
from storage.case.journal import Evidence, JournalRow
from storage.outbox import enqueue_each
from storage.payments.charges import debts_of_charges
from storage.payments.offers import settle
from storage.payments.posting_locks import (
    LockedCase,
    LockedDebt,
    LockedInstalment,
    Overtaken,
    Purpose,
    any_of,
    array_of,
    dated_by,
    lock_for_posting,
    open_cases_of,
)
from storage.payments.title_payers import is_of, tax_ids_of_debtors
from storage.rows import typed_rows
from storage.schema import (
    bank_files,
    cases,
    debts,
    decisions,
    payments,
    reversals,
)

TIMEZONE = ZoneInfo("America/Sao_Paulo")
"""Dates a payment that concerns no case: the bank's own days."""


ATTEMPTS = 5
RECEIVED_BY = {"pix": "recebido por Pix", "bank": "recebido pelo banco"}
PAYMENT = (payments.c.id, payments.c.channel, payments.c.debt, payments.c.instalment, payments.c.amount)
"""The columns of a payment that its reversal needs."""
Side = Literal["end_to_end_id", "reference"]
"""The side that reports a payment, by what it names it: the webhook, or a bank's file."""

REPORTED: dict[Side, tuple[str, ...]] = {
    "end_to_end_id": ("end_to_end_id", "txid"),
    "reference": ("reference", "slip", "bank_file"),
}
"""The columns that each side's report tells of a payment that the other one reported first."""

OVERTAKEN = {"40001", "40P01", "23505"}
"""SQLSTATEs of a transaction that lost to another one: not serializable, deadlocked, a row written meanwhile."""


Day = tuple[str, Decimal, date]
"""Debt or instalment, amount and day: what the two reports of one Pix payment have in common."""


@dataclass(frozen=True)
class Receipt:
    """One report of one payment: a webhook's has an endToEndId, a bank file's a reference."""

    channel: str
    amount: Decimal
    paid_at: datetime
    end_to_end_id: str | None = None
    txid: str | None = None
    reference: str | None = None
    slip: str | None = None
    slip_number: int | None = None
    bank_file: int | None = None
    payer: str = ""
    """The tax id of a title's payer, where it has to be one of the debtors of the slip."""
    hour_known: bool = True
    """False where the report tells no more than the day; `paid_at` is then its noon."""

    @property
    def key(self) -> str:
        return self.end_to_end_id or self.reference or ""


@dataclass(frozen=True)
class TakenBack:
    """A bank file's report that it took a payment back, known by the title it was for."""

    agreement: str
    """Bank and convênio."""
    slip: str
    slip_number: int | None
    amount: Decimal
    at: datetime
    reference: str
    line: int


@dataclass(frozen=True)
class Recorded:
    """The counts of what a call brought that was new."""

    payments: int
    reversals: int
    unmatched: int
    """The payments among them for no debt that we know of."""


def record_pix(engine: Engine, received: Sequence[PixPayment], arrived_at: datetime) -> Recorded:
    """Record a webhook's payments and refunds, all of a call or nothing. Repeating it changes nothing."""
    receipts = [
        Receipt("pix", payment.amount, payment.paid_at, end_to_end_id=payment.end_to_end_id, txid=payment.txid)
        for payment in received
    ]
    refunds = {payment.end_to_end_id: payment.refunds for payment in received if payment.refunds}
    try:
        return _whole(engine, lambda connection: _record(connection, receipts, refunds, arrived_at))
    except DataError:
        raise Malformed("pix", "adds up to more than one debt can record") from None


def record_bank(engine: Engine, receipts: Sequence[Receipt], arrived_at: datetime) -> Recorded:
    """Record a bank's payments and reversals, all of them or nothing. Repeating it changes nothing."""
    try:
        return _whole(engine, lambda connection: _record(connection, receipts, {}, arrived_at))
    except DataError:
        raise Refusal("the payments add up to more than one debt can record") from None


def take_back(engine: Engine, taken: Sequence[TakenBack], arrived_at: datetime) -> list[TakenBack]:
    """Record what a bank took back, all of it in one transaction, and return those of no payment on record. Repeating
    it changes nothing."""
    return _whole(engine, lambda connection: _take_back(connection, taken, arrived_at))


def match(engine: Engine, payment: int, debt: str, by: str, now: datetime) -> None:
    """Put an unmatched payment on the debt it was meant for; what was given back of it stays given back."""
    _whole(engine, lambda connection: _Posting(connection, now, debts_named=[debt]).match(payment, debt, by))


T = TypeVar("T")


def _whole(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Post in one transaction, begun again when another one was faster."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                return work(connection)
        except DataError:
            # no other attempt would make the money fit
            raise
        except (DBAPIError, Overtaken) as error:
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            if attempt == ATTEMPTS or not (state in OVERTAKEN or isinstance(error, Overtaken)):
                raise
    raise AssertionError("the last attempt returns or raises")


class UnmatchedPayment(TypedDict):
    end_to_end_id: str | None
    txid: str | None
    amount: Decimal
    paid_at: datetime
    recorded_at: datetime


def unmatched(connection: Connection) -> list[UnmatchedPayment]:
    """Payments for no debt that we know of, oldest first: people find out whose they are."""
    columns = (
        payments.c.end_to_end_id,
        payments.c.txid,
        payments.c.amount,
        payments.c.paid_at,
        payments.c.recorded_at,
    )
    of_nothing = payments.c.debt.is_(None) & payments.c.instalment.is_(None)
    rows = connection.execute(select(*columns).where(of_nothing).order_by(payments.c.id))
    return typed_rows(UnmatchedPayment, rows.mappings())


def _record(
    connection: Connection,
    receipts: Sequence[Receipt],
    refunds: dict[str, tuple[PixRefund, ...]],
    arrived_at: datetime,
) -> Recorded:
    posting = _Posting(
        connection,
        arrived_at,
        txids={receipt.txid for receipt in receipts if receipt.txid},
        slips={receipt.slip_number for receipt in receipts if receipt.slip_number is not None},
        refunded=refunds.keys(),
        payers={receipt.payer for receipt in receipts if receipt.payer},
    )
    new = posting.receive(receipts)
    reversed_ = posting.reverse(refunds)
    posting.tell()
    return Recorded(len(new), reversed_, unmatched=sum(_purpose_of(payment) is None for payment in new))


def _take_back(connection: Connection, taken: Sequence[TakenBack], arrived_at: datetime) -> list[TakenBack]:
    of_titles = any_of(payments.c.slip, {each.slip for each in taken})
    paid_debts = connection.scalars(select(payments.c.debt).where(of_titles, payments.c.debt.is_not(None)).distinct())
    slips = {each.slip_number for each in taken if each.slip_number is not None}
    posting = _Posting(connection, arrived_at, slips=slips, debts_named=paid_debts.all())
    connection.execute(select(payments.c.id).where(of_titles).order_by(payments.c.id).with_for_update())
    unknown = [each for each in taken if not posting.take_back(each)]
    posting.tell()
    return unknown


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


class _NewPayment(TypedDict):
    """A row for `payments`."""

    channel: str
    end_to_end_id: str | None
    txid: str | None
    reference: str | None
    slip: str | None
    bank_file: int | None
    debt: str | None
    instalment: str | None
    amount: Decimal
    paid_at: datetime
    hour_known: bool
    paid_on: date


class _Posting:
    """A posting: one call's transaction, the rows it has locked, and what it has to say to each case."""

    def __init__(
        self,
        connection: Connection,
        arrived_at: datetime,
        *,
        txids: Collection[str] = (),
        slips: Collection[int] = (),
        refunded: Collection[str] = (),
        debts_named: Collection[str] = (),
        payers: Collection[str] = (),
    ) -> None:
        self.connection = connection
        self.arrived_at = arrived_at
        # read before anything is locked: a charge's txid stands for one debt for good
        charged = debts_of_charges(connection, txids)
        self.locked = lock_for_posting(connection, txids, slips, refunded, [*debts_named, *charged.values()])
        self.debts, self.purposes = self.locked.debts, self.locked.purposes
        self.purpose_of_txid = {purpose.txid: purpose for purpose in self.purposes.values()}
        self.purpose_of_txid |= {txid: self.debts[debt] for txid, debt in charged.items()}
        self.purpose_of_slip = {purpose.slip_number: purpose for purpose in self.purposes.values()}
        self.debtors = tax_ids_of_debtors(connection, self.debts) if payers else {}
        self.journal: list[JournalRow] = []
        self.promised: list[tuple[str, Event]] = []

    def receive(self, receipts: Sequence[Receipt]) -> list[RowMapping]:
        """Store payments, and give those that are new."""
        # sorted by the bank's ids, in which two calls with the same payments insert them: else each might hold what the
        # other waits for
        rows = [self._row(receipt) for receipt in sorted(receipts, key=lambda receipt: receipt.key)]
        rows = self._paired(self._unknown(rows))
        if not rows:
            return []
        # The first report of a payment stands, also when a repeat states another amount: notices and decisions rest
        # on it already, and the bank takes money back with a refund, never by rewording a payment.
        stored = self.connection.execute(
            postgresql_insert(payments)
            .from_select(list(rows[0]), _as_table(payments, rows))
            .on_conflict_do_nothing()
            .returning(
                payments.c.id,
                payments.c.debt,
                payments.c.instalment,
                payments.c.amount,
                payments.c.paid_at,
                payments.c.channel,
                payments.c.bank_file,
            )
        )
        new = sorted(stored.mappings(), key=lambda payment: payment["id"])
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for payment in new:
            if payment["debt"] is not None:
                sums[payment["debt"]] += payment["amount"]
            if _purpose_of(payment):
                self._tell_received(payment, RECEIVED_BY[payment["channel"]])
        self._add_all(sums)
        self.journal += settle(self.connection, sums, reported={payment["id"] for payment in new})
        self._tell_agreements(_purpose_of(payment) for payment in new)
        return new

    def match(self, payment: int, debt: str, by: str) -> None:
        if debt not in self.debts:
            raise Refusal(f"there is no debt {debt}")
        found = self._unmatched(payment)
        back = select(func.coalesce(func.sum(reversals.c.amount), 0)).where(reversals.c.payment == payment)
        kept = found["amount"] - self.connection.execute(back).scalar_one()
        if not kept:
            raise Refusal(f"payment {payment} was given back whole; there is nothing of it to put on a debt")
        self._refuse_twin(found, debt)
        day = self._day(dated_by(self.debts[debt]), found["paid_at"], found["bank_file"] is not None)
        put = {"debt": debt, "paid_on": day, "matched_by": by, "matched_at": func.clock_timestamp()}
        self.connection.execute(update(payments).where(payments.c.id == payment).values(put))
        self._add(debt, kept, reported=payment)
        self._tell_agreements([debt])
        self._tell_received({**found, "debt": debt, "amount": kept}, f"recebido antes e vinculado por {by}")
        self.tell()

    def _refuse_twin(self, payment: RowMapping, debt: str) -> None:
        """Refuse to match the second report of a Pix payment, which a person may take for another payment."""
        if payment["channel"] != "pix":
            return
        day = _day_of({**payment, "debt": debt})
        for other in self._half_reported({debt}):
            said_by = "end_to_end_id" if other["reference"] is None else "reference"
            if payment[said_by] is None and _day_of(other) == day:
                raise Refusal(
                    f"payment {other['id']} on debt {debt} is the same Pix: of the same amount and day, and"
                    " reported by the other side alone"
                )

    def _unmatched(self, payment: int) -> RowMapping:
        asked = select(payments).where(payments.c.id == payment).with_for_update()
        found = self.connection.execute(asked).mappings().one_or_none()
        if found is None:
            raise Refusal(f"there is no payment {payment}")
        if found["debt"] is not None:
            raise Refusal(f"payment {payment} is on debt {found['debt']} already")
        if found["instalment"] is not None:
            raise Refusal(f"payment {payment} is on instalment {found['instalment']} already")
        return found

    def _unknown(self, rows: list[_NewPayment]) -> list[_NewPayment]:
        """The payments that their own side has not reported before."""
        for name in REPORTED:
            column = payments.c[name]
            keys = [row[name] for row in rows if row[name] is not None]
            if keys:
                known = set(self.connection.execute(select(column).where(any_of(column, keys))).scalars())
                rows = [row for row in rows if row[name] is None or row[name] not in known]
        return rows

    def _paired(self, rows: list[_NewPayment]) -> list[_NewPayment]:
        """The payments that the other side has not reported either; the others are written to the payments it
        reported."""
        waiting: dict[tuple[Side, Day], deque[RowMapping]] = defaultdict(deque)
        for payment in self._half_reported({_purpose_of(row) for row in rows if row["channel"] == "pix"}):
            lacks: Side = "reference" if payment["reference"] is None else "end_to_end_id"
            waiting[lacks, _day_of(payment)].append(payment)
        alone, dated = [], dict[int, _NewPayment]()
        for row in rows:
            name: Side = "reference" if row["end_to_end_id"] is None else "end_to_end_id"
            pairs = waiting.get((name, _day_of(row))) if row["channel"] == "pix" else None
            if pairs:
                paired = pairs.popleft()
                said: dict[str, object] = {column: value for column, value in row.items() if column in REPORTED[name]}
                if row["hour_known"] and not paired["hour_known"]:
                    said |= self._instant_of(row)
                    dated[paired["id"]] = row
                self.connection.execute(update(payments).where(payments.c.id == paired["id"]).values(said))
            else:
                alone.append(row)
        self._judge_again(dated)
        return alone

    def _instant_of(self, row: _NewPayment) -> dict[str, object]:
        """The instant by which a payment is judged, now that it is known: the more exact one of its two reports. On a
        compressed clock the day stays that of the first report."""
        case = dated_by(self.purposes[_purpose_of(row) or ""])
        day = {} if case and case.clock.compressed else {"paid_on": row["paid_on"]}
        return {"paid_at": row["paid_at"], "hour_known": True, **day}

    def _judge_again(self, dated: dict[int, _NewPayment]) -> None:
        """Judge by the hour the payments of which only the day was known, and tell their cases what changes by it."""
        for payment, row in dated.items():
            purpose = self.purposes[_purpose_of(row) or ""]
            self._tell_agreements([purpose.id])
            notes = settle(self.connection, [debt.id for debt in purpose.debts], reported=[payment])
            self.journal += notes
            for case in purpose.cases if notes else ():
                closed = not case.open
                if closed and not (case.status == Status.RESOLVED and self._owes(case, purpose)):
                    continue
                day = self._day(case, row["paid_at"], by_file=True)
                self.promised.append((case.id, PaymentReceived(payment=payment, amount=row["amount"], on=day)))
                if closed:
                    evidence = {"payment": payment, "amount": f"{row['amount']:.2f}", "debt": row["debt"]}
                    reason = f"caso reaberto: conhecida a hora do pagamento de {money(row['amount'])}, ainda há saldo"
                    self._reopen(case, day, reason, evidence)

    def _half_reported(self, purposes: set[str | None]) -> Sequence[RowMapping]:
        """Pix payments for these locked debts and instalments that one side alone has reported."""
        wanted = purposes - {None}
        if not wanted:
            return []
        columns = (payments.c.id, payments.c.amount, payments.c.paid_at, payments.c.hour_known, payments.c.reference)
        one_side = or_(payments.c.end_to_end_id.is_(None), payments.c.reference.is_(None))
        for_them = or_(any_of(payments.c.debt, wanted), any_of(payments.c.instalment, wanted))
        asked = select(payments.c.debt, payments.c.instalment, *columns)
        asked = asked.where(for_them, payments.c.channel == "pix", one_side)
        return self.connection.execute(asked.order_by(payments.c.id)).mappings().all()

    def reverse(self, refunds: dict[str, tuple[PixRefund, ...]]) -> int:
        if not refunds:
            return 0
        columns = (*PAYMENT, payments.c.end_to_end_id)
        refunded = self.connection.execute(
            select(*columns)
            .where(payments.c.end_to_end_id.in_(refunds))
            .order_by(payments.c.end_to_end_id)
            .with_for_update()
        ).mappings()
        return sum(self._reverse_one(payment, refunds[payment["end_to_end_id"]]) for payment in refunded.all())

    def take_back(self, taken: TakenBack) -> bool:
        """Store a bank's reversal with the newest payment of its title that has as much left, if it is new; whether
        there is such a payment."""
        of_title = payments.c.slip == taken.slip
        known = select(reversals.c.id).join_from(reversals, payments)
        if self.connection.execute(known.where(of_title, reversals.c.reference == taken.reference)).first():
            return True
        back = select(func.coalesce(func.sum(reversals.c.amount), 0)).where(reversals.c.payment == payments.c.id)
        left = payments.c.amount - back.scalar_subquery()
        found = self.connection.execute(
            select(*PAYMENT)
            .join_from(payments, bank_files)
            .where(of_title, bank_files.c.agreement == taken.agreement, left >= taken.amount)
            .order_by((left == taken.amount).desc(), payments.c.id.desc())
            .limit(1)
        )
        payment = found.mappings().one_or_none()
        if payment:
            self._store_reversal(_reversal_of(payment, taken.reference, taken.amount, taken.at))
        return payment is not None

    def tell(self) -> None:
        """Write the journal and the signals, all at the end."""
        if self.journal:
            self.connection.execute(insert(decisions), self.journal)
        enqueue_each(self.connection, self.promised)

    def _row(self, receipt: Receipt) -> _NewPayment:
        purpose = self.purpose_of_txid.get(receipt.txid or "")
        if receipt.slip_number is not None:
            purpose = self.purpose_of_slip.get(receipt.slip_number)
            if purpose and receipt.payer and not self._owed_by(purpose, receipt.payer):
                purpose = None
        return {
            "channel": receipt.channel,
            "end_to_end_id": receipt.end_to_end_id,
            "txid": receipt.txid,
            "reference": receipt.reference,
            "slip": receipt.slip,
            "bank_file": receipt.bank_file,
            "debt": purpose.id if isinstance(purpose, LockedDebt) else None,
            "instalment": purpose.id if isinstance(purpose, LockedInstalment) else None,
            "amount": receipt.amount,
            "paid_at": receipt.paid_at,
            "hour_known": receipt.hour_known,
            "paid_on": self._day(dated_by(purpose), receipt.paid_at, receipt.bank_file is not None),
        }

    def _owed_by(self, purpose: Purpose, payer: str) -> bool:
        return any(is_of(tax_id, payer) for debt in purpose.debts for tax_id in self.debtors[debt.id])

    def _tell_received(self, payment: Mapping[Any, Any], how: str) -> None:
        amount, purpose = payment["amount"], self.purposes[_purpose_of(payment) or ""]
        reason = f"pagamento de {money(amount)} {how}"
        evidence = {"payment": payment["id"], "amount": f"{amount:.2f}", "debt": payment["debt"]}
        if isinstance(purpose, LockedInstalment):
            evidence |= {"instalment": purpose.id, "agreement": purpose.agreement}
        for case in open_cases_of(purpose):
            day = self._day(case, payment["paid_at"], payment["bank_file"] is not None)
            self._note(case, day, EntryKind.PAYMENT_RECEIVED, reason, evidence)
            self.promised.append((case.id, PaymentReceived(payment=payment["id"], amount=amount, on=day)))

    def _reverse_one(self, payment: RowMapping, refunds: tuple[PixRefund, ...]) -> int:
        asked = select(reversals.c.reference, reversals.c.rtr_id, reversals.c.amount)
        earlier = self.connection.execute(asked.where(reversals.c.payment == payment["id"])).all()
        known = {name for row in earlier for name in (row.reference, row.rtr_id) if name}
        left, new = payment["amount"] - sum(row.amount for row in earlier), 0
        for refund in refunds:
            # the bank is the authority on what it gave back, but no more can be given back than came in
            amount = min(refund.amount, left)
            if known.isdisjoint({refund.id, refund.rtr_id}) and amount > 0:
                known |= {name for name in (refund.id, refund.rtr_id) if name}
                left, new = left - amount, new + 1
                self._store_reversal(_reversal_of(payment, refund.id, amount, refund.at, refund.rtr_id))
        return new

    def _store_reversal(self, reversal: _Reversal) -> None:
        purpose = self._purpose(reversal.purpose)
        row = {
            "payment": reversal.payment,
            "reference": reversal.reference,
            "rtr_id": reversal.rtr_id,
            "amount": reversal.amount,
            "reversed_on": self._day(dated_by(purpose), reversal.at),
        }
        self.connection.execute(insert(reversals).values(row))
        if purpose is None:
            return
        if isinstance(purpose, LockedDebt):
            self._add(purpose.id, -reversal.amount)
        self._tell_agreements([purpose.id])
        for case in purpose.cases:
            if case.open:
                self._tell_reversed(case, reversal)
            elif case.status == Status.RESOLVED and self._owes(case, purpose):
                self._tell_reversed(case, reversal)
                reason = f"caso reaberto pela devolução de {money(reversal.amount)}"
                self._reopen(case, self._day(case, reversal.at), reason, reversal.evidence)

    def _owes(self, case: LockedCase, purpose: Purpose) -> bool:
        """Whether a case still owes something of a purpose, by its ruler's table where it has one. What can't be told
        is for the case to say."""
        named = [debt.id for debt in purpose.debts]
        try:
            table = accrual_of(frozen_ruler(self.connection, case.ruler).ruler)
            if table is None:
                owing = select(debts.c.id).where(any_of(debts.c.id, named), debts.c.balance > 0)
                return self.connection.execute(owing).first() is not None
            owed = owed_of(self.connection, named, table, case.clock.day_at(self.arrived_at))
        except Unreckonable:
            return True
        return any(each.total > 0 for each in owed.values())

    def _tell_reversed(self, case: LockedCase, reversal: _Reversal) -> None:
        day = self._day(case, reversal.at)
        reason = f"devolução de {money(reversal.amount)} de um pagamento {RECEIVED_BY[reversal.channel]}"
        self._note(case, day, EntryKind.PAYMENT_REVERSED, reason, reversal.evidence)
        event = PaymentReversed(payment=reversal.payment, amount=reversal.amount, on=day)
        self.promised.append((case.id, event))

    def _reopen(self, case: LockedCase, day: date, reason: str, evidence: Evidence) -> None:
        case.closed_at, case.status = None, Status.RUNNING
        self.connection.execute(
            update(cases).where(cases.c.id == case.id).values(closed_at=None, status=Status.RUNNING.value)
        )
        self._note(case, day, EntryKind.CASE_REOPENED, reason, evidence)

    def _purpose(self, name: str | None) -> Purpose | None:
        if name is None:
            return None
        if name not in self.purposes:
            raise Overtaken
        return self.purposes[name]

    def _tell_agreements(self, paid_for: Iterable[str | None]) -> None:
        """Tell anew the agreements to which payments for these debts and instalments make a difference, the oldest
        first."""
        touched = {debt.id for name in paid_for if name for debt in self.purposes[name].debts}
        for agreement, covered in self.locked.agreements.items():
            if touched.intersection(covered):
                case = dated_by(self.debts[covered[0]])
                agreed = tell(self.connection, agreement, self._day(case, self.arrived_at))
                self.promised.append((agreed.case.id, InstalmentsChanged(agreement=agreement)))

    def _add(self, debt: str, amount: Decimal, reported: int | None = None) -> None:
        self.connection.execute(update(debts).where(debts.c.id == debt).values(received=debts.c.received + amount))
        self.journal += settle(self.connection, [debt], reported=() if reported is None else (reported,))

    def _add_all(self, sums: dict[str, Decimal]) -> None:
        rows = [{"id": debt, "received": amount} for debt, amount in sums.items()]
        if rows:
            more = _as_table(debts, rows).subquery()
            added = update(debts).where(debts.c.id == more.c.id)
            self.connection.execute(added.values(received=debts.c.received + more.c.received))

    def _note(self, case: LockedCase, day: date, kind: EntryKind, reason: str, evidence: Evidence) -> None:
        row: JournalRow = {
            "case": case.id,
            "at": day,
            "kind": kind,
            "reason": reason,
            "ruler": case.ruler,
            "evidence": evidence,
        }
        self.journal.append(row)

    def _day(self, case: LockedCase | None, said_at: datetime | None, by_file: bool = False) -> date:
        """The day that counts: the bank's on a real clock, that of the arrival on a compressed one; yet where a bank's
        file names a day that such a clock has passed, it means that one."""
        instant = said_at or self.arrived_at
        if case is None:
            return instant.astimezone(TIMEZONE).date()
        if not case.clock.compressed:
            return case.clock.day_at(instant)
        today, named = case.clock.day_at(self.arrived_at), instant.astimezone(TIMEZONE).date()
        return named if by_file and case.clock.origin_day <= named <= today else today


def _reversal_of(
    payment: RowMapping, reference: str, amount: Decimal, at: datetime | None, rtr_id: str | None = None
) -> _Reversal:
    return _Reversal(payment["id"], payment["channel"], _purpose_of(payment), reference, amount, at, rtr_id)


def _as_table(table: Table, rows: Sequence[Mapping[str, object]]) -> Select[Any]:
    """Rows for columns of `table`, in one statement however many there are."""
    names = list(rows[0])
    arrays = [array_of(table.c[name], (row[name] for row in rows)) for name in names]
    return select(func.unnest(*arrays).table_valued(*names).render_derived())


def _purpose_of(payment: Mapping[Any, Any]) -> str | None:
    purpose: str | None = payment["debt"] or payment["instalment"]
    return purpose


def _day_of(payment: Mapping[Any, Any]) -> Day:
    return _purpose_of(payment) or "", payment["amount"], payment["paid_at"].astimezone(TIMEZONE).date()
