"""The results of a cohort by a day: its figures read in one transaction, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from models.case.forecast import Sending, Waiting, forecast
from models.errors import Refusal
from models.money.prices import cost_of, monthly_fee
from models.proof.delinquency import Delinquency, Month, before_and_after
from models.proof.holdout import Arm
from models.proof.outcome import Assumptions, Avoided, Calls, Coverage, Programme, Recovered
from models.proof.survival import Curve, Day, curve, log_rank
from models.proof.uplift import Basis, Group, Look, Robust, Uplift, compare, robust, side_by_side, together
from models.ruler.schema import Ruler
from storage.amounts.prices import prices_of
from storage.case.cases import FrozenRuler, frozen_ruler
from storage.case.cohorts import Cohort, read_cohort
from storage.proof.figures import FIGURES, prepare, read_figure
from storage.proof.groups import DRAWN, TOLD_APART, UNTOUCHED, as_delivered, groups_of
from storage.proof.question import Question, question_of

HORIZON = timedelta(days=30)
LETTERS = "BCD"
ASSUMED_BY_DEFAULT = Assumptions()

Rows = Sequence[Mapping[str, Any]]


class Foreseen(NamedTuple):
    sending: Sending
    cost: Decimal


class ArmOutcome(NamedTuple):
    """The outcome of a group, and what was sent to it."""

    arm: Arm
    group: Group
    sent: int
    cost: Decimal

    @property
    def cost_of_a_real(self) -> Decimal | None:
        """The cost of bringing in one real; None when nothing came in."""
        return self.cost / self.group.received if self.group.received > 0 else None


class Ranked(NamedTuple):
    ours: str
    theirs: str
    p: float
    """The p-value of the log-rank test."""


@dataclass(frozen=True)
class Results:
    cohort: Cohort
    on: date
    """The last logical day that counts."""
    cases: int
    held_out: int
    rows: Mapping[str, Rows]
    """The rows of each figure, as its query answers."""
    coverage: Coverage
    recovered: Recovered
    programme: Programme
    avoided: Avoided
    assumed: Assumptions
    question: Question
    look: Look
    """Whether the day is the one that was named for it at the start."""
    by_lot: Uplift | None
    """Everybody notified with the control group, by intention to treat; none: nobody was held out."""
    other_look: Uplift | None
    """The same, had the day been chosen otherwise."""
    robust: Robust | None
    """The value of `by_lot` without the weight of its largest payers."""
    per_protocol: Uplift | None
    """The same without whoever heard of a debt from elsewhere; none: nobody did."""
    arms: tuple[ArmOutcome, ...]
    """The arm of each ruler, then of the control group; empty: there is one ruler only."""
    by_ruler: tuple[Uplift, ...]
    """The rulers with one another, then each with the control group, if there is one; by intention to treat."""
    as_delivered: Uplift
    curves: Mapping[str, Curve]
    """By the group's name; of groups without cases none."""
    ranked: tuple[Ranked, ...]
    """The comparison of each two curves."""
    calls: Calls
    before: Delinquency
    after: Delinquency
    forecast: tuple[Foreseen, ...] | None
    """None: the day is past, and what was to come then is not on record."""
    fee: Decimal
    """The providers' fee a month, in reais, whatever is sent."""

    @property
    def ruler(self) -> Ruler:
        return self.cohort.frozen.ruler

    @property
    def rivals(self) -> Mapping[Arm, Ruler]:
        """The rulers that the cohort's is compared with, by arm."""
        return {each.arm: each.frozen.ruler for each in self.cohort.lot.others} if self.cohort.lot else {}

    @property
    def begins(self) -> date:
        return self.cohort.clock.origin_day

    @property
    def cost(self) -> Decimal:
        return sum((channel["cost"] for channel in self.rows["channels"]), Decimal(0))


