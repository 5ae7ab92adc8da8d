"""Imports of files: taxpayers and debts, returns, benefits, rates. All of a file is taken, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from models.errors import Refusal
from models.intake.benefits import BenefitRow
from models.intake.contacts import ContactRow
from models.intake.debts import DebtReader
from models.intake.extract import Reader
from models.intake.filings import FilingRow
from models.intake.statement import Statement
from models.money.rates import Rate
from operations.operation import Act, operation
from storage.amounts.rates import Change, record_rates
from storage.intake.benefits import BenefitsImported, import_benefits
from storage.intake.contacts import ContactsImported, import_contacts
from storage.intake.debts import DebtsImported, import_debts
from storage.intake.export import export_debts
from storage.intake.files import SourceFile
from storage.intake.filings import FilingsImported, import_filings
from storage.intake.rejects import Rejects

Progress = Callable[[int], None]


@operation("taxpayers import")
def import_taxpayers(
    act: Act,
    source: SourceFile,
    read: DebtReader,
    rejects: Rejects,
    progress: Progress,
    statement: Statement,
    now: datetime,
) -> DebtsImported:
    """Import debtors and debts. Importing a file twice changes nothing."""
    act.tell(as_of=statement.as_of, amounts=statement.amounts)
    with act.engine.begin() as connection:
        return import_debts(connection, source, read, rejects, progress, statement, now)


@operation("taxpayers export")
def export_taxpayers(act: Act, file: Path, snapshot_of: str | None, tax: str | None) -> int:
    """Write debtors and debts to a file that isn't there yet, for its owner alone; returns how many rows."""
    act.tell(tax=tax)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out, act.engine.connect() as connection:
            return export_debts(connection, out, snapshot_of, tax)
    except FileExistsError:
        raise Refusal(f"{file} is there already; name another file") from None
    except OSError as error:
        raise Refusal(f"{file} can't be written to: {error.strerror}") from None


@operation("filings import")
def import_returns(
    act: Act, source: SourceFile, read: Reader[FilingRow], rejects: Rejects, progress: Progress
) -> FilingsImported:
    """Import returns by period; a newer one supersedes the former and moves its taxpayer's open case."""
    with act.engine.begin() as connection:
        return import_filings(connection, source, read, rejects, progress)


@operation("benefits import")
def import_held_benefits(
    act: Act, source: SourceFile, read: Reader[BenefitRow], rejects: Rejects, progress: Progress
) -> BenefitsImported:
    """Import the tax benefits that taxpayers hold; the taxpayers come first."""
    with act.engine.begin() as connection:
        return import_benefits(connection, source, read, rejects, progress)


@operation("contacts import")
def import_bulk_contacts(
    act: Act,
    source: SourceFile,
    read: Reader[ContactRow],
    rejects: Rejects,
    progress: Progress,
    now: datetime,
) -> ContactsImported:
    """Import e-mails, telephones, Messenger ids and postal addresses of taxpayers who are known."""
    with act.engine.begin() as connection:
        return import_contacts(connection, source, read, rejects, progress, now)


@operation("rates import")
def import_rates(act: Act, file: Path, series: str, rates: Iterable[Rate]) -> list[Change]:
    """Load a monthly series that was read from a file; a rate that is another now is replaced."""
    act.tell(series=series)
    with act.engine.begin() as connection:
        return record_rates(connection, series, rates)
