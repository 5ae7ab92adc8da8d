"""What a case does next, and why: pure functions of ruler, calendar, position and standing.

The same ones serve the live case, the dry run, the plan (`models/plan.py`) and the explanation of a decision.
"""

from __future__ import annotations

from datetime import date, timedelta

from models.calendar import Calendar
from models.case import Status
from models.channel import Channel
from models.contact_caps import first_free_day
from models.delivery import Leg, legs_after_loss, legs_of, reached_nobody
from models.evidence import classify
from models.gate import await_service, cause_ended, gate, open_, refer, waited
from models.gate import due as due_on
from models.position import Position
from models.ruler import Hypothesis, Ruler, Stage
from models.standing import Standing
from models.step import Action, Decision, Step, Turn, at_once, cell, wait
from models.words import CHANNELS, GROUNDS, KINDS, STAGES, day, moment


def decide(ruler: Ruler, calendar: Calendar, position: Position, standing: Standing) -> Decision:
    """First what has happened moves the position, then the position says what is next."""
    if why := standing.cancelled_because:
        return Decision(position=position, step=at_once(Action.CANCEL, Status.PAUSED, position, standing, why))
    if standing.lacks:
        return Decision(position=position, step=wait(Status.AMOUNT_UNKNOWN, position, _unknown(standing)))
    turns: list[Turn] = []
    for move in (_lapse, _stop_or_go_on, _take_back, _find_row, _hear_hardship, _reanchor, _resume_after_break):
        position, turn = move(ruler, position, standing)
        if turn:
            turns.append(turn)
    step = _towards_deadline(ruler, calendar, standing, _next(ruler, calendar, position, standing))
    return Decision(position=position, step=step, turns=tuple(turns))


def _unknown(standing: Standing) -> str:
    return f"não se pode dizer quanto é devido: falta {standing.lacks}"


Moved = tuple[Position, Turn | None]


def _lapse(ruler: Ruler, position: Position, standing: Standing) -> Moved:
    """An approval is of what the approver saw; what grows by the day is no change (`Standing.fingerprint`)."""
    if not position.approvers or position.approved_on_seeing == standing.fingerprint:
        return position, None
    why = f"aprovação de {' e '.join(position.approvers)} caducou: mudou o que ela tinha por base"
    return position.lapsed(), Turn(kind="approval_lapsed", reason=why)


def _stop_or_go_on(ruler: Ruler, position: Position, standing: Standing) -> Moved:
    stopped = standing.paused_by is not None or not standing.outstanding or standing.under_defence
    if stopped and position.stopped_on is None:
        return position.stop(standing.stopped_since(max(position.anchor, position.not_before))), _why_stopped(standing)
    if not stopped and position.stopped_on is not None:
        turn = Turn(kind="resumed", reason=f"volta a correr o prazo, parado desde {day(position.stopped_on)}")
        return position.go_on(standing.today), turn
    return position, None


def _why_stopped(standing: Standing) -> Turn | None:
    if standing.on_hold:
        return Turn(kind="on_hold", reason=f"exigibilidade suspensa: {_grounds(standing)}")
    if standing.outstanding and standing.paused_by is not None:
        return Turn(kind="paused", reason=f"pausado por {standing.paused_by}")
    if standing.outstanding and standing.defence:
        why = f"defesa apresentada em {day(standing.defence.filed_on)}: efeito suspensivo até a decisão"
        return Turn(kind="under_defence", reason=why)
    return None


def _grounds(standing: Standing) -> str:
    return ", ".join(GROUNDS.get(ground, ground) for ground in standing.grounds)


def _take_back(ruler: Ruler, position: Position, standing: Standing) -> Moved:
    """A rung whose notices were all lost, with no fallback left, doesn't count: it is never skipped."""
    settled = position.stopped_on is not None or position.suspended or position.referred
    if settled or not position.stands or not reached_nobody(standing.deliveries):
        return position, None
    if position.row is None or _fallen_over(ruler, position, standing):
        return position, None
    alone = not _legs(ruler, position.row, position.rung, standing)
    why = "nenhum contato restante" if alone else "o envio falhou"
    return position.took_back(at_once=alone), Turn(kind="lost", reason=f"o degrau não alcançou o contribuinte: {why}")


