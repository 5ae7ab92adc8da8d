"""`payments`: a bank's file in, what became of the money, and what belongs to nothing that we know of."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, err, out, table
from commands.imports import Day, answering_database, progress_of
from embedded.home import home
from models.errors import Refusal
from models.formats import day, money
from operations.payments import import_bank_file, match_payment
from storage.intake import Rejects, look_over_text
from storage.payments.bank_files import BankFileImported
from storage.payments.ledger import unmatched as unmatched_payments
from storage.payments.statement import Reconciled, State, list_payments
from storage.payments.statement import reconcile as reconciled

SOME_NEED_PEOPLE = 3
"""The exit code of what was done, but for lines that people have to look at."""

payments = typer.Typer(no_args_is_help=True, help="Money that came in.")


def register(app: typer.Typer) -> None:
    app.add_typer(payments, name="payments")


@payments.command("import")
def import_payments(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A return file: FEBRABAN 150 or CNAB 240.")],
    force: Annotated[
        bool, typer.Option("--force", help="Take a file whose number was imported before, or whose trailer disagrees.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import a bank's return file. Each payment counts once, however often and by whomever it is reported."""
    source = look_over_text(file)
    with (
        progress_of(source) as progress,
        Rejects(home().rejects / f"{source.label}.csv") as rejects,
        answering_database() as engine,
    ):
        now = datetime.now(UTC)
        imported = import_bank_file(engine, credentials(), source, rejects, now, force, progress)
    said = _said(imported, rejects)
    emit(said, as_json, lambda: _show_import(said))
    if not imported.applied:
        raise Refusal(
            f"{file.name} is kept aside and nothing of it was applied: {'; '.join(imported.disagreements)};"
            " --force applies the lines that are well-formed"
        )
    if rejects.count:
        raise typer.Exit(SOME_NEED_PEOPLE)


@payments.command("list")
def list_all(
    state: Annotated[State | None, typer.Option(help="Only those that are so, whole or in part.")] = None,
    as_json: Json = False,
) -> None:
    """List payments and what became of each: on its debt, in excess of it, given back, or unmatched."""
    with answering_database() as engine, engine.connect() as connection:
        found = list(list_payments(connection, state))
    emit({"payments": found}, as_json, lambda: _show_payments(found))


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
    emit(
        {"payment": payment, "debt": debt, "by": who.name},
        as_json,
        lambda: out.print(f"payment {payment} is on {debt}"),
    )


@payments.command()
def reconcile(on: Day = None, as_json: Json = False) -> None:
    """Prove to the cent that receipts are allocations, excess, unmatched and reversals; exit code 1 if they are not."""
    with answering_database() as engine, engine.connect() as connection:
        proof = reconciled(connection, on.date() if on else None)
    emit({**asdict(proof), "balanced": proof.balanced}, as_json, lambda: _show_proof(proof))
    if not proof.balanced:
        raise Refusal(
            f"the ledger is off by {money(proof.difference)}, and {len(proof.faulty_debts)} debts disagree with their"
            " payments"
        )


@payments.command()
def unmatched(as_json: Json = False) -> None:
    """List the payments that belong to no known debt."""
    with answering_database() as engine, engine.connect() as connection:
        found = unmatched_payments(connection)

    def readable() -> None:
        table(
            ("endToEndId", "txid", "valor", "pago em", "registrado em"),
            ([p["end_to_end_id"], p["txid"], money(p["amount"]), p["paid_at"], p["recorded_at"]] for p in found),
        )

    emit({"payments": found}, as_json, readable)


def _said(imported: BankFileImported, rejects: Rejects) -> dict[str, Any]:
    return {
        "records": imported.records,
        "accepted": imported.accepted,
        "amount": imported.amount,
        "reversals": imported.reversals,
        "rejected": rejects.count,
        "duplicates": imported.duplicates,
        "unmatched": imported.unmatched,
        "applied": imported.applied,
        "rejects_file": str(rejects.path) if rejects.path else None,
        "warnings": [*imported.warnings, *imported.disagreements],
    }


def _show_import(said: dict[str, Any]) -> None:
    shown = {**said, "amount": money(said["amount"])}
    table(("", ""), ((name, shown[name]) for name in shown if name not in ("rejects_file", "warnings")))
    for warning in said["warnings"]:
        err.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    if said["rejects_file"]:
        out.print(f"the rejected lines and why: {said['rejects_file']}", soft_wrap=True, markup=False)


STATES = {
    "matched": "alocado",
    "unmatched": "sem débito conhecido",
    "excess": "excedente",
    "reversed": "devolvido",
}

COLUMNS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "id": ("id", str),
    "state": ("situação", STATES.__getitem__),
    "debt": ("débito", lambda debt: debt),
    "agreement": ("parcelamento", lambda agreement: agreement),
    "amount": ("valor", money),
    "allocated": ("alocado", money),
    "excess": ("excedente", money),
    "reversed": ("devolvido", money),
    "paid_on": ("pago em", day),
    "channel": ("meio", str),
    "slip": ("guia", lambda slip: slip),
}


def _show_payments(found: Iterable[dict[str, Any]]) -> None:
    rows = ([shown(payment[name]) for name, (_, shown) in COLUMNS.items()] for payment in found)
    table((title for title, _ in COLUMNS.values()), rows)


def _show_proof(proof: Reconciled) -> None:
    rows = [("recebido", proof.receipts), ("alocado", proof.allocations), ("excedente", proof.excess)]
    rows += [("sem débito conhecido", proof.unmatched), ("devolvido", proof.reversals), ("diferença", proof.difference)]
    table(("", ""), ((name, money(amount)) for name, amount in rows))
