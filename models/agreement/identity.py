"""How a taxpayer was identified when he signed, and what a policy asks for above an amount."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from models.agreement.policy import Policy
from models.errors import Refusal
from models.formats import money


class Identification(StrEnum):
    LINK = "link"
    """The address of a message, which proves no more than that he got it."""
    DOCUMENT = "document"
    """A document, seen by somebody of the authority's."""
    WEB_PASSWORD = "web_password"  # noqa: S105 - a word
    CERTIFICATE = "certificate"
    """An electronic signature that counts as one by hand (Lei 14.063/2020, art. 4º, III)."""


STRONG = frozenset({Identification.WEB_PASSWORD, Identification.CERTIFICATE})


def identity_needed(policy: Policy, amount: Decimal) -> str | None:
    """The means by which the taxpayer must identify himself to sign; None where the policy asks for none."""
    rule = policy.identity
    return rule.means if rule and amount > rule.strong_above else None


def must_be_identified(policy: Policy, amount: Decimal, identified: Identification | None) -> None:
    """Check that who signs about so much is known well enough, wherever he signs. Raises Refusal."""
    rule = policy.identity
    if rule is None or amount <= rule.strong_above or identified in STRONG:
        return
    limit, how = money(rule.strong_above), " or ".join(sorted(STRONG))
    raise Refusal(
        f"above {limit} the taxpayer signs with {rule.means} [{rule.source}]: once he has, --identified-by {how}",
        f"Acima de {limit} o parcelamento é assinado com {rule.means} ({rule.source}).",
    )
