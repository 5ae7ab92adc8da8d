"""What a case does next, and why: pure functions of ruler, calendar, state and facts.

The same ones serve the live case, the dry run, the plan (`models/case/plan.py`) and the explanation of a decision.
"""

from __future__ import annotations

from datetime import date, timedelta

from models.case.evidence import classify
from models.case.facts import CaseFacts
from models.case.gate import await_service, cause_ended, gate, open_, refer, waited
from models.case.gate import due as due_on
from models.case.state import CaseState
from models.case.status import Status
from models.case.step import Action, Decision, Step, Transition, at_once, cell, wait
from models.contact.channel import Channel
from models.contact.delivery import Route, reached_nobody, routes_after_loss, routes_of
from models.formats import day, moment
from models.law.calendar import Calendar
from models.law.contact_caps import first_free_day
from models.ruler.schema import Hypothesis, Ruler, Stage
from models.words import CHANNELS, GROUNDS, KINDS, STAGES


def decide(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts) -> Decision:
    """First what has happened moves the position, then the position says what is next."""
    if why := facts.cancelled_because:
        return Decision(state=state, step=at_once(Action.CANCEL, Status.PAUSED, state, facts, why))
    if facts.lacks:
        return Decision(state=state, step=wait(Status.AMOUNT_UNKNOWN, state, _unknown(facts)))
    transitions: list[Transition] = []
    for move in (_lapse, _stop_or_go_on, _take_back, _find_row, _hear_hardship, _reanchor, _resume_after_break):
        state, transition = move(ruler, state, facts)
        if transition:
            transitions.append(transition)
    step = _towards_deadline(ruler, calendar, facts, _next(ruler, calendar, state, facts))
    return Decision(state=state, step=step, transitions=tuple(transitions))


def _unknown(facts: CaseFacts) -> str:
    return f"não se pode dizer quanto é devido: falta {facts.lacks}"


Moved = tuple[CaseState, Transition | None]


def _lapse(ruler: Ruler, state: CaseState, facts: CaseFacts) -> Moved:
    """An approval is of what the approver saw; what grows by the day is no change (`CaseFacts.fingerprint`)."""
    if not state.approvers or state.approved_on_seeing == facts.fingerprint:
        return state, None
    why = f"aprovação de {' e '.join(state.approvers)} caducou: mudou o que ela tinha por base"
    return state.lapsed(), Transition(kind="approval_lapsed", reason=why)


def _stop_or_go_on(ruler: Ruler, state: CaseState, facts: CaseFacts) -> Moved:
    stopped = facts.paused_by is not None or not facts.outstanding or facts.under_defence
    if stopped and state.stopped_on is None:
        return state.stop(facts.stopped_since(max(state.anchor, state.not_before))), _why_stopped(facts)
    if not stopped and state.stopped_on is not None:
        transition = Transition(kind="resumed", reason=f"volta a correr o prazo, parado desde {day(state.stopped_on)}")
        return state.go_on(facts.today), transition
    return state, None


def _why_stopped(facts: CaseFacts) -> Transition | None:
    if facts.on_hold:
        return Transition(kind="on_hold", reason=f"exigibilidade suspensa: {_grounds(facts)}")
    if facts.outstanding and facts.paused_by is not None:
        return Transition(kind="paused", reason=f"pausado por {facts.paused_by}")
    if facts.outstanding and facts.defence:
        why = f"defesa apresentada em {day(facts.defence.filed_on)}: efeito suspensivo até a decisão"
        return Transition(kind="under_defence", reason=why)
    return None


def _grounds(facts: CaseFacts) -> str:
    return ", ".join(GROUNDS.get(ground, ground) for ground in facts.grounds)


def _take_back(ruler: Ruler, state: CaseState, facts: CaseFacts) -> Moved:
    """A rung whose notices were all lost, with no fallback left, doesn't count: it is never skipped."""
    settled = state.stopped_on is not None or state.suspended or state.referred
    if settled or not state.stands or not reached_nobody(facts.deliveries):
        return state, None
    if state.row is None or _fallen_over(ruler, state, facts):
        return state, None
    alone = not _routes(ruler, state.row, state.rung, facts)
    why = "nenhum contato restante" if alone else "o envio falhou"
    return state.took_back(at_once=alone), Transition(
        kind="lost", reason=f"o degrau não alcançou o contribuinte: {why}"
    )


