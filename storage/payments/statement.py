"""The statement of the money that came in, payment by payment, and the proof that none of it is lost.

Nothing here is stored but what an agreement's debts share. Any other payment, less what was given back of it, fills
its debt in the order of arrival; what finds the debt full is excess. A debt that grows by a ruler's table of accrual
is filled in the order of the payments' days, each with what was owed on it. What time added to an agreement's
instalments is as much more that a debt without a table needs. Of an instalment's payment, what its debts don't share
is the price of the slip, and beyond that excess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypedDict

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Numeric, Text

from storage.amounts.owed import excess_of
from storage.case.debts import tables_of
from storage.paging import WHOLE, Listing, Page

State = Literal["matched", "unmatched", "excess", "reversed", "moved"]

PARTS: dict[State, str] = {
    "matched": "allocated > 0",
    "unmatched": "debt IS NULL AND instalment IS NULL AND amount > reversed + moved",
    "excess": "excess > 0",
    "reversed": "reversed > 0",
    "moved": "moved > 0",
}
"""A payment that is so in part is in the list too, with how much."""


@dataclass(frozen=True)
class Reconciled:
    date: date | None
    payments: int
    receipts: Decimal
    allocations: Decimal
    excess: Decimal
    unmatched: Decimal
    reversals: Decimal
    difference: Decimal
    """Receipts less all the others."""
    faulty_debts: list[str]
    """The debts whose `received` is not their payments less reversals, and what they share of agreements' payments."""

    @property
    def balanced(self) -> bool:
        return not self.difference and not self.faulty_debts


class StatedPayment(TypedDict):
    """A payment with what became of it."""

    id: int
    origin: int | None
    """The payment that it is a part of, put here by a person."""
    channel: str
    end_to_end_id: str | None
    reference: str | None
    slip: str | None
    debt: str | None
    instalment: str | None
    agreement: str | None
    amount: Decimal
    paid_on: date
    recorded_at: datetime
    matched_by: str | None
    allocated: Decimal
    excess: Decimal
    reversed: Decimal
    moved: Decimal
    """Put elsewhere by a person, or shared among the debts of one charge, as parts of their own."""
    state: State


def list_payments(connection: Connection, state: State | None, page: Page = WHOLE) -> Iterator[StatedPayment]:
    """The payments in the order of arrival. Refuses when a rate is missing that decides what of a payment is excess."""
    wanted = PARTS[state] if state else "true"
    listing = Listing[StatedPayment](
        columns="*",
        tables=f"statement WHERE {wanted}",
        order="id",
        key="id",
        noun="payment",
        binds=GROWING,
        ctes=f"{STATEMENT},",
    )
    return listing.rows(connection, page, _growing(connection))


def spare_of(connection: Connection, payment: int) -> Decimal:
    """The part of a payment that is in excess of what it is on, or is on nothing. Refuses when a rate is missing that
    decides that; cases are locked meanwhile, so nothing else is looked at."""
    query = _about_growing(f"{_statement(BESIDE)} {SPARE}")
    on = connection.scalars(text("SELECT debt FROM payments WHERE id = :payment"), {"payment": payment})
    growing = _growing(connection, [debt for debt in on if debt])
    return Decimal(connection.execute(query, {"payment": payment, **growing}).scalar_one())


def reconcile(connection: Connection, on: date | None) -> Reconciled:
    """Reconcile the payments that count for that day, or all without one. Allocations are what the debts say they
    received. Refuses when a rate is missing that decides what of a payment is excess."""
    query = _about_growing(f"{STATEMENT} {SUMS}")
    sums = connection.execute(query, {"on": on, **_growing(connection)}).mappings().one()
    faulty = connection.execute(text(FAULTY), {"on": on}).mappings().all()
    allocations = sums["allocated"] + sum((debt["received"] - debt["net"] for debt in faulty), Decimal(0))
    difference = sums["receipts"] - allocations - sums["excess"] - sums["unmatched"] - sums["reversals"]
    return Reconciled(
        date=on,
        payments=sums["payments"],
        receipts=sums["receipts"],
        allocations=allocations,
        excess=sums["excess"],
        unmatched=sums["unmatched"],
        reversals=sums["reversals"],
        difference=difference,
        faulty_debts=[debt["id"] for debt in faulty],
    )


def _growing(
    connection: Connection, debts: Iterable[str] | None = None
) -> dict[str, list[str] | list[int] | list[Decimal]]:
    """The debts, of these or of all, that a table of accrual lets grow, and what of their payments they didn't need."""
    tables = tables_of(connection, connection.scalars(text(PAID_BY_TABLE)) if debts is None else debts)
    excess = excess_of(connection, tables) if tables else {}
    return {"growing": list(tables), "judged": list(excess), "unneeded": list(excess.values())}


GROWING = (
    bindparam("growing", type_=ARRAY(Text)),
    bindparam("judged", type_=ARRAY(BigInteger)),
    bindparam("unneeded", type_=ARRAY(Numeric(15, 2))),
)


def _about_growing(sql: str) -> TextClause:
    return text(sql).bindparams(*GROWING)


PAID_BY_TABLE = """
SELECT DISTINCT debts.id FROM rulers
JOIN cases ON cases.ruler = rulers.digest
JOIN debtors ON debtors.taxpayer = cases.taxpayer JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
WHERE rulers.accrues AND EXISTS (SELECT FROM payments WHERE payments.debt = debts.id)
"""


