"""`payments unmatched`: money that came in for nothing we know of."""

import typer

from commands.console import Json, emit, table
from embedded.home import find_services
from models.words import money
from storage.engine import connect
from storage.ledger import unmatched as unmatched_payments

payments = typer.Typer(no_args_is_help=True, help="Money that came in.")


def register(app: typer.Typer) -> None:
    app.add_typer(payments, name="payments")


@payments.command()
def unmatched(as_json: Json = False) -> None:
    """List the payments that belong to no known debt."""
    with connect(find_services().database).connect() as connection:
        found = unmatched_payments(connection)

    def readable() -> None:
        table(
            ("endToEndId", "txid", "valor", "pago em", "registrado em"),
            ([p["end_to_end_id"], p["txid"], money(p["amount"]), p["paid_at"], p["recorded_at"]] for p in found),
        )

    emit({"payments": found}, as_json, readable)
