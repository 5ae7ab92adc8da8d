"""Blocks on a case stand side by side (casebook L25): one word is shown, none is forgotten, and each ends alone."""

from datetime import date, timedelta

import pytest

from models.case.blocks import Block, Situation, dated
from models.case.commands import Act, may, why_not
from models.case.decision import decide
from models.case.facts import Defence, Pause
from models.case.status import Status
from models.case.step import Action
from models.case.view import View
from tests.models.case.test_decision import PaperCase, asking, defaulter, registered, suspended, unpaid

COHORT = Pause(by="ana", on=date(2026, 11, 2), whole_cohort=True)


def blocks(case: PaperCase) -> list[str]:
    return [block.kind for block in case.decision.situation.blocks]


def test_a_case_that_nothing_blocks_shows_its_state() -> None:
    assert unpaid().decision.situation == Situation(state=Status.RUNNING)
    assert suspended().decision.situation == Situation(state=Status.BENEFITS_SUSPENDED)


def test_paused_while_on_hold_both_stand_and_each_ends_alone() -> None:
    case = unpaid().climb(1)
    case.hold("deposit", since=date(2026, 11, 4), until=date(2026, 12, 1))
    case.pause("Bia")
    assert blocks(case) == ["on_hold", "paused"]
    assert (case.step.status, case.step.on) == (Status.ON_HOLD, date(2026, 12, 2))
    held, paused = case.decision.situation.blocks
    assert (held.since, held.until) == (date(2026, 11, 4), date(2026, 12, 1))
    assert paused.reason == "pausado por Bia"
    case.pause(None)
    assert blocks(case) == ["on_hold"]
    case.pause("Bia")
    case.hold()
    assert (blocks(case), case.step.status) == (["paused"], Status.PAUSED)
    case.pause(None)
    assert (blocks(case), case.step.status) == ([], Status.RUNNING)


def test_the_pause_of_the_cohort_stands_beside_the_case_s_own() -> None:
    case = unpaid().climb(1)
    facts = case.facts.model_copy(update={"pauses": (Pause(by="bia"), COHORT)})
    situation = decided(case.view.seeing(facts))
    assert [block.reason for block in situation.blocks] == ["pausado por bia", "pausado por ana, com toda a coorte"]
    assert situation.has(Status.PAUSED)
    assert situation.has(Status.PAUSED, whole_cohort=True)


def decided(view: View) -> Situation:
    return decide(view).situation


def test_whom_no_contact_reaches_is_unreachable_under_a_pause_and_a_hold_too() -> None:
    case = unpaid()
    nobody = case.facts.reach.model_copy(update={"open": frozenset(), "formal": frozenset()})
    facts = case.facts.model_copy(update={"reach": nobody})
    assert [block.kind for block in decided(case.view.seeing(facts)).blocks] == ["unreachable"]
    held = tuple(debt.model_copy(update={"grounds": ("deposit",)}) for debt in facts.debts)
    stopped = facts.model_copy(update={"debts": held, "pauses": (Pause(by="Bia"),)})
    assert [block.kind for block in decided(case.view.seeing(stopped)).blocks] == ["on_hold", "paused", "unreachable"]


def test_a_cohort_without_money_is_without_it_under_a_pause_too() -> None:
    case = unpaid()
    facts = case.facts.model_copy(update={"over_budget": True, "pauses": (Pause(by="Bia"),)})
    assert [block.kind for block in decided(case.view.seeing(facts)).blocks] == ["paused", "over_budget"]


def test_a_defence_and_the_steps_before_a_suit_stand_beside_a_pause() -> None:
    case = registered(prior_steps=())
    while case.step.action is Action.NOTIFY:
        case.carry_out()
    assert blocks(case) == ["awaiting_prior_steps"]
    case.pause("Bia")
    assert blocks(case) == ["paused", "awaiting_prior_steps"]
    case.defence = Defence(filed_on=case.today)
    case.sit()
    # what is defended needs no step before a suit yet
    assert blocks(case) == ["paused", "under_defence"]


def test_an_approval_that_is_awaited_lapses_with_a_pause_and_is_asked_for_anew() -> None:
    case = asking()
    [awaited] = case.decision.situation.blocks
    assert (awaited.kind, awaited.since) == (Status.AWAITING_APPROVAL, case.today)
    case.pause("Bia")
    assert blocks(case) == ["paused"]
    case.pause(None)
    assert case.step.action is Action.ASK_APPROVAL


