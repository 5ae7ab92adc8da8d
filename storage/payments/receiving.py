"""Payments as banks report them, each stored once.

A Pix payment may be reported twice, by the webhook (endToEndId) and in a bank's file (reference), in either order and
under names that have nothing in common. The second report is paired with a payment of the same debt, amount and day
that its side has not reported yet, one with one: so two equal payments stay two. Which of them it is paired with makes
no difference to any sum. A file tells the day alone, the webhook the hour, by which the payment is judged then,
whichever comes first.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict

from sqlalchemy import RowMapping, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from models.case.status import Status
from models.events import PaymentReceived
from models.formats import money
from storage.intake.left import deduct_late
from storage.payments.bare_titles import costs, is_bare
from storage.payments.offers import settle
from storage.payments.posting import RECEIVED_BY, TIMEZONE, Posting, as_table, purpose_of
from storage.payments.posting_locks import LockedDebt, LockedInstalment, Purpose, any_of, dated_by
from storage.payments.reports import Receipt
from storage.payments.sharing import share
from storage.payments.slips import Issued
from storage.payments.title_payers import is_of, tax_ids_of_debtors
from storage.schema import payments

Side = Literal["end_to_end_id", "reference"]
"""The side that reports a payment, by what it names it: the webhook, or a bank's file."""

REPORTED: dict[Side, tuple[str, ...]] = {
    "end_to_end_id": ("end_to_end_id", "txid"),
    "reference": ("reference", "slip", "bank_file"),
}
"""The columns that each side's report tells of a payment that the other one reported first."""

Day = tuple[str, Decimal, date]
"""Debt or instalment, amount and day: what the two reports of one Pix payment have in common."""


class NewPayment(TypedDict):
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


def receive(posting: Posting, receipts: Sequence[Receipt], issued: Issued) -> list[RowMapping]:
    """Store payments, and give those that are new. `issued`: the slips of ours among them, by their banks' numbers."""
    # sorted by the bank's ids, in which two calls with the same payments insert them: else each might hold what the
    # other waits for
    payers = any(receipt.payer for receipt in receipts)
    debtors = tax_ids_of_debtors(posting.connection, posting.debts) if payers else {}
    rows = [
        _row(posting, receipt, _purpose(posting, receipt, issued, debtors))
        for receipt in sorted(receipts, key=lambda receipt: receipt.key)
    ]
    rows = _paired(posting, _not_reported_before(posting, rows))
    if not rows:
        return []
    # The first report of a payment stands, also when a repeat states another amount: notices and decisions rest
    # on it already, and the bank takes money back with a refund, never by rewording a payment.
    stored = posting.connection.execute(
        insert(payments)
        .from_select(list(rows[0]), as_table(payments, rows))
        .on_conflict_do_nothing()
        .returning(
            payments.c.id,
            payments.c.debt,
            payments.c.instalment,
            payments.c.amount,
            payments.c.paid_at,
            payments.c.paid_on,
            payments.c.channel,
            payments.c.bank_file,
            payments.c.txid,
            payments.c.end_to_end_id,
            payments.c.reference,
        )
    )
    new = sorted(stored.mappings(), key=lambda payment: payment["id"])
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in new:
        if payment["debt"] is not None:
            sums[payment["debt"]] += payment["amount"]
        if purpose_of(payment):
            posting.tell_received(payment, RECEIVED_BY[payment["channel"]])
    posting.add_all(sums)
    deduct_late(posting.connection, [payment["id"] for payment in new])
    posting.journal += settle(posting.connection, sums, reported={payment["id"] for payment in new})
    posting.tell_agreements(purpose_of(payment) for payment in new)
    for payment in new:
        if members := posting.shared_by.get(payment["txid"] or ""):
            share(posting, payment, members)
    return new


def _purpose(posting: Posting, receipt: Receipt, issued: Issued, debtors: Mapping[str, set[str]]) -> Purpose | None:
    """The debt or instalment that a payment is for: that of the slip we issued at its bank, of the number that is the
    debt's own, or of the txid."""
    if receipt.returned and (paid_for := issued.paid_for.get(receipt.returned)):
        return posting.purpose(paid_for.debt or paid_for.instalment)
    if receipt.bank in issued.banks and is_bare(receipt):
        # a number of the bank's count that we have not given out; a payer could still vouch for it
        return None
    if receipt.slip_number is None:
        return posting.purpose_of_txid.get(receipt.txid or "")
    purpose = posting.purpose_of_slip.get(receipt.slip_number)
    if purpose and receipt.payer and not _owed_by(purpose, receipt.payer, debtors):
        return None
    if purpose and is_bare(receipt) and not costs(posting, purpose, receipt):
        return None
    return purpose


def _row(posting: Posting, receipt: Receipt, purpose: Purpose | None) -> NewPayment:
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
        "paid_on": posting.day(dated_by(purpose), receipt.paid_at, receipt.bank_file is not None),
    }


