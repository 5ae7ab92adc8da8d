"""The amount owed on a day, line by line. Every line is rounded once, as its table says, and the total is their sum.

Lei 9.430/1996 art. 61 gave the shape: a fine by the days of delay, interest by the month, both on the principal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Literal

from dateutil.relativedelta import relativedelta

from models.errors import Unreckonable
from models.formats import day as written_day
from models.formats import percent
from models.law.dated import entry_on
from models.law.spans import Span
from models.money.accrual_table import AccrualTable, Component, Fine, Interest
from models.money.rates import Rates

COMPONENTS: tuple[Component, ...] = ("principal", "fine", "interest", "fees")
NOTHING = Decimal("0.00")
DAY = timedelta(days=1)
NEXT_MONTH = relativedelta(months=1, day=1)
"""To the first of it."""

NAMES: dict[Component, str] = {
    "principal": "principal",
    "fine": "multa de mora",
    "interest": "juros de mora",
    "fees": "encargos",
}


@dataclass(frozen=True)
class Line:
    """One step of the sum, in words that a taxpayer reads. `amount` is negative where something is taken off."""

    component: Component | Literal["discounts"]
    what: str
    amount: Decimal
    base: Decimal | None = None
    rate: Decimal | None = None
    """Percent of the base."""
    since: date | None = None
    until: date | None = None
    detail: str = ""
    source: str = ""
    taken_off: Component | None = None
    """The component that a discount is on."""


@dataclass(frozen=True)
class Accrual:
    lines: tuple[Line, ...]

    def of(self, component: str) -> Decimal:
        return sum((line.amount for line in self.lines if line.component == component), NOTHING)

    @property
    def principal(self) -> Decimal:
        return self.of("principal")

    @property
    def fine(self) -> Decimal:
        return self.of("fine")

    @property
    def interest(self) -> Decimal:
        return self.of("interest")

    @property
    def fees(self) -> Decimal:
        return self.of("fees")

    @property
    def discounts(self) -> Decimal:
        """The sum that is taken off, as a positive amount."""
        return -self.of("discounts")

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), NOTHING)


def accrue(table: AccrualTable, principal: Decimal, due: date, on: date, rates: Rates) -> Accrual:
    """The cost, on the day `on`, of a debt on which nothing was paid. Raises Unreckonable when a rule or a rate is
    missing."""
    lines = (opening(principal, due), *growth(table, principal, due, None, on, rates))
    return Accrual((*lines, *discounts(table, lines, on)))


def opening(principal: Decimal, due: date) -> Line:
    return Line("principal", f"principal, com vencimento em {written_day(due)}", principal, until=due)


def growth(
    table: AccrualTable,
    principal: Decimal,
    due: date,
    since: date | None,
    on: date,
    rates: Rates,
    no_fine: Sequence[Span] = (),
) -> tuple[Line, ...]:
    """The lines that delay adds to `principal` from the day `since`, up to which all was charged already, to the day
    `on`. The days of `no_fine`, each in one span only, cost interest but no fine."""
    last_day = table.last_day_in_time(due)
    since = max(since or last_day, last_day)
    if on <= since or not principal:
        return ()
    lines = (
        *_fine(table, principal, last_day, since, on, no_fine),
        *_interest(table, principal, last_day, since, on, rates),
    )
    first = (opening(principal, due),) if since == last_day else ()
    return (*lines, *_fees(table, last_day, since, on, (*first, *lines)))


def discounts(table: AccrualTable, lines: Iterable[Line], on: date) -> tuple[Line, ...]:
    """The discounts for a payment on the day `on` that settles the debt, as negative lines."""
    offer, owed = entry_on(table.discounts, on), Accrual(tuple(lines))
    if offer is None:
        return ()
    found = ((component, owed.of(component)) for component in offer.of)
    return tuple(
        Line(
            "discounts",
            f"{offer.name}: {NAMES[component]}",
            -_share(table, base, offer.percent),
            base,
            offer.percent,
            offer.from_,
            offer.to,
            source=offer.source,
            taken_off=component,
        )
        for component, base in found
        if base
    )


def _no_rule(table: AccrualTable, component: Component, of_what: str, lacks: str) -> Unreckonable:
    return Unreckonable(
        f"{table.accrual} has no rule for the {component} {of_what}",
        f"em {table.accrual} a regra de {NAMES[component]} {lacks}",
    )


def _share(table: AccrualTable, base: Decimal, rate: Decimal) -> Decimal:
    return table.rounded(base * rate / 100)


# ---- fine


def _fine(
    table: AccrualTable, principal: Decimal, due: date, since: date, on: date, no_fine: Sequence[Span]
) -> Iterator[Line]:
    if not table.fine:
        return
    rule = entry_on(table.fine, due)
    if rule is None:
        raise _no_rule(table, "fine", f"of a debt due on {due:%d/%m/%Y}", f"do vencimento {written_day(due)}")
    late, days = table.days_fined(rule, due, on), table.days_fined(rule, due, on, no_fine)
    charged = rule.rate(table.days_fined(rule, due, since, no_fine))
    rate = rule.rate(days) - charged
    if rate > 0:
        detail = _fine_detail(rule, days, (on - due).days - (late - days)) + (
            f", menos {percent(charged)} % já calculados" if charged else ""
        )
        detail += f"; {late - days} dias sem multa (CTN art. 161, § 3º)" if days < late else ""
        amount = _share(table, principal, rate)
        yield Line("fine", NAMES["fine"], amount, principal, rate, since + DAY, on, detail, rule.source)


def _fine_detail(rule: Fine, days: int, since_due: int) -> str:
    step = rule.step(days)
    delay = "1 dia de atraso" if days == 1 else f"{days} dias de atraso"
    if days < since_due:
        delay += ", contados do primeiro dia útil após o vencimento,"
    if step.per_day is None:
        return f"{delay}: {percent(step.percent or Decimal(0))} %"
    reached = step.limit is not None and step.per_day * days > step.limit
    limit = f", até o limite de {percent(step.limit)} %" if step.limit is not None and reached else ""
    return f"{delay} × {percent(step.per_day)} %{limit}"


# ---- interest


@dataclass(frozen=True)
class _Term:
    """One month's share of the interest, in percent of the principal."""

    month: date
    rule: Interest
    percent: Decimal
    charged_already: bool = False

    def __str__(self) -> str:
        if self.charged_already:
            return f"− {self.month:%m/%Y} {percent(-self.percent)} % já calculado"
        return f"+ {self.month:%m/%Y} {percent(self.percent)} %"