def _fallen_over(ruler: Ruler, position: Position, standing: Standing) -> tuple[Leg, ...]:
    """The notices that stand in for lost ones of the last rung."""
    if position.row is None or not position.stands:
        return ()
    reach = _reach(ruler, position.row, position.rung, standing)
    return legs_after_loss(ruler.ways(position.row, position.rung), standing.deliveries, reach)


def _legs(ruler: Ruler, row: Hypothesis, index: int, standing: Standing) -> tuple[Leg, ...]:
    return legs_of(ruler.ways(row, index), _reach(ruler, row, index, standing))


def _reach(ruler: Ruler, row: Hypothesis, index: int, standing: Standing) -> frozenset[Channel]:
    return standing.reach.formal if ruler.rung(row, index).formal else standing.reach.open


def _find_row(ruler: Ruler, position: Position, standing: Standing) -> Moved:
    if position.stopped_on is not None or position.suspended or position.referred:
        return position, None
    target = classify(ruler, standing.debts, standing.live_evidence, position.started, standing.known_assets)
    if target is None:
        return position, None
    known = tuple(sorted(standing.live_kinds | set(position.kinds)))
    seen = position.model_copy(update={"kinds": known})
    if position.row is None or position.kind is None:
        moved = seen.enter(ruler, target.row, target.kind, target.occurrences, position.not_before, target.reason)
        return moved, Turn(kind="classified", reason=target.reason, on=position.not_before)
    if position.kind not in standing.live_kinds:
        why = f"{KINDS[position.kind]}: sanado; {target.reason}"
    elif target.kind not in position.kinds and _hotter(ruler, target.row, target.occurrences, position):
        why = f"nova evidência; {target.reason}"
    else:
        return seen, None
    moved = seen.enter(ruler, target.row, target.kind, target.occurrences, standing.today, why)
    return moved, Turn(kind="reclassified", reason=why)


def _hotter(ruler: Ruler, row: Hypothesis, occurrences: int, position: Position) -> bool:
    """Whether `row` lies above where the case stands: never below a row that it has climbed to."""
    assert position.row is not None  # noqa: S101 - the caller has a row
    if row == position.row or position.row in ruler.climb(row):
        return False
    here = ruler.rigidity(position.row, 0, position.occurrences)
    return ruler.rigidity(row, 0, max(occurrences, position.occurrences)) > here


def _hear_hardship(ruler: Ruler, position: Position, standing: Standing) -> Moved:
    rule = ruler.hardship
    waits = position.stopped_on is not None or position.suspended or position.referred
    if rule is None or standing.hardship_on is None or position.hardship_used or waits:
        return position, None
    if position.row != rule.from_row or position.kind is None:
        return position, None
    why = f"dificuldade declarada em {day(standing.hardship_on)} leva a {rule.to_row.upper()}, uma vez por caso"
    since = min(standing.hardship_on, standing.today)
    heard = position.model_copy(update={"hardship_used": True})
    moved = heard.enter(ruler, rule.to_row, position.kind, position.occurrences, since, why)
    return moved, Turn(kind="hardship", reason=why)


def _reanchor(ruler: Ruler, position: Position, standing: Standing) -> Moved:
    paid_on = standing.partial_payment_on(ruler.payments.reanchor_share)
    waits = position.wait is not None and not position.suspended and not position.referred and ruler.offer is None
    if paid_on is None or paid_on <= position.anchor or not waits or not standing.outstanding:
        return position, None
    share = int(ruler.payments.reanchor_share * 100)
    why = f"pagamento parcial de ao menos {share}% em {day(paid_on)}: o prazo do degrau recomeça nessa data"
    return position.reanchor(paid_on), Turn(kind="reanchored", reason=why)


def _resume_after_break(ruler: Ruler, position: Position, standing: Standing) -> Moved:
    """After the days on hold are counted: a broken agreement gives none of them back."""
    broken, rule = standing.broken_agreement, ruler.agreements
    waits = position.stopped_on is not None or position.suspended or position.referred or position.row is None
    if broken is None or rule is None or waits or position.resumed_after == broken.id:
        return position, None
    moved = position.resume(ruler, rule.resume.row, rule.resume.stage, standing.today, broken.id)
    why = f"parcelamento rompido em {day(broken.on)}: a régua retoma em {_cell_name(ruler, moved)}"
    return moved, Turn(kind="resumed_after_break", reason=why)


