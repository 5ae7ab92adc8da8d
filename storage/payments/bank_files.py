"""A bank's return file, from lines to the ledger.

Its lines are staged whole before any counts, since only the trailer tells whether they are complete. Then they are
posted batch by batch, each in the ledger's own transaction, so that a file of a million lines keeps no webhook and no
notice waiting. A payment counts once, so an import that was cut off is taken up by running it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice

from sqlalchemy import Connection, Engine, RowMapping, text

from models.errors import Refusal
from models.payment.bank_record import BankPayment, BankReturn, Header, RejectedLine, identity_of
from models.payment.bank_return import open_return
from storage.intake.files import TextFile
from storage.intake.rejects import Rejects
from storage.intake.staging import ROWS_A_WRITE, Progress, copy_into, escaped
from storage.payments.ledger import record_bank, take_back
from storage.payments.posting import TIMEZONE
from storage.payments.reports import Receipt, TakenBack
from storage.payments.unmatched_reversals import waiting_of
from storage.statistics import take_statistics

ROWS_A_BATCH = 1_000


@dataclass
class BankFileImported:
    records: int = 0
    accepted: int = 0
    """Well-formed, whether they match a debt or not."""
    amount: Decimal = Decimal("0.00")
    reversals: int = 0
    """Payments that it takes back."""
    reversals_waiting: int = 0
    """Lines that take back a payment which is not on record, until the file comes that has it."""
    duplicates: int = 0
    """The accepted that were counted before, by a webhook, another file or another line of this one."""
    unmatched: int = 0
    """The accepted and new for no debt that we know of."""
    warnings: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    """In what lines and trailer contradict each other."""
    applied: bool = False
    """False when it was kept aside for them."""


def import_bank_file(
    engine: Engine,
    source: TextFile,
    rejects: Rejects,
    now: datetime,
    *,
    accept_totals: bool = False,
    accept_repeat: bool = False,
    progress: Progress = lambda read: None,
) -> BankFileImported:
    """Import a return file. `accept_totals` takes one whose trailer disagrees with its lines, which is kept aside
    else. Raises Refusal when it is none, or when its number was applied before, unless `accept_repeat`."""
    imported = BankFileImported()
    with closing(source.lines(progress)) as lines, engine.connect() as staging:
        returned = _opened(source, lines, now)
        imported.warnings += _check_number(staging, returned.header, source.digest, accept_repeat)
        _stage(staging, returned, rejects, imported)
        imported.disagreements = returned.disagreements()
        imported.warnings += returned.warnings()
        if imported.disagreements and not accept_totals:
            _remember(engine, source, returned.header, imported, "disagreeing")
            return imported
        file = _remember(engine, source, returned.header, imported, "applying")
        _apply(engine, staging, file, imported, now)
        _take_back(engine, staging, returned.header, imported, now)
        _finish(engine, file, imported)
        imported.applied = True
    return imported


def _opened(source: TextFile, lines: Iterator[str], now: datetime) -> BankReturn:
    try:
        return open_return(lines, now.date())
    except Refusal as refusal:
        raise Refusal(f"{source.path.name}: {refusal}") from None


def _check_number(connection: Connection, header: Header, digest: str, accept_repeat: bool) -> list[str]:
    """Warn of a file whose number doesn't follow the convênio's last one; one that was applied is refused."""
    asked = {
        "agreement": header.agreement,
        "number": header.number,
        "numbered": header.numbered,
        "digest": digest,
    }
    before = connection.execute(text(NUMBERED), asked).mappings().one()
    connection.commit()
    number, last = header.number, before["last"]
    if before["taken"] and not accept_repeat:
        raise Refusal(
            f"file number {number} of this convênio was imported before; --accept-repeat imports it all the same, and"
            " counts nothing twice"
        )
    if before["taken"]:
        return [f"file number {number} of this convênio was imported before"]
    if last is None or not header.numbered:
        return []
    if number < last and not before["seen"]:
        return [f"file number {number} comes after number {last} of this convênio"]
    if number > last + 1:
        missing = f"number {last + 1} is" if number == last + 2 else f"numbers {last + 1} to {number - 1} are"
        return [f"file {missing} missing: the last one of this convênio was number {last}"]
    return []


def _stage(connection: Connection, returned: BankReturn, rejects: Rejects, imported: BankFileImported) -> None:
    connection.execute(text(STAGED))
    with copy_into(connection, "staged_receipts") as copy:
        rows = (_row(payment, returned.header) for payment in _accepted(returned, rejects, imported))
        while batch := list(islice(rows, ROWS_A_WRITE)):
            copy.write(escaped("".join(batch)))
    connection.execute(text(RECEIPTS))
    connection.commit()
    imported.records = imported.accepted + imported.reversals + rejects.count


def _accepted(returned: BankReturn, rejects: Rejects, imported: BankFileImported) -> Iterator[BankPayment]:
    for record in returned.records():
        if isinstance(record, RejectedLine):
            rejects.add(record.line, record.reason, record.text)
            continue
        if record.taken_back:
            imported.reversals += 1
        else:
            imported.accepted += 1
            imported.amount += record.amount
        yield record


def _row(payment: BankPayment, header: Header) -> str:
    values = (payment.line, identity_of(payment, header), payment.sequence, payment.code, payment.slip_number or "")
    channel = "pix" if payment.by_pix else "bank"
    reported = (payment.payer, payment.bank, payment.amount, payment.paid_on, channel, payment.taken_back)
    return "\t".join(map(str, (*values, *reported))) + "\n"


def _remember(engine: Engine, source: TextFile, header: Header, imported: BankFileImported, state: str) -> int:
    """Put the file on record: one row for this very content, however often it is brought."""
    row = {
        "digest": source.digest,
        "layout": header.layout,
        "agreement": header.agreement,
        "number": header.number,
        "made_on": header.made_on,
        "state": state,
        "records": imported.records,
        "accepted": imported.accepted,
        "amount": imported.amount,
    }
    with engine.begin() as connection:
        return int(connection.execute(text(REMEMBER), row).scalar_one())


def _apply(engine: Engine, staging: Connection, file: int, imported: BankFileImported, now: datetime) -> None:
    last, imported.duplicates = 0, imported.accepted
    while rows := _batch(staging, last):
        recorded = record_bank(engine, [_receipt(row, file) for row in rows], now)
        imported.duplicates -= recorded.payments
        imported.unmatched += recorded.unmatched
        last = rows[-1]["line"]


def _take_back(engine: Engine, staging: Connection, header: Header, imported: BankFileImported, now: datetime) -> None:
    """Record the reversals, once all payments of the file are in; those of other files that waited for them too."""
    take_back(engine, waiting_of(staging, header.agreement), now)
    staging.commit()
    last = 0
    while rows := _batch(staging, last, taken_back=True):
        waiting = len(take_back(engine, [_taken_back(row, header) for row in rows], now))
        imported.reversals -= waiting
        imported.reversals_waiting += waiting
        last = rows[-1]["line"]
    if imported.reversals_waiting:
        imported.warnings.append(
            f"{imported.reversals_waiting} reversals, which `payments unmatched` lists, wait for the file that has"
            " their payments"
        )


def _batch(staging: Connection, after: int, taken_back: bool = False) -> Sequence[RowMapping]:
    asked = {"after": after, "size": ROWS_A_BATCH, "taken_back": taken_back}
    rows = staging.execute(text(BATCH), asked).mappings().all()
    staging.commit()
    return rows


def _receipt(row: RowMapping, file: int) -> Receipt:
    return Receipt(
        channel=row["channel"],
        amount=row["amount"],
        paid_at=_noon(row["paid_on"]),
        reference=row["reference"],
        slip=row["code"],
        slip_number=row["slip_number"],
        bank_file=file,
        payer=row["payer"] or "",
        bank=row["bank"] or "",
        hour_known=False,
    )


def _taken_back(row: RowMapping, header: Header) -> TakenBack:
    return TakenBack(
        agreement=header.agreement,
        slip=row["code"],
        slip_number=row["slip_number"],
        amount=row["amount"],
        at=_noon(row["paid_on"]),
        reference=row["reference"],
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), TIMEZONE).astimezone(UTC)


def _finish(engine: Engine, file: int, imported: BankFileImported) -> None:
    with engine.begin() as connection:
        connection.execute(text(FINISH), {"file": file})
        take_statistics(connection, ("payments", "decisions"), imported.accepted)


NUMBERED = """
SELECT max(number) AS last,
       coalesce(bool_or(number = :number), false) AS seen,
       coalesce(bool_or(number = :number AND (:numbered OR digest = :digest)
                        AND (state = 'applied' OR state = 'applying' AND digest <> :digest)), false) AS taken
