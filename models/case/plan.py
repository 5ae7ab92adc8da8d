"""A case that nothing happens to: what a ruler would do from here on, or with somebody it doesn't know yet."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from models.case.decision import decide
from models.case.evidence import Debt, Evidence
from models.case.facts import CaseFacts, FormalNotice, PriorStep
from models.case.gate import at_stake, fingerprint, to_be_listed
from models.case.referral import matter, ready_to_refer, steps_missing
from models.case.state import CaseState
from models.case.status import Status
from models.case.step import Action, Step
from models.case.view import View
from models.law.calendar import Calendar
from models.ruler.schema import Hypothesis, Kind, Ruler


def plan(view: View) -> Iterator[Step]:
    """The dated steps if nothing happened: notices served the day they leave, the gate approved the day it opens, and
    what the law wants before a suit done the day it is missed."""
    while True:
        decision = decide(view)
        view, step = view.at(decision.state), decision.step
        if step.action is Action.WAIT and not _imaginable(view, step):
            return
        if step.action is not Action.WAIT:
            yield step
        view = _imagine(_later(view, today=max(view.facts.today, step.on or view.facts.today)), step)
        if step.action in (Action.RESOLVE, Action.REINSTATE, Action.END, Action.CANCEL):
            return


def _later(view: View, **facts: Any) -> View:
    return view.seeing(view.facts.model_copy(update=facts))


def _imaginable(view: View, step: Step) -> bool:
    facts = view.facts
    unserved = bool(facts.formal_notices) and facts.formal_notices[-1].served_on is None
    missed = step.status in (Status.AWAITING_PRIOR_STEPS, Status.TO_REGISTER)
    waits_for_a_day = step.on is not None and step.on > facts.today
    imaginable = unserved or missed or waits_for_a_day or view.state.approval is not None
    return facts.outstanding and not facts.pauses and imaginable


def _imagine(view: View, step: Step) -> View:
    state, facts, today = view.state, view.facts, view.facts.today
    if step.action is Action.NOTIFY:
        return _notified(view, step)
    if step.action is Action.SUSPEND:
        return view.at(state.suspended_now(today, at_stake(view), facts.benefits))
    if step.action is Action.INFORM:
        return view.at(state.informed())
    if step.action is Action.REFER:
        return view.at(state.referred_now(ready_to_refer(view)))
    if step.action is Action.ASK_APPROVAL:
        return view.at(state.asked(today))
    if step.status is Status.TO_REGISTER:
        registered = tuple(debt.model_copy(update={"registered_on": today}) for debt in facts.debts)
        return _later(view, debts=registered)
    if step.status is Status.AWAITING_PRIOR_STEPS:
        taken = tuple(
            PriorStep(kind=kind, on=today, debts=(debt.id,))
            for debt in matter(view).referable
            for kind in steps_missing(view.ruler, facts, debt)
        )
        return _later(view, prior_steps=(*facts.prior_steps, *taken))
    if state.approval is not None:
        return view.at(state.approved("—" * (len(state.approvers) + 1), at_stake(view), fingerprint(view)))
    if facts.formal_notices and facts.formal_notices[-1].served_on is None:
        served = facts.formal_notices[-1].model_copy(update={"served_on": today})
        return _later(view, formal_notices=(*facts.formal_notices[:-1], served))
    return view


def _notified(view: View, step: Step) -> View:
    """The state after a notice that arrives, and is served at once where it is formal."""
    assert step.row is not None and step.rung is not None and step.rigidity is not None  # noqa: S101, PT018 - a notice has them
    facts, lists = view.facts, to_be_listed(view, step.row, step.rung)
    if step.number == view.state.steps:
        view = view.at(view.state.done(view.ruler, step.row, step.rung, step.rigidity, facts.today))
    sent: tuple[FormalNotice, ...] = ()
    if view.ruler.rung(step.row, step.rung).formal:
        sent = (FormalNotice(id="", at=facts.today, served_on=facts.today, credits=lists, stage=step.stage),)
    return _later(view, deliveries=(), formal_notices=(*facts.formal_notices, *sent))


def imagined_case(ruler: Ruler, calendar: Calendar, row: Hypothesis, occurrences: int, start: date) -> View:
    """A case that enters `row` on `start`, with evidence of the kind that leads there and nothing ever cured."""
    kind = _kind_leading_to(ruler, row)
    why = f"{occurrences}ª ocorrência"
    state = CaseState.at_start(start).enter(ruler, row, kind, occurrences, start, why)
    owed = Debt(id="", inscription="", period="", due=start, balance=Decimal("1000.00"), litigation=False)
    evidence = Evidence(kind=kind, period="", due=start, open=True, wants_return=kind is Kind.RETURN)
    facts = CaseFacts(today=start, debts=(owed,), evidence=(evidence,), benefits=frozenset({"—"}))
    return View(ruler, calendar, state.model_copy(update={"kinds": (kind,)}), facts)


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
