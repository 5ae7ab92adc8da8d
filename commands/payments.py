"""`payments`: a bank's file in, what became of the money, and what belongs to nothing that we know of."""

import os
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import typer

from commands import corrections
from commands.acting import By, credentials
from commands.console import SOME_NEED_PEOPLE, Json, complain, emit, say, table
from commands.imports import Day, answering_database, progress_of
from commands.listing import After, Limit, list_rows
from commands.portuguese import FILE_STATES, PAYMENT_STATES
from commands.typed import one_of
from embedded.home import home
from models.errors import Refusal
from models.formats import money
from models.payment.bank_record import RejectedLine
from models.payment.bank_return import open_return
from models.payment.tally import tally
from operations.payments import import_bank_file, match_payment, retry_item
from storage.intake.files import TextFile, look_over_text
from storage.intake.rejects import Rejects
from storage.payments.bank_files import BankFileImported
from storage.payments.file_list import FileState, ListedFile, list_files
from storage.payments.matching import unmatched as unmatched_payments
from storage.payments.quarantine import list_quarantined
from storage.payments.statement import Reconciled, State, StatedPayment, list_payments
from storage.payments.statement import reconcile as reconciled
from storage.payments.unmatched_reversals import list_unmatched_reversals
from workflows.secrecy import cipher_from

payments = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    corrections.register(payments)
    app.add_typer(payments, name="payments")


@payments.command("import")
def import_payments(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A return file: FEBRABAN 150, CNAB 240 or CNAB 400.")],
    accept_totals: Annotated[
        bool, typer.Option("--accept-totals", help="Take a file whose trailer disagrees with its lines.")
    ] = False,
    accept_repeat: Annotated[
        bool, typer.Option("--accept-repeat", help="Take a file whose number was imported before.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Both of these.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is in it; no stack is needed.")] = False,
    as_json: Json = False,
) -> None:
    """Import a bank's return file. Each payment counts once, however often and by whomever it is reported."""
    source = look_over_text(file)
    if dry_run:
        _look_into(source, as_json)
        return
    with (
        progress_of(source) as progress,
        Rejects(home().rejects / f"{source.label}.csv") as rejects,
        answering_database() as engine,
    ):
        now = datetime.now(UTC)
        imported = import_bank_file(
            engine,
            credentials(),
            source,
            rejects,
            now,
            progress,
            accept_totals=accept_totals or force,
            accept_repeat=accept_repeat or force,
        )
    said = _said(imported, rejects)
    emit(said, as_json, lambda: _show_import(said))
    if not imported.applied:
        raise Refusal(
            f"{file.name} is kept aside and nothing of it was applied: {'; '.join(imported.disagreements)};"
            " --accept-totals applies the lines that are well-formed"
        )
    if rejects.count:
        raise typer.Exit(SOME_NEED_PEOPLE)


def _look_into(source: TextFile, as_json: bool) -> None:
    """Count a file without applying it; the lines that can't be taken are told on stderr, for people."""

    def reject(line: RejectedLine) -> None:
        if not as_json:
            complain(f"{source.path.name}:{line.line}: {line.reason}")

    with closing(source.lines()) as lines:
        try:
            returned = open_return(lines, datetime.now(UTC).date())
        except Refusal as refusal:
            raise Refusal(f"{source.path.name}: {refusal}") from None
        counted = tally(returned, reject)
    said = {
        "format": returned.header.layout,
        "payments": counted.payments,
        "amount": counted.amount,
        "reversals": counted.reversals,
        "rejected": counted.rejected,
        "warnings": [*returned.warnings(), *returned.disagreements()],
    }
    emit(said, as_json, lambda: _show_import(said))
    if counted.rejected:
        raise typer.Exit(SOME_NEED_PEOPLE)


@payments.command("list")
def list_all(
    state: Annotated[State | None, one_of(PAYMENT_STATES, help="Only those that are so, whole or in part.")] = None,
    limit: Limit = None,
    after: After = None,
    as_json: Json = False,
) -> None:
    """List payments and what became of each: on its debt, in excess of it, given back, or unmatched."""
    with answering_database() as engine, engine.connect() as connection:
        read = partial(list_payments, connection, state)
        list_rows("payments", "id", read, _show_payments, limit, after, as_json)


@payments.command()
def match(
    payment: Annotated[int, typer.Argument(metavar="ID", help="Of an unmatched payment, as `payments list` shows it.")],
    debt: Annotated[str, typer.Argument(metavar="DEBT", help="The debt it was meant for.")],
    by: By,
    as_json: Json = False,
) -> None:
    """Put an unmatched payment on the debt it was meant for."""
    with answering_database() as engine:
        match_payment(engine, who := credentials(by), payment, debt, datetime.now(UTC))
    said = {"payment": payment, "debt": debt, "by": who.name}
    emit(said, as_json, lambda: say(f"payment {payment} is on {debt}"))


