"""How a case stands on a day: the facts, read from the record in one transaction, that a decision is made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from models.contact_caps import Limits
from models.contacts import Reach
from models.delivery import Delivery
from models.evidence import Debt, Evidence, Filing, evidence_of
from models.ruler import Kind, Ruler


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class PaymentFact(_Fact):
    """A payment to one of the case's debts, less its reversals."""

    on: date
    amount: Decimal


class FormalNotice(_Fact):
    """A formal notice that was sent, and when the taxpayer was served it, if proven."""

    id: str
    at: date
    served_on: date | None = None


class BrokenAgreement(_Fact):
    """The newest instalment agreement of the case, when it was broken and no other one followed."""

    id: str
    on: date
    """The day from which the break has effect."""


class Standing(_Fact):
    today: date
    debts: tuple[Debt, ...] = ()
    filings: tuple[Filing, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    minimum_balance: Decimal = Decimal(0)
    payments: tuple[PaymentFact, ...] = ()
    """Since the case opened, in the order they were recorded."""
    hardship_on: date | None = None
    paused_by: str | None = None
    formal_notices: tuple[FormalNotice, ...] = ()
    has_benefits: bool = False
    broken_agreement: BrokenAgreement | None = None
    reach: Reach = Reach()
    deliveries: tuple[Delivery, ...] = ()
    """What became of the notices of the last rung."""
    contacted_on: tuple[date, ...] = ()
    """A day for each contact that counts of this person lately, by this case and others."""
    limits: Limits = Limits()
    """The strictest of the rulers that reach this person."""
    claimed_paid_on: date | None = None
    """The day the taxpayer said it was paid."""
    over_budget: bool = False
    """The cohort can't pay for the next rung."""
    lacks: str | None = None
    """Why what is owed can't be told, in pt-BR; the debts are then as they were imported."""

    @property
    def balance(self) -> Decimal:
        """What is owed and not on hold, in reais."""
        return sum((debt.balance for debt in self.debts if debt.outstanding), Decimal(0))

    @property
    def owes_money(self) -> bool:
        return self.balance > 0 and self.balance >= self.minimum_balance

    @property
    def owes_return(self) -> bool:
        return any(e.open and e.wants_return for e in self.evidence)

    @property
    def outstanding(self) -> bool:
        """An open balance that is not on hold, or a return that is missing or uncorrected."""
        return self.owes_money or self.owes_return

    @property
    def grounds(self) -> tuple[str, ...]:
        """Why what is owed is on hold; empty when nothing is."""
        return tuple(sorted({ground for debt in self.debts if debt.balance > 0 for ground in debt.grounds}))

    @property
    def on_hold(self) -> bool:
        return not self.outstanding and bool(self.grounds)

    @property
    def live_evidence(self) -> tuple[Evidence, ...]:
        """Evidence with what is on hold seen as not open: a held debt leads to no row."""
        held = {debt.period or debt.inscription for debt in self.debts if debt.grounds}
        live = {debt.period or debt.inscription for debt in self.debts if debt.outstanding}
        return tuple(
            e.model_copy(update={"open": False}) if not e.wants_return and e.period in held - live else e
            for e in self.evidence
        )

    @property
    def live_kinds(self) -> frozenset[Kind]:
        return frozenset(e.kind for e in self.live_evidence if e.open)

    def partial_payment_on(self, share: Decimal) -> date | None:
        """The day of the latest payment that covered at least `share` of what was owed before it."""
        owed_after = self.balance
        for payment in reversed(self.payments):
            owed_before = owed_after + payment.amount
            if payment.amount >= share * owed_before:
                return payment.on
            owed_after = owed_before
        return None


def standing_of(
    ruler: Ruler,
    today: date,
    debts: Iterable[Debt],
    filings: Iterable[Filing],
    payments: Iterable[PaymentFact] = (),
    hardship_on: date | None = None,
    paused_by: str | None = None,
    formal_notices: Iterable[FormalNotice] = (),
    has_benefits: bool = False,
) -> Standing:
    debts, filings = tuple(debts), tuple(filings)
    return Standing(
        today=today,
        debts=debts,
        filings=filings,
        evidence=evidence_of(ruler, debts, filings),
        minimum_balance=ruler.payments.minimum_balance,
        payments=tuple(payments),
        hardship_on=hardship_on,
        paused_by=paused_by,
        formal_notices=tuple(formal_notices),
        has_benefits=has_benefits,
    )
