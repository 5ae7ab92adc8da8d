"""A precatório of the authority's own that pays part of what is agreed upon (CF art. 100, § 11; CTN art. 156, II)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.agreement.bonus import share_of
from models.agreement.policy import Policy, PrecatorioOffset
from models.errors import Refusal


@dataclass(frozen=True)
class Incurred:
    """A debt as it is to be agreed upon, with the day by which it was incurred at the latest: that it fell due on."""

    debt: str
    by: date
    owed: Decimal


def offset_rule(policy: Policy) -> PrecatorioOffset:
    if policy.precatorio_offset is None:
        raise Refusal(f"{policy.agreement} knows of no precatório that pays a part; leave --precatorio out")
    return policy.precatorio_offset


def offset_of_debts(policy: Policy, owed: Iterable[Incurred], credit: Decimal) -> dict[str, Decimal]:
    """The part of each debt that a credit pays, the oldest first. Raises Refusal where it is more than the policy lets
    it pay."""
    rule = offset_rule(policy)
    old = sorted((each for each in owed if each.by < rule.incurred_before), key=lambda each: (each.by, each.debt))
    parts, rest = {}, credit
    for each in old:
        parts[each.debt] = part = min(rest, share_of(each.owed, rule.share))
        rest -= part
    if rest:
        raise Refusal(
            f"a precatório pays at most R$ {credit - rest:.2f} of these debts: what fell due before"
            f" {rule.incurred_before}, and of that {rule.share:.0%} [{rule.source}]"
        )
    return {debt: part for debt, part in parts.items() if part}


def must_leave_something(policy: Policy, amount: Decimal, credit: Decimal) -> None:
    """Check that a credit is no more than the policy lets it pay of an amount, and leaves instalments. Raises
    Refusal."""
    rule = offset_rule(policy)
    most = share_of(amount, rule.share)
    if credit > most:
        raise Refusal(f"a precatório pays at most R$ {most:.2f} of R$ {amount:.2f} [{rule.source}]")
    if credit == amount:
        raise Refusal("the precatório pays all of it: nothing is left to agree upon")
