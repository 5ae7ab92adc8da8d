"""The grounds on which people hold a debt: those of CTN art. 151, and the authority's own."""

from __future__ import annotations

from enum import StrEnum

from models.errors import Refusal


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
    JUDICIAL_ORDER = "judicial_order"
    BANKRUPTCY = "bankruptcy"
    DEATH = "death"
    DATA_UNDER_REVIEW = "data_under_review"


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
