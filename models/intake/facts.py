"""The rows of extracts as the facts of each taxpayer that evidence is judged by: no database is asked.

Rows that repeat something are decided by the first, as when they are imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from models.case.evidence import Debt, Filing
from models.intake.debts import DebtRow
from models.intake.filings import FilingRow


@dataclass
class Known:
    """The facts of one taxpayer and tax: debts by inscription, returns by period."""

    debts: dict[str, Debt] = field(default_factory=dict)
    filings: dict[str, Filing] = field(default_factory=dict)


Pair = tuple[str, str]
"""The key of a taxpayer, and a tax."""


def known_of(debts: Iterable[DebtRow], filings: Iterable[FilingRow]) -> dict[Pair, Known]:
    """The facts by taxpayer and tax, in the order in which they first appear. A debt is each co-debtor's, whole."""
    known: dict[Pair, Known] = {}
    stated: dict[tuple[str, str], Debt] = {}
    for row in debts:
        if row.ended:
            continue
        debt = stated.setdefault((row.tax, row.inscription_key), _debt(row))
        known.setdefault((row.key, row.tax), Known()).debts.setdefault(debt.inscription, debt)
    for filed in filings:
        known.setdefault((filed.key, filed.tax), Known()).filings.setdefault(filed.period, _filing(filed))
    return known


def _debt(row: DebtRow) -> Debt:
    owed = Decimal(row.amount)
    return Debt(
        id=row.inscription,
        inscription=row.inscription,
        period=row.period or None,
        due=date.fromisoformat(row.due),
        balance=owed,
        ledger=owed,
        lodged=owed,
        registered_on=_day(row.registered_on),
        litigation=row.litigation == "t",
        grounds=(row.ground,) if row.ground else (),
        prescribes=_day(row.prescribes),
    )


def _filing(row: FilingRow) -> Filing:
    due, paid_on = date.fromisoformat(row.due), _day(row.paid_on)
    paid = Decimal(row.paid)
    return Filing(
        period=row.period,
        due=due,
        status=row.status,
        filed_on=_day(row.filed_on),
        declared=_amount(row.declared),
        assessed=_amount(row.assessed),
        paid=paid,
        paid_on=paid_on,
        paid_before_due=paid if paid_on and paid_on <= due else Decimal(0),
        corrected=_amount(row.corrected),
    )


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


def _amount(written: str) -> Decimal | None:
    return Decimal(written) if written else None
