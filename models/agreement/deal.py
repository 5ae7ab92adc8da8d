"""A signed agreement, the payments made for it, and its instalments with what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from models.agreement.charges import NOTHING, Term
from models.agreement.policy import Policy
from models.agreement.quote import Instalment, Request
from models.law.calendar import Calendar
from models.money.rates import Rates


@dataclass(frozen=True)
class Deal:
    """A signed agreement: its policy, the request it answers, and its schedule."""

    policy: Policy
    request: Request
    schedule: tuple[Instalment, ...]
    discount: Decimal
    slip_fee: Decimal
    """The price of one slip, in reais, on top of the instalment."""
    rescinded_on: date | None = None
    """Broken by a person, on that day."""
    rates: Rates = field(default_factory=Rates)
    brought: Mapping[str, Decimal] = field(default_factory=dict)
    """By debt, the part of it that instalments pay."""

    @property
    def calendar(self) -> Calendar:
        return self.policy.calendar(self.request.on.year)


@dataclass(frozen=True)
class Paid:
    """A payment, less what was given back of it."""

    id: int
    day: date
    amount: Decimal
    n: int | None
    """The instalment it was made for; None: it went straight to a debt of the agreement."""
    debt: str | None = None
    """That debt."""


@dataclass
class Parts:
    """How a payment was used, in reais; the agreement did not need the rest."""

    principal: Decimal = NOTHING
    charges: Decimal = NOTHING
    fee: Decimal = NOTHING

    @property
    def total(self) -> Decimal:
        return self.principal + self.charges + self.fee


@dataclass
class Entry:
    """One instalment and what became of it."""

    n: int
    term: Term
    principal: Decimal
    received: Decimal = NOTHING
    """Its principal alone."""
    credited: Decimal = NOTHING
    """By the punctuality bonus."""
    forgiven: Decimal = NOTHING
    """For being paid early."""
    charged: Decimal = NOTHING
    """Charges on what was received, as of its day."""
    charges_paid: Decimal = NOTHING
    fee: Decimal = NOTHING
    """The part of the slip's price that was received."""
    paid_on: date | None = None
    """The day on which its principal was paid."""

    @property
    def due(self) -> date:
        return self.term.due

    @property
    def left(self) -> Decimal:
        """Its principal alone."""
        return self.principal - self.received - self.credited - self.forgiven

    @property
    def owes(self) -> Decimal:
        """Charges on what was paid of it already."""
        return self.charged - self.charges_paid

    @property
    def punctual(self) -> bool:
        """Whether the instalment was paid by the debtor, in time."""
        return self.paid_on is not None and self.received > 0 and self.paid_on <= self.due