def _owed_by(purpose: Purpose, payer: str, debtors: Mapping[str, set[str]]) -> bool:
    return any(is_of(tax_id, payer) for debt in purpose.debts for tax_id in debtors[debt.id])


def _not_reported_before(posting: Posting, rows: list[NewPayment]) -> list[NewPayment]:
    """The payments that their own side has not reported before."""
    for name in REPORTED:
        column = payments.c[name]
        keys = [row[name] for row in rows if row[name] is not None]
        if keys:
            known = set(posting.connection.execute(select(column).where(any_of(column, keys))).scalars())
            rows = [row for row in rows if row[name] is None or row[name] not in known]
    return rows


def _paired(posting: Posting, rows: list[NewPayment]) -> list[NewPayment]:
    """The payments that the other side has not reported either; the others are written to the payments it
    reported."""
    waiting: dict[tuple[Side, Day], deque[RowMapping]] = defaultdict(deque)
    for payment in half_reported(posting, {day_of(row) for row in rows if row["channel"] == "pix"}):
        lacks: Side = "reference" if payment["reference"] is None else "end_to_end_id"
        waiting[lacks, day_of(payment)].append(payment)
    alone, dated = [], dict[int, NewPayment]()
    for row in rows:
        name: Side = "reference" if row["end_to_end_id"] is None else "end_to_end_id"
        pairs = waiting.get((name, day_of(row))) if row["channel"] == "pix" else None
        if pairs:
            paired = pairs.popleft()
            said: dict[str, object] = {column: value for column, value in row.items() if column in REPORTED[name]}
            exact = _instant_of(posting, row) if row["hour_known"] and not paired["hour_known"] else {}
            if exact:
                said |= exact
                dated[paired["id"]] = row
            posting.connection.execute(update(payments).where(payments.c.id == paired["id"]).values(said))
            if exact:
                posting.connection.execute(update(payments).where(payments.c.origin == paired["id"]).values(exact))
        else:
            alone.append(row)
    _judge_again(posting, dated)
    return alone


def _instant_of(posting: Posting, row: NewPayment) -> dict[str, object]:
    """The instant by which a payment is judged, now that it is known: the more exact one of its two reports. On a
    compressed clock the day stays that of the first report."""
    case = dated_by(posting.purposes[purpose_of(row) or ""])
    day = {} if case and case.clock.compressed else {"paid_on": row["paid_on"]}
    return {"paid_at": row["paid_at"], "hour_known": True, **day}


def _judge_again(posting: Posting, dated: dict[int, NewPayment]) -> None:
    """Judge by the hour the payments of which only the day was known, and tell their cases what changes by it."""
    for payment, row in dated.items():
        purpose = posting.purposes[purpose_of(row) or ""]
        posting.tell_agreements([purpose.id])
        notes = settle(posting.connection, [debt.id for debt in purpose.debts], reported=[payment])
        posting.journal += notes
        for case in purpose.cases if notes else ():
            closed = not case.open
            if closed and not (case.status == Status.RESOLVED and posting.owes(case, purpose)):
                continue
            day = posting.day(case, row["paid_at"], by_file=True)
            posting.promised.append((case.id, PaymentReceived(payment=payment, amount=row["amount"], on=day)))
            if closed:
                evidence = {"payment": payment, "amount": f"{row['amount']:.2f}", "debt": row["debt"]}
                reason = f"caso reaberto: conhecida a hora do pagamento de {money(row['amount'])}, ainda há saldo"
                posting.reopen(case, day, reason, evidence)


def half_reported(posting: Posting, days: Collection[Day]) -> Sequence[RowMapping]:
    """Pix payments of these amounts, for these locked debts and instalments, that one side alone has reported."""
    wanted, amounts = {purpose for purpose, _, _ in days if purpose}, {amount for _, amount, _ in days}
    if not wanted:
        return []
    # a whole payment that a person put elsewhere is still one that came in once
    came_in = aliased(payments)
    columns = (came_in.c.id, payments.c.amount, payments.c.paid_at, payments.c.hour_known, came_in.c.reference)
    one_side = or_(came_in.c.end_to_end_id.is_(None), came_in.c.reference.is_(None))
    for_them = or_(any_of(payments.c.debt, wanted), any_of(payments.c.instalment, wanted))
    asked = select(payments.c.debt, payments.c.instalment, *columns).distinct(came_in.c.id)
    asked = asked.join_from(payments, came_in, came_in.c.id == func.coalesce(payments.c.origin, payments.c.id))
    asked = asked.where(for_them, payments.c.channel == "pix", one_side, payments.c.amount == came_in.c.amount)
    asked = asked.where(any_of(payments.c.amount, amounts))
    return posting.connection.execute(asked.order_by(came_in.c.id, payments.c.id)).mappings().all()


def day_of(payment: Mapping[Any, Any]) -> Day:
    return purpose_of(payment) or "", payment["amount"], payment["paid_at"].astimezone(TIMEZONE).date()
