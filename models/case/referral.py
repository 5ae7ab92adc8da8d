"""The referral to protest and to court: of which debts, and what the law wants first.

Only of what is registered as dívida ativa (CTN art. 201, Lei 6.830/1980 art. 2º), reaches the least amount that is sued
for, and isn't in court already; each debt on steps of its own (CNJ 547/2024, Lei 14.973/2024). A return alone is no
credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.case.evidence import Debt
from models.case.facts import CaseFacts, PriorStep, StepKind
from models.case.state import Referred
from models.case.status import Status
from models.case.step import Action, Step, act, wait
from models.case.view import View
from models.formats import money
from models.law.dated import entry_on
from models.law.term import term_of
from models.ruler.schema import Ruler
from models.words import PRIOR_STEPS

TRIED: frozenset[StepKind] = frozenset({"conciliation", "administrative_solution"})
"""CNJ 547/2024, art. 2º."""

PROTESTED: frozenset[StepKind] = frozenset(
    {"protest", "protest_exception", "credit_bureau_notice", "registry_annotation", "indicated_assets", "cadin_notice"}
)
"""CNJ 547/2024, art. 3º: a protest, or one of its alternatives (Resolução 617/2025)."""


@dataclass(frozen=True)
class Matter:
    """The outstanding debts of a case that nobody has referred or contests yet, by what may be done with them."""

    to_register: tuple[Debt, ...]
    in_court: tuple[Debt, ...]
    referable: tuple[Debt, ...]
    """Registered, not in court, and in all no less than the least amount."""
    too_small: tuple[Debt, ...]


def matter(view: View) -> Matter:
    known = view.state.place.debts or () if isinstance(view.state.place, Referred) else ()
    rest = [debt for debt in view.facts.uncontested.debts if debt.outstanding and debt.id not in known]
    in_court = tuple(debt for debt in rest if debt.litigation)
    registered = tuple(debt for debt in rest if not debt.litigation and is_registered(view.ruler, debt))
    enough = sum((debt.balance for debt in registered), Decimal(0)) >= least_amount(view.ruler, view.facts.today)
    return Matter(
        to_register=tuple(debt for debt in rest if debt not in (*in_court, *registered)),
        in_court=in_court,
        referable=registered if enough else (),
        too_small=() if enough else registered,
    )


def is_registered(ruler: Ruler, debt: Debt) -> bool:
    return ruler.credit == "registered" or debt.registered_on is not None or debt.protested or debt.litigation


def least_amount(ruler: Ruler, on: date) -> Decimal:
    """The amount below which nobody is sued on that day; zero where the ruler cites no law."""
    rule = entry_on(ruler.referral.minimum, on)
    return rule.amount if rule else Decimal(0)


def refer(view: View, due: date, why: str) -> Step:
    """The step at the end of the map: the referral of the debts that are ready, else what the others wait for."""
    found = matter(view)
    if ready := [debt for debt in found.referable if not steps_missing(view.ruler, view.facts, debt)]:
        on = max(due, *(_cadin_over(view, debt) for debt in ready))
        those = "débito" if len(ready) == 1 else "débitos"
        named = ", ".join(debt.inscription for debt in ready)
        return act(view, Action.REFER, on, f"encaminhamento para protesto e execução fiscal de {those} {named}; {why}")
    if found.referable:
        missing = {kind for debt in found.referable for kind in steps_missing(view.ruler, view.facts, debt)}
        wanted = ", ".join(PRIOR_STEPS[kind] for kind in PRIOR_STEPS if kind in missing)
        return wait(view, f"o encaminhamento aguarda: {wanted}; {why}", blocked=Status.AWAITING_PRIOR_STEPS)
    if view.facts.today < due:
        return wait(view, why, due)
    if found.to_register:
        return wait(view, f"a inscrever em dívida ativa (CTN art. 201); {why}", blocked=Status.TO_REGISTER)
    return wait(view, f"{_why_not(view, found)}; {why}")


def ready_to_refer(view: View) -> tuple[str, ...]:
    """The debts that a referral would be of now, by id."""
    found = matter(view).referable
    return tuple(debt.id for debt in found if not steps_missing(view.ruler, view.facts, debt))


def _why_not(view: View, found: Matter) -> str:
    if found.in_court:
        return "o que está em aberto já está em juízo"
    if found.too_small:
        least = money(least_amount(view.ruler, view.facts.today))
        return f"o que está inscrito não alcança {least}, abaixo do que não se ajuíza"
    return "sem crédito inscrito não há o que encaminhar"


def steps_missing(ruler: Ruler, facts: CaseFacts, debt: Debt) -> tuple[StepKind, ...]:
    """The prior steps that the debt lacks: of CNJ 547/2024, arts. 2º and 3º, and of Lei 14.973/2024 for CADIN."""
    known = {step.kind for step in steps_of(facts, debt)}
    # art. 2º, § 2º: to have notified the debtor before the suit is an administrative solution
    notified = any(notice.served_on and debt.id in notice.credits for notice in facts.formal_notices)
    missing: list[StepKind] = []
    if not (notified or known & TRIED):
        missing.append("administrative_solution")
    if not (debt.protested or known & PROTESTED):
        missing.append("protest")
    if ruler.referral.cadin and "cadin_notice" not in known:
        missing.append("cadin_notice")
    return tuple(missing)


def steps_of(facts: CaseFacts, debt: Debt) -> list[PriorStep]:
    return [step for step in facts.prior_steps if debt.id in step.debts]


def _cadin_over(view: View, debt: Debt) -> date:
    """The first day after the time that the authority leaves after CADIN's notice."""
    told = [step.on for step in steps_of(view.facts, debt) if step.kind == "cadin_notice"]
    rule = view.ruler.referral.cadin
    return term_of(min(told), rule, view.calendar).act_from if rule and told else date.min
