"""A taxpayer's tax clearance certificate: negative, positive with the effects of a negative one, or none (CTN art.
205 and 206, the grounds of art. 151 as LC 236/2026 has them)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from models.law.grounds import SUSPENDING

SECURING = frozenset({"guarantee"})
"""Grounds by which a credit in court is secured (art. 206); insurance and bank guarantees suspend it (art. 151, X)."""


class Certificate(StrEnum):
    NEGATIVE = "negative"
    """Nothing is owed."""
    WITH_EFFECT = "with_effect"
    """All that is owed is not due yet, suspended or secured."""


class CreditStatus(StrEnum):
    NOT_DUE = "not_due"
    SUSPENDED = "suspended"
    SECURED = "secured"
    DEMANDABLE = "demandable"
    UNCLEAR = "unclear"
    """People have to say what is owed of it, or whether."""


HINDERING = frozenset({CreditStatus.DEMANDABLE, CreditStatus.UNCLEAR})
"""The statuses of one credit by which there is no certificate."""


@dataclass(frozen=True)
class Credit:
    """A credit of which something is owed."""

    debt: str
    what: str
    """The credit as its debtor knows it: tax, number, period."""
    due: date
    amount: Decimal | None
    """None: it can't be told."""
    litigation: bool
    defended: bool
    """A defence or an appeal against it is open, or was accepted (art. 151, III)."""
    grounds: frozenset[str]
    """Why it is on hold; empty: it is not."""

    def status(self, today: date) -> CreditStatus:
        if self.defended or self.grounds & SUSPENDING:
            return CreditStatus.SUSPENDED
        if self.litigation and self.grounds & SECURING:
            return CreditStatus.SECURED
        if self.due >= today:
            return CreditStatus.NOT_DUE
        return CreditStatus.UNCLEAR if self.grounds or self.amount is None else CreditStatus.DEMANDABLE


@dataclass(frozen=True)
class Judged:
    """The certificate that a taxpayer gets on a day, and each credit with its status."""

    certificate: Certificate | None
    """None: he gets none, and the credits whose status is one of HINDERING say why."""
    credits: tuple[tuple[Credit, CreditStatus], ...]


def judge(credits: Iterable[Credit], today: date) -> Judged:
    """Judge what is owed on a day."""
    stand = tuple((credit, credit.status(today)) for credit in credits)
    if any(status in HINDERING for _, status in stand):
        return Judged(None, stand)
    return Judged(Certificate.WITH_EFFECT if stand else Certificate.NEGATIVE, stand)


@dataclass(frozen=True)
class Issued:
    """A certificate as it was issued."""

    number: str
    """The year, and the number in all."""
    code: str
    """By which anybody who holds it checks it."""
    name: str
    tax_id: str
    kind: Certificate
    authority: str
    law: str
    issued_on: date
    valid_until: date
