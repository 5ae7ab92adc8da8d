"""Debts and who owes them, written in the product's own layout: imported again they change nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO

from sqlalchemy import Connection, text

from models.intake.debts import TAXPAYERS_OPTIONAL, TAXPAYERS_REQUIRED

ROWS_AT_ONCE = 1_000
COLUMNS = (*TAXPAYERS_REQUIRED, *TAXPAYERS_OPTIONAL)

SITUATIONS = {
    "tax_benefit": "Benefício fiscal",
    "negotiation": "Em negociação",
    "guarantee": "Garantia",
    "judicial_decision": "Suspenso por decisão judicial",
    "not_yet_registered": "A ser inscrita",
    "under_rectification": "Em retificação",
    "payment": "Quitada",
    "cancellation": "Cancelada",
    "prescription": "Prescrita",
    "lapse": "Extinta por decadência",
    "remission": "Remitida",
    "compensation": "Compensada",
}
"""The situation that says a hold of an extract, or the end of a debt."""
UNKNOWN = "Situação desconhecida"


def export_debts(connection: Connection, file: IO[str], snapshot_of: str | None, tax: str | None) -> int:
    """Write the debts of a source and of a tax, or all that an extract has; returns how many rows. Amounts are those
    lodged, before anything was paid."""
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = 0
    for row in _rows(connection, snapshot_of, tax):
        writer.writerow(row)
        rows += 1
    return rows


def _rows(connection: Connection, snapshot_of: str | None, tax: str | None) -> Iterator[list[object]]:
    asked = {"source": snapshot_of, "tax": tax}
    found = connection.execute(text(OWED), asked, execution_options={"yield_per": ROWS_AT_ONCE}).mappings()
    for row in found:
        said = {**row, **(row["access_keys"] or {})}
        said["situation"] = SITUATIONS.get(row["ground"], UNKNOWN) if row["ground"] else ""
        yield ["" if said.get(column) is None else said[column] for column in COLUMNS]


OWED = """
SELECT tax_id, name, email, phone, coalesce(debtors.uf, 'NA') AS uf, debts.tax, inscription, period, due, amount,
       CASE WHEN litigation THEN 'SIM' ELSE 'NAO' END AS litigation, kind, prescribes,
       CASE WHEN own THEN 'SIM' ELSE 'NAO' END AS own, known_assets AS assets, registered_on,
       coalesce(ended.ground, held.ground) AS ground, keys.access_keys
FROM debts
JOIN debtors ON debtors.debt = debts.id
JOIN taxpayers ON taxpayers.id = debtors.taxpayer
LEFT JOIN snapshot_debts ON snapshot_debts.debt = debts.id
LEFT JOIN LATERAL (
    SELECT ground FROM extinctions
    WHERE extinctions.debt = debts.id AND state = 'confirmed' AND undone_at IS NULL ORDER BY id DESC LIMIT 1
) AS ended ON true
LEFT JOIN LATERAL (
    SELECT ground FROM holds WHERE holds.debt = debts.id AND source = 'extract' AND lifted_at IS NULL
      AND ground NOT IN ('absent_from_extract', 'unusable_row') ORDER BY id DESC LIMIT 1
) AS held ON true
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(access_keys.kind, value) AS access_keys FROM access_keys WHERE access_keys.debt = debts.id
) AS keys ON true
WHERE NOT declared AND (CAST(:source AS text) IS NULL OR snapshot_debts.source = :source)
  AND (CAST(:tax AS text) IS NULL OR debts.tax = :tax)
ORDER BY debts.tax, inscription, debtors.taxpayer
"""