def _interest(
    table: AccrualTable, principal: Decimal, due: date, since: date, on: date, rates: Rates
) -> tuple[Line, ...]:
    if not table.interest:
        return ()
    terms = sorted(_terms(table, due, since, on, rates), key=lambda term: (term.rule.from_, term.month))
    lines = []
    for _, group in groupby(terms, key=lambda term: term.rule.from_):
        added = list(group)
        rate = sum((term.percent for term in added), Decimal(0))
        amount, rule, detail = _share(table, principal, rate), added[0].rule, " ".join(map(str, added))
        what = f"{NAMES['interest']} ({rule.series.capitalize() if rule.series else 'taxa fixa'})"
        end = min(added[-1].month + NEXT_MONTH - DAY, on)
        begin = min(max(added[0].month, since + DAY), end)
        lines.append(
            Line("interest", what, amount, principal, rate, begin, end, detail.removeprefix("+ "), rule.source)
        )
    # what was charged is never given back, should a month have cost less than was charged for it as month of payment
    return tuple(lines) if sum(line.amount for line in lines) > 0 else ()


def _terms(table: AccrualTable, due: date, since: date, on: date, rates: Rates) -> Iterator[_Term]:
    """The months of interest, each at its own rate; the month of `on` at that of a payment's, and what the month of
    `since` was charged for as such taken off."""
    first, last = due + NEXT_MONTH, on.replace(day=1)
    if since.replace(day=1) == last:
        return
    month = max(first, since.replace(day=1))
    if since >= first:
        rule = _interest_rule(table, month)
        yield _Term(month, rule, -rule.month_of_payment, charged_already=True)
    while month < last:
        rule = _interest_rule(table, month)
        rate = rates.percent(rule.series, month) if rule.series else rule.per_month or Decimal(0)
        yield _Term(month, rule, rate)
        month += NEXT_MONTH
    rule = _interest_rule(table, last)
    yield _Term(last, rule, rule.month_of_payment)


def _interest_rule(table: AccrualTable, month: date) -> Interest:
    rule = entry_on(table.interest, month)
    if rule is None:
        raise _no_rule(table, "interest", f"of {month:%m/%Y}", f"de {month:%m/%Y}")
    return rule


# ---- fees


def _fees(table: AccrualTable, due: date, since: date, on: date, charged: Sequence[Line]) -> Iterator[Line]:
    if not table.fees:
        return
    fee = entry_on(table.fees, due)
    if fee is None:
        raise _no_rule(table, "fees", f"of a debt due on {due:%d/%m/%Y}", f"do vencimento {written_day(due)}")
    base = sum((line.amount for line in charged if line.component in fee.of), NOTHING)
    if base and fee.percent:
        amount = _share(table, base, fee.percent)
        yield Line("fees", fee.name, amount, base, fee.percent, since + DAY, on, source=fee.source)
