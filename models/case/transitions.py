"""The moves of a case: what has happened since it was last judged, and where that takes it, in the order they count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from models.case.blocks import what_holds
from models.case.evidence import Classification, classify
from models.case.facts import CaseFacts
from models.case.gate import cause_ended, fingerprint, passages, thresholds_met
from models.case.journal import EntryKind
from models.case.state import CaseState, CreditClock, OffMap, OnRow, Referred, Suspended
from models.case.step import Transition
from models.case.view import View
from models.contact.channel import Channel
from models.contact.delivery import Route, reached_nobody, routes_after_loss, routes_of
from models.formats import day, money
from models.ruler.schema import Hypothesis, Ruler
from models.words import KINDS, STAGES

Moved = tuple[CaseState, Transition | None]


def moved(view: View) -> tuple[View, tuple[Transition, ...]]:
    """Apply all moves. Each sees what those before it have made of the state."""
    transitions = []
    for _, move in TRANSITIONS:
        state, transition = move(view)
        view = view.at(state)
        if transition:
            transitions.append(transition)
    return view, tuple(transitions)


def lapse(view: View) -> Moved:
    """An approval is of what the approver saw, and names the credits that it is for; what grows by the day is no change
    (`models.case.gate.fingerprint`). Nor is a suspension asked for any more once no credit is through: a notice served
    since has given each a new term."""
    approval = view.state.approval
    if approval is None or view.facts.under_review:
        return view.state, None
    if approval.approvers:
        if approval.credits and approval.on_seeing == fingerprint(view):
            return view.state, None
        why = f"aprovação de {' e '.join(approval.approvers)} caducou: mudou o que ela tinha por base"
    else:
        credits = passages(view)
        if not credits or any(credit.lacks is None for credit in credits):
            return view.state, None
        why = f"pedido de aprovação caducou: falta {credits[0].lacks} ao que se cobra"
    return view.state.lapsed(), Transition(kind=EntryKind.SUSPENSION_LAPSED, reason=why)


def stop_or_go_on(view: View) -> Moved:
    """The clock stands still while a case is paused, held, defended or settled."""
    clock, facts = view.state.clock, view.facts
    if facts.stops_the_clock and clock.stopped_on is None:
        since = facts.stopped_since(max(clock.anchor, clock.not_before))
        return view.state.stop(since), _why_stopped(facts)
    if not facts.stops_the_clock and clock.stopped_on is not None:
        why = f"volta a correr o prazo, parado desde {day(clock.stopped_on)}"
        return view.state.go_on(facts.today), Transition(kind=EntryKind.CLOCK_RESUMED, reason=why)
    return view.state, None


def stand_still(view: View) -> Moved:
    """The terms of a credit stand still while it is suspended or defended, and while its case stands still; then they
    go on with what was left."""
    clocks = {}
    for credit in view.facts.credits:
        clock = view.state.credits.get(credit.id, CreditClock())
        stopped = credit.stopped_on(view.facts.today)
        days = [on for on in (stopped, view.state.clock.stopped_on) if on]
        if days:
            clocks[credit.id] = clock.stop(min(days))
        elif clock.stopped_on:
            clocks[credit.id] = clock.go_on(view.facts.today)
    return view.state.timed(clocks), None


def reassess(view: View) -> Moved:
    """Under a suspension people are shown at once that less is owed than the thresholds of the law, and a benefit that
    was granted since (LC 225/2026 arts. 12 § 2º, 14 and 15)."""
    place, facts = view.state.place, view.facts
    if not isinstance(place, Suspended) or cause_ended(view, place):
        return view.state, None
    by_law = place.by_thresholds or (view.ruler.gate is not None and view.ruler.gate.basis == "statutory")
    below = by_law and thresholds_met(view) is None
    granted = len(facts.benefits - place.benefits) if place.benefits else 0
    found = []
    if below and not place.reassessed:
        found.append(f"{money(facts.balance)} em aberto: os limites do devedor contumaz deixaram de ser atingidos")
    if granted:
        found.append(f"benefícios concedidos durante a suspensão: {granted}")
    state = view.state.reassessed(facts.benefits, below)
    why = f"reavaliar a suspensão de benefícios: {'; '.join(found)}"
    return state, Transition(kind=EntryKind.BENEFITS_TO_REASSESS, reason=why) if found else None


def _why_stopped(facts: CaseFacts) -> Transition | None:
    if facts.on_hold:
        return Transition(kind=EntryKind.CLOCK_HELD, reason=what_holds(facts))
    if facts.outstanding and facts.pauses:
        return Transition(kind=EntryKind.CLOCK_PAUSED, reason=f"pausado por {facts.paused_by}")
    if facts.under_defence and facts.open_defence:
        why = f"defesa apresentada em {day(facts.open_defence.filed_on)}: efeito suspensivo até a decisão"
        return Transition(kind=EntryKind.CLOCK_DEFENDED, reason=why)
    return None


def take_back(view: View) -> Moved:
    """A rung whose notices were all lost, with no fallback left, doesn't count: it is never skipped."""
    place = view.state.place
    if not view.moves or not view.state.stands or isinstance(place, OffMap):
        return view.state, None
    if not reached_nobody(view.facts.deliveries) or fallen_over(view):
        return view.state, None
    alone = not routes_to(view, place.row, place.rung)
    why = "nenhum contato restante" if alone else "o envio falhou"
    transition = Transition(kind=EntryKind.RUNG_LOST, reason=f"o degrau não alcançou o contribuinte: {why}")
    return view.state.took_back(at_once=alone), transition


