"""The dry run of a cohort: the same decisions as the live cases' on the facts of now, and nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case.decision import decide
from models.case.persistent_defaulter import LeftToPeople, periods_left_to_people
from models.case.plan import plan
from models.case.selection import Selection
from models.case.state import CaseState
from models.case.step import Action
from models.case.view import View
from models.contact.channel import Channel
from models.formats import tax_name
from models.money.prices import ChannelCost, PriceTable, cost_of, fits, monthly_fee
from models.proof.holdout import Arm, Habit, Stratum, band_name, band_of
from models.ruler.schema import Kind, Ruler
from storage.amounts.prices import prices_of
from storage.case.cohorts import Candidate, candidates
from storage.case.habits import habits_of
from storage.case.selection import counts_by_key

HORIZON = timedelta(days=30)

NOBODY_DRAWN: Mapping[str, Decimal] = {}
NO_RIVALS: Mapping[Arm, Ruler] = {}

ESTIMATE = "nobody pays, no notice needs its fallback, one segment an SMS, one minute a call"
"""The assumptions behind the costs."""

Cell = tuple[str, str]
"""Hypothesis and stage."""


@dataclass(frozen=True)
class Planned:
    """A notice that would leave if nothing happened."""

    hypothesis: str
    stage: str
    channel: Channel
    on: date


class CellCases(TypedDict):
    hypothesis: str
    stage: str
    cases: int
    owed: Decimal


class DayNotices(TypedDict):
    """The notices of a day, and what they cost."""

    day: date
    notices: int
    cost: Decimal


class CellNotices(TypedDict):
    hypothesis: str
    stage: str
    channel: str
    notices: int


class NoticesSoon(TypedDict):
    notices: int
    cells: list[CellNotices]


class Costs(TypedDict):
    """The costs in reais, at the prices of that table."""

    prices: str
    supposing: str
    channels: list[ChannelCost]
    first_30_days: Decimal
    whole_ladder: Decimal
    monthly_fee: Decimal
    budget: Decimal | None
    within_budget: bool


class OnRival(TypedDict):
    """The foresight for another ruler, as if all were on it."""

    arm: str
    ruler: str
    cells: list[CellCases]
    first_30_days: NoticesSoon
    costs: Costs


DECLARED_ALONE = text("""
    SELECT count(DISTINCT taxpayer) FROM filings
    WHERE superseded_at IS NULL AND status IN ('filed', 'late') AND due < :today
      AND coalesce(corrected, declared) - paid > :tolerance AND (:every_tax OR tax = ANY(:taxes))
      AND NOT EXISTS (SELECT FROM debtors JOIN debts ON debts.id = debtors.debt
                      WHERE debtors.taxpayer = filings.taxpayer AND debts.tax = filings.tax
                        AND debts.period = filings.period)
""").bindparams(bindparam("taxes", type_=ARRAY(Text)))
"""The taxpayers whose returns declare tax of which the ledger has no debt: they were imported before it was due, and
say nothing of what was paid by then."""


class StratumCases(TypedDict):
    """A stratum of the draw: cases of one tax, band of amount and habit. Its habit tells who paid before."""

    tax: str
    band: str
    habit: str
    cases: int


class DryRun(TypedDict):
    selected: dict[str, int]
    """How many are left as each key of the selection is added to those before it."""
    would_start: int
    cells: list[CellCases]
    would_be_on_hold: int
    on_hold: dict[str, int]
    owed: Decimal
    """The sum that those who would start owe, those on hold included."""
    reachable: dict[str, int]
    """How many of them have an address of each kind: email, phone, messenger, address."""
    unreachable: int
    """How many have none at all."""
    already_open: int
    elsewhere: dict[str, int]
    """The same by the cohort that has them."""
    declared_without_debt: int
    """How many taxpayers' returns are from before what they declare was due: nobody is asked for it yet."""
    left_to_people: dict[LeftToPeople, int]
    """How many periods the thresholds of a persistent defaulter leave out, by why: people judge whether they count."""
    control: int
    arms: dict[str, int]
    strata: list[StratumCases]
    """Empty where nobody is drawn."""
    first_30_days: NoticesSoon
    by_day: list[DayNotices]
    """Each of those 30 days on which something leaves."""
    costs: Costs
    rival: OnRival | None
    """The first of `rivals`."""
    rivals: list[OnRival]


