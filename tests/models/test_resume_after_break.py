"""Where a case goes on when its instalment agreement was broken."""

from datetime import date, timedelta

import pytest

from models.decision import decide
from models.faults import read_ruler, rule_faults
from models.position import OnRow, Position
from models.ruler import Kind, Ruler
from models.standing import BrokenAgreement, Pause, Standing, standing_of
from models.step import Action, Decision
from models.view import View
from storage.shelf import RULERS
from tests.builders import ICMS, calendar_of, debt, filing, shipped

START = date(2026, 11, 3)
BROKEN = BrokenAgreement(id="a1", on=date(2027, 3, 31))
DECIDED = date(2027, 4, 5)


def standing(today: date, *grounds: str, broken: BrokenAgreement | None = None) -> Standing:
    facts = standing_of(shipped(ICMS), today, [debt("2026-09", "1000.00", *grounds)], [filing()])
    return facts.model_copy(update={"broken_agreement": broken})


def judged(position: Position, facts: Standing, ruler: Ruler | None = None) -> Decision:
    return decide(View(ruler or shipped(ICMS), calendar_of(ICMS), position, facts))


def reminded() -> Position:
    """One reminder in h1, then an agreement that holds the debt."""
    first = judged(Position.at_start(START), standing(START))
    assert first.step.row == "h1"
    done = first.position.done(shipped(ICMS), "h1", 0, 1, START)
    return judged(done, standing(START + timedelta(days=2), "agreement")).position


def test_it_goes_on_at_once_at_the_row_and_rung_the_ruler_names() -> None:
    after = judged(reminded(), standing(DECIDED, broken=BROKEN))
    assert (after.step.action, after.step.row, after.step.stage, after.step.on) == (
        Action.NOTIFY,
        "h7",
        "notice",
        DECIDED,
    )
    assert [turn.kind for turn in after.turns] == ["resumed", "resumed_after_break"]
    assert after.turns[-1].reason == "parcelamento rompido em 31/03/2027: a régua retoma em H7 · notificação"


def test_a_break_moves_the_case_once() -> None:
    moved = judged(reminded(), standing(DECIDED, broken=BROKEN)).position
    again = judged(moved, standing(DECIDED + timedelta(days=1), broken=BROKEN))
    assert (again.position, again.turns) == (moved, ())


def test_a_case_that_stood_higher_goes_on_from_there() -> None:
    ruler = shipped(ICMS)
    high = Position.at_start(START).enter(ruler, "h8", judged_kind(), 4, START, "").done(ruler, "h8", 0, 8, START)
    held = judged(high, standing(START + timedelta(days=2), "agreement")).position
    after = judged(held, standing(DECIDED, broken=BROKEN)).position
    assert (after.row, after.rung, after.resumed_after) == ("h8", 0, "a1")


def judged_kind() -> Kind:
    place = judged(Position.at_start(START), standing(START)).position.place
    assert isinstance(place, OnRow)
    return place.kind


def test_the_dwell_of_the_last_notice_is_kept() -> None:
    soon = START + timedelta(days=3)
    after = judged(reminded(), standing(soon, broken=BrokenAgreement(id="a1", on=soon)))
    dwell = shipped(ICMS).rung("h1", 0).dwell
    assert dwell is not None
    assert after.step.on == calendar_of(ICMS).after(START, dwell)


def test_a_ruler_that_names_no_cell_goes_on_where_it_stood() -> None:
    silent = shipped(ICMS).model_copy(update={"agreements": None})
    after = judged(reminded(), standing(DECIDED, broken=BROKEN), silent)
    assert (after.step.row, after.step.stage) == ("h1", "alert")


def test_while_it_is_paused_it_waits() -> None:
    paused = standing(DECIDED, broken=BROKEN).model_copy(update={"pauses": (Pause(by="ana"),)})
    assert judged(reminded(), paused).position.resumed_after is None


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