def read_results(
    engine: Engine, name: str, asked: date | None = None, assumed: Assumptions = ASSUMED_BY_DEFAULT
) -> Results:
    """The results on a day, else on the last that counts. Raises Refusal when there is no such cohort, or the day isn't
    its."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        cohort = read_cohort(connection, name)
        begins, today = cohort.clock.origin_day, _today(cohort)
        on = asked or _last_day(connection, cohort)
        if not begins <= on <= today:
            raise Refusal(f"{name} runs since {begins}, and today is {today}: choose a day from then to now")
        question = question_of(connection, cohort, on, assumed)
        prepare(connection, question)
        rows = {figure: read_figure(connection, figure, question) for figure in FIGURES}
        rulers = {row["ruler"]: frozen_ruler(connection, row["ruler"]) for row in rows["forecast"]}
        names = _names(cohort)
        as_drawn, untouched = (groups_of(connection, names, which) for which in (DRAWN, UNTOUCHED))
        told_apart = groups_of(connection, _by_habit(names), TOLD_APART)
        delivered = as_delivered(connection, names)
    look = Look.PLANNED if cohort.lot and cohort.lot.reads_on == on else Look.ANY_DAY
    arms = {arm: _outcome(arm, group, rows["groups"]) for arm, group in as_drawn.items()}
    before, after = before_and_after([Month(**row) for row in rows["delinquency"]], cohort.clock.origin_day)
    curves, ranked = _curves(rows["survival"], names)
    return Results(
        cohort=cohort,
        on=on,
        cases=sum(row["cases"] for row in rows["groups"]),
        held_out=sum(row["cases"] for row in rows["groups"] if row["arm"] == Arm.CONTROL),
        rows=rows,
        coverage=Coverage(**rows["coverage"][0]),
        recovered=_recovered(rows["recovered"]),
        programme=Programme(**rows["year"][0]),
        avoided=Avoided(**rows["avoided"][0], assumed=assumed),
        assumed=assumed,
        question=question,
        look=look,
        by_lot=_by_lot(as_drawn, Basis.INTENTION_TO_TREAT, look),
        other_look=_by_lot(as_drawn, Basis.INTENTION_TO_TREAT, look.other),
        per_protocol=_by_lot(untouched, Basis.PER_PROTOCOL, look) if any(_contaminated(rows)) else None,
        robust=_robust(as_drawn, look),
        arms=tuple(arms.values()) if several(arms) else (),
        by_ruler=_by_ruler(as_drawn, told_apart, look),
        as_delivered=compare(*delivered, Basis.AS_DELIVERED, look),
        curves=curves,
        ranked=ranked,
        calls=Calls(**rows["calls"][0]),
        before=before,
        after=after,
        forecast=_forecast(rulers, rows["forecast"], on) if on >= today else None,
        fee=_fee(cohort, on),
    )


def question(
    engine: Engine, name: str, asked: date | None = None, assumed: Assumptions = ASSUMED_BY_DEFAULT
) -> Question:
    """The question that the figures of a cohort answer on a day, else on the last that counts."""
    with engine.connect() as connection:
        cohort = read_cohort(connection, name)
        return question_of(connection, cohort, asked or _last_day(connection, cohort), assumed)


def look_at(engine: Engine, cohort: Cohort) -> date | None:
    """The planned day, once it has come; before it, none: the last day that counts."""
    planned = cohort.lot.reads_on if cohort.lot else None
    with engine.connect() as connection:
        return planned if planned and planned <= _last_day(connection, cohort) else None


RELEASED = text("SELECT min(closed_at) FROM cases WHERE cohort = :cohort AND arm = 'control' AND closed_at IS NOT NULL")


def _last_day(connection: Connection, cohort: Cohort) -> date:
    """The last day on which the comparison holds: once the hold-out is released others may contact it, and it proves
    nothing any more."""
    released = connection.execute(RELEASED, {"cohort": cohort.name}).scalar_one()
    return min(_today(cohort), cohort.clock.day_at(released)) if released else _today(cohort)


def _today(cohort: Cohort) -> date:
    """The cohort's day now; of one that is started in the evening the next day, its first."""
    return max(cohort.clock.day_at(datetime.now(UTC)), cohort.clock.origin_day)


def _recovered(months: Rows) -> Recovered:
    return Recovered(
        after_action=sum((row["after_action"] for row in months), Decimal(0)),
        spontaneous=sum((row["spontaneous"] for row in months), Decimal(0)),
    )


def _names(cohort: Cohort) -> Mapping[Arm, str]:
    """The arms that its cases are drawn for, in the order in which they are compared."""
    ours, lot = cohort.frozen.ruler.label, cohort.lot
    others = lot.others if lot else ()
    named = {Arm.RULER: f"régua A ({ours})" if others else "notificados"}
    if lot and lot.standard:
        named = {Arm.RULER: f"régua A por hábito ({ours})", Arm.STANDARD: f"régua A padrão ({ours})"}
    named |= {
        each.arm: f"régua {letter} ({each.frozen.ruler.label})" for letter, each in zip(LETTERS, others, strict=False)
    }
    if lot and lot.control:
        named[Arm.CONTROL] = "grupo de controle"
    return named


