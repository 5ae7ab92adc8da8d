"""The authority's knowledge of the city, as the product's own CSV files, taken in by the same imports as anybody's."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from models.case.evidence import Debt, Filing
from models.intake.benefits import BENEFITS_OPTIONAL, BENEFITS_REQUIRED, benefit_reader
from models.intake.debts import TAXPAYERS_OPTIONAL, TAXPAYERS_REQUIRED
from models.intake.extract import debt_reader
from models.intake.filings import FILINGS_OPTIONAL, FILINGS_REQUIRED, filing_reader
from models.roles import Actor
from rehearsal.city import ICMS, LATE_BY, Person
from storage.audit.log import Entry, write
from storage.intake.benefits import import_benefits
from storage.intake.debts import import_debts
from storage.intake.files import look_over
from storage.intake.filings import import_filings
from storage.intake.rejects import Rejects

SITUATION = {(): "Em cobrança", ("negotiation",): "Em negociação"}

Row = Mapping[str, Any]

BY = Actor("cadastro")
"""As whom the city's files are taken in."""


@dataclass(frozen=True)
class Census:
    """Takes people's data into the database; each delivery is kept in `folder` under its number."""

    engine: Engine
    folder: Path

    def take(self, people: Iterable[Person], today: date) -> None:
        people = tuple(people)
        with self.engine.begin() as connection:
            self._debts(connection, (debt_row(person, debt) for person in people for debt in person.debts), today)
            self._filings(connection, (filing_row(person, filing) for person in people for filing in person.filings))
            self._deliver(
                connection,
                "benefits",
                (*BENEFITS_REQUIRED, *BENEFITS_OPTIONAL),
                (row for person in people for row in benefit_rows(person)),
                benefit_reader,
                import_benefits,
            )

    def take_filings(self, rows: Iterable[Row]) -> None:
        with self.engine.begin() as connection:
            self._filings(connection, rows)

    def take_unpaid(self, person: Person, today: date) -> None:
        """The missing returns, filed today, and the debts they declare: nobody sees the ones without the others."""
        with self.engine.begin() as connection:
            self._debts(connection, newly_owed(person), today)
            self._filings(connection, filed_late(person, today, paid=False))

    def _debts(self, connection: Connection, rows: Iterable[Row], today: date) -> None:
        def reader_of(header: Sequence[str]) -> Any:
            return debt_reader(header, today, "regua")

        columns = (*TAXPAYERS_REQUIRED, *TAXPAYERS_OPTIONAL)
        self._deliver(connection, "taxpayers", columns, rows, reader_of, import_debts)

    def _filings(self, connection: Connection, rows: Iterable[Row]) -> None:
        columns = (*FILINGS_REQUIRED, *FILINGS_OPTIONAL)
        self._deliver(connection, "filings", columns, rows, filing_reader, import_filings)

    def _deliver(
        self,
        connection: Connection,
        name: str,
        columns: Sequence[str],
        rows: Iterable[Row],
        reader_of: Callable[..., Any],
        merge: Any,
    ) -> None:
        content = _csv(columns, rows)
        if content is None:
            return
        file = self.folder / f"{len(list(self.folder.iterdir())):04}-{name}.csv"
        file.write_text(content, encoding="utf-8")
        source = look_over(file)
        with Rejects(file.with_suffix(".rejects")) as rejects:
            merge(connection, source, reader_of(source.header), rejects)
            write(connection, Entry(BY, f"{name} import", f"sha256:{source.digest}"))
            connection.execute(text("DISCARD TEMP"))  # each import makes its own temporary tables
        if rejects.count:
            raise AssertionError(f"{rejects.count} rows of the invented {file.name} were rejected")


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> str | None:
    """Write a CSV file; None when there are no rows: such a file would be refused."""
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", delimiter=";", lineterminator="\n")
    writer.writeheader()
    written = 0
    for row in rows:
        written += 1
        writer.writerow(row)
    return file.getvalue() if written else None


def debt_row(person: Person, debt: Debt) -> Row:
    return {
        "tax_id": person.tax_id,
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "uf": person.uf,
        "tax": person.tax,
        "inscription": debt.inscription,
        "period": debt.period,
        "due": debt.due,
        "amount": f"{debt.balance:.2f}",
        "situation": SITUATION[debt.grounds],
        "litigation": "SIM" if debt.litigation else "NAO",
    }


def filing_row(person: Person, filing: Filing, corrected_on: date | None = None) -> Row:
    """A correction without a date is one of the past, `LATE_BY` after the return was due."""
    corrected = filing.corrected is not None
    return {
        "tax_id": person.tax_id,
        "name": person.name,
        "tax": person.tax,
        **filing.model_dump(exclude_none=True, exclude={"paid_before_due"}),
        "corrected_on": (corrected_on or filing.due + LATE_BY) if corrected else "",
    }


def benefit_rows(person: Person) -> Iterator[Row]:
    for index, name in enumerate(person.benefits, start=1):
        yield {"tax_id": person.tax_id, "code": f"BF-{person.number:05}-{index}", "name": name, "tax": ICMS}


def filed_late(person: Person, today: date, paid: bool) -> list[Row]:
    """The missing returns, filed today; what they declare is paid with them, or becomes a debt."""
    said = {"status": "late", "filed_on": today, "declared": person.declares}
    money = {"paid": person.declares, "paid_on": today} if paid else {}
    return [filing_row(person, missing.model_copy(update=said | money)) for missing in _missing(person)]


def newly_owed(person: Person) -> list[Row]:
    """The debts that the missing returns will declare."""
    return [
        debt_row(
            person,
            Debt(
                id="",
                inscription=f"ICMS-{missing.period}-{person.number:05}",
                period=missing.period,
                due=missing.due,
                balance=person.declares,
                litigation=False,
            ),
        )
        for missing in _missing(person)
    ]


def corrected(person: Person, today: date) -> list[Row]:
    """The returns that differ from what was assessed, corrected today, and what that adds paid with it."""
    wrong = [f for f in person.filings if f.assessed is not None and f.corrected is None and f.assessed != f.declared]
    return [
        filing_row(person, f.model_copy(update={"corrected": f.assessed, "paid": f.assessed, "paid_on": today}), today)
        for f in wrong
    ]


def _missing(person: Person) -> list[Filing]:
    return [filing for filing in person.filings if filing.status == "missing"]
