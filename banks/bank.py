"""The protocol of a bank: Pix charges that a taxpayer can pay, issued, revised and removed. Money comes in by `banks/`,
words go out by `channels/`: neither knows of the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from models.payment.brcode import Receiver


class State(StrEnum):
    OPEN = "open"
    PAID = "paid"
    REMOVED = "removed"


@dataclass(frozen=True)
class Charge:
    """A Pix charge for one debt or instalment. `txid` is its idempotency key: asked for twice it is one charge."""

    txid: str
    amount: Decimal
    due: date
    """The last day on which the bank takes the amount."""
    tax_id: str
    """CPF or CNPJ without punctuation."""
    name: str
    receiver: Receiver
    recurrence: str | None = None
    """The authorisation by which it is debited; None: whoever has its code pays it."""


@dataclass(frozen=True)
class Issued:
    brcode: str | None
    """None: it is debited, and nobody needs a code."""
    revision: int
    """The higher of two is the newer."""
    location: str | None = None


@dataclass(frozen=True)
class BankAccount:
    """An account at a bank."""

    agency: str
    """Empty where the bank has none."""
    number: str


@dataclass(frozen=True)
class Authorization:
    """An authorisation to be asked of a payer: that an agreement's instalments are debited from his account."""

    agreement: str
    first_due: date
    tax_id: str
    name: str
    ispb: str
    """The payer's bank, by its number in the payment system."""
    account: BankAccount
    asked_at: datetime


class Closed(Exception):
    """The bank takes no money for this charge any more, and it can't be revised."""

    def __init__(self, state: State) -> None:
        super().__init__(f"the charge is {state}")
        self.state = state


class Unavailable(Exception):
    """The bank didn't answer, or not now. What it was asked may be asked again."""


class Bank(Protocol):
    paid_once: bool
    """Whether a charge is closed by its first payment."""

    @property
    def debits(self) -> Debits | None:
        """By whom it debits charges for which it has an authorisation; None: it doesn't."""

    def new_txid(self) -> str: ...

    def issue(self, charge: Charge) -> Issued:
        """Issue a charge. Raises Closed, Unavailable, or Refusal when the bank will never take it."""

    def revise(self, charge: Charge, revision: int) -> Issued:
        """Give an issued charge another amount or day; `revision` is its last one. Raises as `issue`."""

    def remove(self, txid: str) -> None:
        """Take a charge back, so that nobody can pay it any more. Raises as `issue`."""


class Debits(Bank, Protocol):
    """A bank that debits what it charges, once the payer has authorised it."""

    def ask(self, wanted: Authorization) -> str:
        """Ask a payer for his authorisation; return the recurrence's id. Raises Unavailable, or Refusal."""

    def end(self, recurrence: str) -> None:
        """End a recurrence, so that nothing more is debited by it. Raises Unavailable, or Refusal."""