def _fallen_over(ruler: Ruler, state: CaseState, facts: CaseFacts) -> tuple[Route, ...]:
    """The notices that stand in for lost ones of the last rung."""
    if state.row is None or not state.stands:
        return ()
    reach = _reach(ruler, state.row, state.rung, facts)
    return routes_after_loss(ruler.fallbacks(state.row, state.rung), facts.deliveries, reach)


def _routes(ruler: Ruler, row: Hypothesis, index: int, facts: CaseFacts) -> tuple[Route, ...]:
    return routes_of(ruler.fallbacks(row, index), _reach(ruler, row, index, facts))


def _reach(ruler: Ruler, row: Hypothesis, index: int, facts: CaseFacts) -> frozenset[Channel]:
    return facts.reach.formal if ruler.rung(row, index).formal else facts.reach.open


def _find_row(ruler: Ruler, state: CaseState, facts: CaseFacts) -> Moved:
    if state.stopped_on is not None or state.suspended or state.referred:
        return state, None
    target = classify(ruler, facts.debts, facts.live_evidence, state.started, facts.known_assets)
    if target is None:
        return state, None
    known = tuple(sorted(facts.live_kinds | set(state.kinds)))
    seen = state.model_copy(update={"kinds": known})
    if state.row is None or state.kind is None:
        moved = seen.enter(ruler, target.row, target.kind, target.occurrences, state.not_before, target.reason)
        return moved, Transition(kind="classified", reason=target.reason, on=state.not_before)
    if state.kind not in facts.live_kinds:
        why = f"{KINDS[state.kind]}: sanado; {target.reason}"
    elif target.kind not in state.kinds and _hotter(ruler, target.row, target.occurrences, state):
        why = f"nova evidência; {target.reason}"
    else:
        return seen, None
    moved = seen.enter(ruler, target.row, target.kind, target.occurrences, facts.today, why)
    return moved, Transition(kind="reclassified", reason=why)


def _hotter(ruler: Ruler, row: Hypothesis, occurrences: int, state: CaseState) -> bool:
    """Whether `row` lies above where the case stands: never below a row that it has climbed to."""
    assert state.row is not None  # noqa: S101 - the caller has a row
    if row == state.row or state.row in ruler.climb(row):
        return False
    here = ruler.rigidity(state.row, 0, state.occurrences)
    return ruler.rigidity(row, 0, max(occurrences, state.occurrences)) > here


def _hear_hardship(ruler: Ruler, state: CaseState, facts: CaseFacts) -> Moved:
    rule = ruler.hardship
    waits = state.stopped_on is not None or state.suspended or state.referred
    if rule is None or facts.hardship_on is None or state.hardship_used or waits:
        return state, None
    if state.row != rule.from_row or state.kind is None:
        return state, None
    why = f"dificuldade declarada em {day(facts.hardship_on)} leva a {rule.to_row.upper()}, uma vez por caso"
    since = min(facts.hardship_on, facts.today)
    heard = state.model_copy(update={"hardship_used": True})
    moved = heard.enter(ruler, rule.to_row, state.kind, state.occurrences, since, why)
    return moved, Transition(kind="hardship", reason=why)


def _reanchor(ruler: Ruler, state: CaseState, facts: CaseFacts) -> Moved:
    paid_on = facts.partial_payment_on(ruler.payments.reanchor_share)
    waits = state.wait is not None and not state.suspended and not state.referred and ruler.offer is None
    if paid_on is None or paid_on <= state.anchor or not waits or not facts.outstanding:
        return state, None
    share = int(ruler.payments.reanchor_share * 100)
    why = f"pagamento parcial de ao menos {share}% em {day(paid_on)}: o prazo do degrau recomeça nessa data"
    return state.reanchor(paid_on), Transition(kind="reanchored", reason=why)


def _resume_after_break(ruler: Ruler, state: CaseState, facts: CaseFacts) -> Moved:
    """After the days on hold are counted: a broken agreement gives none of them back."""
    broken, rule = facts.broken_agreement, ruler.agreements
    waits = state.stopped_on is not None or state.suspended or state.referred or state.row is None
    if broken is None or rule is None or waits or state.resumed_after == broken.id:
        return state, None
    moved = state.resume(ruler, rule.resume.row, rule.resume.stage, facts.today, broken.id)
    why = f"parcelamento rompido em {day(broken.on)}: a régua retoma em {_cell_name(ruler, moved)}"
    return moved, Transition(kind="resumed_after_break", reason=why)


