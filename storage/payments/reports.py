"""The reports that banks make of money that came in or was taken back, before they are posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Receipt:
    """One report of one payment: a webhook's has an endToEndId, a bank file's a reference."""

    channel: str
    amount: Decimal
    paid_at: datetime
    end_to_end_id: str | None = None
    txid: str | None = None
    reference: str | None = None
    slip: str | None = None
    slip_number: int | None = None
    bank_file: int | None = None
    payer: str = ""
    """The tax id of a title's payer, where it has to be one of the debtors of the slip."""
    bank: str = ""
    """The bank whose own count `slip_number` may be of; none: it is the debt's."""
    hour_known: bool = True
    """False where the report tells no more than the day; `paid_at` is then its noon."""

    @property
    def returned(self) -> tuple[str, int] | None:
        """The bank and the number that its return names a slip of ours by, if it is one."""
        return (self.bank, self.slip_number) if self.bank and self.slip_number is not None else None

    @property
    def key(self) -> str:
        return self.end_to_end_id or self.reference or ""


@dataclass(frozen=True)
class TakenBack:
    """A bank file's report that it took a payment back, known by the title it was for."""

    agreement: str
    """Bank and convênio."""
    slip: str
    slip_number: int | None
    amount: Decimal
    at: datetime
    reference: str


@dataclass(frozen=True)
class Recorded:
    """The counts of what a call brought that was new."""

    payments: int
    reversals: int
    unmatched: int
    """The payments among them for no debt that we know of."""
