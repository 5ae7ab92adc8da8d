"""`slip …`: slips to pay by, second copies of them, and the files that register them with their bank."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer

from banks.settings import beneficiary_from
from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.listing import After, Limit, list_rows
from commands.portuguese import SLIP_KINDS
from commands.typed import day, one_of
from models.errors import Refusal
from models.formats import money
from models.payment.slip import Slip
from operations.slips import issue_slip, remit_slips
from storage.payments.remittances import remitted_before
from storage.payments.slips import ListedSlip, SlipKind, list_slips, read_slip

slip_commands = typer.Typer(no_args_is_help=True)

Pdf = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write the slip as a PDF.")]


def register(app: typer.Typer) -> None:
    app.add_typer(slip_commands, name="slip")


@slip_commands.command()
def issue(
    purpose: Annotated[str, typer.Argument(metavar="DEBT|INSTALMENT", help="What is to be paid.")],
    by: By,
    kind: Annotated[SlipKind, one_of(SLIP_KINDS, help="`boleto` is registered with a bank.")] = "collection",
    due: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="Default: as long as the amount stays the same.")
    ] = None,
    pdf: Pdf = None,
    as_json: Json = False,
) -> None:
    """Issue a slip for what is owed today of a debt or an instalment."""
    beneficiary = beneficiary_from(os.environ)
    with answering_database() as engine:
        slip = issue_slip(engine, credentials(by), purpose, kind, beneficiary, datetime.now(UTC), due)
    _hand_out(slip, pdf, as_json)


@slip_commands.command()
def copy(
    slip: Annotated[int, typer.Argument(metavar="ID", help="As `slip list` shows it.")],
    pdf: Pdf = None,
    as_json: Json = False,
) -> None:
    """Show a slip again, as it was issued."""
    with answering_database() as engine, engine.connect() as connection:
        found = read_slip(connection, slip)
    _hand_out(found, pdf, as_json)


@slip_commands.command("list")
def list_all(
    purpose: Annotated[str | None, typer.Option("--of", metavar="DEBT|INSTALMENT", help="Only its slips.")] = None,
    limit: Limit = None,
    after: After = None,
    as_json: Json = False,
) -> None:
    """List the slips that were issued."""
    with answering_database() as engine, engine.connect() as connection:
        list_rows("slips", "id", partial(list_slips, connection, purpose), _show, limit, after, as_json)


@slip_commands.command()
def remit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the CNAB 240 file is written.")],
    by: By,
    again: Annotated[
        int | None, typer.Option("--again", metavar="NUMBER", help="Write a former file once more, as it was.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the slips that their bank doesn't know yet into a file (remessa), which it registers them by."""
    beneficiary = beneficiary_from(os.environ)
    with answering_database() as engine:
        if again is None:
            written = remit_slips(engine, credentials(by), beneficiary, datetime.now(UTC))
        else:
            with engine.connect() as connection:
                bank = beneficiary.account.bank if beneficiary.account else ""
                written = remitted_before(connection, bank, again)
    _write(file, "".join(f"{line}\r\n" for line in written.lines).encode("ascii"))
    said = {"number": written.number, "slips": written.slips, "file": str(file)}
    emit(said, as_json, lambda: say(f"file {written.number} with {written.slips} slips: {file}"))


def _hand_out(slip: Slip, pdf: Path | None, as_json: bool) -> None:
    if pdf:
        from banks.slip_pdf import slip_pdf

        _write(pdf, slip_pdf(slip))
    said = {
        "slip": slip.id,
        "kind": "boleto" if slip.at_bank else "collection",
        "amount": slip.amount,
        "due": slip.due,
        "barcode": slip.barcode,
        "line": slip.code.typed,
        "bank": slip.at_bank.bank if slip.at_bank else None,
        "number": slip.at_bank.number if slip.at_bank else None,
        "pdf": str(pdf) if pdf else None,
    }
    emit(said, as_json, lambda: say(f"slip {slip.id}: {money(slip.amount)} until {slip.due}, {slip.code.typed}"))


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Refusal(f"{file} can't be written: {error.strerror}") from None


def _show(found: Iterable[ListedSlip]) -> None:
    columns = ("id", "kind", "debt", "instalment", "amount", "due", "bank", "number", "remittance")
    table(columns, map(itemgetter(*columns), found))