def _cell_name(ruler: Ruler, position: Position) -> str:
    """Of the rung that is next."""
    row = position.row
    assert row is not None  # noqa: S101 - the caller has a row
    rungs = ruler.rows[row].rungs[position.rung + 1 :]
    return f"{row.upper()} · {STAGES[rungs[0].stage]}" if rungs else f"{row.upper()}, já no fim"


def _next(ruler: Ruler, calendar: Calendar, position: Position, standing: Standing) -> Step:
    if position.suspended:
        return _while_suspended(ruler, calendar, position, standing)
    if position.to_tell and (legs := _legs_of_word(ruler, position, standing)):
        if standing.paused_by is not None:
            return wait(Status.PAUSED, position, f"pausado por {standing.paused_by}")
        return _inform(ruler, calendar, position, standing, legs)
    if not standing.outstanding and not standing.on_hold:
        return at_once(Action.RESOLVE, Status.RUNNING, position, standing, "nada mais em aberto")
    if standing.on_hold:
        until = standing.hold_ends_on
        till = f", até {day(until)}" if until else ""
        why = f"exigibilidade suspensa: {_grounds(standing)}{till}"
        return wait(Status.ON_HOLD, position, why, until and until + timedelta(days=1))
    if standing.paused_by is not None and not position.referred:
        return wait(Status.PAUSED, position, f"pausado por {standing.paused_by}")
    if standing.under_defence and standing.defence:
        why = f"defesa apresentada em {day(standing.defence.filed_on)} aguarda decisão"
        return wait(Status.UNDER_DEFENCE, position, why)
    if position.referred:
        return wait(Status.REFERRED, position, "encaminhado para protesto e execução fiscal")
    if position.row is None:
        return wait(Status.RUNNING, position, "nenhuma evidência que esta régua aceite")
    return _climb(ruler, calendar, position, standing)


def _while_suspended(ruler: Ruler, calendar: Calendar, position: Position, standing: Standing) -> Step:
    assert position.row is not None  # noqa: S101 - only a case on the map was ever suspended
    if why := cause_ended(ruler, calendar, standing):
        return at_once(Action.REINSTATE, Status.BENEFITS_SUSPENDED, position, standing, why)
    if standing.paused_by is not None:
        return wait(Status.BENEFITS_SUSPENDED, position, f"pausado por {standing.paused_by}; benefícios suspensos")
    last = len(ruler.rows[position.row].rungs) - 1
    if position.rung < last:
        why = "comunicação da suspensão de benefícios aprovada"
        due = calendar.working(position.not_before)
        step = _rung_step(ruler, position, standing, position.row, last, due, Status.BENEFITS_SUSPENDED, why)
        # the case may have come from a ruler whose notices before it were harder than this one
        hardest = max(position.last_rigidity, ruler.rigidity(position.row, last, position.occurrences))
        return step.model_copy(update={"rigidity": hardest})
    if legs := _fallen_over(ruler, position, standing):
        return _fall_over(ruler, calendar, position, standing, legs, Status.BENEFITS_SUSPENDED)
    return wait(Status.BENEFITS_SUSPENDED, position, f"benefícios suspensos; {open_(standing)}")


def _climb(ruler: Ruler, calendar: Calendar, position: Position, standing: Standing) -> Step:
    assert position.row is not None  # noqa: S101 - the caller has a row
    if legs := _fallen_over(ruler, position, standing):
        return _fall_over(ruler, calendar, position, standing, legs, Status.RUNNING)
    row, index = position.row, position.rung + 1
    why = ""
    if index == len(ruler.rows[row].rungs):
        above = ruler.rows[row].climbs_to
        why = f"a escada de {row.upper()} terminou; "
        if above is None and ruler.offer:
            return wait(Status.RUNNING, position, f"todos os avisos da campanha foram dados; {open_(standing)}")
        if above is None:
            return _end(ruler, calendar, position, standing)
        row, index = above, 0
    due = due_on(calendar, position, standing)
    if due is None:
        return await_service(position, standing)
    if ruler.offer and (before := ruler.rung(row, index).before):
        due = max(due, ruler.offer.day_of(calendar, before))
    if ruler.rung(row, index).stage is Stage.SUSPENSION:
        return gate(ruler, calendar, position, standing, due)
    return _contact(ruler, calendar, position, standing, row, index, due, f"{why}{waited(position, standing)}")


