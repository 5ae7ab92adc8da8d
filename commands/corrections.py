"""`payments unmatch`, `move`, `refund` and `corrections`: money that a person puts elsewhere, or gives back."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.listing import After, Limit, list_rows
from commands.portuguese import CORRECTIONS
from commands.typed import one_of, some_amount
from models.formats import money
from operations.payments import move_payment, refund_payment, unmatch_payment
from storage.payments.corrections import Corrected, Correction, ListedCorrection, list_corrections

Payment = Annotated[int, typer.Argument(metavar="ID", help="Of a payment, as `payments list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept on record.")]


def register(payments: typer.Typer) -> None:
    for command in (unmatch, move, refund):
        payments.command()(command)
    payments.command("corrections")(list_all)


def unmatch(payment: Payment, by: By, reason: Reason, as_json: Json = False) -> None:
    """Take a payment off the debt it was put on by mistake: it is unmatched again, as a part with a number of its
    own."""
    with answering_database() as engine:
        done = unmatch_payment(engine, who := credentials(by), payment, reason, datetime.now(UTC))
    _emit(done, who.name, as_json, f"{money(done.amount)} of payment {done.payment} are unmatched, as {done.part}")


def move(
    payment: Payment,
    debt: Annotated[str, typer.Argument(metavar="DEBT", help="Another open debt of the same person.")],
    by: By,
    reason: Reason,
    amount: Annotated[
        Decimal | None, typer.Option(parser=some_amount, help="How much. Default: the excess, as far as it is owed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put what a payment's debt didn't need on another open debt of the same person."""
    with answering_database() as engine:
        done = move_payment(engine, who := credentials(by), payment, debt, reason, datetime.now(UTC), amount)
    _emit(done, who.name, as_json, f"{money(done.amount)} of payment {done.payment} are on {debt}, as {done.part}")


def refund(
    payment: Payment,
    by: By,
    reason: Reason,
    amount: Annotated[
        Decimal | None, typer.Option(parser=some_amount, help="How much. Default: what is in excess, or unmatched.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="The bank's name of it: by it the bank's own report is known to be the same.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put on record that money was given back to the payer. It moves no money: the bank does."""
    with answering_database() as engine:
        who, now = credentials(by), datetime.now(UTC)
        done = refund_payment(engine, who, payment, reason, now, amount, reference)
    _emit(done, who.name, as_json, f"{money(done.amount)} of payment {done.payment} are given back")


def list_all(
    kind: Annotated[Correction | None, one_of(CORRECTIONS, help="Only those of a kind.")] = None,
    limit: Limit = None,
    after: After = None,
    as_json: Json = False,
) -> None:
    """List what people took off a debt, moved or gave back: how much, who and why."""
    with answering_database() as engine, engine.connect() as connection:
        read = partial(list_corrections, connection, kind)
        list_rows("corrections", "id", read, _show, limit, after, as_json)


def _emit(done: Corrected, by: str, as_json: bool, readable: str) -> None:
    said = {"payment": done.payment, "amount": done.amount, "part": done.part, "by": by}
    emit(said, as_json, lambda: say(readable))


def _show(found: list[ListedCorrection]) -> None:
    columns = ("id", "kind", "payment", "debt", "part", "to", "amount", "by", "reason")
    table(columns, map(itemgetter(*columns), found))
