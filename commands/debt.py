"""`debt show`: what is owed of a debt on a day, line by line."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from commands.console import Json, emit, out, table
from commands.imports import answering_database, today
from models.formats import day, money, percent
from models.money.accrual import Line
from operations.catalogue import in_force
from storage.amounts.accruals import load_accrual
from storage.case.debts import owed_on

debt = typer.Typer(no_args_is_help=True, help="One debt.")

AS_IMPORTED = "valor como importado: nenhuma tabela de acréscimos se aplica"


def register(app: typer.Typer) -> None:
    app.add_typer(debt, name="debt")


@debt.callback()
def group() -> None:
    """Keeps `show` a subcommand while it is the only one."""


@debt.command()
def show(
    debt: Annotated[str, typer.Argument(metavar="ID", help="A debt's id, from `case show`.")],
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; default: today.")] = None,
    accrual: Annotated[
        str,
        typer.Option(metavar="NAME_OR_FILE", help="The table, for a debt whose case is on no ruler that has one."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Show what is owed on a day: principal, fine, interest, fees and discounts, and the lines that they come from."""
    at = on.date() if on else today()
    if not 1990 <= at.year <= 2100:
        raise typer.BadParameter("must lie between 1990 and 2100", param_hint="--on")
    with answering_database() as engine, engine.begin() as connection:
        otherwise = load_accrual(accrual, in_force(engine)) if accrual else None
        found = owed_on(connection, debt, at, otherwise)
    owed = found.owed
    components = {
        "principal": owed.principal,
        "fine": owed.fine,
        "interest": owed.interest,
        "fees": owed.fees,
        "discounts": owed.discounts,
        "total": owed.total,
    }
    note = f"{found.table.accrual}: {found.table.title}" if found.table else AS_IMPORTED
    data = {
        "debt": debt,
        "on": at,
        **components,
        "excess": found.excess,
        "accrual": found.table.accrual if found.table else None,
        "rounding": found.table.rounding if found.table else None,
        "note": note,
        "lines": [_line(line) for line in owed.lines],
    }

    def readable() -> None:
        columns = ("", "base", "%", "de", "até", "valor", "cálculo", "fundamento")
        table(columns, map(_row, owed.lines), f"{debt} em {day(at)}")
        out.print(f"total {money(owed.total)} · {note}", markup=False, soft_wrap=True)
        if found.excess:
            out.print(f"pago a maior: {money(found.excess)}", markup=False, soft_wrap=True)

    emit(data, as_json, readable)


def _line(line: Line) -> dict[str, Any]:
    written = asdict(line)
    written["from"], written["to"] = written.pop("since"), written.pop("until")
    rate: Decimal | None = written["rate"]
    written["rate"] = None if rate is None else f"{rate.normalize():f}"
    return written


def _row(line: Line) -> tuple[str | None, ...]:
    return (
        line.what,
        None if line.base is None else money(line.base),
        None if line.rate is None else percent(line.rate),
        day(line.since) if line.since else None,
        day(line.until) if line.until else None,
        money(line.amount),
        line.detail,
        line.source,
    )
