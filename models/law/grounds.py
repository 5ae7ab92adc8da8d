"""The grounds on which people hold a debt: the ten of CTN art. 151, as LC 236/2026 has it, and the authority's own."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from models.errors import Refusal
from models.law.spans import Span


class Ground(StrEnum):
    MORATORIUM = "moratorium"
    """CTN art. 151, I."""
    DEPOSIT = "deposit"
    """II, of the whole amount."""
    ADMINISTRATIVE_APPEAL = "administrative_appeal"
    """III."""
    MANDADO_DE_SEGURANCA = "mandado_de_seguranca"
    """IV, its injunction."""
    INJUNCTION = "injunction"
    """V, or provisional relief, in another action."""
    AGREEMENT = "agreement"
    """VI, one that was not signed here."""
    ARBITRATION = "arbitration"
    """VII, instituted (LC 236/2026)."""
    TRANSACTION = "transaction"
    """VIII, the proposal of a transação was accepted (LC 236/2026)."""
    MEDIATION = "mediation"
    """IX, the agreement of a mediation (LC 236/2026)."""
    BOND = "bond"
    """X, an insurance bond or a bank guarantee that was accepted in the suit (LC 236/2026)."""
    JUDICIAL_ORDER = "judicial_order"
    BANKRUPTCY = "bankruptcy"
    DEATH = "death"
    DATA_UNDER_REVIEW = "data_under_review"


INJUNCTIONS = frozenset({Ground.MANDADO_DE_SEGURANCA, Ground.INJUNCTION})
"""IV and V."""

SUSPENDING = frozenset(
    {
        *(ground for ground in Ground if ground not in (Ground.BANKRUPTCY, Ground.DEATH, Ground.DATA_UNDER_REVIEW)),
        "negotiation",
        "judicial_decision",
    }
)
"""The grounds that suspend a debt's enforceability, and so its prescription; those that an extract states too. What is
held for other reasons isn't asked for either, and its prescription runs."""

PRESCRIBED = "prescription"
"""The ground of what seems prescribed, until people have said whether it is."""

THIRTY_DAYS = timedelta(days=30)


def days_without_fine(since: date, published: date | None) -> Span:
    """The days on which an injunction keeps the default fine from growing: since it was granted, and until thirty days
    after the publication of the decision that the tax is due (CTN art. 161 § 3º); without one, without end."""
    return Span(since, published + THIRTY_DAYS if published else date.max)


def read_ground(written: str) -> Ground:
    """Read a ground written with hyphens or underscores. Raises Refusal when it is none that people may choose."""
    try:
        return Ground(written.strip().lower().replace("-", "_"))
    except ValueError:
        raise Refusal(f"there is no ground {written!r}; choose one of {', '.join(Ground)}") from None


def ended_by(source: str) -> str:
    """The sentence that says who lifts a hold, by where it comes from (`holds.source`)."""
    if source == "extract":
        return "the next extract lifts it"
    if source.startswith("agreement"):
        return f"it ends with the {source}"
    return "people lift it"
