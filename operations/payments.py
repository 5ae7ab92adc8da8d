"""Acts about money that came in: import a bank's file, and put an unmatched payment where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from operations.operation import Act, operation
from storage.intake.files import TextFile
from storage.intake.rejects import Rejects
from storage.payments import bank_files, ledger
from storage.payments.bank_files import BankFileImported


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
    ledger.match(act.engine, payment, debt, act.by, now)