def fallen_over(view: View) -> tuple[Route, ...]:
    """The notices that stand in for lost ones of the last rung."""
    place = view.state.place
    if isinstance(place, OffMap) or not place.stands:
        return ()
    reach = reach_of(view, place.row, place.rung)
    return routes_after_loss(view.ruler.fallbacks(place.row, place.rung), view.facts.deliveries, reach)


def routes_to(view: View, row: Hypothesis, index: int) -> tuple[Route, ...]:
    """The notices of a rung: each by the first channel that reaches the taxpayer."""
    return routes_of(view.ruler.fallbacks(row, index), reach_of(view, row, index))


def reach_of(view: View, row: Hypothesis, index: int) -> frozenset[Channel]:
    """The channels that reach the taxpayer today for a rung."""
    return view.facts.reach.formal if view.ruler.rung(row, index).formal else view.facts.reach.open


def begin_anew(view: View) -> Moved:
    """All that was referred is over, and something else is outstanding: a new matter, which begins at its beginning."""
    place, facts = view.state.place, view.facts
    if not isinstance(place, Referred) or place.debts is None or not facts.outstanding:
        return view.state, None
    if any(debt.balance > 0 for debt in facts.debts if debt.id in place.debts):
        return view.state, None
    why = "nada do que foi encaminhado está em aberto: o que está é outra matéria"
    return view.state.begun_anew(facts.today), Transition(kind=EntryKind.CASE_BEGUN_ANEW, reason=why)


def find_row(view: View) -> Moved:
    """Evidence leads to a row, at first, when the kind that led there is cured, and when a new kind leads higher."""
    facts, state = view.facts, view.state
    if not view.moves:
        return state, None
    target = classify(view.ruler, facts.debts, facts.live_evidence, state.started, facts.known_assets, facts.elsewhere)
    if target is None:
        return state, None
    known = tuple(sorted(facts.live_kinds | set(state.kinds)))
    seen = view.at(state.model_copy(update={"kinds": known}))
    if not isinstance(state.place, OnRow):
        since = state.clock.not_before
        classified = Transition(kind=EntryKind.CASE_CLASSIFIED, reason=target.reason, on=since)
        return _enter(seen, target, since, target.reason), classified
    if state.place.kind not in facts.live_kinds:
        why = f"{KINDS[state.place.kind]}: sanado; {target.reason}"
    elif target.kind not in state.kinds and _hotter(view, state.place.row, target):
        why = f"nova evidência; {target.reason}"
    else:
        return seen.state, None
    return _enter(seen, target, facts.today, why), Transition(kind=EntryKind.CASE_RECLASSIFIED, reason=why)


def _enter(view: View, target: Classification, on: date, why: str) -> CaseState:
    found = (target.row, target.kind, target.occurrences)
    return view.state.enter(view.ruler, *found, on, why, by_thresholds=target.by_thresholds)


