"""The changes that an extract would make, told before: how many of each kind, with the first lines of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from sqlalchemy import Connection, text

LINES = 10
"""Lines that are shown of each kind."""


class Line(TypedDict):
    line: int | None
    """None: the file says nothing of it, and that is the reason."""
    tax: str
    inscription: str
    was: str | None
    becomes: str | None


@dataclass
class Foreseen:
    """One kind of difference: debts added of a tax, amounts changed, holds placed on a ground, …"""

    what: str
    kind: str
    count: int
    lines: list[Line] = field(default_factory=list)


def foresee_changes(connection: Connection) -> list[Foreseen]:
    """Tell the differences that were found, before any of them is made."""
    found: dict[tuple[str, str], Foreseen] = {}
    for row in connection.execute(text(DIFFERENCES), {"lines": LINES}).mappings():
        kind = found.setdefault((row["what"], row["kind"]), Foreseen(row["what"], row["kind"], row["count"]))
        kind.lines.append(
            Line(
                line=row["line"],
                tax=row["tax"],
                inscription=row["inscription"],
                was=row["was"],
                becomes=row["becomes"],
            )
        )
    return list(found.values())


DIFFERENCES = """
WITH difference (place, what, kind, line, tax, inscription, was, becomes) AS (
    SELECT 1, 'added', tax, line, tax, inscription, NULL, CAST(amount AS text) FROM incoming WHERE is_new
    UNION ALL
    SELECT 2, 'changed', name, line, debts.tax, debts.inscription, was, becomes
    FROM incoming JOIN debts USING (id)
    CROSS JOIN LATERAL (VALUES
        ('amount', CAST(debts.amount AS text), CAST(incoming.amount AS text)),
        ('due', CAST(debts.due AS text), CAST(incoming.due AS text)),
        ('litigation', CAST(debts.litigation AS text), CAST(incoming.litigation AS text)),
        ('period', debts.period, incoming.period),
        ('kind', debts.kind, incoming.kind),
        ('prescribes', CAST(debts.prescribes AS text), CAST(incoming.prescribes AS text)),
        ('registered_on', CAST(debts.registered_on AS text), CAST(incoming.registered_on AS text))
    ) AS changed (name, was, becomes)
    WHERE is_changed AND was IS DISTINCT FROM becomes
    UNION ALL
    SELECT 3, 'ended', ends.ground, ends.line, debts.tax, inscription, CAST(balance AS text), '0.00'
    FROM ends JOIN debts ON debts.id = ends.debt
    UNION ALL
    SELECT 4, 'collected again', '', returned.line, debts.tax, inscription, NULL, NULL
    FROM returned JOIN debts ON debts.id = returned.debt
    UNION ALL
    SELECT 5, 'held', places.ground, places.line, places.tax, coalesce(debts.inscription, incoming.inscription),
           NULL, places.reason
    FROM places LEFT JOIN debts ON debts.id = places.debt LEFT JOIN incoming ON incoming.id = places.debt
    UNION ALL
    SELECT 5, 'held', 'data_under_review', incoming.line, incoming.tax, incoming.inscription, NULL, contradiction
    FROM deductions JOIN incoming ON incoming.id = deductions.debt WHERE contradiction IS NOT NULL
    UNION ALL
    SELECT 6, 'lifted', lifts.ground, incoming.line, lifts.tax, incoming.inscription, NULL, NULL
    FROM lifts JOIN incoming ON incoming.id = lifts.debt
    UNION ALL
    SELECT 7, 'debtors added', links.tax, incoming.line, links.tax, incoming.inscription, NULL, NULL
    FROM links JOIN incoming ON incoming.id = links.debt WHERE links.is_new AND NOT incoming.is_new
    UNION ALL
    SELECT 8, 'debtors removed', gone.tax, incoming.line, gone.tax, incoming.inscription, NULL, NULL
    FROM gone JOIN incoming ON incoming.id = gone.debt
)
SELECT * FROM (
    SELECT *, count(*) OVER (PARTITION BY what, kind) AS count,
           row_number() OVER (PARTITION BY what, kind ORDER BY line, inscription) AS nth
    FROM difference
) AS shown
WHERE nth <= :lines ORDER BY place, kind, nth
"""
