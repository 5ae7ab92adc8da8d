"""A case that nothing happens to: what a ruler would do from here on, or with somebody it doesn't know yet."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from models.case.decision import decide
from models.case.evidence import Debt, Evidence
from models.case.facts import FormalNotice, PriorStep, Standing
from models.case.gate import steps_missing
from models.case.state import Position
from models.case.status import Status
from models.case.step import Action, Step
from models.law.calendar import Calendar
from models.ruler.schema import Hypothesis, Kind, Ruler


def plan(ruler: Ruler, calendar: Calendar, position: Position, standing: Standing) -> Iterator[Step]:
    """The dated steps if nothing happened: notices served the day they leave, the gate approved the day it opens, and
    what the law wants before a suit done the day it is missed."""
    while True:
        decision = decide(ruler, calendar, position, standing)
        position, step = decision.position, decision.step
        if step.action is Action.WAIT and not _imaginable(step, position, standing):
            return
        if step.action is not Action.WAIT:
            yield step
        standing = standing.model_copy(update={"today": max(standing.today, step.on or standing.today)})
        position, standing = _imagine(ruler, position, standing, step)
        if step.action in (Action.RESOLVE, Action.REINSTATE, Action.END, Action.CANCEL):
            return


def _imaginable(step: Step, position: Position, standing: Standing) -> bool:
    unserved = bool(standing.formal_notices) and standing.formal_notices[-1].served_on is None
    missed = step.status is Status.AWAITING_PRIOR_STEPS
    return standing.outstanding and standing.paused_by is None and (unserved or missed or position.asked_on is not None)


def _imagine(ruler: Ruler, position: Position, standing: Standing, step: Step) -> tuple[Position, Standing]:
    if step.action is Action.NOTIFY and step.row and step.rung is not None and step.rigidity:
        if step.number == position.steps:
            position = position.done(ruler, step.row, step.rung, step.rigidity, standing.today)
        standing = standing.model_copy(update={"deliveries": ()})
        if ruler.rung(step.row, step.rung).formal:
            sent = FormalNotice(id="", at=standing.today, served_on=standing.today)
            standing = standing.model_copy(update={"formal_notices": (*standing.formal_notices, sent)})
    elif step.action is Action.SUSPEND:
        position = position.suspended_now(standing.today)
    elif step.action is Action.INFORM:
        position = position.told()
    elif step.action is Action.REFER:
        position = position.referred_now()
    elif step.status is Status.AWAITING_PRIOR_STEPS:
        taken = tuple(PriorStep(kind=kind, on=standing.today) for kind in steps_missing(ruler, standing))
        standing = standing.model_copy(update={"prior_steps": (*standing.prior_steps, *taken)})
    elif step.action is Action.ASK_APPROVAL:
        position = position.asked(standing.today)
    elif position.asked_on is not None:
        position = position.approved("—" * (len(position.approvers) + 1), standing.fingerprint)
    elif standing.formal_notices:
        served = standing.formal_notices[-1].model_copy(update={"served_on": standing.today})
        standing = standing.model_copy(update={"formal_notices": (*standing.formal_notices[:-1], served)})
    return position, standing


def imagined_case(ruler: Ruler, row: Hypothesis, occurrences: int, start: date) -> tuple[Position, Standing]:
    """A case that enters `row` on `start`, with evidence of the kind that leads there and nothing ever cured."""
    kind = _kind_leading_to(ruler, row)
    why = f"{occurrences}ª ocorrência"
    position = Position.at_start(start).enter(ruler, row, kind, occurrences, start, why)
    owed = Debt(id="", inscription="", period="", due=start, balance=Decimal("1000.00"), litigation=False)
    evidence = Evidence(kind=kind, period="", due=start, open=True, wants_return=kind is Kind.RETURN)
    standing = Standing(today=start, debts=(owed,), evidence=(evidence,), has_benefits=True)
    return position.model_copy(update={"kinds": (kind,)}), standing


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
