"""Acts about money that came in: import a bank's file, put a payment where it belongs, give it back, and have an item
of a callback judged again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from models.errors import Refusal
from models.payment.pix import read_item
from models.payment.recurrence import news_kept
from operations.operation import Act, must_say, operation
from storage.intake.files import TextFile
from storage.intake.rejects import Rejects
from storage.payments import bank_files, corrections, ledger, matching, quarantine
from storage.payments.bank_files import BankFileImported
from storage.payments.corrections import Corrected
from storage.payments.recurrences import hear
from storage.payments.reports import Recorded
from workflows.secrecy import Cipher


@operation("payments import")
def import_bank_file(
    act: Act,
    source: TextFile,
    rejects: Rejects,
    now: datetime,
    progress: Callable[[int], None],
    *,
    accept_totals: bool = False,
    accept_repeat: bool = False,
) -> BankFileImported:
    """Import a bank's return file, batch by batch. Each payment counts once, however often it is reported."""
    act.tell(accept_totals=accept_totals, accept_repeat=accept_repeat)
    return bank_files.import_bank_file(
        act.engine,
        source,
        rejects,
        now,
        accept_totals=accept_totals,
        accept_repeat=accept_repeat,
        progress=progress,
    )


@operation("payments match")
def match_payment(act: Act, payment: int, debt: str, now: datetime) -> None:
    """Put an unmatched payment on the debt it was meant for."""
    act.tell(debt=debt)
    matching.match(act.engine, payment, debt, act.by, now)


@operation("payments unmatch")
def unmatch_payment(act: Act, payment: int, reason: str, now: datetime) -> Corrected:
    """Take a payment off what it is on: it is for nothing known again."""
    must_say("why", reason)
    return corrections.unmatch(act.engine, payment, act.by, reason, now)


@operation("payments move")
def move_payment(
    act: Act, payment: int, debt: str, reason: str, now: datetime, amount: Decimal | None = None
) -> Corrected:
    """Put what a payment's debt didn't need on another open debt of the same person."""
    must_say("why", reason)
    act.tell(debt=debt, amount=amount)
    return corrections.move(act.engine, payment, debt, act.by, reason, now, amount)


@operation("payments refund")
def refund_payment(
    act: Act, payment: int, reason: str, now: datetime, amount: Decimal | None = None, reference: str | None = None
) -> Corrected:
    """Record that money was given back to the payer."""
    must_say("why", reason)
    act.tell(amount=amount, reference=reference)
    return corrections.refund(act.engine, payment, act.by, reason, now, amount, reference)


@operation("payments retry")
def retry_item(act: Act, item: int, cipher: Cipher, now: datetime) -> Recorded:
    """Judge an item of the quarantine again, as of when it arrived. Raises Refusal when it still can't be read."""
    with act.engine.connect() as connection:
        sealed, arrived_at = quarantine.sealed_item(connection, item)
    written = cipher.unseal(sealed)
    news = news_kept(written)
    if news and not hear(act.engine, news, now):
        raise Refusal(f"item {item} is still of nothing that is on record")
    payment = None if news else read_item(written, arrived_at)
    recorded = ledger.record_pix(act.engine, [payment] if payment else [], now)
    quarantine.settle_item(act.engine, item, act.by)
    return recorded