def _cell_name(ruler: Ruler, state: CaseState) -> str:
    """Of the rung that is next."""
    row = state.row
    assert row is not None  # noqa: S101 - the caller has a row
    rungs = ruler.rows[row].rungs[state.rung + 1 :]
    return f"{row.upper()} · {STAGES[rungs[0].stage]}" if rungs else f"{row.upper()}, já no fim"


def _next(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts) -> Step:
    if state.suspended:
        return _while_suspended(ruler, calendar, state, facts)
    if state.to_tell and (routes := _routes_of_reinstatement(ruler, state, facts)):
        if facts.paused_by is not None:
            return wait(Status.PAUSED, state, f"pausado por {facts.paused_by}")
        return _inform(ruler, calendar, state, facts, routes)
    if not facts.outstanding and not facts.on_hold:
        return at_once(Action.RESOLVE, Status.RUNNING, state, facts, "nada mais em aberto")
    if facts.on_hold:
        until = facts.hold_ends_on
        till = f", até {day(until)}" if until else ""
        why = f"exigibilidade suspensa: {_grounds(facts)}{till}"
        return wait(Status.ON_HOLD, state, why, until and until + timedelta(days=1))
    if facts.paused_by is not None and not state.referred:
        return wait(Status.PAUSED, state, f"pausado por {facts.paused_by}")
    if facts.under_defence and facts.defence:
        why = f"defesa apresentada em {day(facts.defence.filed_on)} aguarda decisão"
        return wait(Status.UNDER_DEFENCE, state, why)
    if state.referred:
        return wait(Status.REFERRED, state, "encaminhado para protesto e execução fiscal")
    if state.row is None:
        return wait(Status.RUNNING, state, "nenhuma evidência que esta régua aceite")
    return _climb(ruler, calendar, state, facts)


def _while_suspended(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts) -> Step:
    assert state.row is not None  # noqa: S101 - only a case on the map was ever suspended
    if why := cause_ended(ruler, calendar, facts):
        return at_once(Action.REINSTATE, Status.BENEFITS_SUSPENDED, state, facts, why)
    if facts.paused_by is not None:
        return wait(Status.BENEFITS_SUSPENDED, state, f"pausado por {facts.paused_by}; benefícios suspensos")
    last = len(ruler.rows[state.row].rungs) - 1
    if state.rung < last:
        why = "comunicação da suspensão de benefícios aprovada"
        due = calendar.working(state.not_before)
        return _rung_step(ruler, state, facts, state.row, last, due, Status.BENEFITS_SUSPENDED, why)
    if routes := _fallen_over(ruler, state, facts):
        return _fall_over(ruler, calendar, state, facts, routes, Status.BENEFITS_SUSPENDED)
    return wait(Status.BENEFITS_SUSPENDED, state, f"benefícios suspensos; {open_(facts)}")


def _climb(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts) -> Step:
    assert state.row is not None  # noqa: S101 - the caller has a row
    if routes := _fallen_over(ruler, state, facts):
        return _fall_over(ruler, calendar, state, facts, routes, Status.RUNNING)
    row, index = state.row, state.rung + 1
    why = ""
    if index == len(ruler.rows[row].rungs):
        above = ruler.rows[row].climbs_to
        why = f"a escada de {row.upper()} terminou; "
        if above is None and ruler.offer:
            return wait(Status.RUNNING, state, f"todos os avisos da campanha foram dados; {open_(facts)}")
        if above is None:
            return _end(ruler, calendar, state, facts)
        row, index = above, 0
    due = due_on(calendar, state, facts)
    if due is None:
        return await_service(state, facts)
    if ruler.offer and (before := ruler.rung(row, index).before):
        due = max(due, ruler.offer.day_of(calendar, before))
    if ruler.rung(row, index).stage is Stage.SUSPENSION:
        return gate(ruler, calendar, state, facts, due)
    return _contact(ruler, calendar, state, facts, row, index, due, f"{why}{waited(state, facts)}")


