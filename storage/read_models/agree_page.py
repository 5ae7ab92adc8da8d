"""The plans a taxpayer may agree to, or the agreement he has, for the page that his link leads to. It reads, and locks
nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from models.agreement.quote import Quote
from models.errors import Refusal, Unreckonable
from models.ruler.schema import Ruler
from models.taxid import mask
from storage.agreement.policies import offered_policy
from storage.agreement.signing import plans
from storage.case.cases import Case, read_case
from storage.read_models.signed_agreement import SignedAgreement, read_signed_agreement
from storage.schema import taxpayers


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
    signed: SignedAgreement | None = None
    """The agreement that is running: no other can be signed."""
    plans: Sequence[Quote] = ()
    refusal: str | None = None
    """Why there is no plan, in pt-BR."""


def read_agree_page(connection: Connection, case: str, now: datetime, count: int | None = None) -> AgreePage | None:
    """Read the page as it is at `now`, with the plan of `count` instalments or a handful to choose from; None: there is
    no such case, or its ruler names no policy. Raises Unreckonable."""
    try:
        found = read_case(connection, case)
    except Refusal:
        return None
    rule = found.ruler.agreements
    if rule is None or rule.policy is None:
        return None
    today = found.clock.day_at(now)
    signed = read_signed_agreement(connection, case, today)
    offered, refusal = ([], None) if signed else _plans(connection, found, now, count)
    who = connection.execute(select(taxpayers).where(taxpayers.c.id == found.taxpayer)).one()
    return AgreePage(
        ruler=found.ruler,
        policy=rule.policy,
        case=case,
        name=who.name,
        tax_id=mask(who.tax_id),
        today=today,
        signed=signed,
        plans=offered,
        refusal=refusal,
    )


def _plans(connection: Connection, case: Case, now: datetime, count: int | None) -> tuple[list[Quote], str | None]:
    try:
        return plans(connection, case, offered_policy(case.frozen).policy, now, count), None
    except Unreckonable:
        raise
    except Refusal as refusal:
        return [], refusal.plain or "Este parcelamento só pode ser tratado no atendimento."
