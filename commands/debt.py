"""`debt show`: what is owed of a debt on a day, line by line."""

from typing import Annotated

import typer

from commands.accrual import line_data, show_lines
from commands.console import Json, emit, say, shown
from commands.imports import answering_database, today
from commands.typed import Day
from operations.catalogue import in_force
from storage.amounts.accruals import load_accrual
from storage.case.debts import owed_on

debt = typer.Typer(no_args_is_help=True)

AS_IMPORTED = "valor como importado: nenhuma tabela de acréscimos se aplica"


def register(app: typer.Typer) -> None:
    app.add_typer(debt, name="debt")


@debt.callback()
def group() -> None:
    """Keep `show` a subcommand while it is the only one."""


@debt.command()
def show(
    debt: Annotated[str, typer.Argument(metavar="ID", help="A debt's id, from `case show`.")],
    on: Day = None,
    accrual: Annotated[
        str,
        typer.Option(metavar="NAME_OR_FILE", help="The table, for a debt whose case is on no ruler that has one."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Show what is owed on a day: principal, fine, interest, fees and discounts, and the lines that they come from."""
    at = on or today()
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
        "lines": [line_data(line) for line in owed.lines],
    }

    def readable() -> None:
        show_lines(owed.lines, f"{debt} on {at}")
        say(f"total {shown(owed.total)} · {note if found.table else 'as imported: no table of accrual applies'}")
        if found.excess:
            say(f"paid in excess: {shown(found.excess)}")

    emit(data, as_json, readable)
