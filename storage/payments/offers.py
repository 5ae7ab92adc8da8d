"""Settlement campaigns on record: what their offers make of payments, and the amounts that they offer on a day.

What is remitted is computed anew from all payments of a debt whenever one of them changes, and the difference to what
was remitted so far is written. So it makes no difference in which order payments are reported, or how often.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, TextClause, bindparam, insert, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case.journal import EntryKind
from models.errors import Unreckonable
from models.formats import moment, money
from models.law.calendar import Clock
from models.money.accrual_table import AccrualTable
from models.money.imputation import Claim, replay
from models.money.offered import Offered
from models.money.rates import Rates
from models.money.remission import Made, Outcome, Paid, Verdict, judge, offered, price
from models.ruler.schema import Ruler
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import read_claims
from storage.amounts.rates import read_rates
from storage.case.cases import Case, frozen_ruler
from storage.case.journal import Evidence, JournalRow
from storage.schema import debts as debts_table
from storage.schema import remissions

GROUND = "campaign"


def _of_debts(sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("debts", type_=ARRAY(Text)))


CAMPAIGNS = _of_debts("""
    SELECT debtors.debt, cases.id AS "case", cases.ruler, CAST(cohorts.clock AS text) AS clock
    FROM debtors JOIN debts ON debts.id = debtors.debt
    JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax
    JOIN cohorts ON cohorts.name = cases.cohort
    JOIN rulers ON rulers.digest = cases.ruler AND rulers.offers
    WHERE debtors.debt = ANY(:debts) ORDER BY cases.opened_at, cases.id
