"""The file of a postal batch: each letter as a PDF, and an index for the postal service. The same bytes each time."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import BytesIO, StringIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from channels.letter_pdf import LetterPages, letter_pdf
from models.contact.postal_address import postal_address
from models.contact.receipt_code import receipt_code
from models.ruler.schema import Ruler
from storage.contact.batches import Batch, OnPage

COLUMNS = ("codigo_ar", "destinatario", "endereco", "cidade", "uf", "cep", "arquivo")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""The beginnings that a spreadsheet takes for a formula."""


def postal_batch(batch: Batch, rulers: Mapping[str, Ruler]) -> bytes:
    """A zip of the letters and `lote-N.csv`, in UTF-8 with `;`. `rulers` are by digest."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as file:
        file.writestr(_named(f"lote-{batch.id}.csv", batch), _index(batch))
        for letter in batch.notices:
            code = receipt_code(letter.number)
            pages = LetterPages(
                authority=rulers[letter.ruler].authority,
                addressee=letter.addressee,
                address=letter.address or "",
                subject=letter.subject or "",
                body=letter.body,
                code=code,
            )
            file.writestr(_named(f"{code}.pdf", batch), letter_pdf(pages))
    return out.getvalue()


def _named(name: str, batch: Batch) -> ZipInfo:
    """A file of the zip, of the instant the batch was closed, so that a second copy is the same."""
    return ZipInfo(name, batch.closed_at.utctimetuple()[:6])


def _index(batch: Batch) -> bytes:
    written = StringIO()
    rows = csv.writer(written, delimiter=";", lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows(map(_row, batch.notices))
    return written.getvalue().encode("utf-8-sig")


def _row(letter: OnPage) -> tuple[str, ...]:
    code, address = receipt_code(letter.number), postal_address(letter.address or "")
    where = (letter.addressee, address.street, address.city, address.state, address.postcode)
    return (code, *map(_harmless, where), f"{code}.pdf")


def _harmless(written: str) -> str:
    """The text as no spreadsheet runs it."""
    return f"'{written}" if written.startswith(FORMULA) else written
