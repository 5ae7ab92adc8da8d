"""Cases that go over to another ruler, on paper: nothing softer, nothing skipped, no day waited twice."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case.decision import decide
from models.case.facts import CaseFacts
from models.case.plan import plan
from models.case.ruler_change import Outcome, outcome, translate
from models.case.state import CaseState, Suspended
from models.case.status import Status
from models.case.step import Action, Step
from models.case.view import View
from models.law.calendar import Unit, Wait
from models.ruler.schema import Hypothesis, Ruler, Rung, Stage
from tests.builders import FACTS, ICMS, calendar_of, shipped
from tests.chance import examples
from tests.models.case.test_decision import PaperCase, defaulter, paper, unpaid

OLD = shipped(ICMS)
CALENDAR = calendar_of(ICMS)


def with_row(row: Hypothesis, *rungs: Rung, ruler: Ruler = OLD) -> Ruler:
    changed = ruler.rows[row].model_copy(update={"rungs": rungs})
    return ruler.model_copy(update={"version": ruler.version + 1, "rows": {**ruler.rows, row: changed}})


def but(row: Hypothesis, index: int, **changes: Any) -> Ruler:
    rungs = list(OLD.rows[row].rungs)
    rungs[index] = rungs[index].model_copy(update=changes)
    return with_row(row, *rungs)


def without(row: Hypothesis, stage: Stage) -> Ruler:
    return with_row(row, *(rung for rung in OLD.rows[row].rungs if rung.stage is not stage))


def days(count: int) -> Wait:
    return Wait(days=count, unit=Unit.BUSINESS)


def migrated(case: PaperCase, new: Ruler, old: Ruler = OLD) -> tuple[CaseState, Step]:
    state = translate(old, new, case.state)
    assert state is not None
    return state, decide(View(new, CALENDAR, state, case.facts)).step


def becomes_of(case: PaperCase, new: Ruler) -> Outcome:
    _, then = migrated(case, new)
    return outcome(OLD, case.state, case.step, then, case.today)


# ---- what may be different about a ruler


def test_a_rung_put_in_after_the_one_it_stands_on_comes_next() -> None:
    old = without("h1", Stage.ALERT)
    case = unpaid()
    case.ruler = old
    case.climb(1)
    assert case.step.stage is Stage.WARNING
    _, then = migrated(case, OLD, old)
    assert (then.stage, then.on) == (Stage.ALERT, case.step.on)
    assert outcome(old, case.state, case.step, then, case.today) is Outcome.MOVES


def test_a_rung_put_in_before_it_is_not_made_up_for() -> None:
    old = without("h1", Stage.REMINDER)
    case = unpaid()
    case.ruler = old
    case.state = CaseState.at_start(case.today)
    case.sit()
    case.climb(1)
    state, then = migrated(case, OLD, old)
    assert (state.rung, then.stage, then.on) == (1, Stage.WARNING, case.step.on)
    assert outcome(old, case.state, case.step, then, case.today) is Outcome.UNCHANGED


def test_when_the_rung_it_stands_on_is_gone_the_next_harder_one_comes() -> None:
    case = unpaid().climb(2)
    _, then = migrated(case, without("h1", Stage.ALERT))
    assert (then.stage, then.on) == (Stage.WARNING, case.step.on)
    assert becomes_of(case, without("h1", Stage.ALERT)) is Outcome.UNCHANGED


def test_when_the_rung_to_come_is_gone_the_one_after_it_comes() -> None:
    case = unpaid().climb(1)
    assert migrated(case, without("h1", Stage.ALERT))[1].stage is Stage.WARNING
    assert becomes_of(case, without("h1", Stage.ALERT)) is Outcome.MOVES


@pytest.mark.parametrize(("dwell", "is_"), [(2, Outcome.MOVES), (5, Outcome.UNCHANGED), (20, Outcome.WAITS)])
def test_another_dwell_counts_from_the_day_of_the_contact(dwell: int, is_: Outcome) -> None:
    case = unpaid().climb(1)
    new = but("h1", 0, dwell=days(dwell))
    assert migrated(case, new)[1].on == CALENDAR.after(case.state.clock.anchor, days(dwell))
    assert becomes_of(case, new) is is_


def test_a_dwell_that_was_over_already_makes_it_due_today_at_the_earliest() -> None:
    case = unpaid().climb(1)
    case.today += timedelta(days=4)
    case.sit()
    _, then = migrated(case, but("h1", 0, dwell=days(1)))
    assert then.on is not None
    assert then.on <= case.today
    assert becomes_of(case, but("h1", 0, dwell=days(1))) is Outcome.MOVES


def test_a_rung_that_is_formal_now_is_taken_again() -> None:
    case = paper(FACTS["h7"]).climb(3)
    new = but("h7", 2, formal=True)
    state, then = migrated(case, new)
    assert (then.row, then.stage, then.on) == ("h7", Stage.FINAL_NOTICE, case.step.on)
    assert becomes_of(case, new) is Outcome.REPEATS
    done = state.done(new, "h7", 2, 9, case.today)
    assert decide(View(new, CALENDAR, done, case.facts)).step.row is None, "it waits for proof of service"


def test_a_rung_that_is_not_formal_any_more_waits_for_no_service() -> None:
    case = defaulter(compressed=False).climb(1)
    assert case.step.on is None
    _, then = migrated(case, but("h8", 0, formal=False))
    # sent on Tue 03/11/2026, fifteen continuous days from Wed 04/11
    assert (then.stage, then.on) == (Stage.FINAL_NOTICE, date(2026, 11, 19))


def test_a_served_notice_stays_served() -> None:
    case = defaulter().climb(2)
    longer = but("h8", 1, dwell=Wait(days=40, unit=Unit.LEGAL))
    _, then = migrated(case, longer)
    assert case.notices[-1].served_on == date(2026, 11, 19)
    # the next working day is Mon 23/11; 27 days until the recess, thirteen more from 21/01/2027 on
    assert (then.action, then.on) == (Action.ASK_APPROVAL, date(2027, 2, 3))


def test_a_case_whose_row_is_gone_goes_where_its_evidence_leads_and_no_softer() -> None:
    case = paper(FACTS["h2"]).climb(2)
    rows = {name: row for name, row in OLD.rows.items() if name != "h2"}
    entry = OLD.entry.model_copy(update={"non_payment": ("h1", "h7")})
    rows["h1"] = rows["h1"].model_copy(update={"climbs_to": "h7"})
    new = OLD.model_copy(update={"rows": rows, "entry": entry})
    _, then = migrated(case, new)
    assert then.row == "h7"
    assert then.rigidity is not None
    assert then.rigidity >= case.state.last_rigidity
    assert then.on == case.step.on


def test_a_case_without_contact_begins_at_the_first_rung() -> None:
    case = unpaid()
    assert migrated(case, without("h1", Stage.REMINDER))[1].stage is Stage.ALERT


@pytest.mark.parametrize("what", ["pause", "hold", "defend"])
def test_a_clock_that_stands_still_stands_still(what: str) -> None:
    case = defaulter().climb(1)
    if what == "pause":
        case.pause("Ana")
    elif what == "defend":
        case.defend()
    else:
        for period in case.debts:
            case.hold("judicial", which=period)
    new = but("h8", 0, dwell=Wait(days=60, unit=Unit.LEGAL))
    state, then = migrated(case, new)
    assert (then.action, state.clock.stopped_on) == (Action.WAIT, case.state.clock.stopped_on)
    assert becomes_of(case, new) is Outcome.UNCHANGED


def approved() -> PaperCase:
    case = defaulter().climb_until(Action.ASK_APPROVAL)
    case.carry_out()
    case.approve_by("Ana")
    return case


def test_an_approval_lapses_and_is_asked_for_again() -> None:
    case = approved()
    assert case.state.approvers
    state, then = migrated(case, but("h1", 0, dwell=days(9)))
    assert not state.approvers
    assert then.action is Action.ASK_APPROVAL


def test_suspended_benefits_stay_suspended_and_nobody_is_told_twice() -> None:
    case = approved()
    case.approve_by("Bia")
    case.carry_out()
    new = without("h8", Stage.NOTICE)
    assert migrated(case, new)[1].stage is Stage.SUSPENSION
    case.carry_out()
    assert migrated(case, new)[1].status is Status.BENEFITS_SUSPENDED
    assert migrated(case, new)[1].action is Action.WAIT


def test_suspended_benefits_have_no_place_where_none_are_suspended() -> None:
    case = approved()
    case.approve_by("Bia")
    case.carry_out()
    assert translate(OLD, without("h8", Stage.SUSPENSION), case.state) is None


def test_the_word_of_a_suspension_is_no_softer_than_the_last_notice() -> None:
    """Its benefits were suspended after a last notice of rigidity 10, and the new ladder of h8 ends in one of 9."""
    case = paper(FACTS["h2"]).climb_until(Action.ASK_APPROVAL)
    case.carry_out()
    case.approve_by("Ana")
    case.carry_out()
    assert isinstance(case.state.place, Suspended)
    assert (case.step.stage, case.state.last_rigidity) == (Stage.SUSPENSION, 10)
    milder = [rung.model_copy(update={"rigidity": rung.rigidity - 2}) for rung in OLD.rows["h8"].rungs]
    _, then = migrated(case, with_row("h8", *milder))
    assert (then.action, then.stage, then.rigidity) == (Action.NOTIFY, Stage.SUSPENSION, 10)


def test_a_case_harder_than_the_whole_new_ladder_hears_nothing_softer() -> None:
    case = defaulter().climb(2)
    rungs = [rung.model_copy(update={"rigidity": 2}) for rung in OLD.rows["h8"].rungs]
    soft = with_row("h8", rungs[0], rungs[1].model_copy(update={"formal": False}), rungs[2])
    _, then = migrated(case, soft)
    assert then.action is Action.ASK_APPROVAL


# ---- whatever the rulers, whatever the life


@lru_cache
def lived(row: Hypothesis) -> tuple[tuple[CaseState, CaseFacts], ...]:
    """All states of a life to its end, and of one that was paused and lost its approval on the way."""
    seen = []
    case = paper(FACTS[row])
    for n in range(40):
        seen.append((case.state, case.facts))
        if case.step.on is None and case.step.status is Status.AWAITING_APPROVAL:
            case.approve()
        elif n % 5 == 4:
            case.pause("Ana")
            seen.append((case.state, case.facts))
            case.today += timedelta(days=3)
            case.pause(None)
        case.carry_out()
    return tuple(seen)


lives = st.sampled_from(sorted(FACTS)).flatmap(lambda row: st.sampled_from(lived(row)))


@st.composite
def rulers(draw: st.DrawFn) -> Ruler:
    """A ruler no softer along its rows and climbs than the shipped one, with some of its rungs, and its own waits."""
    warmer = draw(st.integers(-2, 2))
    rows = {}
    for name, row in OLD.rows.items():
        last = row.rungs[-1]
        kept = [rung for rung in row.rungs[:-1] if draw(st.booleans())] + [last]
        if last.stage is Stage.SUSPENSION and len(kept) == 1:
            kept = [*row.rungs[-2:]]
        rungs = tuple(
            rung.model_copy(
                update={
                    "rigidity": min(10, max(1, rung.rigidity + warmer)),
                    "dwell": rung.dwell and days(draw(st.integers(1, 20))),
                }
            )
            for rung in kept
        )
        rows[name] = row.model_copy(update={"rungs": rungs})
    return OLD.model_copy(update={"rows": rows})


@given(lives, rulers())
def test_no_notice_is_softer_than_the_last(life: tuple[CaseState, CaseFacts], new: Ruler) -> None:
    """Not only the first, but all to the end of the case."""
    state, facts = life
    moved = translate(OLD, new, state)
    assert moved is not None
    heard = [step.rigidity for step in plan(View(new, CALENDAR, moved, facts)) if step.action is Action.NOTIFY]
    assert [state.last_rigidity, *heard] == sorted([state.last_rigidity, *filter(None, heard)])


@given(lives, rulers())
def test_no_rung_is_skipped_but_softer_ones(life: tuple[CaseState, CaseFacts], new: Ruler) -> None:
    state, facts = life
    moved = translate(OLD, new, state)
    assert moved is not None
    step = decide(View(new, CALENDAR, moved, facts)).step
    if step.action is not Action.NOTIFY or state.row is None or not state.climbs or state.clock.stopped_on:
        return
    stood = OLD.rung(state.row, state.rung).stage.severity if state.rung >= 0 else -1
    demanded = [
        (row, rung.stage)
        for row in (state.row, *new.climb(state.row))
        for index, rung in enumerate(new.rows[row].rungs)
        if (row != state.row or rung.stage.severity > stood)
        and new.rigidity(row, index, state.occurrences) >= state.last_rigidity
    ]
    assert (step.row, step.stage) == demanded[0]


@given(lives)
def test_to_the_same_ruler_nothing_changes_but_that_an_approval_lapses(life: tuple[CaseState, CaseFacts]) -> None:
    state, _ = life
    assert translate(OLD, OLD, state) == state.lapsed()


@given(lives, rulers())
def test_twice_is_once(life: tuple[CaseState, CaseFacts], new: Ruler) -> None:
    once = translate(OLD, new, life[0])
    assert once is not None
    assert translate(new, new, once) == once


@given(lives, rulers(), rulers())
@settings(max_examples=examples(50))
def test_the_days_that_were_waited_count(life: tuple[CaseState, CaseFacts], new: Ruler, newer: Ruler) -> None:
    state, _ = life
    kept: Any = dict.fromkeys(("started", "steps", "last_rigidity", "occurrences"), True)
    kept["clock"] = {"anchor", "not_before", "stood_still", "stopped_on"}
    once = translate(OLD, new, state)
    assert once is not None
    twice = translate(new, newer, once)
    assert twice is not None
    assert twice.model_dump(include=kept) == state.model_dump(include=kept)


def test_a_wait_that_waits_for_nothing_now_waits() -> None:
    then = Step(action=Action.WAIT, status=Status.RUNNING, on=None, number=1, reason="r")
    before = then.model_copy(update={"action": Action.NOTIFY, "on": date(2026, 11, 20)})
    assert outcome(OLD, CaseState.at_start(date(2026, 11, 3)), before, then, date(2026, 11, 3)) is Outcome.WAITS
