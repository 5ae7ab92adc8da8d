"""`debt show`, `find`, `write-off`: what is owed of a debt on a day, line by line; and what is owed no more."""

from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import Annotated

import typer

from commands.accrual import line_data, show_lines
from commands.acting import By, credentials
from commands.console import Json, emit, say, shown, table
from commands.imports import answering_database, today
from commands.listing import After, Limit, list_rows
from commands.portuguese import ACCESS_KEYS, WRITE_OFFS
from commands.typed import Day, one_of
from models.law.extinction import Extinction
from operations.catalogue import in_force
from operations.debts import undo_write_off
from operations.debts import write_off as written_off
from storage.amounts.accruals import load_accrual
from storage.case.access_keys import FoundDebt, find_debts
from storage.case.debts import owed_on
from storage.payments.write_offs import ListedWriteOff, list_write_offs

debt = typer.Typer(no_args_is_help=True)

AS_IMPORTED = "valor como importado: nenhuma tabela de acréscimos se aplica"


def register(app: typer.Typer) -> None:
    app.add_typer(debt, name="debt")


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


@debt.command("write-off")
def write_off(
    debt: Annotated[str, typer.Argument(metavar="ID", help="A debt's id, from `case show`.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, and what proves it; it is kept on record.")],
    ground: Annotated[Extinction | None, one_of(WRITE_OFFS, Extinction, help="How it ended (CTN art. 156).")] = None,
    on: Day = None,
    undo: Annotated[bool, typer.Option("--undo", help="It was a mistake: the debt is owed as before.")] = False,
    as_json: Json = False,
) -> None:
    """Say that a debt is extinct and owed no more, or undo that, also where an extract said it."""
    if (ground is None) is not undo:
        raise typer.BadParameter("say how the debt ended, or --undo", param_hint="--ground")
    with answering_database() as engine:
        who, now = credentials(by), datetime.now(UTC)
        if ground is None:
            done = undo_write_off(engine, who, debt, reason, now)
        else:
            done = written_off(engine, who, debt, ground, reason, now, on)
    what = "is owed as before" if undo else f"is written off: {done.ground} on {done.on}"
    emit(asdict(done), as_json, lambda: say(f"debt {debt} {what}"))


@debt.command()
def find(
    key: Annotated[str, typer.Argument(metavar="KEY", help="An inscription, or another number it is known by.")],
    kind: Annotated[str | None, one_of(ACCESS_KEYS, help="Only numbers of that kind.")] = None,
    limit: Limit = None,
    after: After = None,
    as_json: Json = False,
) -> None:
    """Find debts by the inscription, the property's or vehicle's number, the slip, the process, … however written."""
    columns = ("debt", "tax", "inscription", "kind", "key", "balance")

    def readable(found: list[FoundDebt]) -> None:
        table(columns, map(itemgetter(*columns), found))

    with answering_database() as engine, engine.connect() as connection:
        read = partial(find_debts, connection, key, kind)
        list_rows("debts", "debt", read, readable, limit, after, as_json)


@debt.command("write-offs")
def write_offs(limit: Limit = None, after: After = None, as_json: Json = False) -> None:
    """List the debts that people or extracts said to be extinct, and what was undone of it."""
    columns = ("id", "debt", "inscription", "ground", "on", "source", "by", "reason", "undone_by", "undone_because")

    def readable(found: list[ListedWriteOff]) -> None:
        table(columns, map(itemgetter(*columns), found))

    with answering_database() as engine, engine.connect() as connection:
        list_rows("write_offs", "id", partial(list_write_offs, connection), readable, limit, after, as_json)