def test_an_amount_that_nobody_can_tell_stands_beside_all_that_is_known() -> None:
    case = defaulter().climb(1)
    lacking = {"lacks": "a taxa Selic de 10/2026", "pauses": (COHORT,)}
    defended = case.facts.defended([Defence(filed_on=case.today)])
    situation = decided(case.view.seeing(defended.model_copy(update=lacking)))
    assert [block.kind for block in situation.blocks] == ["paused", "under_defence", "amount_unknown"]
    assert situation.status is Status.PAUSED


def test_a_suspended_case_of_a_paused_cohort_is_shown_by_the_pause_and_stays_suspended() -> None:
    case = suspended()
    situation = decided(case.view.seeing(case.facts.model_copy(update={"pauses": (COHORT,)})))
    assert (situation.status, situation.state) == (Status.PAUSED, Status.BENEFITS_SUSPENDED)


def test_a_block_whose_facts_name_no_day_began_when_it_was_first_seen() -> None:
    first, later = date(2026, 11, 3), date(2026, 11, 9)
    lost, told = Block(kind=Status.UNREACHABLE, reason="r"), Block(kind=Status.PAUSED, reason="r", since=first)
    seen = dated([lost], [], first)
    assert dated([told, lost], seen, later) == (told, lost.model_copy(update={"since": first}))
    assert dated([lost], [told], later)[0].since == later


# ---- what may be done to it

ALL = tuple(Block(kind=kind, reason="r") for kind in [*Status][1:9])


def but(*kinds: Status) -> Situation:
    return Situation(state=Status.RUNNING, blocks=tuple(block for block in ALL if block.kind not in kinds))


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.kind)
def test_whatever_blocks_a_case_it_is_paused_unless_it_is_so_already(block: Block) -> None:
    assert may(Act.PAUSE, Situation(state=Status.RUNNING, blocks=(block,))) is (block.kind is not Status.PAUSED)
    assert may(Act.PAUSE, but(Status.PAUSED))


def test_a_pause_is_lifted_whatever_else_blocks_the_case() -> None:
    assert may(Act.RESUME, Situation(state=Status.RUNNING, blocks=ALL))
    assert why_not(Act.RESUME, but(Status.PAUSED)) == "the case is on_hold, not paused"


def test_a_case_that_only_its_cohort_pauses_is_resumed_with_it_and_may_be_paused_besides() -> None:
    cohort = Block(kind=Status.PAUSED, reason="r", whole_cohort=True)
    with_all = Situation(state=Status.RUNNING, blocks=(cohort,))
    assert "the whole cohort is paused; resume it with `cohort resume`" in str(why_not(Act.RESUME, with_all))
    assert may(Act.PAUSE, with_all)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("closed", [Status.RESOLVED, Status.ENDED, Status.CANCELLED])
def test_nothing_is_done_to_a_closed_case(act: Act, closed: Status) -> None:
    assert why_not(act, Situation(state=closed)) == f"the case is {closed}: nothing more can be done to it"


@pytest.mark.parametrize("state", [Status.BENEFITS_SUSPENDED, Status.REFERRED, Status.CONTROL])
def test_where_nothing_climbs_there_is_nothing_to_pause(state: Status) -> None:
    assert why_not(Act.PAUSE, Situation(state=state)) == f"the case is {state}; there is nothing to pause"


@pytest.mark.parametrize("act", [Act.APPROVE, Act.REJECT])
def test_only_what_awaits_an_approval_is_approved_or_refused(act: Act) -> None:
    assert may(act, Situation(state=Status.RUNNING, blocks=ALL))
    assert why_not(act, but(Status.AWAITING_APPROVAL)) == "the case is on_hold, not awaiting approval"


def test_the_days_of_a_pause_and_a_hold_that_overlap_are_given_back_once() -> None:
    """Sent on Tue 03/11, five working days; both stopped on Fri 06/11, the last ended on Fri 20/11."""
    both, one = unpaid().climb(1), unpaid().climb(1)
    for case in (both, one):
        case.today = date(2026, 11, 6)
        case.hold("deposit", since=case.today)
    both.pause("Bia")
    both.today += timedelta(days=5)
    both.pause(None)
    for case in (both, one):
        case.today = date(2026, 11, 20)
        case.hold()
    assert both.step.on == one.step.on
