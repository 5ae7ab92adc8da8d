"""The terms for a defence and for an appeal, credit by credit, and what was filed in them.

LC 225/2026 arts. 4º, VII, and 11–13. One function for the gate, for what is in time, for texts and for plans.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from models.case.credit import CreditId
from models.case.facts import CaseFacts, Defence
from models.case.state import CreditClock
from models.case.view import View
from models.law.calendar import Standstill
from models.law.term import ONE_DAY, Term


def defence_term(view: View, credit: CreditId, served_on: date) -> Term:
    """The taxpayer's term to pay, agree or defend himself."""
    assert view.ruler.gate is not None  # noqa: S101 - the caller has a gate
    return view.term(served_on, view.ruler.gate.defence, view.state.stood_still(credit))


def appeal_term(view: View, credit: CreditId, rejected_on: date) -> Term:
    """The taxpayer's term to appeal against a rejection."""
    assert view.ruler.gate is not None  # noqa: S101 - the caller has a gate
    return view.term(rejected_on, view.ruler.gate.appeal, view.state.stood_still(credit))


def judged(view: View) -> CaseFacts:
    """The facts of a case with each defence judged: whether it was filed in time, for each credit that it is against.
    One that wasn't suspends nothing; people may accept it all the same."""
    facts = view.facts
    if view.ruler.gate is None or not facts.defences:
        return facts
    credits = {credit.id for credit in facts.credits} | {each for one in facts.defences for each in one.credits}
    seen: list[Defence] = []
    for defence in facts.defences:
        late = tuple(
            sorted(credit for credit in credits if defence.covers(credit) and _late(view, credit, defence, seen))
        )
        seen.append(defence.model_copy(update={"late": late}))
    return facts.defended(seen)


def last_day(view: View, credit: CreditId, defence: Defence, before: Iterable[Defence]) -> date | None:
    """The last day on which that defence was in time, given those filed before it; none: its term never began."""
    if defence.appeal:
        rejected = [each.decided_on for each in before if each.decided_on and each.covers(credit)]
        return appeal_term(view, credit, rejected[-1]).last_day if rejected else None
    served = [notice.served_on for notice in view.facts.formal_notices if credit in notice.credits and notice.served_on]
    return defence_term(view, credit, max(served)).last_day if served else None


def _late(view: View, credit: CreditId, defence: Defence, before: Iterable[Defence]) -> bool:
    last = last_day(_as_stopped(view, credit, defence.filed_on), credit, defence, before)
    return last is not None and defence.filed_on > last


def _as_stopped(view: View, credit: CreditId, filed_on: date) -> View:
    """The same case with the standstill of that credit which lasts still, or began with a hold that nobody has looked
    at yet, taken as one until the defence was filed."""
    clock = view.state.credits.get(credit, CreditClock())
    holds = [debt.held_since or view.facts.today for debt in view.facts.debts if debt.id == credit and debt.grounds]
    stops = [*(on for on in (clock.stopped_on, view.state.clock.stopped_on) if on), *(on - ONE_DAY for on in holds)]
    if not stops or min(stops) >= filed_on:
        return view
    until = Standstill(stopped=min(stops), resumed=filed_on)
    stood = clock.model_copy(update={"stopped_on": None, "stood_still": (*clock.stood_still, until)})
    return view.at(view.state.timed({credit: stood}))
