"""A bank's return file counted without being applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from models.payment.bank_record import BankReturn, RejectedLine, identity_of


@dataclass
class Tally:
    """The payments of a file, a line said twice counted once, and the lines that can't be taken."""

    payments: int = 0
    amount: Decimal = Decimal("0.00")
    """In reais."""
    reversals: int = 0
    rejected: int = 0


def tally(returned: BankReturn, reject: Callable[[RejectedLine], None]) -> Tally:
    """Read the file to its end; `reject` hears of each line that can't be taken."""
    counted, seen = Tally(), set[tuple[str, str]]()
    for record in returned.records():
        if isinstance(record, RejectedLine):
            counted.rejected += 1
            reject(record)
            continue
        line = (identity_of(record, returned.header), record.sequence)
        if line not in seen:
            seen.add(line)
            if record.taken_back:
                counted.reversals += 1
            else:
                counted.payments += 1
                counted.amount += record.amount
    return counted
