"""A case that nothing happens to: what a ruler would do from here on, or with somebody it doesn't know yet."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from models.case.decision import decide
from models.case.evidence import Debt, Evidence
from models.case.facts import CaseFacts, FormalNotice, PriorStep
from models.case.gate import steps_missing
from models.case.state import CaseState
from models.case.status import Status
from models.case.step import Action, Step
from models.law.calendar import Calendar
from models.ruler.schema import Hypothesis, Kind, Ruler


def plan(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts) -> Iterator[Step]:
    """The dated steps if nothing happened: notices served the day they leave, the gate approved the day it opens, and
    what the law wants before a suit done the day it is missed."""
    while True:
        decision = decide(ruler, calendar, state, facts)
        state, step = decision.state, decision.step
        if step.action is Action.WAIT and not _imaginable(step, state, facts):
            return
        if step.action is not Action.WAIT:
            yield step
        facts = facts.model_copy(update={"today": max(facts.today, step.on or facts.today)})
        state, facts = _imagine(ruler, state, facts, step)
        if step.action in (Action.RESOLVE, Action.REINSTATE, Action.END, Action.CANCEL):
            return


def _imaginable(step: Step, state: CaseState, facts: CaseFacts) -> bool:
    unserved = bool(facts.formal_notices) and facts.formal_notices[-1].served_on is None
    missed = step.status is Status.AWAITING_PRIOR_STEPS
    return facts.outstanding and facts.paused_by is None and (unserved or missed or state.asked_on is not None)


def _imagine(ruler: Ruler, state: CaseState, facts: CaseFacts, step: Step) -> tuple[CaseState, CaseFacts]:
    if step.action is Action.NOTIFY and step.row and step.rung is not None and step.rigidity:
        if step.number == state.steps:
            state = state.done(ruler, step.row, step.rung, step.rigidity, facts.today)
        facts = facts.model_copy(update={"deliveries": ()})
        if ruler.rung(step.row, step.rung).formal:
            sent = FormalNotice(id="", at=facts.today, served_on=facts.today)
            facts = facts.model_copy(update={"formal_notices": (*facts.formal_notices, sent)})
    elif step.action is Action.SUSPEND:
        state = state.suspended_now(facts.today)
    elif step.action is Action.INFORM:
        state = state.told()
    elif step.action is Action.REFER:
        state = state.referred_now()
    elif step.status is Status.AWAITING_PRIOR_STEPS:
        taken = tuple(PriorStep(kind=kind, on=facts.today) for kind in steps_missing(ruler, facts))
        facts = facts.model_copy(update={"prior_steps": (*facts.prior_steps, *taken)})
    elif step.action is Action.ASK_APPROVAL:
        state = state.asked(facts.today)
    elif state.asked_on is not None:
        state = state.approved("—" * (len(state.approvers) + 1), facts.fingerprint)
    elif facts.formal_notices:
        served = facts.formal_notices[-1].model_copy(update={"served_on": facts.today})
        facts = facts.model_copy(update={"formal_notices": (*facts.formal_notices[:-1], served)})
    return state, facts


def imagined_case(ruler: Ruler, row: Hypothesis, occurrences: int, start: date) -> tuple[CaseState, CaseFacts]:
    """A case that enters `row` on `start`, with evidence of the kind that leads there and nothing ever cured."""
    kind = _kind_leading_to(ruler, row)
    why = f"{occurrences}ª ocorrência"
    state = CaseState.at_start(start).enter(ruler, row, kind, occurrences, start, why)
    owed = Debt(id="", inscription="", period="", due=start, balance=Decimal("1000.00"), litigation=False)
    evidence = Evidence(kind=kind, period="", due=start, open=True, wants_return=kind is Kind.RETURN)
    facts = CaseFacts(today=start, debts=(owed,), evidence=(evidence,), has_benefits=True)
    return state.model_copy(update={"kinds": (kind,)}), facts


def _kind_leading_to(ruler: Ruler, row: Hypothesis) -> Kind:
    """The kind whose entries, or their climbs, reach the row soonest."""

    def climbs(entry: Hypothesis) -> int:
        path = [entry, *ruler.climb(entry)]
        return path.index(row) if row in path else len(ruler.rows)

    reached = {
        kind: min(climbs(entry) for entry in ruler.entry.by_occurrence(kind) or ())
        for kind in Kind
        if ruler.entry.by_occurrence(kind)
    }
    return min(reached, key=lambda kind: reached[kind], default=Kind.REGISTERED_DEBT)
