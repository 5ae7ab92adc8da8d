"""`accrual quote`: what a debt costs on a day by a table of accrual, of the file alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import Json, complain, emit, say, shown, table
from commands.typed import day, some_amount
from models.errors import Refusal, Unreckonable

if TYPE_CHECKING:
    from models.money.accrual import Line
    from models.money.accrual_table import AccrualTable
    from models.money.rates import Rates

accrual = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(accrual, name="accrual")


@accrual.callback()
def group() -> None:
    """Keep `quote` a subcommand while it is the only one."""


@accrual.command()
def quote(
    named: Annotated[str, typer.Option("--table", help="The name of a shipped table, or a file.")],
    principal: Annotated[Decimal, typer.Option(parser=some_amount, metavar="AMOUNT", help="In reais.")],
    due: Annotated[date, typer.Option(parser=day, metavar="DATE", help="When it was due.")],
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="When it is paid.")],
    rates: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The Central Bank's file of the series that the table names.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a debt on which nothing was paid costs on a day: fine, interest, total, and the lines they come from."""
    from models.money.accrual import accrue
    from storage.amounts.accruals import load_accrual

    rules = load_accrual(named)
    try:
        owed = accrue(rules, principal, due, on, _read_rates(rates, rules))
    except Unreckonable as lacking:
        raise Refusal(f"{lacking}; here --rates FILE is asked") from None
    data = {
        "table": rules.accrual,
        "principal": owed.principal,
        "due": due,
        "on": on,
        "fine": owed.fine,
        "interest": owed.interest,
        "fees": owed.fees,
        "discounts": owed.discounts,
        "total": owed.total,
        "lines": [line_data(line) for line in owed.lines],
    }

    def readable() -> None:
        show_lines(owed.lines, f"{rules.accrual}, on {on}")
        say(f"total {shown(owed.total)}")

    emit(data, as_json, readable)


def line_data(line: Line) -> dict[str, object]:
    """A line of an accrual as JSON has it."""
    written = asdict(line)
    written["from"], written["to"] = written.pop("since"), written.pop("until")
    rate: Decimal | None = written["rate"]
    written["rate"] = None if rate is None else f"{rate.normalize():f}"
    return written


def show_lines(lines: Iterable[Line], title: str) -> None:
    """The lines of an accrual as a table, and below it the law of each."""
    from models.formats import percent

    named = [(f"{line.component} of {line.taken_off}" if line.taken_off else line.component, line) for line in lines]
    table(
        ("", "base", "%", "from", "to", "amount"),
        (
            (name, line.base, None if line.rate is None else percent(line.rate), line.since, line.until, line.amount)
            for name, line in named
        ),
        title,
    )
    for name, source in dict.fromkeys((name, line.source) for name, line in named if line.source):
        say(f"{name}: {source}")


def _read_rates(file: Path | None, rules: AccrualTable) -> Rates:
    """The rates of the one series that a table names, from a file or as they are shipped. Refuses a file for several
    series."""
    from models.money.rates import Rates, read_sgs
    from storage.amounts.rate_files import read_rate_file
    from storage.amounts.shipped_rates import shipped_rates

    series = sorted({entry.series for entry in rules.interest if entry.series})
    if file is None or not series:
        return shipped_rates()
    if len(series) > 1:
        raise Refusal(f"--rates is the file of one series, and {rules.accrual} names several: {', '.join(series)}")
    rows = read_sgs(read_rate_file(file), file.name)
    for row in rows:
        if row.rate is None:
            complain(f"{file.name}:{row.line}: {row.reason}")
    return Rates({series[0]: {row.rate.month: row.rate.percent for row in rows if row.rate}})