def _hotter(view: View, row: Hypothesis, target: Classification) -> bool:
    """Whether the target lies above the row the case stands on: never below a row that it has climbed to."""
    ruler, occurrences = view.ruler, view.state.occurrences
    if target.row == row or row in ruler.climb(target.row):
        return False
    there = ruler.rigidity(target.row, 0, max(target.occurrences, occurrences))
    return there > ruler.rigidity(row, 0, occurrences)


def hear_hardship(view: View) -> Moved:
    """Declared hardship leads elsewhere once a case, from the row that the ruler names."""
    rule, declared_on, place = view.ruler.hardship, view.facts.hardship_on, view.state.place
    if rule is None or declared_on is None or view.state.hardship_used or not view.moves:
        return view.state, None
    if not isinstance(place, OnRow) or place.row != rule.from_row:
        return view.state, None
    why = f"dificuldade declarada em {day(declared_on)} leva a {rule.to_row.upper()}, uma vez por caso"
    since = min(declared_on, view.facts.today)
    heard = view.state.model_copy(update={"hardship_used": True})
    there = heard.enter(view.ruler, rule.to_row, place.kind, heard.occurrences, since, why)
    return there, Transition(kind=EntryKind.HARDSHIP_HEEDED, reason=why)


def reanchor(view: View) -> Moved:
    """A payment of a good part of what was owed when it came starts the wait anew, but in a campaign: its deadline
    stands. Each payment is judged once."""
    ruler, facts = view.ruler, view.facts
    newest = max((payment.id for payment in facts.payments), default=0)
    if newest <= view.state.payment_judged:
        return view.state, None
    paid_on = facts.partial_payment_on(ruler.payments.reanchor_share, view.state.payment_judged)
    state = view.state.model_copy(update={"payment_judged": newest})
    waits = state.clock.wait is not None and state.climbs and ruler.offer is None
    if paid_on is None or paid_on <= state.clock.anchor or not waits or not facts.outstanding:
        return state, None
    share = int(ruler.payments.reanchor_share * 100)
    why = f"pagamento parcial de ao menos {share}% em {day(paid_on)}: o prazo do degrau recomeça nessa data"
    return state.reanchor(paid_on), Transition(kind=EntryKind.CLOCK_RESTARTED, reason=why)


def resume_after_break(view: View) -> Moved:
    """Resume the map after a broken agreement, once the days on hold are counted: a broken agreement gives none of them
    back."""
    broken, rule, state = view.facts.broken_agreement, view.ruler.agreements, view.state
    if broken is None or rule is None or state.resumed_after == broken.id:
        return state, None
    if not view.moves or not isinstance(state.place, OnRow):
        return state, None
    there = state.resume(view.ruler, rule.resume.row, rule.resume.stage, view.facts.today, broken.id)
    why = f"parcelamento rompido em {day(broken.on)}: a régua retoma em {_cell_ahead(view.ruler, there)}"
    return there, Transition(kind=EntryKind.CASE_RESUMED_AFTER_DEFAULT, reason=why)


def _cell_ahead(ruler: Ruler, state: CaseState) -> str:
    assert state.row is not None  # noqa: S101 - the caller has a row
    rungs = ruler.rows[state.row].rungs[state.rung + 1 :]
    return f"{state.row.upper()} · {STAGES[rungs[0].stage]}" if rungs else f"{state.row.upper()}, já no fim"


TRANSITIONS: tuple[tuple[str, Callable[[View], Moved]], ...] = (
    ("a new matter begins", begin_anew),
    ("an approval lapses", lapse),
    ("the clock stops or goes on", stop_or_go_on),
    ("the terms of credits stand still or go on", stand_still),
    ("a suspension is to be reassessed", reassess),
    ("a rung that reached nobody is taken back", take_back),
    ("evidence finds the row", find_row),
    ("hardship is heard", hear_hardship),
    ("a part is paid", reanchor),
    ("a broken agreement is resumed after", resume_after_break),
)
"""Read from top to bottom: days on hold are given back before a break is judged, a row is found before hardship is."""
