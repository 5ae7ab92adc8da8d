"""Checks and imports the files that people brought at the console, one at a time, whichever process comes first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import structlog
from anyio.to_thread import run_sync
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from models.errors import Refusal
from models.intake.benefits import benefit_reader
from models.intake.contacts import contact_reader
from models.intake.extract import debt_reader
from models.intake.filings import filing_reader
from models.intake.upload import Kind, Options
from models.json_form import plain
from models.money.rates import Rate, read_sgs
from models.payment.bank_return import open_return
from models.payment.tally import tally
from models.roles import Actor, Role
from operations.imports import (
    import_bulk_contacts,
    import_held_benefits,
    import_rates,
    import_returns,
    import_taxpayers,
)
from operations.payments import import_bank_file
from storage.amounts.rate_files import read_rate_file
from storage.amounts.rates import Change, record_rates
from storage.engine import is_away
from storage.intake.benefits import import_benefits
from storage.intake.contacts import import_contacts
from storage.intake.debts import foresee_debts
from storage.intake.files import look_over, look_over_text
from storage.intake.filings import import_filings
from storage.intake.rejects import Rejects
from storage.intake.staging import Progress
from storage.intake.uploads import Upload, answer, next_asked, tell_read, write_file

log = structlog.get_logger()

PAUSE_SECONDS = 1.0

Found = Mapping[str, Any]
Work = Callable[[Engine, Upload, Path, Rejects, Progress], Found]


async def work_on_uploads(engine: Engine, pause: float = PAUSE_SECONDS) -> None:
    """Do what was asked of them until cancelled; a database that doesn't answer is asked again."""
    while True:
        try:
            if not await run_sync(work_on_next, engine):
                await anyio.sleep(pause)
        except SQLAlchemyError as error:
            log.warning("no file that was brought was looked at", reason=type(error).__name__)
            await anyio.sleep(pause)


def work_on_next(engine: Engine) -> bool:
    """Check or import the file that waits longest. False: none does, or another process has one."""
    # the lock goes with this transaction, however the work ends
    with engine.connect() as alone:
        upload = next_asked(alone)
        if upload is None:
            return False
        with TemporaryDirectory() as folder:
            _work_on(engine, upload, Path(folder))
    return True


def _work_on(engine: Engine, upload: Upload, folder: Path) -> None:
    file, rejects = folder / Path(upload["name"]).name, Rejects(folder / "rejects")
    with engine.connect() as connection:
        write_file(connection, upload, file)
    found, failure = None, None
    try:
        with rejects:
            found = _done(engine, upload, file, rejects)
    except Refusal as refusal:
        failure = str(refusal)
    except Exception as error:  # a fault of ours is told by its kind: it is not to be tried for ever
        if is_away(error):
            raise
        log.error("a file that was brought can't be worked on", kind=type(error).__name__)
        failure = "a fault of ours; what happened is in our log"
    kept = rejects.path if failure is None else None
    with engine.begin() as connection:
        answer(connection, upload, found, failure, (rejects.count + rejects.remarks) if kept else 0, kept)


def _done(engine: Engine, upload: Upload, file: Path, rejects: Rejects) -> Any:
    def progress(read: int) -> None:
        with engine.begin() as connection:
            tell_read(connection, upload, read)

    work = foreseen if upload["asked"] == "check" else imported
    found = work(engine, upload, file, rejects, progress)
    counted = {"rejected": rejects.count, "remarks": rejects.remarks}
    return json.loads(json.dumps({**found, **counted}, default=plain))