def several(arms: Mapping[Arm, object]) -> bool:
    """Whether more than one ruler contacts."""
    return len(arms.keys() - {Arm.CONTROL}) > 1


def _outcome(arm: Arm, group: Group, rows: Rows) -> ArmOutcome:
    own = [row for row in rows if row["arm"] == arm]
    return ArmOutcome(arm, group, sum(row["sent"] for row in own), sum((row["cost"] for row in own), Decimal(0)))


def _by_lot(groups: Mapping[Arm, Group], basis: Basis, look: Look) -> Uplift | None:
    if Arm.CONTROL not in groups:
        return None
    return compare(_notified(groups), groups[Arm.CONTROL], basis, look)


def _robust(groups: Mapping[Arm, Group], look: Look) -> Robust | None:
    if Arm.CONTROL not in groups:
        return None
    return robust(_notified(groups), groups[Arm.CONTROL], look)


def _notified(groups: Mapping[Arm, Group]) -> Group:
    return together("notificados", [group for arm, group in groups.items() if arm is not Arm.CONTROL])


def _by_habit(names: Mapping[Arm, str]) -> Mapping[Arm, str]:
    """The arms by habit and by the standard rungs, of which only those are compared whose habits tell them apart."""
    if Arm.STANDARD not in names:
        return {}
    return {arm: names[arm].replace(" (", ", de hábito conhecido (") for arm in (Arm.RULER, Arm.STANDARD)}


def _by_ruler(groups: Mapping[Arm, Group], told_apart: Mapping[Arm, Group], look: Look) -> tuple[Uplift, ...]:
    """The arms compared with one another, in their order, so that the rulers come first."""
    if not several(groups):
        return ()
    found = []
    for ours, theirs in combinations(groups, 2):
        among = told_apart if {ours, theirs} == told_apart.keys() else groups
        found.append(compare(among[ours], among[theirs], look=look))
    return side_by_side(found)


def _contaminated(rows: Mapping[str, Rows]) -> list[int]:
    return [row["contaminated"] for row in rows["contamination"]]


def _curves(rows: Rows, names: Mapping[Arm, str]) -> tuple[Mapping[str, Curve], tuple[Ranked, ...]]:
    days = {
        name: [Day(row["day"], row["paid"], row["left"]) for row in rows if row["arm"] == arm]
        for arm, name in names.items()
    }
    ranked = [
        Ranked(ours, theirs, p)
        for ours, theirs in combinations(days, 2)
        if (p := log_rank(days[ours], days[theirs])) is not None
    ]
    return {name: curve(found) for name, found in days.items() if found}, tuple(ranked)


def _forecast(rulers: Mapping[str, FrozenRuler], rows: Rows, on: date) -> tuple[Foreseen, ...]:
    """The forecast of each case by its own ruler, at that ruler's prices."""
    found = [each for digest, frozen in rulers.items() for each in _foreseen(frozen, digest, rows, on)]
    return tuple(sorted(found, key=lambda each: each.sending[:2]))


def _foreseen(frozen: FrozenRuler, digest: str, rows: Rows, on: date) -> Iterator[Foreseen]:
    waiting = [
        Waiting(row["row"], row["rung"], row["day"], row["occurrences"], tuple(row["channels"]), row["cases"])
        for row in rows
        if row["ruler"] == digest
    ]
    prices = prices_of(frozen.ruler)
    for sending in forecast(frozen.ruler, frozen.calendar, waiting, on, on + HORIZON):
        yield Foreseen(sending, cost_of(prices, sending.channel, sending.on) * sending.notices)


def _fee(cohort: Cohort, on: date) -> Decimal:
    """The monthly fee, once for each table of prices that its rulers name."""
    rulers = [cohort.frozen, *(each.frozen for each in (cohort.lot.others if cohort.lot else ()))]
    tables = {table.prices: table for frozen in rulers for table in [prices_of(frozen.ruler)]}
    return sum((monthly_fee(table, on) for table in tables.values()), Decimal(0))
