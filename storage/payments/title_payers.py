"""The payer that a bank's title names, held against the debtors of the slip its number seems to be of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, select

from models.taxid import CPF_LENGTH, MASK
from storage.payments.posting_locks import any_of
from storage.schema import debtors, taxpayers

SHOWN = slice(3, 9)
"""The digits that a masked CPF shows."""


def tax_ids_of_debtors(connection: Connection, debts: Collection[str]) -> dict[str, set[str]]:
    """The tax ids of who owes each of these debts."""
    asked = (
        select(debtors.c.debt, taxpayers.c.tax_id)
        .join_from(debtors, taxpayers, taxpayers.c.id == debtors.c.taxpayer)
        .where(any_of(debtors.c.debt, debts))
    )
    found: dict[str, set[str]] = defaultdict(set)
    for debt, tax_id in connection.execute(asked).tuples():
        found[debt].add(tax_id)
    return found


def is_of(tax_id: str, payer: str) -> bool:
    """Whether a payer's number, written without the zeros before it, is this tax id, masked or not."""
    if tax_id.startswith(MASK):
        return payer.zfill(CPF_LENGTH)[SHOWN] == tax_id[SHOWN]
    return payer == tax_id.lstrip("0")