def foreseen(engine: Engine, upload: Upload, path: Path, rejects: Rejects, progress: Progress) -> Found:
    """Tell what the import of a file would do; nothing of it is committed. Raises Refusal."""
    kind, options, now = Kind(upload["kind"]), Options.model_validate(upload["options"]), datetime.now(UTC)
    if kind is Kind.PAYMENTS:
        return _tallied(path, rejects, progress, now)
    if kind is Kind.RATES:
        rates = _rates(path, rejects)
        with engine.connect() as connection:
            return _of_rates(rates, record_rates(connection, options.series, rates))
    source = look_over(path)
    with engine.connect() as connection:
        match kind:
            case Kind.TAXPAYERS:
                reader, statement = debt_reader(source.header, now.astimezone().date()), options.statement
                debts, changes = foresee_debts(connection, source, reader, rejects, progress, statement, now)
                return {"counts": asdict(debts), "changes": [asdict(each) for each in changes]}
            case Kind.FILINGS:
                filings = import_filings(connection, source, filing_reader(source.header), rejects, progress)
                return {"counts": asdict(filings)}
            case Kind.BENEFITS:
                benefits = import_benefits(connection, source, benefit_reader(source.header), rejects, progress)
                return {"counts": asdict(benefits)}
            case Kind.CONTACTS:
                contact = contact_reader(source.header, now.astimezone().date())
                return {"counts": asdict(import_contacts(connection, source, contact, rejects, progress, now))}


def imported(engine: Engine, upload: Upload, path: Path, rejects: Rejects, progress: Progress) -> Found:
    """Import a file, as an act of who started that. Raises Refusal."""
    kind, options = Kind(upload["kind"]), Options.model_validate(upload["options"])
    now, by = datetime.now(UTC), _starter(upload)
    if kind is Kind.PAYMENTS:
        return _of_payments(engine, by, path, rejects, progress, options, now)
    if kind is Kind.RATES:
        rates = _rates(path, rejects)
        return _of_rates(rates, import_rates.carry_out(engine, by, path, options.series, rates))
    source = look_over(path)
    shared = (rejects, progress)
    match kind:
        case Kind.TAXPAYERS:
            reader = debt_reader(source.header, now.astimezone().date())
            debts = import_taxpayers.carry_out(engine, by, source, reader, *shared, options.statement, now)
            return {"counts": asdict(debts)}
        case Kind.FILINGS:
            filings = import_returns.carry_out(engine, by, source, filing_reader(source.header), *shared)
            return {"counts": asdict(filings)}
        case Kind.BENEFITS:
            benefits = import_held_benefits.carry_out(engine, by, source, benefit_reader(source.header), *shared)
            return {"counts": asdict(benefits)}
        case Kind.CONTACTS:
            contact = contact_reader(source.header, now.astimezone().date())
            return {"counts": asdict(import_bulk_contacts.carry_out(engine, by, source, contact, *shared, now))}


def _starter(upload: Upload) -> Actor:
    role = upload["asked_role"]
    return Actor(upload["asked_by"], Role(role) if role else None)


def _tallied(path: Path, rejects: Rejects, progress: Progress, now: datetime) -> Found:
    with closing(look_over_text(path).lines(progress)) as lines:
        returned = open_return(lines, now.date())
        counted = tally(returned, lambda line: rejects.add(line.line, line.reason, line.text))
    counts = {"payments": counted.payments, "amount": counted.amount, "reversals": counted.reversals}
    return {"counts": counts, "warnings": [*returned.warnings(), *returned.disagreements()]}


def _of_payments(
    engine: Engine, by: Actor, path: Path, rejects: Rejects, progress: Progress, options: Options, now: datetime
) -> Found:
    done = import_bank_file.carry_out(
        engine, by, look_over_text(path), rejects, now, progress,
        accept_totals=options.accept_totals, accept_repeat=options.accept_repeat,
    )  # fmt: skip
    if not done.applied:
        raise Refusal(f"{path.name} is kept aside and nothing of it was applied: {'; '.join(done.disagreements)}")
    counts = {name: value for name, value in asdict(done).items() if isinstance(value, int) or name == "amount"}
    return {"counts": counts, "warnings": [*done.warnings, *done.disagreements]}


def _rates(path: Path, rejects: Rejects) -> list[Rate]:
    rows = read_sgs(read_rate_file(path), path.name)
    for row in rows:
        if row.rate is None:
            rejects.add(row.line, row.reason, row.text)
    return [row.rate for row in rows if row.rate]


def _of_rates(rates: list[Rate], changes: list[Change]) -> Found:
    counts = {"rates": len({rate.month for rate in rates}), "changed": len(changes)}
    told = [{"month": f"{each.month:%m/%Y}", "was": str(each.was), "now": str(each.now)} for each in changes]
    return {"counts": counts, "rates": told}
