"""The plans a taxpayer may agree to, and the agreements he has, for the page that his link leads to. It reads, and
locks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from models.agreement.deed import digest_of
from models.agreement.policy import Policy
from models.agreement.quote import Quote
from models.errors import Refusal, Unreckonable
from models.ruler.schema import Ruler
from models.taxid import mask
from storage.agreement.asked import SigningRequest
from storage.agreement.policies import offered_policy
from storage.agreement.signing import plan, plans, requests_by_link
from storage.case.cases import Case, read_case
from storage.read_models.signed_agreement import SignedAgreement, read_signed_agreements
from storage.schema import taxpayers


@dataclass(frozen=True)
class Plans:
    """The plans to choose from for what may be asked for, or why there is none."""

    wanted: SigningRequest
    quotes: Sequence[Quote] = ()
    refusal: str | None = None
    """In pt-BR."""
    deed: str = ""
    """The text that the taxpayer accepts by signing the one plan that is wanted."""

    @property
    def digest(self) -> str:
        return digest_of(self.deed)


@dataclass(frozen=True)
class AgreePage:
    ruler: Ruler
    policy: str
    """Its name in the ruler."""
    case: str
    name: str
    tax_id: str
    """Masked: who opens the link knows his own."""
    today: date
    signed: Sequence[SignedAgreement]
    """The agreements that are running."""
    offers: Sequence[Plans]

    @property
    def refusal(self) -> str | None:
        """Why nothing can be signed, in pt-BR."""
        if any(offer.quotes for offer in self.offers):
            return None
        return next((offer.refusal for offer in self.offers), None)


def read_agree_page(
    connection: Connection, case: str, now: datetime, wanted: SigningRequest | None = None
) -> AgreePage | None:
    """Read the page as it is at `now`, with the plan that is wanted or all there are to choose from; None: there is no
    such case, or its ruler names no policy. Raises Unreckonable."""
    try:
        found = read_case(connection, case)
    except Refusal:
        return None
    rule = found.ruler.agreements
    if rule is None or rule.policy is None:
        return None
    today = found.clock.day_at(now)
    who = connection.execute(select(taxpayers).where(taxpayers.c.id == found.taxpayer)).one()
    return AgreePage(
        ruler=found.ruler,
        policy=rule.policy,
        case=case,
        name=who.name,
        tax_id=mask(who.tax_id),
        today=today,
        signed=read_signed_agreements(connection, case, today),
        offers=_offers(connection, found, now, wanted),
    )


def _offers(connection: Connection, case: Case, now: datetime, wanted: SigningRequest | None) -> list[Plans]:
    try:
        policy = offered_policy(case.frozen).policy
    except Refusal as refusal:
        return [Plans(SigningRequest(1), refusal=_plain(refusal))]
    if wanted:
        return [_plans(connection, case, policy, now, wanted, to_choose=False)]
    offers = [
        _plans(connection, case, policy, now, each, to_choose=True)
        for each in requests_by_link(connection, case, policy, now)
    ]
    # a campaign that is over, or has no modality in instalments, needs no word
    return [each for each in offers if each.quotes or not each.wanted.campaign]


def _plans(
    connection: Connection, case: Case, policy: Policy, now: datetime, wanted: SigningRequest, *, to_choose: bool
) -> Plans:
    try:
        if to_choose:
            return Plans(wanted, plans(connection, case, policy, wanted, now))
        one, text = plan(connection, case, policy, wanted, now)
        return Plans(wanted, [one], deed=text)
    except Unreckonable:
        raise
    except Refusal as refusal:
        return Plans(wanted, refusal=_plain(refusal))


def _plain(refusal: Refusal) -> str:
    return refusal.plain or "Este parcelamento só pode ser tratado no atendimento."
