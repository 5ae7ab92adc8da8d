"""The money of an agreement's instalments on its debts: shared among them, and the rest written off when all is paid.

Told anew from all its payments whenever one changes; what was paid straight to a debt, or forgiven otherwise, fills it
first, so that no debt takes more than it lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, text, update

from models.agreement.charges import NOTHING
from models.agreement.deal import Parts
from models.agreement.instalments import Life, State
from models.errors import Unreckonable
from models.money.accrual_table import CENT
from models.money.imputation import Claim, Payment, replay
from models.money.rates import Rates
from storage.agreement.agreement_row import AgreementRow
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import read_claims
from storage.amounts.rates import read_rates
from storage.case.cases import Case
from storage.schema import allocations, debts, remissions


@dataclass(frozen=True)
class Share:
    """A debt in an agreement."""

    debt: str
    lacks: Decimal
    """The part this agreement has to pay of it: what it brought in, less what was paid or forgiven besides; all that it
    owes once the agreement is broken."""
    kind: Any
    prescribes: date
    own: bool
    protested: bool


GROUND = "agreement"
"""The ground of the holds on the debts, and of what the policy's law forgives when all is paid."""

SUPERSEDED = "superseded"
"""The ground of what the table of a debt added since it was agreed upon: the agreement has charges of its own."""

SHARES = text("""
    SELECT debts.id AS debt, debts.kind, debts.prescribes, debts.protested,
           coalesce(debtors.own, true) AS own,
           debts.amount - debts.received - debts.remitted AS left_over,
           coalesce((SELECT sum(allocations.amount) FROM allocations
                     JOIN payments ON payments.id = allocations.payment
                     JOIN instalments ON instalments.id = payments.instalment
                     WHERE allocations.debt = debts.id AND instalments.agreement = :agreement), 0.00)
               + coalesce((SELECT sum(amount) FROM remissions WHERE remissions.debt = debts.id
                           AND ground IN ('agreement', 'superseded') AND reference = :agreement), 0.00) AS mine
    FROM agreement_debts JOIN debts ON debts.id = agreement_debts.debt
    LEFT JOIN debtors ON debtors.debt = debts.id AND debtors.taxpayer = (
        SELECT taxpayer FROM cases JOIN agreements ON agreements."case" = cases.id WHERE agreements.id = :agreement)
    WHERE agreement_debts.agreement = :agreement ORDER BY debts.id
""")


def read_shares(connection: Connection, row: AgreementRow, life: Life) -> list[Share]:
    """Read what each debt of an agreement has a share of."""
    accrued, books = row["terms"].get("accrued", {}), life.books
    return [
        Share(
            debt=each["debt"],
            lacks=_lacks(
                each,
                # what comes after a break lowers the debts as it is
                None if life.state is State.BROKEN else books.room[each["debt"]],
                Decimal(accrued.get(each["debt"], "0")) + books.charges_on[each["debt"]],
            ),
            kind=each["kind"],
            prescribes=each["prescribes"] or date.max,
            own=each["own"],
            protested=each["protested"],
        )
        for each in connection.execute(SHARES, {"agreement": row["id"]}).mappings()
    ]


def _lacks(share: RowMapping, room: Decimal | None, added: Decimal) -> Decimal:
    """All that a debt owes, and where there is `room` no more than that: what it brought in and nobody paid straight to
    it."""
    left: Decimal = share["left_over"] + share["mine"] + added
    return max(NOTHING, left if room is None else min(room, left))


@dataclass(frozen=True)
class Allotted:
    """An agreement's money on its debts, by debt."""

    left: dict[str, Decimal]
    """The part of each that is still to be paid."""
    charges: dict[str, Decimal]
    """The part of the money on each that paid what time added to instalments."""


def allocate(connection: Connection, agreement: str, shares: list[Share], life: Life) -> Allotted:
    """Allocate the agreement's payments among its debts by CTN art. 163; what was paid straight to a debt fills it
    first. What time added to an instalment goes where its principal went."""
    claims = [
        Claim(share.debt, share.lacks, date.min, own=share.own, kind=share.kind, prescribes=share.prescribes)
        for share in shares
        if share.lacks > 0
    ]
    paid = connection.execute(INSTALMENT_PAYMENTS, {"agreement": agreement}).all()
    # what comes after a break is for no instalment, and lowers the debts as it is
    parts = {each.id: life.books.parts.get(each.id) or Parts(principal=each.net) for each in paid}
    principals = [Payment(each.id, each.day, parts[each.id].principal) for each in paid]
    settled = replay(claims, [each for each in principals if each.amount > 0], date.max, Rates())
    new = {
        (each.id, debt): amount
        for each in paid
        for debt, amount in _with_charges(settled.shares.get(each.id, {}), parts[each.id].charges, shares).items()
    }
    mine = allocations.c.payment.in_([each.id for each in paid])
    old = {(each.payment, each.debt): each.amount for each in connection.execute(select(allocations).where(mine))}
    if new != old:
        _put(connection, shares, new, old)
    principal = {
        share.debt: sum((parts.get(share.debt, NOTHING) for parts in settled.shares.values()), NOTHING)
        for share in shares
    }
    charges = {debt: life.books.charges_on[debt] - part for debt, part in principal.items()}
    for (_, debt), amount in new.items():
        charges[debt] += amount
    return Allotted({share.debt: share.lacks - principal[share.debt] for share in shares}, charges)


Allocations = dict[tuple[int, str], Decimal]
"""By payment and debt."""


