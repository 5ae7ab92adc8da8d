"""What a cohort has brought in by a day: its figures read in one transaction, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from models.delinquency import Delinquency, Month, before_and_after
from models.errors import Refusal
from models.forecast import Sending, Waiting, forecast
from models.outcome import Calls, Coverage, Recovered
from models.prices import PriceTable, cost_of, monthly_fee
from models.ruler import Ruler
from models.survival import Curve, Day, curve, log_rank
from models.uplift import Basis, Group, Uplift, compare
from storage.cohorts import Cohort, read_cohort
from storage.figures import FIGURES, prepare, read_figure
from storage.prices import prices_of

HORIZON = timedelta(days=30)

Rows = Sequence[Mapping[str, Any]]


class Foreseen(NamedTuple):
    sending: Sending
    cost: Decimal


@dataclass(frozen=True)
class Results:
    cohort: Cohort
    on: date
    """The last logical day that counts."""
    cases: int
    held_out: int
    rows: Mapping[str, Rows]
    """Of each figure, as its query answers."""
    coverage: Coverage
    recovered: Recovered
    by_lot: Uplift | None
    """By intention to treat; none: nobody was held out."""
    as_delivered: Uplift
    curves: Mapping[str, Curve]
    """By the group's name; of groups without cases none."""
    curves_differ: float | None
    """p of the log-rank test; none: there is nothing to compare."""
    calls: Calls
    before: Delinquency
    after: Delinquency
    forecast: tuple[Foreseen, ...] | None
    """None: the day is past, and what was to come then is not on record."""
    fee: Decimal
    """Of the providers a month, in reais, whatever is sent."""

    @property
    def ruler(self) -> Ruler:
        return self.cohort.frozen.ruler

    @property
    def begins(self) -> date:
        return self.cohort.clock.origin_day

    @property
    def cost(self) -> Decimal:
        return sum((channel["cost"] for channel in self.rows["channels"]), Decimal(0))


def read_results(engine: Engine, name: str, asked: date | None = None) -> Results:
    """On a day, else on the last that counts. Raises Refusal when there is no such cohort, or the day isn't its."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        cohort = read_cohort(connection, name)
        begins, today = cohort.clock.origin_day, _today(cohort)
        on = asked or _last_day(connection, cohort)
        if not begins <= on <= today:
            raise Refusal(f"{name} runs since {begins}, and today is {today}: choose a day from then to now")
        prepare(connection, name, on)
        rows = {figure: read_figure(connection, figure, name, on) for figure in FIGURES}
    prices = prices_of(cohort.frozen.ruler)
    arms = {row["arm"]: row["cases"] for row in rows["groups"]}
    before, after = before_and_after([Month(**row) for row in rows["delinquency"]], cohort.clock.origin_day)
    curves, differ = _curves(rows["survival"])
    return Results(
        cohort=cohort,
        on=on,
        cases=sum(arms.values()),
        held_out=arms.get("control", 0),
        rows=rows,
        coverage=Coverage(**rows["coverage"][0]),
        recovered=_recovered(rows["recovered"]),
        by_lot=_by_lot(rows["groups"]) if cohort.holdout else None,
        as_delivered=_as_delivered(rows["as_delivered"], NAMES["control"] if cohort.holdout else "não alcançados"),
        curves=curves,
        curves_differ=differ,
        calls=Calls(**rows["calls"][0]),
        before=before,
        after=after,
        forecast=_forecast(cohort, prices, rows["forecast"], on) if on >= today else None,
        fee=monthly_fee(prices, on),
    )


RELEASED = text("SELECT min(closed_at) FROM cases WHERE cohort = :cohort AND arm = 'control' AND closed_at IS NOT NULL")


def last_day(engine: Engine, name: str) -> date:
    """The last that counts so far. Raises Refusal when there is no such cohort."""
    with engine.connect() as connection:
        return _last_day(connection, read_cohort(connection, name))


def _last_day(connection: Connection, cohort: Cohort) -> date:
    """Once the hold-out is released others may contact it, and it proves nothing any more."""
    released = connection.execute(RELEASED, {"cohort": cohort.name}).scalar_one()
    return min(_today(cohort), cohort.clock.day_at(released)) if released else _today(cohort)


def _today(cohort: Cohort) -> date:
    """Of a cohort that is started in the evening the next one, its first."""
    return max(cohort.clock.day_at(datetime.now(UTC)), cohort.clock.origin_day)


def _recovered(months: Rows) -> Recovered:
    return Recovered(
        after_action=sum((row["after_action"] for row in months), Decimal(0)),
        spontaneous=sum((row["spontaneous"] for row in months), Decimal(0)),
    )


NAMES = {"ruler": "notificados", "control": "grupo de controle"}


def _group(name: str, rows: Iterable[Mapping[str, Any]]) -> Group:
    for row in rows:
        return Group(name, row["cases"], row["payers"], row["received"], row["deviation"])
    return Group(name, 0, 0, Decimal(0), 0.0)


def _by_lot(rows: Rows) -> Uplift:
    ours, theirs = (_group(name, (row for row in rows if row["arm"] == arm)) for arm, name in NAMES.items())
    return compare(ours, theirs, Basis.INTENTION_TO_TREAT)


def _as_delivered(rows: Rows, others: str) -> Uplift:
    ours = _group("alcançados", (row for row in rows if row["reached"]))
    theirs = _group(others, (row for row in rows if not row["reached"]))
    return compare(ours, theirs, Basis.AS_DELIVERED)


def _curves(rows: Rows) -> tuple[Mapping[str, Curve], float | None]:
    days = {
        name: [Day(row["day"], row["paid"], row["left"]) for row in rows if row["arm"] == arm]
        for arm, name in NAMES.items()
    }
    return {name: curve(found) for name, found in days.items() if found}, log_rank(*days.values())


def _forecast(cohort: Cohort, prices: PriceTable, rows: Rows, on: date) -> tuple[Foreseen, ...]:
    waiting = [
        Waiting(row["row"], row["rung"], row["day"], row["occurrences"], tuple(row["channels"]), row["cases"])
        for row in rows
    ]
    sendings = forecast(cohort.frozen.ruler, cohort.frozen.calendar, waiting, on, on + HORIZON)
    return tuple(Foreseen(each, cost_of(prices, each.channel, each.on) * each.notices) for each in sendings)
