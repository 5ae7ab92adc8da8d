"""Who may approve, what makes an approval lapse, whose benefits are suspended, and what comes before a suit."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.case.decision import decide
from models.case.facts import CaseFacts, Defence, FormalNotice
from models.case.gate import approvals_wanted, basis_of, cause_ended, fingerprint, must_be_other, passages, unlisted
from models.case.in_time import judged
from models.case.state import CaseState, Suspended
from models.case.status import Status
from models.case.step import Action, Step
from models.case.view import View
from models.errors import Refusal
from models.formats import day
from models.law.dated import Dated
from models.ruler.schema import Ruler, Stage
from tests.builders import FACTS, ICMS, REGISTERED, debt, shipped
from tests.models.case.test_decision import PaperCase, asking, defaulter, paper, suspended
from tests.oracle.gate import first_act

MONDAY = date(2026, 11, 9)


def with_gate(**changes: Any) -> Ruler:
    ruler = shipped(ICMS)
    assert ruler.gate
    return ruler.model_copy(update={"gate": ruler.gate.model_copy(update=changes)})


def decided(case: PaperCase, ruler: Ruler) -> Step:
    return decide(View(ruler, case.calendar, case.state, case.facts)).step


# ---- four eyes


@pytest.mark.parametrize("by", ["ana", " ANA ", "Ana"])
def test_who_started_the_cohort_does_not_approve(by: str) -> None:
    with pytest.raises(Refusal, match="started the cohort, so somebody else must approve"):
        must_be_other(CaseState.at_start(MONDAY), by, "ana")


def test_nobody_approves_twice() -> None:
    once = asking().state.approved("Bruno", (), "seen")
    with pytest.raises(Refusal, match="bruno has approved already; a second person must"):
        must_be_other(once, "bruno", "ana")
    must_be_other(once, "Carla", "ana")


@pytest.mark.parametrize(("owed", "wanted"), [("50000000.00", 1), ("50000000.01", 2)])
def test_above_the_ruler_s_amount_two_approve(owed: str, wanted: int) -> None:
    assert approvals_wanted(shipped(ICMS), CaseFacts(today=MONDAY, debts=(debt(balance=owed),))) == wanted
    assert approvals_wanted(with_gate(second_above=None), CaseFacts(today=MONDAY, debts=(debt(balance=owed),))) == 1


def test_the_first_of_two_approvals_suspends_nothing() -> None:
    case = asking()
    two = with_gate(second_above=Decimal("1.00"))
    case.ruler = two
    case.approve_by("Bruno")
    assert (case.step.status, case.step.action) == (Status.AWAITING_APPROVAL, Action.WAIT)
    assert "(1 de 2)" in case.step.reason
    case.approve_by("Carla")
    assert case.step.action is Action.SUSPEND
    assert "Bruno e Carla" in case.step.reason


# ---- what an approval rests on


def approved() -> PaperCase:
    case = asking()
    case.approve_by("Bruno")
    assert case.step.action is Action.SUSPEND
    return case


def paid_in_part(case: PaperCase) -> None:
    case.pay("10.00", next(iter(case.debts)))


def reassessed(case: PaperCase) -> None:
    which, owed = next(iter(case.debts.items()))
    more = owed.ledger + 1
    case.debts[which] = owed.model_copy(update={"balance": more, "ledger": more})


def held(case: PaperCase) -> None:
    case.hold("injunction", which=next(iter(case.debts)))


def defended(case: PaperCase) -> None:
    case.defence = Defence(filed_on=case.today - timedelta(days=1))


@pytest.mark.parametrize("happens", [paid_in_part, reassessed, held, defended])
def test_an_approval_lapses_on_whatever_it_did_not_see(happens: Callable[[PaperCase], None]) -> None:
    case = approved()
    happens(case)
    case.sit()
    assert case.state.approvers == ()
    assert case.step.action is not Action.SUSPEND
    assert "approval_lapsed" in [transition.kind for transition in case.transitions]


def served_again(case: PaperCase) -> None:
    """By a formal notice that was under way when the suspension was asked for: it gives a term of its own."""
    last, today = case.notices[-1], case.today
    case.notices.append(last.model_copy(update={"id": "late", "at": today, "served_on": today}))


@pytest.mark.parametrize("is_approved", [False, True])
def test_nobody_approves_a_suspension_while_a_later_notice_s_term_runs(is_approved: bool) -> None:
    case = approved() if is_approved else asking()
    served_again(case)
    case.sit()
    assert case.state.approval is None
    assert case.step.action is Action.ASK_APPROVAL
    [over] = {passage.opens for passage in passages(case.view) if passage.opens}
    assert case.step.on == over
    assert case.today < over
    assert case.transitions[-1].kind == "approval_lapsed"


def test_an_approval_of_no_credit_suspends_nothing() -> None:
    case = asking()
    case.state = case.state.approved("Bruno", (), fingerprint(case.view))
    case.sit()
    assert case.step.action is not Action.SUSPEND


def test_an_approval_outlives_what_delay_adds_by_the_day() -> None:
    case = approved()
    for which, owed in case.debts.items():
        case.debts[which] = owed.model_copy(update={"balance": owed.balance + 5})
    case.today += timedelta(days=1)
    case.sit()
    assert case.step.action is Action.SUSPEND


# ---- by the law, or at the ladder's end

OF_2027 = date(2027, 2, 1)
"""A day on which the federal thresholds hold in a state, too."""


@pytest.mark.parametrize(
    ("assets", "basis"), [(None, "statutory"), ("0", "statutory"), ("15999999.99", "statutory"), ("16000000", "ladder")]
)
def test_who_owns_as_much_as_he_owes_is_no_persistent_defaulter(assets: str | None, basis: str) -> None:
    case = defaulter(today=OF_2027, known_assets=Decimal(assets) if assets is not None else None)
    found, why = basis_of(case.view)
    assert found == basis
    assert ("devedor contumaz por lei" in why) == (basis == "statutory")
    assert ("fim da régua" in why) == (basis == "ladder")


def test_before_2027_a_state_without_a_law_of_its_own_cites_no_law_of_the_union() -> None:
    """LC 225/2026, arts. 11 § 4º and 57."""
    found, why = basis_of(defaulter().view)
    assert (found, "225/2026" in why) == ("ladder", False)
    assert "R$ 16.000.000,00 em aberto" in why
    case = defaulter()
    own = [law.model_copy(update={"of": "own"}) for law in case.ruler.jurisdiction.persistent_defaulter]
    jurisdiction = case.ruler.jurisdiction.model_copy(update={"persistent_defaulter": tuple(own)})
    case.ruler = case.ruler.model_copy(update={"jurisdiction": jurisdiction})
    assert basis_of(case.view)[0] == "statutory"


def test_a_ladder_cites_the_law_of_its_own_while_that_holds() -> None:
    law = Dated.model_validate({"from": "2026-01-01", "source": "Lei AL 9.999/2026, art. 3º"})
    case = paper(FACTS["h7"])
    case.ruler = with_gate(law=law)
    assert "(Lei AL 9.999/2026, art. 3º)" in basis_of(case.view)[1]
    case.today = date(2025, 12, 31)
    assert "9.999" not in basis_of(case.view)[1]


def test_a_statutory_gate_refers_who_only_came_to_the_end_of_the_ladder() -> None:
    statutory = with_gate(basis="statutory")
    met = defaulter(today=OF_2027).climb_until(Action.ASK_APPROVAL)
    assert decided(met, statutory).action is Action.ASK_APPROVAL
    climbed = paper(FACTS["h7"]).climb_until(Action.ASK_APPROVAL)
    climbed.register()
    step = decided(climbed, statutory)
    assert step.action is Action.REFER
    assert "os limites não foram atingidos" in step.reason


def test_every_request_says_by_what_it_is_made() -> None:
    assert "devedor contumaz por lei" in defaulter(today=OF_2027).climb_until(Action.ASK_APPROVAL).step.reason
    assert "inadimplência reiterada" in defaulter().climb_until(Action.ASK_APPROVAL).step.reason
    assert "fim da régua" in paper(FACTS["h7"]).climb_until(Action.ASK_APPROVAL).step.reason


# ---- service, also by silence


def served_by_silence(read_on: date | None = None) -> PaperCase:
    """Its formal notice was published, and is deemed served 15 days later."""
    case = defaulter(compressed=False).climb(1)
    published = case.notices[-1].at
    deemed = case.ruler.jurisdiction.deemed_on(published, case.calendar)
    assert deemed
    case.notices[-1] = FormalNotice(id="n0", at=published, served_on=read_on, deemed_on=deemed[0], deemed_by=deemed[1])
    case.sit()
    return case


def test_silence_serves_on_its_day_and_the_wait_counts_from_it() -> None:
    case = served_by_silence()
    on = case.notices[-1].deemed_on
    assert (case.step.action, case.step.on) == (Action.DEEM_SERVED, on)
    assert on
    assert day(on) in case.step.reason
    case.carry_out()
    assert case.notices[-1].served_on == on
    assert case.state.clock.wait
    assert case.step.on == first_act(case.ruler, on, case.state.clock.wait, recess=True)


def test_who_reads_it_before_is_served_that_day() -> None:
    case = served_by_silence()
    case.notices[-1] = case.notices[-1].model_copy(update={"served_on": case.today})
    case.sit()
    assert case.step.action is Action.NOTIFY


def test_without_that_law_the_gate_waits_for_proof() -> None:
    case = defaulter(compressed=False).climb(1)
    assert (case.step.action, case.step.on) == (Action.WAIT, None)
    assert "aguarda prova de ciência" in case.step.reason


# ---- defence


def test_nothing_escalates_while_a_defence_is_open_and_its_days_are_given_back() -> None:
    case = asking()
    filed = case.today - timedelta(days=1)
    case.defence = Defence(filed_on=filed)
    case.sit()
    assert (case.step.status, case.step.on) == (Status.UNDER_DEFENCE, None)
    case.today += timedelta(days=40)
    case.defence = Defence(filed_on=filed, state="rejected", decided_on=case.today)
    case.sit()
    assert case.step.status is Status.RUNNING
    assert case.step.on is not None
    assert case.step.on >= case.today
    assert case.step.action is Action.ASK_APPROVAL


@pytest.mark.parametrize(("late", "action"), [(0, Action.WAIT), (1, Action.ASK_APPROVAL)])
def test_a_defence_of_the_last_day_suspends_and_one_of_the_day_after_is_late(late: int, action: Action) -> None:
    case = asking()
    served_on, ruler = case.notices[-1].served_on, shipped(ICMS)
    assert served_on
    assert ruler.gate
    last = first_act(ruler, served_on, ruler.gate.defence, recess=case.recess) - timedelta(days=1)
    case.defence = Defence(filed_on=last + timedelta(days=late))
    case.today = last + timedelta(days=late)
    case.sit()
    case.today = last + timedelta(days=60)
    case.sit()
    assert bool(case.facts.defences[0].late) is bool(late)
    assert case.step.action is action or case.state.approval
    assert (case.step.status is Status.UNDER_DEFENCE) is not bool(late)


@pytest.mark.parametrize(("late", "shut"), [(0, True), (1, False)])
def test_an_appeal_of_the_last_day_keeps_the_gate_shut_and_a_late_one_does_not(late: int, shut: bool) -> None:
    case = asking()
    ruler, credits = shipped(ICMS), tuple(each.credit for each in passages(case.view))
    assert ruler.gate
    decided = case.today
    rejected = Defence(filed_on=case.today - timedelta(days=1), state="rejected", decided_on=decided, credits=credits)
    last = first_act(ruler, decided, ruler.gate.appeal, recess=case.recess) - timedelta(days=1)
    filed = last + timedelta(days=late)
    appeal = Defence(filed_on=filed, appeal=True, credits=credits)
    case.today = filed + timedelta(days=60)
    facts = judged(View(ruler, case.calendar, case.state, case.facts.defended([rejected, appeal])))
    assert facts.defences[1].late == (credits if late else ())
    assert facts.outstanding is not shut
    accepted = appeal.model_copy(update={"state": "accepted", "decided_on": case.today})
    over = judged(View(ruler, case.calendar, case.state, case.facts.defended([rejected, accepted])))
    assert not over.outstanding, "people accept it, late or not"


def test_an_accepted_defence_shuts_the_gate() -> None:
    case = asking()
    case.defence = Defence(filed_on=case.today, state="accepted", decided_on=case.today)
    case.sit()
    # a decision that can't be changed any more extinguishes the credit (CTN art. 156, IX)
    assert case.step.action is Action.RESOLVE


@pytest.mark.parametrize(
    ("state", "late", "given_back"),
    [("open", 0, True), ("open", 90, False), ("accepted", 90, True), ("rejected", 0, False)],
)
def test_benefits_come_back_by_a_defence_in_time_or_accepted(state: Any, late: int, given_back: bool) -> None:
    case = suspended()
    served_on = case.notices[-1].served_on
    assert served_on
    filed = served_on + timedelta(days=late)
    decided_on = None if state == "open" else case.today
    case.defence = Defence(filed_on=filed, state=state, decided_on=decided_on)
    assert isinstance(case.state.place, Suspended)
    why = cause_ended(case.view, case.state.place)
    assert bool(why) is given_back
    case.sit()
    assert (case.step.action is Action.REINSTATE) is given_back


# ---- a ruler without a gate


def test_a_credit_that_joins_after_a_formal_notice_is_listed_by_the_next_also_without_a_gate() -> None:
    ruler = shipped(REGISTERED)
    assert ruler.gate is None
    earlier, later = debt(id="earlier"), debt(id="later")
    notice = FormalNotice(id="n", stage=Stage.FINAL_NOTICE, at=MONDAY, served_on=MONDAY, credits=("earlier",))
    facts = CaseFacts(today=MONDAY, debts=(earlier, later), formal_notices=(notice,))
    view = View(ruler, ruler.jurisdiction.days_off(2025), CaseState.at_start(MONDAY), facts)
    assert passages(view) == ()
    assert unlisted(view) == ("later",)