def _end(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts) -> Step:
    due = due_on(calendar, state, facts)
    if due is None:
        return await_service(state, facts)
    why = f"fim da régua: encaminhado para protesto e execução fiscal; {waited(state, facts)}"
    return refer(ruler, calendar, state, facts, due, why)


def _routes_of_reinstatement(ruler: Ruler, state: CaseState, facts: CaseFacts) -> tuple[Route, ...]:
    """By whom a taxpayer is told that his benefits are back: those that told him of their suspension."""
    if state.row is None:
        return ()
    return _routes(ruler, state.row, len(ruler.rows[state.row].rungs) - 1, facts)


def _inform(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts, routes: tuple[Route, ...]) -> Step:
    """Nothing need be outstanding for it: it asks for nothing."""
    assert state.row is not None  # noqa: S101 - only a case on the map was ever suspended
    last = len(ruler.rows[state.row].rungs) - 1
    on, why = calendar.working(facts.today), "comunicação de que os benefícios foram devolvidos"
    step = cell(Action.INFORM, Status.RUNNING, ruler, state, state.row, last, on, why)
    return step.model_copy(update={"routes": routes})


def _contact(
    ruler: Ruler,
    calendar: Calendar,
    state: CaseState,
    facts: CaseFacts,
    row: Hypothesis,
    index: int,
    due: date,
    why: str,
) -> Step:
    """A rung that is due on `due`, on the first day that its taxpayer may be contacted."""
    if not _routes(ruler, row, index, facts):
        return wait(Status.UNREACHABLE, state, "nenhum contato alcança o contribuinte pelos canais do degrau")
    if facts.over_budget:
        return wait(Status.OVER_BUDGET, state, "o orçamento da coorte não paga o próximo degrau")
    if facts.claimed_paid_on:
        processed = calendar.after(facts.claimed_paid_on, ruler.payments.processing)
        if processed > due:
            due, why = processed, f"{why}; pagamento informado em {day(facts.claimed_paid_on)} aguarda o banco"
    if not ruler.rung(row, index).formal:
        free = first_free_day(due, facts.contacted_on, facts.limits, calendar)
        if free > due:
            due, why = free, f"{why}; adiado pelo limite de contatos por pessoa"
    return _rung_step(ruler, state, facts, row, index, due, Status.RUNNING, why)


def _fall_over(
    ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts, routes: tuple[Route, ...], status: Status
) -> Step:
    """The last rung goes on by other channels: the same contact, at the next lawful hour."""
    assert state.row is not None  # noqa: S101 - something was sent
    lost = ", ".join(CHANNELS[route.rung_channel] for route in routes)
    instead = ", ".join(CHANNELS[route.channel] for route in routes)
    why = f"não alcançado por {lost}: recorre a {instead}"
    step = _rung_step(ruler, state, facts, state.row, state.rung, facts.today, status, why)
    return step.model_copy(update={"number": state.steps - 1, "rigidity": state.last_rigidity, "routes": routes})


def _towards_deadline(ruler: Ruler, calendar: Calendar, facts: CaseFacts, step: Step) -> Step:
    """What the map says while the offer stands: nobody is contacted on its last day, or after. A case that isn't
    settled ends once the bank has had its days, whatever it waits for."""
    offer = ruler.offer
    if offer is None or step.action is Action.RESOLVE:
        return step
    if step.action is Action.NOTIFY and step.on and max(step.on, facts.today) < offer.deadline_day:
        return step.model_copy(update={"reason": f"{step.reason}; a oferta vale até {moment(offer.until)}"})
    over = offer.over_on(calendar, ruler.payments.processing)
    why = f"oferta até {moment(offer.until)}: sem quitação, a campanha encerra em {day(over)}; {step.reason}"
    return Step(action=Action.END, status=step.status, on=over, number=step.number, reason=why)


def _rung_step(
    ruler: Ruler,
    state: CaseState,
    facts: CaseFacts,
    row: Hypothesis,
    index: int,
    on: date,
    status: Status,
    why: str,
) -> Step:
    stage = ruler.rung(row, index).stage
    step = cell(Action.NOTIFY, status, ruler, state, row, index, on, f"{row.upper()} · {STAGES[stage]}: {why}")
    return step.model_copy(update={"routes": _routes(ruler, row, index, facts)})
