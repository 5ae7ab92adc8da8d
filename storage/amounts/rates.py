"""Monthly rates: those that an analyst loaded, in place of those that are shipped. Never fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from models.case.status import Status
from models.events import RatesLoaded
from models.money.rates import Rate, Rates
from storage.amounts.shipped_rates import shipped_series
from storage.outbox import enqueue
from storage.schema import cases, rates


@dataclass(frozen=True)
class Change:
    month: date
    was: Decimal
    now: Decimal


def record_rates(connection: Connection, series: str, read: Iterable[Rate]) -> list[Change]:
    """Add and replace rates; gives what a month's was, where it was another. Repeating it changes nothing. Cases that
    wait for a rate look again."""
    new = {rate.month: rate.percent for rate in read}
    query = select(rates.c.month, rates.c.percent).where(rates.c.series == series).with_for_update()
    known = {row.month: row.percent for row in connection.execute(query)}
    if new:
        rows = [{"series": series, "month": month, "percent": percent} for month, percent in sorted(new.items())]
        added = insert(rates)
        taken = added.on_conflict_do_update(
            index_elements=["series", "month"],
            set_={"percent": added.excluded.percent, "recorded_at": added.excluded.recorded_at},
            where=rates.c.percent != added.excluded.percent,
        )
        connection.execute(taken, rows)
        _wake(connection)
    return [
        Change(month, known[month], percent)
        for month, percent in sorted(new.items())
        if month in known and known[month] != percent
    ]


def _wake(connection: Connection) -> None:
    """Wake the cases that wait for a rate. No case may decide to wait on rates from before our commit and be saved
    after we have looked for it: so each case transaction under way ends first, and the next begins when we have
    committed."""
    connection.execute(text("LOCK TABLE cases IN EXCLUSIVE MODE"))
    blocked = cases.c.blocks.contains([{"kind": Status.AMOUNT_UNKNOWN}])
    waiting = select(cases.c.id).where(blocked, cases.c.closed_at.is_(None))
    enqueue(connection, connection.scalars(waiting).all(), RatesLoaded())


def read_rates(connection: Connection) -> Rates:
    """The rates that are known: those that were loaded, and for other months those that are shipped."""
    by_series = {series.name: dict(series.percents) for series in shipped_series()}
    for row in connection.execute(select(rates).order_by(rates.c.series, rates.c.month)):
        by_series.setdefault(row.series, {})[row.month] = row.percent
    return Rates(by_series)


def loaded_months(connection: Connection) -> set[tuple[str, date]]:
    """The series and months that were loaded."""
    return set(connection.execute(select(rates.c.series, rates.c.month)).tuples())