def _statement(which: str) -> str:
    """The common table expression `statement`: of the payments `which`, with all that are on the same."""
    return f"""
WITH gone AS (
    SELECT payment, coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0.00) AS reversed,
           coalesce(sum(amount) FILTER (WHERE kind <> 'refund'), 0.00) AS moved
    FROM reversals GROUP BY payment
),
netted AS (
    SELECT payments.*, coalesce(gone.reversed, 0.00) AS reversed, coalesce(gone.moved, 0.00) AS moved,
           payments.amount - coalesce(gone.reversed + gone.moved, 0) AS net
    FROM payments LEFT JOIN gone ON gone.payment = payments.id WHERE {which}
),
shared AS (SELECT payment, sum(amount) AS amount FROM allocations GROUP BY payment),
charged AS (
    SELECT added.key AS debt, sum(CAST(added.value AS numeric)) AS amount
    FROM agreements, jsonb_each_text(agreements.charges) AS added
    WHERE agreements.id IN (SELECT agreement FROM agreement_debts WHERE debt IN (SELECT debt FROM netted))
    GROUP BY added.key
),
filled AS (
    SELECT netted.*, coalesce(shared.amount, 0.00) AS shared, instalments.agreement,
           debts.amount - debts.remitted + coalesce(charged.amount, 0)
               - coalesce((SELECT sum(amount) FROM allocations WHERE allocations.debt = debts.id), 0)
               - sum(net) OVER (PARTITION BY netted.debt ORDER BY coalesce(matched_at, recorded_at), netted.id)
               + net AS room,
           instalments.fee
               - sum(net - coalesce(shared.amount, 0)) OVER (PARTITION BY netted.instalment ORDER BY netted.id)
               + net - coalesce(shared.amount, 0) AS fee_room
    FROM netted LEFT JOIN debts ON debts.id = netted.debt LEFT JOIN charged ON charged.debt = netted.debt
    LEFT JOIN instalments ON instalments.id = netted.instalment LEFT JOIN shared ON shared.payment = netted.id
),
judged AS (SELECT * FROM unnest(CAST(:judged AS bigint[]), CAST(:unneeded AS numeric[])) AS judged (payment, unneeded)),
split AS (
    SELECT filled.*,
           CASE WHEN debt = ANY(:growing) THEN net - coalesce(unneeded, 0.00)
                WHEN debt IS NOT NULL THEN least(net, greatest(room, 0.00))
                WHEN instalment IS NOT NULL THEN shared + least(net - shared, greatest(fee_room, 0.00))
                ELSE 0.00 END AS allocated
    FROM filled LEFT JOIN judged ON judged.payment = filled.id
),
statement AS (
    SELECT split.id, split.origin, split.channel,
           coalesce(split.end_to_end_id, received.end_to_end_id) AS end_to_end_id,
           coalesce(split.reference, received.reference) AS reference, split.slip, split.debt, split.instalment,
           agreement, split.amount, split.paid_on, split.recorded_at, split.matched_by, allocated,
           CASE WHEN num_nonnulls(split.debt, split.instalment) = 0 THEN 0.00 ELSE net - allocated END AS excess,
           reversed, moved,
           CASE WHEN net = 0 AND reversed > 0 THEN 'reversed' WHEN net = 0 THEN 'moved'
                WHEN num_nonnulls(split.debt, split.instalment) = 0 THEN 'unmatched'
                WHEN allocated < net THEN 'excess' ELSE 'matched' END AS state
    FROM split LEFT JOIN payments AS received ON received.id = split.origin
)
"""  # noqa: S608 - constants


STATEMENT = _statement("true")

BESIDE = """
payments.id = :payment OR payments.debt = (SELECT debt FROM payments WHERE id = :payment)
OR payments.instalment = (SELECT instalment FROM payments WHERE id = :payment)
"""

SPARE = """
SELECT CASE WHEN num_nonnulls(debt, instalment) = 0 THEN amount - reversed - moved ELSE excess END
FROM statement WHERE id = :payment
"""

SUMS = """
SELECT count(*) FILTER (WHERE origin IS NULL) AS payments,
       coalesce(sum(amount - moved), 0.00) AS receipts,
       coalesce(sum(allocated), 0.00) AS allocated,
       coalesce(sum(excess), 0.00) AS excess,
       coalesce(sum(amount - reversed - moved) FILTER (WHERE num_nonnulls(debt, instalment) = 0), 0.00) AS unmatched,
       coalesce(sum(reversed), 0.00) AS reversals
FROM statement WHERE CAST(:on AS date) IS NULL OR paid_on = :on
"""

FAULTY = """
SELECT * FROM (
    SELECT debts.id, debts.received,
           coalesce(own.amount, 0)
               + coalesce((SELECT sum(amount) FROM allocations WHERE allocations.debt = debts.id), 0) AS net
    FROM debts LEFT JOIN (
        SELECT payments.debt, sum(payments.amount - coalesce(given_back.amount, 0)) AS amount
        FROM payments LEFT JOIN (SELECT payment, sum(amount) AS amount FROM reversals GROUP BY payment) AS given_back
                   ON given_back.payment = payments.id
        GROUP BY payments.debt
    ) AS own ON own.debt = debts.id
    WHERE CAST(:on AS date) IS NULL
       OR debts.id IN (SELECT debt FROM payments WHERE paid_on = :on
                       UNION ALL SELECT allocations.debt FROM allocations
                       JOIN payments ON payments.id = allocations.payment WHERE paid_on = :on)
) AS ledger WHERE received <> net ORDER BY id
"""
