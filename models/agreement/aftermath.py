"""The consequences of an agreement besides its instalments: dated tasks after the first payment, what is suspended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from models.agreement.policy import Litigation, Policy

Task = Literal["processed", "suit_suspension", "protest_costs", "registers_removed"]


@dataclass(frozen=True)
class Due:
    """Something to be done or to have happened by a day."""

    task: Task
    on: date
    what: str
    """In pt-BR, as the taxpayer and the analyst read it."""
    source: str


def aftermath(policy: Policy, first_paid: date, *, protested: bool, litigation: Litigation) -> tuple[Due, ...]:
    """The tasks that follow the payment of the first instalment, in order of their days."""
    return tuple(sorted(_tasks(policy, first_paid, protested, litigation), key=lambda due: due.on))


def _tasks(policy: Policy, first_paid: date, protested: bool, litigation: Litigation) -> Iterator[Due]:
    rule = policy.aftermath
    if rule is None:
        return
    calendar = policy.calendar(first_paid.year)
    processed = calendar.after(first_paid, rule.processing)
    removed = calendar.after(processed, rule.registers_removed)
    if rule.suit_suspension and litigation is not Litigation.NONE:
        what = "Pedir ao juiz a suspensão do processo até o final do acordo"
        yield Due("suit_suspension", calendar.working(first_paid), what, rule.source)
    yield Due("processed", processed, "Pagamento da primeira parcela processado", rule.source)
    if protested:
        what = "Pagar as custas do protesto no cartório; o protesto permanece até o pagamento delas"
        yield Due("protest_costs", calendar.after(first_paid, rule.protest_costs), what, rule.source)
    yield Due("registers_removed", removed, f"Baixa em {' e '.join(rule.registers)}", rule.source)


def protest_stands(costs_paid: date | None, on: date) -> bool:
    """A protest stands until its costs are paid, even when the debt is paid already (SP156)."""
    return costs_paid is None or on < costs_paid


def suspended_since(policy: Policy, signed: date, first_paid: date | None) -> date | None:
    """Since when a living agreement keeps its debts from being dunned (CTN art. 151, VI); None: not yet."""
    return signed if policy.enforceability.suspended_from == "signature" else first_paid


def enforceable(policy: Policy, signed: date, first_paid: date | None, on: date) -> bool:
    """Whether the debt may still be dunned on a day of a living agreement."""
    suspended = suspended_since(policy, signed, first_paid)
    return suspended is None or on < suspended
