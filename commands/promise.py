"""`case promise`: what a taxpayer promised to pay, and by when."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say
from commands.imports import answering_database
from commands.portuguese import PROMISED_BY
from commands.typed import day, one_of, some_amount
from models.collections.promise import PromiseChannel
from operations.promises import cancel_promise, take_another_promise, take_promise


def register(case: typer.Typer) -> None:
    case.command()(promise)


def promise(
    case: str,
    by: By,
    amount: Annotated[
        Decimal | None, typer.Option(parser=some_amount, metavar="AMOUNT", help="How much, in reais.")
    ] = None,
    on: Annotated[date | None, typer.Option(parser=day, metavar="DATE", help="The day on which it is paid.")] = None,
    channel: Annotated[
        PromiseChannel, one_of(PROMISED_BY, PromiseChannel, help="How it was made.")
    ] = PromiseChannel.PHONE,
    another: Annotated[
        bool, typer.Option("--another", help="Beside one that is open; a supervisor's to take.")
    ] = False,
    cancel: Annotated[
        int | None, typer.Option(metavar="ID", help="Take back that one, put on record by mistake; with --reason.")
    ] = None,
    reason: Annotated[str, typer.Option(help="To take one back: why.")] = "",
    json: Json = False,
) -> None:
    """Put on record that the taxpayer promised to pay --amount --on a day, or take back one recorded by mistake
    (--cancel). Until that day and the bank's days no rung leaves that isn't formal; `case show` tells what came of
    it."""
    now = datetime.now(UTC)
    if cancel is not None:
        if amount is not None or on is not None or another or not reason.strip():
            raise typer.BadParameter("to take a promise back, say --cancel and --reason alone")
        with answering_database() as engine:
            cancel_promise(engine, credentials(by), case, cancel, reason, now)
        said: dict[str, object] = {"case": case, "promise": cancel, "state": "cancelled"}
        emit(said, json, lambda: say(f"{case}: promise {cancel} cancelled"))
        return
    if amount is None or on is None:
        raise typer.BadParameter("say --amount and --on, or --cancel and --reason to take one back")
    with answering_database() as engine:
        if another:
            made = take_another_promise(engine, credentials(by), case, amount, on, now, channel)
        else:
            made = take_promise(engine, credentials(by), case, amount, on, now, channel)
    said = {"case": case, "promise": made.id, "amount": made.amount, "promised_for": made.promised_for}
    said |= {"due": made.due, "judged_on": made.judged_on, "state": made.state}
    what = f"{case}: promise {made.id} of {made.amount} for {made.promised_for}, kept or broken on {made.judged_on}"
    emit(said, json, lambda: say(what))
