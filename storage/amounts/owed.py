"""The amounts owed of debts on a day by a table of accrual, in three queries, however many debts.

A payment goes to the debt it was made for; CTN art. 163 is for those that were made for none in particular. What was
forgiven counts like money that came in on its day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from sqlalchemy import Connection, RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.law import grounds
from models.law.grounds import days_without_fine
from models.law.spans import Span, joined
from models.money.accrual import NOTHING, Accrual
from models.money.accrual_table import AccrualTable
from models.money.imputation import Claim, Payment, replay
from storage.amounts.rates import read_rates

CLAIMS = text("SELECT id, amount, due, as_of, deducted FROM debts WHERE id = ANY(:debts)").bindparams(
    bindparam("debts", type_=ARRAY(Text))
)

# less what was reversed; one that was reversed wholly is none. A remission has the negative of its id, and what was
# undone of one it never was. What became extinct otherwise (CTN art. 156) is no longer owed, however much it was.
MONEY = text("""
    SELECT debt, id, day, amount, what FROM (
        SELECT debt, id, paid_on AS day, 'pagamento' AS what,
               payments.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS amount
        FROM payments WHERE debt = ANY(:debts)
        UNION ALL
        SELECT allocations.debt, payments.id, paid_on, 'pagamento', allocations.amount
        FROM allocations JOIN payments ON payments.id = payment WHERE allocations.debt = ANY(:debts)
        UNION ALL
        SELECT debt, -min(id), remitted_on, 'remissão', sum(amount)
        FROM remissions WHERE debt = ANY(:debts) GROUP BY debt, ground, reference, remitted_on
        UNION ALL
        SELECT id, 0, extinct_on, 'extinção', 1e12 FROM debts WHERE id = ANY(:debts) AND extinct_on IS NOT NULL
    ) AS money WHERE amount <> 0
""").bindparams(bindparam("debts", type_=ARRAY(Text)))


@dataclass(frozen=True)
class Owed:
    accrual: Accrual
    """With the discount of who settles the debt that day."""
    excess: Mapping[int, Decimal]
    """By payment: what of it the debt didn't need."""
    unchanged_until: Callable[[date], date]
    """Given the latest day that is of interest: the last one on which it is still the same."""

    @property
    def total(self) -> Decimal:
        return self.accrual.total


def owed_of(connection: Connection, debts: Collection[str], table: AccrualTable | None, on: date) -> dict[str, Owed]:
    """The amount owed of each debt by `table`; without one it is what was imported less what came in. Raises
    Unreckonable where a rate or a rule is missing; debts that don't exist are left out."""
    claims, money = read_claims(connection, dict.fromkeys(debts, table))
    rates = read_rates(connection)
    found = {}
    for claim in claims:
        settled = replay([claim], money[claim.id], on, rates)
        excess = {payment: rest for payment, rest in settled.excess.items() if payment > 0}
        account = settled.accounts[claim.id]
        unchanged = partial(account.unchanged_until, on, rates=rates)
        found[claim.id] = Owed(account.settled_by(on), excess, unchanged)
    return found


def excess_of(connection: Connection, tables: Mapping[str, AccrualTable]) -> dict[int, Decimal]:
    """The excess of each payment: what its debt didn't need on the payment's own day, in reais. Raises Unreckonable."""
    claims, money = read_claims(connection, tables)
    rates = read_rates(connection)
    excess: dict[int, Decimal] = {}
    for claim in claims:
        if payments := money[claim.id]:
            last = max(payment.day for payment in payments)
            for payment, rest in replay([claim], payments, last, rates).excess.items():
                if payment > 0:
                    excess[payment] = excess.get(payment, NOTHING) + rest
    return excess


def read_claims(
    connection: Connection, tables: Mapping[str, AccrualTable | None]
) -> tuple[list[Claim], Mapping[str, list[Payment]]]:
    """The debts with their tables, and what came in for each."""
    asked = {"debts": list(tables)}
    no_fine = days_without_fine_of(connection, tables)
    claims = [
        claim_of(debt, tables[debt["id"]], no_fine.get(debt["id"], ()))
        for debt in connection.execute(CLAIMS, asked).mappings()
    ]
    money: dict[str, list[Payment]] = defaultdict(list)
    for row in connection.execute(MONEY, asked):
        money[row.debt].append(Payment(row.id, row.day, row.amount, row.what))
    return claims, money


def claim_of(debt: RowMapping, table: AccrualTable | None, no_fine: Sequence[Span]) -> Claim:
    """The claim of a debt's row. An amount that says what was left has in it what delay had added by its day."""
    left_on = debt["as_of"] if debt["deducted"] is not None else None
    return Claim(debt["id"], debt["amount"], debt["due"], table=table, left_on=left_on, no_fine=tuple(no_fine))


# a hold that has no last day was lifted on that of the record
INJUNCTIONS = text("""
    SELECT debt, coalesce(since, CAST(placed_at AS date)) AS since,
           coalesce(ended_on, until, CAST(lifted_at AS date)) AS published
    FROM holds WHERE debt = ANY(:debts) AND ground = ANY(:grounds)
""").bindparams(bindparam("debts", type_=ARRAY(Text)), bindparam("grounds", type_=ARRAY(Text)))


def days_without_fine_of(connection: Connection, debts: Collection[str]) -> dict[str, tuple[Span, ...]]:
    """The days on which injunctions keep the default fine of each debt from growing (CTN art. 161 § 3º)."""
    found: dict[str, list[Span]] = defaultdict(list)
    for row in connection.execute(INJUNCTIONS, {"debts": [*debts], "grounds": [*grounds.INJUNCTIONS]}):
        found[row.debt].append(days_without_fine(row.since, row.published))
    return {debt: joined(spans) for debt, spans in found.items()}
