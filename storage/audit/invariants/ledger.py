"""The invariant of the ledger: what a debt has received is what was paid, less what went back."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from storage.audit.life import OWED, of_cases


def ledger_faults(connection: Connection, cases: list[str]) -> Iterator[str]:
    for debt in connection.execute(UNBALANCED, {"cases": cases}).mappings():
        yield f"debt {debt['id']}: received is {debt['received']}, payments less reversals are {debt['net']}"


UNBALANCED = of_cases(f"""
    SELECT * FROM (
        SELECT DISTINCT owed.id, owed.received,
               (SELECT coalesce(sum(amount), 0) FROM payments WHERE payments.debt = owed.id)
               - (SELECT coalesce(sum(reversals.amount), 0) FROM payments
                  JOIN reversals ON reversals.payment = payments.id WHERE payments.debt = owed.id)
               + (SELECT coalesce(sum(amount), 0) FROM allocations WHERE allocations.debt = owed.id) AS net
        FROM ({OWED}) AS owed
    ) AS ledger WHERE received <> net ORDER BY id
""")  # noqa: S608 - OWED is a constant
