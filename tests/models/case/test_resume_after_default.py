"""Where a case goes on when its instalment agreement was broken."""

from datetime import date, timedelta

import pytest

from models.case.decision import decide
from models.case.facts import BrokenAgreement, CaseFacts, Pause, facts_of
from models.case.state import CaseState, OnRow
from models.case.step import Action, Decision
from models.case.view import View
from models.ruler.check import read_ruler, rule_faults
from models.ruler.schema import Kind, Ruler
from storage.catalogue import RULERS
from tests.builders import ICMS, calendar_of, debt, filing, shipped

START = date(2026, 11, 3)
BROKEN = BrokenAgreement(id="a1", on=date(2027, 3, 31))
DECIDED = date(2027, 4, 5)


def facts(today: date, *grounds: str, broken: BrokenAgreement | None = None) -> CaseFacts:
    known = facts_of(shipped(ICMS), today, [debt("2026-09", "1000.00", *grounds)], [filing()])
    return known.model_copy(update={"broken_agreement": broken})


def judged(state: CaseState, known: CaseFacts, ruler: Ruler | None = None) -> Decision:
    return decide(View(ruler or shipped(ICMS), calendar_of(ICMS), state, known))


def reminded() -> CaseState:
    """One reminder in h1, then an agreement that holds the debt."""
    first = judged(CaseState.at_start(START), facts(START))
    assert first.step.row == "h1"
    done = first.state.done(shipped(ICMS), "h1", 0, 1, START)
    return judged(done, facts(START + timedelta(days=2), "agreement")).state


def test_it_goes_on_at_once_at_the_row_and_rung_the_ruler_names() -> None:
    after = judged(reminded(), facts(DECIDED, broken=BROKEN))
    assert (after.step.action, after.step.row, after.step.stage, after.step.on) == (
        Action.NOTIFY,
        "h7",
        "notice",
        DECIDED,
    )
    assert [transition.kind for transition in after.transitions] == ["resumed", "resumed_after_break"]
    assert after.transitions[-1].reason == "parcelamento rompido em 31/03/2027: a régua retoma em H7 · notificação"


def test_a_break_moves_the_case_once() -> None:
    moved = judged(reminded(), facts(DECIDED, broken=BROKEN)).state
    again = judged(moved, facts(DECIDED + timedelta(days=1), broken=BROKEN))
    assert (again.state, again.transitions) == (moved, ())


def test_a_case_that_stood_higher_goes_on_from_there() -> None:
    ruler = shipped(ICMS)
    high = CaseState.at_start(START).enter(ruler, "h8", judged_kind(), 4, START, "").done(ruler, "h8", 0, 8, START)
    held = judged(high, facts(START + timedelta(days=2), "agreement")).state
    after = judged(held, facts(DECIDED, broken=BROKEN)).state
    assert (after.row, after.rung, after.resumed_after) == ("h8", 0, "a1")


def judged_kind() -> Kind:
    place = judged(CaseState.at_start(START), facts(START)).state.place
    assert isinstance(place, OnRow)
    return place.kind


def test_the_dwell_of_the_last_notice_is_kept() -> None:
    soon = START + timedelta(days=3)
    after = judged(reminded(), facts(soon, broken=BrokenAgreement(id="a1", on=soon)))
    dwell = shipped(ICMS).rung("h1", 0).dwell
    assert dwell is not None
    assert after.step.on == calendar_of(ICMS).after(START, dwell)


def test_a_ruler_that_names_no_cell_goes_on_where_it_stood() -> None:
    silent = shipped(ICMS).model_copy(update={"agreements": None})
    after = judged(reminded(), facts(DECIDED, broken=BROKEN), silent)
    assert (after.step.row, after.step.stage) == ("h1", "alert")


def test_while_it_is_paused_it_waits() -> None:
    paused = facts(DECIDED, broken=BROKEN).model_copy(update={"pauses": (Pause(by="ana"),)})
    assert judged(reminded(), paused).state.resumed_after is None


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("{row: h7, stage: reminder}", "reminder is no notice of the row h7, which has warning, notice, final_notice"),
        ("{row: h8, stage: suspension}", "suspension is no notice of the row h8"),
    ],
)
def test_a_cell_that_is_not_there_is_a_fault(cell: str, what: str) -> None:
    read = read_ruler(RULERS.read(ICMS)[1].replace("{row: h7, stage: notice}", cell))
    assert read.ruler is not None
    [fault] = rule_faults(read.ruler)
    assert what in fault.what
    assert fault.where == ("agreements", "resume", "stage")
