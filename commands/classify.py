"""`ruler classify`: the row of the map to which each taxpayer of an extract leads, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import Json, complain, emit, say, table
from commands.ruler import RulerFile, ruler_commands
from commands.typed import day
from operations.rulers import load_map

if TYPE_CHECKING:
    from models.intake.classification import Classified
    from models.intake.extract import Reader, Row

Csv = Annotated[Path, typer.Option(metavar="FILE", help="A CSV file; docs/data.md lists its columns.")]


def register(app: typer.Typer) -> None:
    """Beside the other commands of `ruler`."""


@ruler_commands.command()
def classify(
    file: RulerFile,
    debts: Csv,
    filings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Returns; left out: none is known, and none is missing.")
    ] = None,
    assets: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What taxpayers are known to own: tax_id and assets.")
    ] = None,
    on: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="The day a case would start; default: today.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say to which row the evidence leads for each taxpayer of an extract, with what it rests on."""
    from models.intake.benefits import assets_reader
    from models.intake.classification import classified
    from models.intake.extract import debt_reader
    from models.intake.facts import known_of
    from models.intake.filings import filing_reader

    ruler, today = load_map(file), datetime.now().astimezone().date()
    written: dict[str, str] = {}
    owed = [*_rows(debts, lambda header: debt_reader(header, today), written)]
    returned = [*_rows(filings, filing_reader, written)] if filings else []
    owned = {row.key: Decimal(row.assets) for row in _rows(assets, assets_reader, {})} if assets else {}
    known = known_of(owed, returned)
    found = [*classified(ruler, known, owned, on or today)]

    def readable() -> None:
        _show(found, written, ruler.label)
        say(f"{len(found)} of {len(known)} taxpayers and taxes lead to a row")

    emit([_as_data(each, written) for each in found], as_json, readable)


def _rows(path: Path, reader_of: Callable[[Sequence[str]], Reader[Row]], written: dict[str, str]) -> Iterator[Row]:
    """The rows accepted; the others are told on stderr, by line and reason. `written` gets how the file writes the tax
    id of each taxpayer."""
    from models.intake.fields import ContactRefused, Rejected
    from storage.intake.files import look_over

    source = look_over(path)
    read = reader_of(source.header)
    column = next(place for place, name in enumerate(source.header) if name.lower() in ("tax_id", "cpf_cnpj"))
    for line, fields, *_ in source.records():
        # what reads a row may add to it
        tax_id = fields[column].strip() if column < len(fields) else ""
        try:
            row = read(fields)
        except Rejected as rejected:
            complain(f"{path.name}:{line}: {rejected}")
            continue
        except ContactRefused as refused:
            row = refused.row
        written.setdefault(row.key, tax_id)
        yield row


def _as_data(each: Classified, written: dict[str, str]) -> dict[str, object]:
    key, tax = each.pair
    return {
        "tax_id": written[key],
        "hypothesis": each.found.row,
        "occurrences": each.found.occurrences,
        "evidence": [
            {"kind": one.kind, "tax": tax, "period": one.period, "due": one.due, "open": one.open}
            for one in each.evidence
        ],
    }


def _show(found: Sequence[Classified], written: dict[str, str], title: str) -> None:
    columns = ("tax_id", "tax", "hypothesis", "occurrences", "kind", "evidence")
    rows = [
        (
            written[each.pair[0]],
            each.pair[1],
            each.found.row,
            each.found.occurrences,
            each.found.kind,
            ", ".join(one.period for one in each.evidence if one.kind is each.found.kind),
        )
        for each in found
    ]
    table(columns, rows, title)