def foresee(
    engine: Engine,
    ruler: Ruler,
    selection: Selection,
    today: date,
    budget: Decimal | None = None,
    shares: Mapping[str, Decimal] = NOBODY_DRAWN,
    rivals: Mapping[Arm, Ruler] = NO_RIVALS,
    progress: Callable[[int], None] = lambda seen: None,
) -> DryRun:
    """The foresight for a cohort: the cases that would start by cell, those on hold and why, what would leave in 30
    days and what the whole would cost, as if all were on the ruler; the draw's arms and strata; and what would leave
    and cost if all were on each of its rivals. `progress` hears how many were looked at."""
    calendar = ruler.jurisdiction.days_off(today.year - 1)
    start = CaseState.at_start(today)
    cells: Counter[Cell] = Counter()
    on_hold: Counter[str] = Counter()
    notices: Counter[Planned] = Counter()
    left: Counter[LeftToPeople] = Counter()
    owed: dict[Cell, Decimal] = {}
    elsewhere: Counter[str] = Counter()
    reachable: Counter[str] = Counter()
    held = seen = unreachable = 0
    owed_held = Decimal(0)
    strata: Counter[Stratum] = Counter()
    # cases that enter by the same cell climb the same ladder, but for the gate before a suspension
    ladders: dict[tuple[Cell, bool, bool], list[Planned]] = {}
    for page in candidates(engine, ruler, selection, today):
        if shares:
            strata.update(_strata(engine, [each for each in page if not each.cohort and each.takes(ruler)]))
        addresses = _addresses(engine, page)
        progress(seen := seen + len(page))
        for candidate in page:
            facts = candidate.facts
            if candidate.cohort:
                elsewhere[candidate.cohort] += 1
                continue
            if not candidate.takes(ruler):
                continue
            left.update(periods_left_to_people(ruler, facts.debts, facts.live_evidence, today, facts.elsewhere))
            kinds = addresses.get(candidate.pair[0], ())
            reachable.update(kinds)
            unreachable += not kinds
            if facts.on_hold:
                held += 1
                owed_held += candidate.owed
                on_hold.update(facts.grounds)
            else:
                view = View(ruler, calendar, start, facts)
                step = decide(view).step
                cell = (step.row or "", str(step.stage))
                alike = (cell, facts.has_benefits, facts.owes_money)
                if alike not in ladders:
                    ladders[alike] = list(_ladder(view))
                cells[cell] += 1
                owed[cell] = owed.get(cell, Decimal(0)) + candidate.owed
                notices.update(ladders[alike])
    with engine.connect() as connection:
        selected = counts_by_key(connection, ruler, selection, today)
        alone = declared_alone(connection, ruler, selection, today)
    soon, costs = _by_cell(notices, today + HORIZON), _costs(prices_of(ruler), notices, today, budget)
    arms = _arms(cells.total() + held, shares)
    others = [_on_rival(arm, rival, foresee(engine, rival, selection, today, budget)) for arm, rival in rivals.items()]
    return {
        "selected": selected,
        "would_start": cells.total(),
        "cells": [{"hypothesis": h, "stage": s, "cases": n, "owed": owed[h, s]} for (h, s), n in sorted(cells.items())],
        "would_be_on_hold": held,
        "on_hold": dict(sorted(on_hold.items())),
        "owed": sum(owed.values(), owed_held),
        "reachable": {kind: reachable[kind] for kind in KINDS if kind in reachable},
        "unreachable": unreachable,
        "already_open": elsewhere.total(),
        "elsewhere": dict(sorted(elsewhere.items())),
        "declared_without_debt": alone,
        "left_to_people": dict(left),
        "control": arms.get(Arm.CONTROL, 0),
        "arms": arms,
        "strata": [_counted(stratum, cases) for stratum, cases in sorted(strata.items())],
        "first_30_days": soon,
        "by_day": _by_day(prices_of(ruler), notices, today + HORIZON),
        "costs": costs,
        "rival": others[0] if others else None,
        "rivals": others,
    }


KINDS = ("email", "phone", "messenger", "address")

ADDRESSES = text("""
    SELECT id, array_remove(ARRAY[CASE WHEN email IS NOT NULL THEN 'email' END,
        CASE WHEN phone IS NOT NULL THEN 'phone' END, CASE WHEN messenger IS NOT NULL THEN 'messenger' END,
        CASE WHEN address IS NOT NULL THEN 'address' END], NULL) AS kinds
    FROM taxpayers WHERE id = ANY(:taxpayers)
""")