FROM bank_files WHERE agreement = :agreement
"""

STAGED = """
DROP TABLE IF EXISTS pg_temp.staged_receipts, pg_temp.receipts;
CREATE TEMP TABLE staged_receipts (
    line bigint, identity text, sequence text, code text, slip_number bigint, payer text, bank text,
    amount numeric(15, 2), paid_on date, channel text, taken_back boolean
)
"""

# A line said twice is one payment; equal lines of different numbers are as many payments, told apart by counting them:
# the second of a file is the second of any file that reports them again.
RECEIPTS = """
CREATE TEMP TABLE receipts AS
SELECT line, code, slip_number, payer, bank, amount, paid_on, channel, taken_back,
       identity || ' ' || row_number() OVER (PARTITION BY identity ORDER BY line) AS reference
FROM (SELECT DISTINCT ON (identity, sequence) * FROM staged_receipts ORDER BY identity, sequence, line) AS once;
DROP TABLE staged_receipts;
CREATE INDEX ON receipts (line);
ANALYZE receipts
"""

BATCH = """
SELECT * FROM receipts WHERE line > :after AND taken_back = :taken_back ORDER BY line LIMIT :size
"""

REMEMBER = """
INSERT INTO bank_files (digest, layout, agreement, number, made_on, state, records, accepted, amount)
VALUES (:digest, :layout, :agreement, :number, :made_on, :state, :records, :accepted, :amount)
ON CONFLICT (digest) DO UPDATE SET state = excluded.state
RETURNING id
"""

FINISH = "UPDATE bank_files SET state = 'applied', applied_at = clock_timestamp() WHERE id = :file"
