"""The requests of a taxpayer about his case: by which law each is made, in which time it is answered, what it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from models.law.calendar import Unit, Wait


class RequestKind(StrEnum):
    REASSESSMENT = "reassessment"
    """Whether he still is a persistent defaulter (LC 225/2026 art. 12 § 2º)."""
    APPEAL = "appeal"
    """Against a rejected defence (LC 225/2026 art. 4º, VII): a defence too, by credit, and ruled on as one."""
    AUTOMATED_REVIEW = "automated_review"
    """A review of decisions that a machine made alone, such as his row on the map (LGPD art. 20)."""
    ACCESS = "access"
    """He asks to see his data (LGPD art. 18, II)."""
    CORRECTION = "correction"
    """He asks for his data to be corrected (LGPD art. 18, III)."""
    CHARGE_REMISSION = "charge_remission"
    """He asks for the fine, interest or fees to be forgiven."""
    QUESTION = "question"
    """He asks to have something explained."""
    CONTEST = "contest"
    """He says that he doesn't owe it, by a reply or a page."""


Contest = Literal["paid", "amount", "not_mine", "suspended", "other"]
"""Why a taxpayer says that he doesn't owe it."""


@dataclass(frozen=True)
class Request:
    id: int
    """The row's; an appeal's is its defence's."""
    kind: RequestKind
    made_on: date
    due: date
    """The last day for the answer."""
    credits: tuple[str, ...] = ()
    """The credits that it names; empty: all of the case."""


@dataclass(frozen=True)
class Rule:
    law: str
    term: Wait | None
    """The time for the answer; none: the ruler's own for what is contested."""
    holds: bool
    """Whether the case's next step waits for the answer."""


TO_DECIDE_AN_APPEAL = Wait(days=30, unit=Unit.LEGAL)

THIRTY_DAYS = Wait(days=30, unit=Unit.LEGAL)
"""Lei 13.460/2017, art. 16, for what its users ask of a public service."""

FIFTEEN_DAYS = Wait(days=15, unit=Unit.LEGAL)
"""LGPD art. 19, II; taken for art. 20 too, which has no term of its own."""

RULES = {
    RequestKind.REASSESSMENT: Rule("LC 225/2026, art. 12, § 2º", Wait(days=30, unit=Unit.LEGAL), holds=False),
    RequestKind.APPEAL: Rule("LC 225/2026, art. 4º, VII", TO_DECIDE_AN_APPEAL, holds=True),
    RequestKind.AUTOMATED_REVIEW: Rule("LGPD, art. 20", FIFTEEN_DAYS, holds=True),
    RequestKind.ACCESS: Rule("LGPD, arts. 18 e 19", FIFTEEN_DAYS, holds=False),
    RequestKind.CORRECTION: Rule("LGPD, art. 18, III", FIFTEEN_DAYS, holds=False),
    RequestKind.CHARGE_REMISSION: Rule("CTN, art. 172; CF, art. 5º, XXXIV, a", THIRTY_DAYS, holds=False),
    RequestKind.QUESTION: Rule("Lei 13.460/2017, art. 16", THIRTY_DAYS, holds=False),
    RequestKind.CONTEST: Rule("CF, art. 5º, XXXIV, a", None, holds=True),
}
