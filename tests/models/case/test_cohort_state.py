"""A case whose whole cohort stands still, or is over."""

from datetime import date, timedelta

import pytest

from models.case.cohort_state import CohortLifecycle, State
from models.case.decision import decide
from models.case.facts import CaseFacts, facts_of
from models.case.plan import plan
from models.case.state import CaseState
from models.case.status import Status
from models.case.step import Action, Decision
from models.case.view import View
from models.ruler.schema import Hypothesis
from tests.builders import FACTS, ICMS, calendar_of, shipped

START = date(2026, 11, 3)
PAUSED = CohortLifecycle(state=State.PAUSED, by="ana", on=START + timedelta(days=3))
CANCELLED = CohortLifecycle(state=State.CANCELLED, by="ana", reason="lei nova")


def facts(row: Hypothesis, today: date, lifecycle: CohortLifecycle = PAUSED) -> CaseFacts:
    known = facts_of(shipped(ICMS), today, *FACTS[row], benefits=["P1"])
    pauses = (lifecycle.pause,) if lifecycle.pause else ()
    return known.model_copy(update={"pauses": pauses, "cancelled_because": lifecycle.cancelled_because})


def judged(state: CaseState, known: CaseFacts) -> Decision:
    return decide(View(shipped(ICMS), calendar_of(ICMS), state, known))


def reminded(row: Hypothesis = "h1") -> CaseState:
    entered = judged(CaseState.at_start(START), facts(row, START, CohortLifecycle())).state
    return entered.done(shipped(ICMS), row, 0, 1, START)


def test_the_clock_stands_still_from_the_day_of_the_pause_though_the_case_hears_of_it_later() -> None:
    heard = judged(reminded(), facts("h1", START + timedelta(days=6)))
    assert (heard.step.status, heard.step.on) == (Status.PAUSED, None)
    assert heard.step.reason == "pausado por ana, com toda a coorte"
    assert heard.state.clock.stopped_on == START + timedelta(days=3)


def test_a_pause_that_came_before_the_last_notice_stops_nothing_before_it() -> None:
    late = reminded().done(shipped(ICMS), "h1", 1, 2, START + timedelta(days=5))
    assert judged(late, facts("h1", START + timedelta(days=6))).state.clock.stopped_on == START + timedelta(days=5)


def suspended() -> CaseState:
    row = shipped(ICMS).rows["h8"]
    before = reminded("h8").done(shipped(ICMS), "h8", len(row.rungs) - 2, 9, START)
    return before.suspended_now(START + timedelta(days=1), (), frozenset({"P1"}))


def test_nobody_is_told_of_a_suspension_or_of_its_end_meanwhile() -> None:
    day = START + timedelta(days=6)
    assert judged(suspended(), facts("h8", day)).step.action is Action.WAIT
    back = suspended().reinstated(shipped(ICMS), day)
    assert judged(back, facts("h8", day)).step.action is Action.WAIT
    assert judged(back, facts("h8", day, CohortLifecycle())).step.action is Action.INFORM


def test_benefits_are_given_back_all_the_same_when_their_cause_ends() -> None:
    settled = facts("h8", START + timedelta(days=6)).model_copy(update={"debts": (), "evidence": ()})
    assert judged(suspended(), settled).step.action is Action.REINSTATE


def test_who_was_referred_stays_so() -> None:
    assert judged(reminded().referred_now(["d-2026-09"]), facts("h1", START)).step.status is Status.REFERRED


@pytest.mark.parametrize("row", FACTS)
@pytest.mark.parametrize("lacks", [None, "a taxa Selic de 10/2026"])
def test_a_case_of_a_cancelled_cohort_is_closed_wherever_it_stands(row: Hypothesis, lacks: str | None) -> None:
    over = facts(row, START, CANCELLED).model_copy(update={"lacks": lacks})
    for state in (CaseState.at_start(START), reminded(row), reminded(row).referred_now(["d-2026-09"]), suspended()):
        step = judged(state, over).step
        assert (step.action, step.reason) == (Action.CANCEL, "coorte cancelada por ana: lei nova")
        assert [ahead.action for ahead in plan(View(shipped(ICMS), calendar_of(ICMS), state, over))] == [Action.CANCEL]
