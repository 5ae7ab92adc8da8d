"""`rates import`, `rates list`: Selic and other monthly rates that accrual needs."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from commands.acting import credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from models.formats import percent
from models.money.accrual_table import SERIES
from models.money.rates import read_sgs
from operations.imports import import_rates
from storage.amounts.rate_files import read_rate_file
from storage.amounts.rates import loaded_months, read_rates
from storage.amounts.shipped_rates import shipped_series

rates = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(rates, name="rates")


@rates.command("import")
def import_rates_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A monthly series of SGS, JSON or CSV.")],
    series: Annotated[str, typer.Option(help="The name by which tables of accrual know it.")] = "selic",
    as_json: Json = False,
) -> None:
    """Load a series. Loading a file twice changes nothing; a rate that is another now is replaced, and reported."""
    if not re.fullmatch(SERIES, series):
        raise typer.BadParameter("is small letters, digits and hyphens, as in `selic`", param_hint="--series")
    rows = read_sgs(read_rate_file(file), file.name)
    accepted = [row.rate for row in rows if row.rate]
    rejects = [row for row in rows if row.rate is None]
    with answering_database() as engine:
        changes = import_rates(engine, credentials(), file, series, accepted)
    counts = {
        "rows": len(rows),
        "rates": len({rate.month for rate in accepted}),
        "changed": len(changes),
        "rejected": len(rejects),
    }
    details = {
        "changes": [
            {"month": f"{change.month:%Y-%m}", "was": _exact(change.was), "now": _exact(change.now)}
            for change in changes
        ],
        "rejects": [{"line": row.line, "reason": row.reason} for row in rejects],
    }

    def readable() -> None:
        table(("", ""), counts.items())
        for change in changes:
            said = f"{series} {change.month:%m/%Y}: {percent(change.was)} % → {percent(change.now)} %"
            say(said)
        for row in rejects:
            say(f"{file.name}:{row.line}: {row.reason}")

    emit({**counts, **details}, as_json, readable)


@rates.command("list")
def list_rates(as_json: Json = False) -> None:
    """List every rate that is known, by series and month: loaded, or shipped with its source."""
    with answering_database() as engine, engine.connect() as connection:
        known, loaded = read_rates(connection).by_series, loaded_months(connection)
    sources = {series.name: series.source for series in shipped_series()}
    series_ = [
        {"series": name, "source": sources.get(name, ""), "through": f"{max(by_month):%Y-%m}"}
        for name, by_month in sorted(known.items())
    ]
    found = [
        {"series": name, "month": f"{month:%Y-%m}", "percent": _exact(rate), "loaded": (name, month) in loaded}
        for name, by_month in sorted(known.items())
        for month, rate in sorted(by_month.items())
    ]

    def readable() -> None:
        table(("series", "month", "% a month", "loaded"), (each.values() for each in found))
        for each in series_:
            say(f"{each['series']}: through {each['through']}. {each['source']}")

    emit({"series": series_, "rates": found}, as_json, readable)


def _exact(rate: Decimal) -> str:
    return f"{rate.normalize():f}"