def _addresses(engine: Engine, page: list[Candidate]) -> dict[int, list[str]]:
    """The kinds of address on record of each taxpayer."""
    with engine.connect() as connection:
        rows = connection.execute(ADDRESSES, {"taxpayers": [candidate.pair[0] for candidate in page]})
        return {row.id: row.kinds for row in rows}


def declared_alone(connection: Connection, ruler: Ruler, selection: Selection, today: date) -> int:
    """The number of taxpayers whose returns declare tax of which no extract has a debt."""
    if not ruler.entry.takes(Kind.NON_PAYMENT):
        return 0
    taxes = [selection.tax] if selection.tax else [tax_name(tax) for tax in ruler.taxes]
    asked = {"today": today, "tolerance": ruler.payments.tolerance, "every_tax": not taxes, "taxes": taxes}
    return int(connection.execute(DECLARED_ALONE, asked).scalar_one())


def _on_rival(arm: Arm, rival: Ruler, foreseen: DryRun) -> OnRival:
    return {
        "arm": arm,
        "ruler": rival.label,
        "cells": foreseen["cells"],
        "first_30_days": foreseen["first_30_days"],
        "costs": foreseen["costs"],
    }


def _strata(engine: Engine, page: list[Candidate]) -> list[Stratum]:
    with engine.connect() as connection:
        habits = habits_of(connection, (each.pair[0] for each in page))
    return [Stratum(each.pair[1], band_of(each.owed), habits.get(each.pair[0], Habit.UNKNOWN)) for each in page]


def _counted(stratum: Stratum, cases: int) -> StratumCases:
    return {"tax": stratum.tax, "band": band_name(stratum.band), "habit": stratum.habit, "cases": cases}


def _arms(cases: int, shares: Mapping[str, Decimal]) -> dict[str, int]:
    drawn = {arm: round(cases * share) for arm, share in shares.items()}
    return {**drawn, Arm.RULER: cases - sum(drawn.values())}


def _ladder(view: View) -> Iterator[Planned]:
    for step in plan(view):
        if step.action is Action.NOTIFY and step.row and step.stage and step.on:
            for route in step.routes:
                yield Planned(step.row, str(step.stage), route.channel, step.on)


def _by_cell(notices: Counter[Planned], until: date) -> NoticesSoon:
    soon: Counter[tuple[str, str, str]] = Counter()
    for planned, count in notices.items():
        if planned.on <= until:
            soon[planned.hypothesis, planned.stage, planned.channel] += count
    return {
        "notices": soon.total(),
        "cells": [{"hypothesis": h, "stage": s, "channel": c, "notices": n} for (h, s, c), n in sorted(soon.items())],
    }


def _by_day(prices: PriceTable, notices: Counter[Planned], until: date) -> list[DayNotices]:
    counts: Counter[date] = Counter()
    costs: dict[date, Decimal] = {}
    for planned, count in notices.items():
        if planned.on <= until:
            counts[planned.on] += count
            costs[planned.on] = costs.get(planned.on, Decimal(0)) + cost_of(prices, planned.channel, planned.on) * count
    return [{"day": on, "notices": counts[on], "cost": costs[on]} for on in sorted(counts)]


def _costs(prices: PriceTable, notices: Counter[Planned], today: date, budget: Decimal | None) -> Costs:
    """The costs in reais for the whole ladder; the most it can be but for what ESTIMATE leaves out."""
    counts: Counter[Channel] = Counter()
    costs: dict[Channel, Decimal] = {}
    soon = Decimal(0)
    for planned, count in notices.items():
        cost = cost_of(prices, planned.channel, planned.on) * count
        counts[planned.channel] += count
        costs[planned.channel] = costs.get(planned.channel, Decimal(0)) + cost
        soon += cost if planned.on <= today + HORIZON else 0
    total = sum(costs.values(), Decimal(0))
    return {
        "prices": prices.prices,
        "supposing": ESTIMATE,
        "channels": [{"channel": c, "notices": counts[c], "cost": costs[c]} for c in sorted(counts)],
        "first_30_days": soon,
        "whole_ladder": total,
        "monthly_fee": monthly_fee(prices, today),
        "budget": budget,
        "within_budget": fits(budget, Decimal(0), total),
    }
