"""Taxpayers found by whatever number or words somebody has at hand, none of them named."""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy import Connection, text

from models.formats import fold
from models.intake.fields import inscription_key
from models.taxid import mask, read_tax_id
from storage.schema.taxpayers import NAME_WORDS

MOST = 50
"""Taxpayers that one search finds."""

LONGEST_NUMBER = 18
"""Digits of a number that the database can hold."""

# each way of finding somebody has an index; what the text can't be is null, and finds nothing
FOUND = text(f"""
    WITH found AS (
        SELECT id AS taxpayer, 'tax_id' AS by FROM taxpayers WHERE key = :tax_key
        UNION ALL
        SELECT taxpayer, 'case' FROM cases WHERE id = :id
        UNION ALL
        SELECT debtors.taxpayer, 'debt' FROM debtors WHERE debt = :id
        UNION ALL
        SELECT debtors.taxpayer, 'inscription' FROM debts JOIN debtors ON debt = debts.id
        WHERE inscription_key = :key
        UNION ALL
        SELECT debtors.taxpayer, access_keys.kind FROM access_keys JOIN debtors USING (debt) WHERE value_key = :key
        UNION ALL
        SELECT debtors.taxpayer, 'txid' FROM debts JOIN debtors ON debt = debts.id WHERE pix_txid = :txid
        UNION ALL
        SELECT cases.taxpayer, 'txid' FROM instalments JOIN agreements ON agreements.id = agreement
        JOIN cases ON cases.id = "case" WHERE pix_txid = :txid
        UNION ALL
        SELECT debtors.taxpayer, 'txid' FROM charges JOIN debtors USING (debt) WHERE charges.txid = :txid
        UNION ALL
        SELECT debtors.taxpayer, 'slip' FROM debts JOIN debtors ON debt = debts.id WHERE slip_number = :slip
        UNION ALL
        SELECT cases.taxpayer, 'slip' FROM instalments JOIN agreements ON agreements.id = agreement
        JOIN cases ON cases.id = "case" WHERE slip_number = :slip
        UNION ALL
        (SELECT id, 'name' FROM taxpayers
         WHERE CAST(:words AS text) <> '' AND {NAME_WORDS} @@ to_tsquery('simple', :words) LIMIT :most)
    )
    SELECT taxpayers.id AS taxpayer, tax_id, name, is_company, min(by) AS by,
           (SELECT count(*) FROM cases WHERE cases.taxpayer = taxpayers.id AND closed_at IS NULL) AS open_cases,
           (SELECT coalesce(string_agg(DISTINCT tax, ', '), '') FROM cases WHERE cases.taxpayer = taxpayers.id) AS taxes
    FROM found JOIN taxpayers ON taxpayers.id = found.taxpayer
    GROUP BY taxpayers.id ORDER BY open_cases DESC, taxpayers.id LIMIT :most
""")  # noqa: S608 - a constant


class Found(TypedDict):
    taxpayer: int
    tax_id: str
    """Masked."""
    initials: str
    is_company: bool
    by: str
    """The kind of what was found: tax_id, case, debt, inscription, an access key's, txid, slip or name."""
    open_cases: int
    taxes: str


def search(connection: Connection, written: str) -> list[Found]:
    """The taxpayers whom a text may mean, those with open cases first."""
    bare = written.strip()
    digits = bare.replace(".", "").replace("-", "").replace("/", "").replace(" ", "")
    asked = {
        "tax_key": _tax_key(bare),
        "id": bare.lower(),
        "key": inscription_key(bare) or None,
        "txid": bare.upper(),
        "slip": int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_NUMBER else None,
        "words": " & ".join(f"{word}:*" for word in fold(bare).split() if not word.isdecimal()),
        "most": MOST,
    }
    return [
        {
            "taxpayer": row.taxpayer,
            "tax_id": mask(row.tax_id),
            "initials": initials(row.name),
            "is_company": row.is_company,
            "by": row.by,
            "open_cases": row.open_cases,
            "taxes": row.taxes,
        }
        for row in connection.execute(FOUND, asked)
    ]


def initials(name: str) -> str:
    """The initials of a name, by which somebody on the telephone can be told from another: `P. E.`"""
    return " ".join(f"{word[0]}." for word in fold(name).split())


def _tax_key(written: str) -> str | None:
    try:
        return read_tax_id(written).key
    except ValueError:
        return None