def _end(ruler: Ruler, calendar: Calendar, position: Position, standing: Standing) -> Step:
    due = due_on(calendar, position, standing)
    if due is None:
        return await_service(position, standing)
    why = f"fim da régua: encaminhado para protesto e execução fiscal; {waited(position, standing)}"
    return refer(ruler, calendar, position, standing, due, why)


def _legs_of_word(ruler: Ruler, position: Position, standing: Standing) -> tuple[Leg, ...]:
    """By whom a taxpayer is told that his benefits are back: those that told him of their suspension."""
    if position.row is None:
        return ()
    return _legs(ruler, position.row, len(ruler.rows[position.row].rungs) - 1, standing)


def _inform(ruler: Ruler, calendar: Calendar, position: Position, standing: Standing, legs: tuple[Leg, ...]) -> Step:
    """Nothing need be outstanding for it: it asks for nothing."""
    assert position.row is not None  # noqa: S101 - only a case on the map was ever suspended
    last = len(ruler.rows[position.row].rungs) - 1
    on, why = calendar.working(standing.today), "comunicação de que os benefícios foram devolvidos"
    step = cell(Action.INFORM, Status.RUNNING, ruler, position, position.row, last, on, why)
    return step.model_copy(update={"legs": legs})


def _contact(
    ruler: Ruler,
    calendar: Calendar,
    position: Position,
    standing: Standing,
    row: Hypothesis,
    index: int,
    due: date,
    why: str,
) -> Step:
    """A rung that is due on `due`, on the first day that its taxpayer may be contacted."""
    if not _legs(ruler, row, index, standing):
        return wait(Status.UNREACHABLE, position, "nenhum contato alcança o contribuinte pelos canais do degrau")
    if standing.over_budget:
        return wait(Status.OVER_BUDGET, position, "o orçamento da coorte não paga o próximo degrau")
    if standing.claimed_paid_on:
        processed = calendar.after(standing.claimed_paid_on, ruler.payments.processing)
        if processed > due:
            due, why = processed, f"{why}; pagamento informado em {day(standing.claimed_paid_on)} aguarda o banco"
    if not ruler.rung(row, index).formal:
        free = first_free_day(due, standing.contacted_on, standing.limits, calendar)
        if free > due:
            due, why = free, f"{why}; adiado pelo limite de contatos por pessoa"
    return _rung_step(ruler, position, standing, row, index, due, Status.RUNNING, why)


def _fall_over(
    ruler: Ruler, calendar: Calendar, position: Position, standing: Standing, legs: tuple[Leg, ...], status: Status
) -> Step:
    """The last rung goes on by other channels: the same contact, at the next lawful hour."""
    assert position.row is not None  # noqa: S101 - something was sent
    lost = ", ".join(CHANNELS[leg.way] for leg in legs)
    instead = ", ".join(CHANNELS[leg.channel] for leg in legs)
    why = f"não alcançado por {lost}: recorre a {instead}"
    step = _rung_step(ruler, position, standing, position.row, position.rung, standing.today, status, why)
    return step.model_copy(update={"number": position.steps - 1, "rigidity": position.last_rigidity, "legs": legs})


def _towards_deadline(ruler: Ruler, calendar: Calendar, standing: Standing, step: Step) -> Step:
    """What the map says while the offer stands: nobody is contacted on its last day, or after. A case that isn't
    settled ends once the bank has had its days, whatever it waits for."""
    offer = ruler.offer
    if offer is None or step.action is Action.RESOLVE:
        return step
    if step.action is Action.NOTIFY and step.on and max(step.on, standing.today) < offer.deadline_day:
        return step.model_copy(update={"reason": f"{step.reason}; a oferta vale até {moment(offer.until)}"})
    over = offer.over_on(calendar, ruler.payments.processing)
    why = f"oferta até {moment(offer.until)}: sem quitação, a campanha encerra em {day(over)}; {step.reason}"
    return Step(action=Action.END, status=step.status, on=over, number=step.number, reason=why)


def _rung_step(
    ruler: Ruler,
    position: Position,
    standing: Standing,
    row: Hypothesis,
    index: int,
    on: date,
    status: Status,
    why: str,
) -> Step:
    stage = ruler.rung(row, index).stage
    step = cell(Action.NOTIFY, status, ruler, position, row, index, on, f"{row.upper()} · {STAGES[stage]}: {why}")
    return step.model_copy(update={"legs": _legs(ruler, row, index, standing)})
