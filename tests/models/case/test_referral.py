"""The referral to protest and court: of which debts, on which steps, and what becomes of those it can't be of."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from models.case.facts import CaseFacts, FormalNotice, PriorStep, StepKind
from models.case.referral import steps_missing
from models.case.state import OffMap, OnRow, Referred
from models.case.status import Status
from models.case.step import Action
from models.ruler.schema import LeastAmount
from models.words import PRIOR_STEPS
from tests.builders import ICMS, REGISTERED, debt, inscribed, shipped, unpaid, without_return
from tests.models.case.test_decision import BEFORE_COURT, PaperCase, registered
from tests.oracle.gate import first_act

MONDAY = date(2026, 11, 9)


def step_on(kind: StepKind, on: date = date(2026, 1, 5)) -> PriorStep:
    return PriorStep(kind=kind, on=on)


def missing(*known: StepKind, **details: Any) -> tuple[StepKind, ...]:
    owed = debt(None, **details)
    steps = tuple(PriorStep(kind=kind, on=date(2026, 1, 5), debts=(owed.id,)) for kind in known)
    return steps_missing(shipped(REGISTERED), CaseFacts(today=MONDAY, debts=(owed,), prior_steps=steps), owed)


def test_each_step_before_a_suit_has_its_words() -> None:
    assert set(PRIOR_STEPS) == set(get_args(StepKind))


@pytest.mark.parametrize(
    ("known", "lacks"),
    [
        ((), ("administrative_solution", "protest", "cadin_notice")),
        (("conciliation",), ("protest", "cadin_notice")),
        (("administrative_solution", "protest_exception"), ("cadin_notice",)),
        (("conciliation", "protest", "cadin_notice"), ()),
        # art. 3º has alternatives to a protest, CADIN's notice one of them
        (("conciliation", "credit_bureau_notice"), ("cadin_notice",)),
        (("conciliation", "registry_annotation"), ("cadin_notice",)),
        (("conciliation", "indicated_assets"), ("cadin_notice",)),
        (("conciliation", "cadin_notice"), ()),
        (("registration", "cadin_notice"), ("administrative_solution",)),
    ],
)
def test_what_comes_before_a_suit(known: tuple[StepKind, ...], lacks: tuple[StepKind, ...]) -> None:
    assert missing(*known) == lacks


def test_what_is_protested_already_needs_less() -> None:
    assert missing(protested=True) == ("administrative_solution", "cadin_notice")


def test_the_steps_of_another_debt_are_none() -> None:
    owed = debt(None)
    steps = tuple(PriorStep(kind=kind, on=date(2026, 1, 5), debts=("another",)) for kind in get_args(StepKind))
    facts = CaseFacts(today=MONDAY, debts=(owed,), prior_steps=steps)
    assert steps_missing(shipped(REGISTERED), facts, owed) == ("administrative_solution", "protest", "cadin_notice")


def test_who_was_served_a_formal_notice_had_an_administrative_solution_offered() -> None:
    owed, later = debt(None), debt(None, id="later", due=MONDAY + timedelta(days=1))
    served = FormalNotice(id="n0", at=MONDAY, served_on=MONDAY, credits=(owed.id,))
    facts = CaseFacts(today=MONDAY, debts=(owed, later), formal_notices=(served,))
    assert steps_missing(shipped(REGISTERED), facts, owed) == ("protest", "cadin_notice")
    assert "administrative_solution" in steps_missing(shipped(REGISTERED), facts, later)


def test_a_case_waits_for_the_steps_and_then_for_cadin_s_thirty_days() -> None:
    case = registered(prior_steps=(step_on("conciliation"), step_on("protest")))
    while case.step.action is Action.NOTIFY:
        case.carry_out()
    assert (case.step.status, case.step.on) == (Status.AWAITING_PRIOR_STEPS, None)
    assert PRIOR_STEPS["cadin_notice"] in case.step.reason
    case.today += timedelta(days=60)
    case.prior_steps = (*case.prior_steps, step_on("cadin_notice", case.today))
    case.sit()
    assert case.step.action is Action.REFER
    cadin = case.ruler.referral.cadin
    assert cadin
    assert case.step.on == first_act(case.ruler, case.today, cadin)


def test_an_authority_without_cadin_needs_no_notice_of_it() -> None:
    ruler = shipped(REGISTERED)
    without = ruler.model_copy(update={"referral": ruler.referral.model_copy(update={"cadin": None})})
    [owed] = inscribed()[0]
    assert "cadin_notice" not in steps_missing(without, CaseFacts(today=MONDAY, debts=(owed,)), owed)


# ---- of which debts


def at_the_end(case: PaperCase) -> PaperCase:
    """Until nothing more is done by itself."""
    for _ in range(40):
        case.carry_out()
        for notice in case.notices:
            if notice.served_on is None:
                case.serve_the_last()
        if case.closed or (case.step.action is Action.WAIT and case.step.on is None):
            break
    return case


def paper_case(*debts: Any, name: str = REGISTERED, **more: Any) -> PaperCase:
    return PaperCase({each.id: each for each in debts}, {}, name=name, **more)


def debts_of(case: PaperCase) -> tuple[str, ...] | None:
    assert isinstance(case.state.place, Referred)
    return case.state.place.debts


def test_what_is_ready_goes_and_what_joins_later_needs_steps_of_its_own() -> None:
    case = at_the_end(registered())
    [first] = case.debts.values()
    assert debts_of(case) == (first.id,)
    assert case.step.status == "referred"
    steps = tuple(step.model_copy(update={"debts": (first.id,)}) for step in BEFORE_COURT)
    later = debt(None, "500.00", id="later", inscription="later")
    case.debts["later"], case.prior_steps = later, steps
    case.sit()
    assert case.step.status == "awaiting_prior_steps"
    case.prior_steps = (*steps, *(step.model_copy(update={"debts": ("later",)}) for step in BEFORE_COURT))
    case.sit()
    assert case.step.action is Action.REFER
    case.carry_out()
    assert debts_of(case) == tuple(sorted((first.id, "later")))
    assert case.step.status == "referred"


def test_what_is_in_court_is_never_referred() -> None:
    case = at_the_end(paper_case(debt(None, litigation=True)))
    assert (case.step.action, case.step.status) == (Action.WAIT, Status.RUNNING)
    assert "já está em juízo" in case.step.reason
    assert not any(act.step.action is Action.REFER for act in case.acts)


def test_beside_what_is_in_court_the_other_goes_alone() -> None:
    case = at_the_end(paper_case(debt(None, litigation=True), debt(None, id="other", inscription="other")))
    assert debts_of(case) == ("other",)


@pytest.mark.parametrize(("amount", "goes"), [("1000.00", False), ("19999.99", False), ("20000.00", True)])
def test_nobody_is_sued_below_the_least_amount_of_the_law(amount: str, goes: bool) -> None:
    case = paper_case(debt(None, amount))
    law = LeastAmount.model_validate({"from": date(2012, 3, 22), "source": "Portaria MF 75/2012", "amount": "20000.00"})
    referral = case.ruler.referral.model_copy(update={"minimum": (law,)})
    case.ruler = case.ruler.model_copy(update={"referral": referral})
    at_the_end(case)
    assert any(act.step.action is Action.REFER for act in case.acts) is goes
    assert goes or "não alcança R$ 20.000,00" in case.step.reason


def test_a_law_that_is_over_counts_no_more() -> None:
    case = paper_case(debt(None, "1000.00"))
    law = {"from": date(2012, 3, 22), "to": date(2020, 1, 1), "source": "lei antiga", "amount": "20000.00"}
    referral = case.ruler.referral.model_copy(update={"minimum": (LeastAmount.model_validate(law),)})
    case.ruler = case.ruler.model_copy(update={"referral": referral})
    assert isinstance(at_the_end(case).state.place, Referred)


def unregistered(**more: Any) -> PaperCase:
    debts, filings = unpaid(3)
    return PaperCase(
        {each.id: each for each in debts}, {each.period: each for each in filings}, has_benefits=False, **more
    )


def test_what_is_not_registered_ends_in_to_register_and_goes_on_once_it_is() -> None:
    case = at_the_end(unregistered())
    assert case.ruler == shipped(ICMS)
    assert (case.step.action, case.step.status) == (Action.WAIT, Status.TO_REGISTER)
    assert "protesto" not in case.step.reason
    assert "CTN art. 201" in case.step.reason
    assert isinstance(case.state.place, OnRow)
    one, *others = case.debts.values()
    case.debts[one.id] = one.model_copy(update={"registered_on": case.today})
    case.sit()
    assert case.step.action is Action.REFER
    case.carry_out()
    assert debts_of(case) == (one.id,)
    assert case.step.status is Status.TO_REGISTER
    case.debts |= {each.id: each.model_copy(update={"registered_on": case.today}) for each in others}
    case.sit()
    case.carry_out()
    assert len(debts_of(case) or ()) == 3


def test_a_return_alone_has_nothing_to_be_referred() -> None:
    filings = {each.period: each for each in without_return(2)[1]}
    case = at_the_end(PaperCase({}, filings, has_benefits=False))
    assert case.step.action is Action.WAIT
    assert case.step.status not in (Status.REFERRED, Status.TO_REGISTER)
    assert not any(act.step.action is Action.REFER for act in case.acts)


# ---- a new matter


def test_a_new_debt_after_all_that_was_referred_is_paid_begins_at_the_beginning() -> None:
    case = at_the_end(registered())
    contacts = case.state.steps
    case.today += timedelta(days=200)
    [first] = case.debts
    case.pay(case.debts[first].balance, first)
    case.debts["new"] = debt(None, "700.00", id="new", inscription="new", due=case.today - timedelta(days=10))
    case.sit()
    assert case.step.action is Action.NOTIFY
    assert case.step.status is Status.RUNNING
    assert (case.state.started, case.state.steps, case.state.last_rigidity) == (case.today, contacts, 0)
    assert "begun_anew" in [transition.kind for transition in case.transitions]
    case.carry_out()
    assert case.notified[-1].step.number == contacts


def test_while_something_that_was_referred_is_unpaid_it_is_the_same_matter() -> None:
    case = at_the_end(registered())
    [first] = case.debts
    case.debts[first] = case.debts[first].model_copy(update={"balance": Decimal("1.00")})
    case.debts["new"] = debt(None, "700.00", id="new", inscription="new")
    case.sit()
    assert isinstance(case.state.place, Referred)


def test_a_referral_of_before_debts_were_kept_stays_one() -> None:
    case = at_the_end(registered())
    case.state = case.state.model_copy(update={"place": case.state.place.model_copy(update={"debts": None})})
    case.debts["new"] = debt(None, "700.00", id="new", inscription="new")
    case.sit()
    assert case.step.status == "referred"
    assert not isinstance(case.state.place, OffMap)
