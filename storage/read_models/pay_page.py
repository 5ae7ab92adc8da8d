"""The debts and returns open in a case, for the page that its taxpayer's link leads to. It reads, and locks nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from models.case.evidence import Debt, Filing
from models.case.facts import CaseFacts
from models.errors import Refusal
from models.ruler.schema import Kind, Ruler
from models.taxid import mask
from models.words import tax_in_words
from storage.case.cases import read_case
from storage.case.facts import read_facts
from storage.payments.charges import JointCode, brcodes_of, joint_code
from storage.payments.offers import OnDay, offer_now
from storage.read_models.signed_agreement import SignedAgreement, read_signed_agreements
from storage.schema import taxpayers


@dataclass(frozen=True)
class PayPage:
    ruler: Ruler
    case: str
    name: str
    tax_id: str
    """Masked: who opens the link knows his own."""
    tax: str
    today: date
    facts: CaseFacts
    brcodes: Mapping[str, str]
    """Pix *copia e cola*, by debt."""
    joint: JointCode | None = None
    """The code that pays all of these debts at once, while it is of just these."""
    offer: OnDay | None = None
    """The offer of a campaign, while it is open."""
    agreements: Sequence[SignedAgreement] = ()
    """The agreements that are running; their debts are paid by their instalments."""

    @property
    def debts(self) -> list[Debt]:
        agreed = frozenset[str]().union(*(each.debts for each in self.agreements))
        return [debt for debt in self.facts.debts if debt.outstanding and debt.id not in agreed]

    @property
    def balance(self) -> Decimal:
        return sum((debt.balance for debt in self.debts), Decimal("0.00"))

    @property
    def missing_returns(self) -> list[Filing]:
        return self._filings(Kind.RETURN)

    @property
    def divergences(self) -> list[Filing]:
        return self._filings(Kind.DIVERGENCE)

    @property
    def returns(self) -> list[Filing]:
        """The returns that are missing or to be corrected."""
        return [*self.missing_returns, *self.divergences]

    def _filings(self, kind: Kind) -> list[Filing]:
        periods = {e.period for e in self.facts.evidence if e.kind is kind and e.open}
        return [filing for filing in self.facts.filings if filing.period in periods]


def read_pay_page(connection: Connection, case: str, now: datetime) -> PayPage | None:
    """Read the page as it is at `now`; None when there is no such case."""
    try:
        found = read_case(connection, case)
    except Refusal:
        return None
    today = found.clock.day_at(now)
    pair = (found.taxpayer, found.tax)
    facts = read_facts(connection, found.ruler, [pair], today)[pair]
    who = connection.execute(select(taxpayers).where(taxpayers.c.id == found.taxpayer)).one()
    page = PayPage(
        ruler=found.ruler,
        case=found.id,
        name=who.name,
        tax_id=mask(who.tax_id),
        tax=tax_in_words(found.tax),
        today=today,
        facts=facts,
        brcodes=brcodes_of(connection, [debt.id for debt in facts.debts]),
        agreements=read_signed_agreements(connection, case, today),
    )
    shown = [debt.id for debt in page.debts]
    joint = joint_code(connection, case)
    return replace(
        page,
        joint=joint if joint and joint.debts == frozenset(shown) else None,
        offer=offer_now(connection, found, shown, now),
    )