def _put(connection: Connection, shares: list[Share], new: Allocations, old: Allocations) -> None:
    for share in shares:
        gained = sum(
            (new.get(key, NOTHING) - old.get(key, NOTHING) for key in {*new, *old} if key[1] == share.debt), NOTHING
        )
        if gained:
            received = {"received": debts.c.received + gained}
            connection.execute(update(debts).where(debts.c.id == share.debt).values(received))
    of_mine = allocations.c.payment.in_({payment for payment, _ in old})
    connection.execute(allocations.delete().where(of_mine, allocations.c.debt.in_({debt for _, debt in old})))
    rows = [{"payment": payment, "debt": debt, "amount": amount} for (payment, debt), amount in new.items()]
    if rows:
        connection.execute(insert(allocations), rows)


def _with_charges(principal: Mapping[str, Decimal], charges: Decimal, shares: list[Share]) -> dict[str, Decimal]:
    """A payment's parts by debt, its charges in proportion to its principal; to the first debt where it has none."""
    if not charges:
        return dict(principal)
    if not principal:
        return {shares[0].debt: charges}
    total, passed, given = sum(principal.values(), NOTHING), NOTHING, NOTHING
    parts = {}
    for debt, part in principal.items():
        passed += part
        upto = (charges * passed / total).quantize(CENT, ROUND_DOWN)
        parts[debt] = part + upto - given
        given = upto
    return parts


INSTALMENT_PAYMENTS = text("""
    SELECT payments.id, payments.paid_on AS day,
           payments.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS net
    FROM payments JOIN instalments ON instalments.id = payments.instalment WHERE instalments.agreement = :agreement
    ORDER BY payments.id
""")


# ---- what is written off when all is paid


def write_off(connection: Connection, row: AgreementRow, left: Mapping[str, Decimal], life: Life, case: Case) -> None:
    """Write off what the debts still lack, `left`, when all that was agreed is paid; take it back when that is no
    longer so. Nothing is forgiven but what the policy's rules on discounts and bonus say, each by its law."""
    on = life.completed_on if life.state is State.COMPLETED else None
    forgiven: Written = {(debt, on): amount for debt, amount in left.items() if amount and on}
    _follow(connection, row["id"], GROUND, forgiven)
    superseded = _superseded(connection, row, life, case, on) if on else {}
    if superseded is not None:
        _follow(connection, row["id"], SUPERSEDED, {(debt, on): amount for debt, amount in superseded.items()})


Written = dict[tuple[str, date | None], Decimal]
"""By debt and the day of which it is written off."""


def _follow(connection: Connection, agreement: str, ground: str, wanted: Written) -> None:
    """Make what is written off on a ground what is wanted."""
    asked = {"agreement": agreement, "ground": ground}
    written: Written = {(each.debt, each.remitted_on): each.amount for each in connection.execute(WRITTEN_OFF, asked)}
    for debt, day in sorted({*written, *wanted}):
        more = wanted.get((debt, day), NOTHING) - written.get((debt, day), NOTHING)
        if more:
            row = {"debt": debt, "amount": more, "ground": ground, "reference": agreement, "remitted_on": day}
            connection.execute(insert(remissions).values(row))
            connection.execute(update(debts).where(debts.c.id == debt).values(remitted=debts.c.remitted + more))


WRITTEN_OFF = text("""
    SELECT debt, remitted_on, sum(amount) AS amount FROM remissions
    WHERE ground = :ground AND reference = :agreement
    GROUP BY debt, remitted_on HAVING sum(amount) <> 0
""")


def _superseded(
    connection: Connection, row: AgreementRow, life: Life, case: Case, on: date
) -> dict[str, Decimal] | None:
    """By debt: what the agreement's charges replace, on the day on which all of it was paid, so that each debt owes
    what it would had what it brought in been paid when that was signed. It is what a table has added since; negative
    where the charges would else pay what a debt owes besides, since money from before the agreement went back. None: a
    rate is missing, so nothing changes, and what was added is for the case to say."""
    agreed: dict[str, Decimal] = dict(connection.execute(BROUGHT, {"agreement": row["id"]}).tuples().all())
    own = {each.id: each.ground for each in connection.execute(OWN, {"agreement": row["id"]})}
    try:
        rates = read_rates(connection)
        claims, money = read_claims(connection, dict.fromkeys(agreed, accrual_of(case.ruler)))
        found = {}
        for claim in claims:
            without = [each for each in money[claim.id] if own.get(each.id) != SUPERSEDED]
            before = list(_beside(without, own, life))
            last = max((each.id for each in before), default=0)
            signed = Payment(last + 1, row["signed_on"], agreed[claim.id])
            besides = _owed(claim, [*before, signed], on, rates)
            owed = _owed(claim, without, on, rates)
            # what nothing is added to has nothing to supersede, however much more than it needs was paid
            paid_beyond = besides if besides > 0 or claim.table else NOTHING
            found[claim.id] = owed - paid_beyond if besides > 0 else max(owed - paid_beyond, NOTHING)
    except Unreckonable:
        return None
    return found


def _beside(money: Sequence[Payment], own: Collection[int], life: Life) -> Iterator[Payment]:
    """The parts of a debt's money that the agreement neither used nor forgave."""
    for each in money:
        used = life.books.parts[each.id].total if each.id in life.books.parts else NOTHING
        if each.id not in own and each.amount > used:
            yield replace(each, amount=each.amount - used)


def _owed(claim: Claim, money: Sequence[Payment], on: date, rates: Rates) -> Decimal:
    """The amount owed of a claim on a day; negative where more was paid."""
    settled = replay([claim], money, on, rates)
    return settled.accounts[claim.id].settled_by(on).total - sum(settled.excess.values(), NOTHING)


BROUGHT = text("SELECT debt, amount FROM agreement_debts WHERE agreement = :agreement ORDER BY debt")

# by the ids that storage/amounts/owed.py gives them
OWN = text("""
    SELECT -min(id) AS id, ground FROM remissions
    WHERE reference = :agreement GROUP BY debt, ground, remitted_on
""")
