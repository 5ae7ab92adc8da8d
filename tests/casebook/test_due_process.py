"""Due process (L): what must have happened before somebody is notified, suspended or sent to court."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from models.case.evidence import Debt, Filing
from models.case.facts import BrokenAgreement, Defence, PriorStep
from models.case.step import Action
from models.law.calendar import Calendar
from models.ruler.schema import Stage
from tests import builders
from tests.builders import Facts, debt, filing
from tests.casebook.book import days_off, next_day, rows
from tests.casebook.matter import (
    MILLIONS,
    Matter,
    asking,
    defaulter,
    last_notice_served,
    matter,
    registered,
    suspended,
    was_suspended,
)

ICMS_OF_2026 = date(2026, 11, 3)


def heads_for_suspension(case: Matter) -> bool:
    return case.step.status == "awaiting_approval" or case.step.action in (Action.ASK_APPROVAL, Action.SUSPEND)


def acts_on(case: Matter) -> date:
    """The day on which a suspension may first be asked for."""
    if case.step.action is not Action.ASK_APPROVAL or case.step.on is None:
        raise RuntimeError(f"no suspension is to be asked for: {case.step}")
    return case.step.on


def notifies_by(case: Matter, day: date) -> bool:
    return case.step.action is Action.NOTIFY and case.step.on is not None and case.step.on <= day


def is_first_act(day: date, last_day: date, off: frozenset[date]) -> bool:
    """Whether `day` is the one after `last_day`, or the first working day after it."""
    working = next_day(last_day)
    while working.weekday() >= 5 or working in off:
        working = next_day(working)
    return day in (next_day(last_day), working)


# ---- L1, L2: a term belongs to the taxpayer to the end of its last day


@pytest.mark.parametrize(
    ("served", "last_day"),
    [(date(2026, 11, 18), date(2026, 12, 18)), (date(2026, 9, 22), date(2026, 10, 22))],
)
def test_l1_the_authority_acts_on_the_day_after_the_last(served: date, last_day: date) -> None:
    assert is_first_act(acts_on(last_notice_served(served)), last_day, days_off())


@pytest.mark.parametrize(
    ("filed", "in_time"),
    [(date(2026, 12, 17), True), (date(2026, 12, 18), True), (date(2026, 12, 19), False)],
)
def test_l1_a_defence_of_the_last_day_is_in_time(filed: date, in_time: bool) -> None:
    case = suspended(served=date(2026, 11, 18)).on(date(2027, 2, 1))
    case.defence = Defence(filed_on=filed)
    case.sit()
    assert (case.step.action is Action.REINSTATE) is in_time


def test_l1_who_is_asked_for_approval_reads_both_days() -> None:
    why = last_notice_served(date(2026, 11, 18)).step.reason
    assert "18/12/2026" in why
    assert "19/12/2026" in why


@pytest.mark.parametrize("row", [r for r in rows("calendar/legal-terms.tsv") if "2026-02" < r["served"] < "2026-12"])
def test_l2_thirty_days_are_counted_from_the_first_working_day(row: dict[str, str]) -> None:
    served, last_day = date.fromisoformat(row["served"]), date.fromisoformat(row["last_day"])
    assert row["days"] == "30"
    case = last_notice_served(served, recess=False)
    case.calendar = Calendar(holidays=days_off())
    case.sit()
    assert is_first_act(acts_on(case), last_day, days_off())


@pytest.mark.parametrize(
    ("served", "last_day"),
    [(date(2026, 11, 19), date(2027, 1, 25)), (date(2026, 12, 18), date(2027, 2, 19))],
)
def test_l2_the_recess_is_not_counted_unless_the_ruler_says_so(served: date, last_day: date) -> None:
    case = last_notice_served(served)
    case.calendar = Calendar(holidays=days_off())
    case.sit()
    assert is_first_act(acts_on(case), last_day, days_off())


# ---- L3 to L6: the gate is of credits


def test_l3_a_period_that_joined_later_needs_a_notice_of_its_own() -> None:
    case = last_notice_served(date(2026, 9, 1))
    listed = list(case.debts)
    case.on(date(2026, 11, 10))
    case.debts["2026-09"], case.filings["2026-09"] = debt("2026-09", "4000000.00"), filing("2026-09", "4000000.00")
    case.sit()
    for period in listed:
        case.pay(case.debts[period].balance, period)
    assert case.facts.outstanding
    assert not heads_for_suspension(case)


def test_l4_an_old_service_opens_nothing_once_the_benefits_were_given_back() -> None:
    case = suspended()
    kept, *others = list(case.debts)
    case.hold("deposit", which=kept)
    for period in others:
        case.pay(case.debts[period].balance, period)
    case.climb_until(Action.REINSTATE).carry_out()
    case.climb_until(Action.INFORM).carry_out()
    case.on(date(2027, 6, 1))
    case.debts["2027-04"], case.filings["2027-04"] = debt("2027-04", "20000000.00"), filing("2027-04", "20000000.00")
    case.sit()
    assert case.facts.outstanding
    assert not heads_for_suspension(case)


def test_l5_a_debt_is_referred_on_its_own_steps() -> None:
    case = registered()
    [first] = list(case.debts)
    case.prior_steps = tuple(step.model_copy(update={"debts": (case.debts[first].id,)}) for step in case.prior_steps)
    case.climb_until(Action.REFER)
    case.debts["later"] = debt(None, "1000.00", id="later", inscription="later")
    case.pay(case.debts[first].balance, first)
    assert case.facts.outstanding
    assert case.step.action is not Action.REFER


def test_l6_a_new_debt_after_all_is_paid_is_a_new_matter() -> None:
    case = registered()
    case.climb_until(Action.REFER).carry_out()
    case.pay_all()
    case.on(date(2027, 9, 1))
    case.debts["new"] = debt(None, "1000.00", id="new", inscription="new", due=date(2027, 8, 1))
    case.sit()
    assert case.step.status != "referred"


# ---- L7: what is prescribed is set apart


@pytest.mark.parametrize("prescribes", [date(2019, 3, 10), date(2026, 11, 2)])
def test_l7_nothing_is_sent_for_what_is_prescribed(prescribes: date) -> None:
    iptu = debt(None, "1000.00", due=date(2014, 3, 10), prescribes=prescribes)
    case = matter(([iptu], []), ICMS_OF_2026, name=builders.REGISTERED)
    assert case.step.action is not Action.NOTIFY


def test_l7_what_is_not_yet_prescribed_is_collected() -> None:
    iptu = debt(None, "1000.00", due=date(2022, 3, 10), prescribes=date(2027, 3, 10))
    assert matter(([iptu], []), ICMS_OF_2026, name=builders.REGISTERED).step.action is Action.NOTIFY


# ---- L10: a defence that was decided


def test_l10_what_was_defended_successfully_is_over() -> None:
    case = defaulter(date(2026, 10, 1)).climb(1)
    case.serve_the_last()
    case.on(next_day(case.today, 3)).defend()
    case.on(next_day(case.today, 5)).decide_defence("accepted")
    assert not heads_for_suspension(case)
    assert case.step.action is not Action.NOTIFY


def test_l10_the_gate_stays_shut_while_an_appeal_may_come() -> None:
    case = last_notice_served(date(2026, 9, 1))
    case.on(date(2026, 9, 30)).defend()
    case.on(date(2026, 12, 10)).decide_defence("rejected")
    # no law known here gives less than ten days
    assert not heads_for_suspension(case) or acts_on(case) > date(2026, 12, 20)


def test_l10_nothing_is_asked_or_sent_while_a_defence_is_open() -> None:
    case = last_notice_served(date(2026, 9, 1))
    case.on(date(2026, 9, 20)).defend()
    for _ in range(3):
        case.on(next_day(case.today, 60))
        assert case.step.action is Action.WAIT


# ---- L11, L12: who is never sent to court


@pytest.mark.parametrize("periods", [4, 6])
def test_l11_what_is_not_registered_is_registered_first(periods: int) -> None:
    case = defaulter(date(2026, 10, 1), periods, has_benefits=False).climb(1)
    case.serve_the_last()
    case.climb(1)
    case.serve_the_last()
    case.on(date(2027, 3, 1))
    assert case.step.action is not Action.REFER
    assert "protesto" not in case.step.reason


def test_l12_a_missing_return_alone_is_never_referred() -> None:
    case = matter(builders.without_return(2), ICMS_OF_2026, compressed=True, has_benefits=False)
    for _ in range(20):
        case.carry_out()
    assert not any(act.step.action is Action.REFER for act in case.acts)


# ---- L14 to L16: what the law wants must still be so when the act is done


@pytest.mark.parametrize("left", ["20.00", "14999999.99"])
def test_l14_no_suspension_once_the_debt_is_no_longer_substantial(left: str) -> None:
    case = asking()
    too_much = case.facts.balance - Decimal(left)
    for period, owed in list(case.debts.items()):
        case.pay(min(owed.balance, too_much), period)
        too_much = case.facts.balance - Decimal(left)
    assert case.facts.balance == Decimal(left)
    case.on(next_day(case.today, 60))
    assert not heads_for_suspension(case)


def test_l14_benefits_are_given_back_at_once_when_all_is_paid() -> None:
    case = suspended()
    case.pay_all()
    assert (case.step.action, case.step.on) == (Action.REINSTATE, case.today)


def test_l14_an_agreement_on_all_of_it_lifts_the_suspension_while_it_is_kept() -> None:
    case = suspended()
    case.hold_all("agreement")
    assert case.step.action is Action.REINSTATE
    case.climb_until(Action.INFORM).carry_out()
    assert case.step.status == "on_hold"
    case.on(date(2027, 6, 1))
    case.hold_all()
    assert case.step.status != "on_hold"


@pytest.mark.parametrize("assets", ["90000000.00", "81000000.00"])
def test_l15_an_approval_lapses_when_assets_become_known(assets: str) -> None:
    case = asking(each="20000000.00")
    case.approve_by("Ana")
    assert case.state.approvers == ("Ana",)
    case.known_assets = Decimal(assets)
    case.sit()
    assert not case.state.approvers


# ---- L17: what was consumed of a term stays consumed


@pytest.mark.parametrize(
    ("signed", "default", "last_day"),
    [
        # nine days consumed, 04/03 to 12/03; 21 are left from Mon 06/04 on, the last a Sunday
        (date(2026, 3, 13), date(2026, 4, 5), date(2026, 4, 27)),
        # two days consumed, 04/03 and 05/03; 28 are left from Tue 07/04 on, the last Mon 04/05
        (date(2026, 3, 6), date(2026, 4, 6), date(2026, 5, 4)),
    ],
)
def test_l17_a_broken_agreement_gives_the_rest_of_the_term_back(signed: date, default: date, last_day: date) -> None:
    case = last_notice_served(date(2026, 3, 3)).on(signed)
    case.hold_all("agreement", since=signed)
    case.on(default)
    case.broken = BrokenAgreement(id="a1", on=default)
    case.hold_all()
    # another notice may be wanted first; whatever comes, no suspension is asked for before the term is over
    assert not heads_for_suspension(case) or acts_on(case) > last_day


# ---- L18, L19: evidence


def test_l18_four_consecutive_quarters_are_four_consecutive_periods() -> None:
    quarters = {
        "2025-T4": date(2026, 1, 20),
        "2026-T1": date(2026, 4, 20),
        "2026-T2": date(2026, 7, 20),
        "2026-T3": date(2026, 10, 20),
    }
    assert matter(four_millions_each(quarters), ICMS_OF_2026).state.row == "h8"


def test_l18_four_months_two_of_which_fall_due_in_march_are_four_periods() -> None:
    months = {
        "2026-01": date(2026, 3, 2),
        "2026-02": date(2026, 3, 31),
        "2026-03": date(2026, 4, 30),
        "2026-04": date(2026, 5, 29),
    }
    assert matter(four_millions_each(months), date(2026, 6, 15)).state.row == "h8"


def four_millions_each(periods: dict[str, date]) -> Facts:
    """Declared and unpaid, by period and due date."""
    each = Decimal(MILLIONS)
    owed = [
        Debt(id=period, inscription=period, period=period, due=due, balance=each, ledger=each, litigation=False)
        for period, due in periods.items()
    ]
    return owed, [Filing(period=p, due=due, status="filed", declared=each) for p, due in periods.items()]


@pytest.mark.parametrize("paid", ["1500.00", "1001.01", "20000.00"])
def test_l19_what_is_paid_beyond_what_was_declared_is_no_evidence(paid: str) -> None:
    generous = filing(declared="1000.00", paid=paid, paid_on=builders.due_of("2026-09"))
    assert matter(([], [generous]), ICMS_OF_2026).step.action is not Action.NOTIFY


def test_l19_what_is_paid_less_is() -> None:
    short = filing(declared="1000.00", paid="900.00", paid_on=builders.due_of("2026-09"))
    assert matter(([debt("2026-09", "100.00")], [short]), ICMS_OF_2026).step.row == "h5"


# ---- L22: facts count from their day


@pytest.mark.parametrize("due", [date(2027, 6, 30), date(2026, 11, 4)])
def test_l22_what_is_not_due_yet_is_no_evidence(due: date) -> None:
    registered_debt = debt(None, "1000.00", due=due)
    assert not notifies_by(matter(([registered_debt], []), ICMS_OF_2026, name=builders.REGISTERED), due)


@pytest.mark.parametrize("due", [date(2027, 6, 20), date(2026, 11, 9)])
def test_l22_a_return_that_may_still_be_filed_is_not_missing(due: date) -> None:
    to_come = Filing(period=f"{due:%Y-%m}", due=due, status="missing")
    assert not notifies_by(matter(([], [to_come]), ICMS_OF_2026), due)


def test_l22_an_open_case_takes_back_what_was_put_off() -> None:
    case = registered(date(2026, 11, 3)).climb(1)
    [which] = list(case.debts)
    case.debts[which] = case.debts[which].model_copy(update={"due": date(2028, 12, 31)})
    case.on(next_day(case.today, 30))
    assert case.step.action is not Action.NOTIFY


# ---- L23, L24: a share is of what was owed then


def test_l23_a_share_is_of_what_was_owed_when_the_payment_came() -> None:
    case = matter(builders.unpaid(2), ICMS_OF_2026).climb(1)
    case.on(date(2026, 11, 5)).pay("350.00", "2026-09")
    assert "reanchored" not in [transition.kind for transition in case.transitions]
    case.on(date(2026, 11, 6)).hold("deposit", which="2026-08")
    case.on(date(2026, 11, 7)).hold(which="2026-08")
    assert "reanchored" not in [transition.kind for transition in case.transitions]


# ---- L26: one function says when the term is over


@pytest.mark.parametrize("filed", [date(2027, 1, 4), date(2027, 1, 11)])
def test_l26_a_defence_inside_the_prolonged_term_is_in_time(filed: date) -> None:
    # served 18/11, paused from 30/11 to 30/12: of thirty days twelve are consumed by then and eighteen left
    case = last_notice_served(date(2026, 11, 18)).on(date(2026, 11, 30))
    case.pause("Ana")
    case.on(date(2026, 12, 30)).pause(None)
    if acts_on(case) <= filed:
        raise RuntimeError(f"the pause prolonged nothing: {case.step}")
    case.climb_until(Action.ASK_APPROVAL).carry_out()
    case.approve()
    case.carry_out()
    if not was_suspended(case):
        raise RuntimeError(f"never suspended: {case.step}")
    case.on(next_day(case.today, 5))
    case.defence = Defence(filed_on=filed)
    case.sit()
    assert case.step.action is Action.REINSTATE


# ---- L34: whose law it is


def statutory(served: date) -> Matter:
    """The federal thresholds alone decide, in a state that has no law of its own."""
    case = last_notice_served(served)
    assert case.ruler.gate
    gate = case.ruler.gate.model_copy(update={"basis": "statutory"})
    case.ruler = case.ruler.model_copy(update={"gate": gate})
    case.sit()
    return case


def test_l34_the_federal_thresholds_suspend_nobody_in_a_state_before_2027() -> None:
    case = statutory(date(2026, 10, 5)).on(date(2026, 12, 1))
    assert not heads_for_suspension(case)


def test_l34_from_9_january_2027_on_they_do() -> None:
    assert heads_for_suspension(statutory(date(2027, 2, 15)).on(date(2027, 5, 3)))


def test_l5_without_any_step_on_record_nobody_is_referred() -> None:
    case = registered()
    case.prior_steps = ()
    for _ in range(40):
        case.carry_out()
    assert not any(act.step.action is Action.REFER for act in case.acts)
    case.prior_steps = (PriorStep(kind="protest", on=date(2026, 1, 5)),)
    case.sit()
    assert case.step.action is not Action.REFER


def test_l1_nothing_is_suspended_whose_notice_nobody_served() -> None:
    case = defaulter(date(2026, 10, 1)).climb(1)
    case.on(case.today + timedelta(days=400))
    assert not heads_for_suspension(case)
    assert case.step.stage is not Stage.SUSPENSION