""")

# less what was reversed
MONEY = _of_debts("""
    SELECT debt, id, day, amount, at, remission FROM (
        SELECT payments.debt, payments.id, paid_on AS day, false AS remission,
               payments.amount - coalesce((SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS amount,
               CASE WHEN hour_known THEN paid_at END AS at
        FROM payments WHERE debt = ANY(:debts)
        UNION ALL
        SELECT allocations.debt, payments.id, paid_on, true, allocations.amount, NULL
        FROM allocations JOIN payments ON payments.id = payment WHERE allocations.debt = ANY(:debts)
        UNION ALL
        SELECT debt, -min(id), remitted_on, true, sum(amount), NULL
        FROM remissions WHERE debt = ANY(:debts) AND ground <> 'campaign' GROUP BY debt, ground, reference, remitted_on
    ) AS money WHERE amount > 0
""")

REMITTED = _of_debts("""
    SELECT debt, reference, remitted_on, sum(amount) AS amount FROM remissions
    WHERE debt = ANY(:debts) AND ground = 'campaign' GROUP BY debt, reference, remitted_on
""")


@dataclass(frozen=True)
class _Campaign:
    """An offer as it was made to a debt, in a case."""

    case: str
    digest: str
    ruler: Ruler
    made: Made
    compressed: bool


def settle(connection: Connection, debts: Collection[str], reported: Collection[int] = ()) -> list[JournalRow]:
    """Remit what the payments of these locked debts have earned and take back what they no longer do. Returns what the
    journals of the campaigns' cases are to say of it, and of those payments `reported` that fell short or came late.

    A debt of which nobody can tell what is owed, for want of a rate, stays as it is until it is judged again.
    """
    campaigns = _campaigns(connection, debts)
    if not campaigns:
        return []
    rates, came_in, remitted = read_rates(connection), _money(connection, campaigns), _remitted(connection, campaigns)
    notes: list[JournalRow] = []
    for debt, claim in _claims(connection, campaigns).items():
        try:
            verdicts = judge(claim, came_in[debt], [campaign.made for campaign in campaigns[debt]], rates)
        except Unreckonable:
            continue
        earned = {(v.made.label, v.payment.day): v.remitted for v in verdicts if v.outcome is Outcome.SETTLED}
        notes += _remit(connection, debt, campaigns[debt], earned, remitted[debt])
        news = [verdict for verdict in verdicts if verdict.payment.id in reported]
        notes += [_note(c, debt, verdict) for verdict in news for c in campaigns[debt] if c.made == verdict.made]
    return notes


def offer_on(connection: Connection, ruler: Ruler, case: str, debts: Collection[str], on: date) -> OnDay:
    """The offer as it stands for the debts of a case on a day: what it leaves of each, in reais. Raises
    Unreckonable."""
    assert ruler.offer is not None  # noqa: S101 - the caller has asked
    rates = read_rates(connection)
    claims, came_in = read_claims(connection, dict.fromkeys(debts, accrual_of(ruler)))
    accounts = {c.id: replay([c], came_in[c.id], on, rates).accounts[c.id] for c in claims}
    one = ruler.offer.one_payment
    in_part = _paid_in_part(connection, case, debts, rates)
    return OnDay(
        offered(ruler.offer, accounts.values(), on, in_part),
        {debt: price(ruler.offer, one, account, on) for debt, account in accounts.items()},
    )


def offer_now(connection: Connection, case: Case, debts: Collection[str], now: datetime) -> OnDay | None:
    """The offer as it stands now; None when there is none, or it isn't open at this moment. Raises Unreckonable."""
    offer, today = case.ruler.offer, case.clock.day_at(now)
    minute = None if case.clock.compressed else now
    if offer is None or not offer.in_time(today, minute, case.ruler.jurisdiction.timezone):
        return None
    return offer_on(connection, case.ruler, case.id, debts, today)


@dataclass(frozen=True)
class OnDay:
    offered: Offered
    prices: dict[str, Decimal]
    """The price that settles each debt in one payment."""


def _paid_in_part(connection: Connection, case: str, debts: Collection[str], rates: Rates) -> Decimal:
    campaigns = _campaigns(connection, debts)
    came_in = _money(connection, campaigns)
    return sum(
        (
            verdict.payment.amount
            for debt, claim in _claims(connection, campaigns).items()
            for verdict in judge(claim, came_in[debt], [c.made for c in campaigns[debt] if c.case == case], rates)
            if verdict.outcome is Outcome.LOWER
        ),
        Decimal("0.00"),
    )


# ---- what is on record


def _campaigns(connection: Connection, debts: Collection[str]) -> dict[str, list[_Campaign]]:
    """The campaigns by debt, of debts to which an offer was made, in the order of their cases."""
    found: dict[str, list[_Campaign]] = defaultdict(list)
    for row in connection.execute(CAMPAIGNS, {"debts": list(debts)}):
        ruler = frozen_ruler(connection, row.ruler).ruler
        if ruler.offer:
            made = Made(ruler.offer, ruler.label, ruler.jurisdiction.timezone)
            compressed = Clock.model_validate_json(row.clock).compressed
            found[row.debt].append(_Campaign(row.case, row.ruler, ruler, made, compressed))
    return dict(found)


def _claims(connection: Connection, campaigns: dict[str, list[_Campaign]]) -> dict[str, Claim]:
    """The claims by the table of the newest campaign; without those whose table is gone."""
    tables: dict[str, AccrualTable | None] = {}
    for debt, made in campaigns.items():
        try:
            tables[debt] = accrual_of(made[-1].ruler)
        except Unreckonable:
            continue
    claims, _ = read_claims(connection, tables)
    return {claim.id: claim for claim in claims}


def _money(connection: Connection, campaigns: dict[str, list[_Campaign]]) -> dict[str, list[Paid]]:
    """The money that came in. On a compressed clock a payment counts by its day alone: no minute of it means
    anything."""
    came_in: dict[str, list[Paid]] = defaultdict(list)
    for row in connection.execute(MONEY, {"debts": list(campaigns)}):
        at = None if any(campaign.compressed for campaign in campaigns[row.debt]) else row.at
        came_in[row.debt].append(Paid(row.id, row.day, row.amount, at=at, remission=row.remission))
    return came_in


Remitted = dict[tuple[str, date], Decimal]
"""By the ruler whose offer it was, and the day of the payment that earned it."""


def _remitted(connection: Connection, campaigns: dict[str, list[_Campaign]]) -> dict[str, Remitted]:
    known: dict[str, Remitted] = defaultdict(dict)
    for row in connection.execute(REMITTED, {"debts": list(campaigns)}):
        known[row.debt][row.reference, row.remitted_on] = row.amount
    return known


def _remit(
    connection: Connection, debt: str, campaigns: list[_Campaign], earned: Remitted, known: Remitted
) -> list[JournalRow]:
    """Store the difference between what was earned and what was remitted. A remission taken back carries the day of the
    one it undoes, so that together they are nothing."""
    more = {key: earned.get(key, Decimal(0)) - known.get(key, Decimal(0)) for key in earned | known}
    changed = {key: amount for key, amount in more.items() if amount}
    if not changed:
        return []
    rows = [
        {"debt": debt, "amount": amount, "ground": GROUND, "reference": label, "remitted_on": on}
        for (label, on), amount in changed.items()
    ]
    connection.execute(insert(remissions), rows)
    remitted = debts_table.c.remitted + sum(more.values())
    connection.execute(update(debts_table).where(debts_table.c.id == debt).values(remitted=remitted))
    return [
        _remission_note(campaign, debt, amount, on)
        for (label, on), amount in changed.items()
        for campaign in campaigns
        if campaign.made.label == label
    ]


# ---- what the journal says


def _remission_note(campaign: _Campaign, debt: str, amount: Decimal, on: date) -> JournalRow:
    name = campaign.made.offer.name
    if amount > 0:
        kind, reason = EntryKind.REMISSION_GRANTED, f"{name}: remitidos {money(amount)} ({campaign.made.offer.law})"
    else:
        kind, reason = EntryKind.REMISSION_UNDONE, f"{name}: desfeita a remissão de {money(-amount)}"
    evidence = {"debt": debt, "remitted": f"{amount:.2f}"}
    return _entry(campaign, on, kind, reason, evidence)


KINDS = {
    Outcome.SETTLED: EntryKind.OFFER_SETTLED,
    Outcome.LOWER: EntryKind.OFFER_UNDERPAID,
    Outcome.LATE: EntryKind.OFFER_PAID_LATE,
}


def _note(campaign: _Campaign, debt: str, verdict: Verdict) -> JournalRow:
    offer, paid, asked = campaign.made.offer, money(verdict.payment.amount), money(verdict.price)
    reason = {
        Outcome.SETTLED: f"{paid} pagos em dia, {offer.name} a {asked}: débito quitado",
        Outcome.LOWER: f"{paid} pagos em dia, {offer.name} a {asked}: menos que a oferta, pagamento parcial",
        Outcome.LATE: f"{paid} pagos depois do prazo da {offer.name}, {moment(offer.until)}: pagamento parcial",
    }[verdict.outcome]
    evidence = {"payment": verdict.payment.id, "debt": debt, "price": f"{verdict.price:.2f}"}
    return _entry(campaign, verdict.payment.day, KINDS[verdict.outcome], reason, evidence)


def _entry(campaign: _Campaign, at: date, kind: EntryKind, reason: str, evidence: Evidence) -> JournalRow:
    return {
        "case": campaign.case,
        "at": at,
        "kind": kind,
        "reason": reason,
        "ruler": campaign.digest,
        "evidence": evidence,
    }
