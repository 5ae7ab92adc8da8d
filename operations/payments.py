"""Acts about money that came in: import a bank's file, put an unmatched payment where it belongs, and have an item of a
callback judged again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from models.payment.pix import read_item
from operations.operation import Act, operation
from storage.intake.files import TextFile
from storage.intake.rejects import Rejects
from storage.payments import bank_files, ledger, matching, quarantine
from storage.payments.bank_files import BankFileImported
from storage.payments.reports import Recorded
from workflows.secrecy import Cipher


@operation("payments import")
def import_bank_file(
    act: Act, source: TextFile, rejects: Rejects, now: datetime, force: bool, progress: Callable[[int], None]
) -> BankFileImported:
    """Import a bank's return file, batch by batch. Each payment counts once, however often it is reported."""
    act.tell(force=force)
    return bank_files.import_bank_file(act.engine, source, rejects, now, force=force, progress=progress)


@operation("payments match")
def match_payment(act: Act, payment: int, debt: str, now: datetime) -> None:
    """Put an unmatched payment on the debt it was meant for."""
    act.tell(debt=debt)
    matching.match(act.engine, payment, debt, act.by, now)


@operation("payments retry")
def retry_item(act: Act, item: int, cipher: Cipher, now: datetime) -> Recorded:
    """Judge an item of the quarantine again, as of when it arrived. Raises Refusal when it still can't be read."""
    with act.engine.connect() as connection:
        sealed, arrived_at = quarantine.sealed_item(connection, item)
    payment = read_item(cipher.unseal(sealed), arrived_at)
    recorded = ledger.record_pix(act.engine, [payment] if payment else [], now)
    quarantine.settle_item(act.engine, item, act.by)
    return recorded
