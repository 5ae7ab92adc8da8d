"""A case goes over from one ruler to another: where it then stands, and what becomes of its next step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from models.case.state import (
    CaseState,
    Cell,
    OffMap,
    OnRow,
    Referred,
    Suspended,
    cell_reached,
    first_no_softer,
)
from models.case.step import Step
from models.ruler.schema import Hypothesis, Ruler, Stage
from models.words import STAGES


class Outcome(StrEnum):
    MOVES = "moves"
    """The next step is another one, or comes earlier."""
    WAITS = "waits"
    """It comes later, or only once something happens to the case."""
    REPEATS = "repeats"
    """The next contact is of the cell that the last one was of."""
    UNCHANGED = "unchanged"


def translate(old: Ruler, new: Ruler, state: CaseState) -> CaseState | None:
    """The state on `new` of a case of `old`. What was done stays done and the days that were waited count: no more than
    the length of the wait may change. An approval lapses. None: nowhere, since its benefits are suspended, and its row
    suspends none on `new`."""
    state = state.lapsed()
    match state.place:
        case OffMap():
            return state
        case Suspended() as place:
            return _while_suspended(old, new, state, place)
        case Referred(row=row) if row not in new.rows:
            return state.before(row, 0)
        case OnRow(row=row) if row not in new.rows:
            return state.off_the_map()
        case OnRow() | Referred() as place:
            return _on_its_row(old, new, state, place)


def _on_its_row(old: Ruler, new: Ruler, state: CaseState, place: OnRow | Referred) -> CaseState:
    stands = _past_what_was_done(old, new, state, place)
    cell = _no_softer(new, place.row, stands.rung + 1, state)
    if cell == next(way_up(new, place.row, stands.rung), (place.row, stands.rung + 1)):
        return stands
    row, index = cell
    return stands.before(row, index)


def last_done(old: Ruler, new: Ruler, row: Hypothesis, rung: int) -> int:
    """The last rung of the row on `new` whose stage is no later than that of `rung` on `old`: what lies between the two
    stages is still to come, what was put in before them is not."""
    if rung < 0:
        return -1
    reached = old.rung(row, rung).stage.severity
    return sum(each.stage.severity <= reached for each in new.rows[row].rungs) - 1


def way_up(ruler: Ruler, row: Hypothesis, rung: int) -> Iterator[tuple[Hypothesis, int]]:
    """The cells above that one, in climbing order."""
    for name in (row, *ruler.climb(row)):
        for index in range(rung + 1 if name == row else 0, len(ruler.rows[name].rungs)):
            yield name, index


def _past_what_was_done(old: Ruler, new: Ruler, state: CaseState, place: OnRow | Referred) -> CaseState:
    row, done = place.row, last_done(old, new, place.row, place.rung)
    sent = old.rung(row, place.rung) if place.stands else None
    demanded = new.rung(row, done) if done >= 0 else None
    if sent is None or demanded is None or sent.stage is not demanded.stage:
        return state.before(row, done + 1)
    stands = state.stands_on(done, demanded.wait, state.clock.awaits_service and demanded.formal)
    if demanded.formal and not sent.formal:
        return stands.before(row, done)
    return stands


def _while_suspended(old: Ruler, new: Ruler, state: CaseState, place: Suspended) -> CaseState | None:
    row, clock = place.row, state.clock
    if row not in new.rows or new.rows[row].rungs[-1].stage is not Stage.SUSPENSION:
        return None
    ahead = len(old.rows[row].rungs) - place.rung
    return state.stands_on(len(new.rows[row].rungs) - ahead, clock.wait, clock.awaits_service)


def _no_softer(ruler: Ruler, row: Hypothesis, first: int, state: CaseState) -> tuple[Hypothesis, int]:
    """The first cell from there on that is no softer than the last notice; where all are, what follows the hardest."""
    row, index = first_no_softer(ruler, row, state.occurrences, state.last_rigidity, first)
    rungs = ruler.rows[row].rungs
    if index == len(rungs) or rungs[index].stage is Stage.SUSPENSION:
        return row, index
    softer = ruler.rigidity(row, index, state.occurrences) < state.last_rigidity
    return row, index + softer


def cell_ahead(ruler: Ruler, state: CaseState, step: Step) -> Cell:
    """The cell of the next step; where it has none, since the case waits for something, the one the case stands on."""
    if step.stage is not None:
        return step.row, step.stage
    return cell_reached(ruler, state)


def outcome(old: Ruler, state: CaseState, before: Step, after: Step, today: date) -> Outcome:
    """The outcome of the ruler change for the next step of a case that was in `state`."""
    had = cell_reached(old, state) if state.stands else None
    if after.action.contacts and (after.row, after.stage) == had != (before.row, before.stage):
        return Outcome.REPEATS
    if after.on is None and before.on is not None:
        return Outcome.WAITS
    if (before.action, before.row, before.stage) != (after.action, after.row, after.stage):
        return Outcome.MOVES
    if before.on is None or after.on is None:
        return Outcome.UNCHANGED
    was, is_now = max(before.on, today), max(after.on, today)
    if was == is_now:
        return Outcome.UNCHANGED
    return Outcome.MOVES if is_now < was else Outcome.WAITS


def reason(old: Ruler, new: Ruler, state: CaseState, then: CaseState, by: str) -> str:
    """The reason for the journal, in pt-BR."""
    lapsed = f"; caduca a aprovação de {' e '.join(state.approvers)}" if state.approvers else ""
    return f"régua trocada por {by}, de {old.label} para {new.label}: {_where(new, state, then)}{lapsed}"


def _where(new: Ruler, state: CaseState, then: CaseState) -> str:
    if state.row is None:
        return "o caso ainda não estava no mapa"
    if then.row is None:
        return f"{state.row.upper()} não existe na nova régua, e a evidência dirá a linha"
    rungs = new.rows[then.row].rungs[then.rung + 1 :]
    ahead = f"a seguir {STAGES[rungs[0].stage]}" if rungs else "já no fim"
    return f"{then.row.upper()}, {ahead}"