@payments.command()
def quarantined(as_json: Json = False) -> None:
    """List the items of Pix callbacks that can't be read, without what is in them."""
    with answering_database() as engine, engine.connect() as connection:
        found = list_quarantined(connection)

    def readable() -> None:
        columns = ("id", "arrived_at", "last_arrived_at", "times", "reason")
        table(columns, map(itemgetter(*columns), found))

    emit({"items": found}, as_json, readable)


@payments.command()
def retry(
    item: Annotated[int, typer.Argument(metavar="ID", help="Of an item, as `payments quarantined` shows it.")],
    by: By,
    as_json: Json = False,
) -> None:
    """Judge an item of the quarantine again, after an update that reads more."""
    with answering_database() as engine:
        who, cipher = credentials(by), cipher_from(os.environ)
        recorded = retry_item(engine, who, item, cipher, datetime.now(UTC))
    said = {"item": item, "by": who.name, "payments": recorded.payments, "reversals": recorded.reversals}
    emit(said, as_json, lambda: say(f"item {item} is read: {recorded.payments} payments, {recorded.reversals} refunds"))


@payments.command()
def files(
    state: Annotated[FileState | None, one_of(FILE_STATES, help="Only those that are so.")] = None,
    limit: Limit = None,
    after: After = None,
    as_json: Json = False,
) -> None:
    """List the bank files that were brought; one whose totals disagree is kept aside, and nothing of it counts."""
    with answering_database() as engine, engine.connect() as connection:
        list_rows("files", "id", partial(list_files, connection, state), _show_files, limit, after, as_json)


@payments.command()
def reconcile(on: Day = None, as_json: Json = False) -> None:
    """Prove to the cent that receipts are allocations, excess, unmatched and reversals; exit code 1 if they are not."""
    with answering_database() as engine, engine.connect() as connection:
        proof = reconciled(connection, on)
    emit({**asdict(proof), "balanced": proof.balanced}, as_json, lambda: _show_proof(proof))
    if not proof.balanced:
        raise Refusal(
            f"the ledger is off by {money(proof.difference)}, and {len(proof.faulty_debts)} debts disagree with their"
            " payments"
        )


@payments.command()
def unmatched(as_json: Json = False) -> None:
    """List the payments that belong to no known debt, and the reversals of no payment on record."""
    with answering_database() as engine, engine.connect() as connection:
        found, reversals = unmatched_payments(connection), list_unmatched_reversals(connection)

    def readable() -> None:
        columns = ("id", "end_to_end_id", "txid", "amount", "paid_at", "recorded_at")
        table(columns, map(itemgetter(*columns), found))
        if reversals:
            of_reversals = ("agreement", "slip", "amount", "taken_back_at", "recorded_at")
            say("reversals of payments that are not on record:")
            table(of_reversals, map(itemgetter(*of_reversals), reversals))

    emit({"payments": found, "reversals": reversals}, as_json, readable)


def _said(imported: BankFileImported, rejects: Rejects) -> dict[str, Any]:
    return {
        "records": imported.records,
        "accepted": imported.accepted,
        "amount": imported.amount,
        "reversals": imported.reversals,
        "reversals_waiting": imported.reversals_waiting,
        "rejected": rejects.count,
        "duplicates": imported.duplicates,
        "unmatched": imported.unmatched,
        "applied": imported.applied,
        "rejects_file": str(rejects.path) if rejects.path else None,
        "warnings": [*imported.warnings, *imported.disagreements],
    }


def _show_import(said: dict[str, Any]) -> None:
    table(("", ""), ((name, said[name]) for name in said if name not in ("rejects_file", "warnings")))
    for warning in said["warnings"]:
        complain(f"warning: {warning}")
    if said.get("rejects_file"):
        say(f"the rejected lines and why: {said['rejects_file']}")


MONEY = ("amount", "allocated", "excess", "reversed", "moved")
COLUMNS = ("id", "origin", "state", "debt", "agreement", *MONEY, "paid_on", "channel", "slip")


def _show_payments(found: Iterable[StatedPayment]) -> None:
    table(COLUMNS, map(itemgetter(*COLUMNS), found))


def _show_files(found: Iterable[ListedFile]) -> None:
    columns = ("id", "agreement", "number", "made_on", "state", "records", "accepted", "amount")
    table(columns, map(itemgetter(*columns), found))


def _show_proof(proof: Reconciled) -> None:
    facts = ("receipts", "allocations", "excess", "unmatched", "reversals", "difference")
    table(("", ""), ((fact, getattr(proof, fact)) for fact in facts))
