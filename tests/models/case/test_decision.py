"""The next steps of cases, over whole lives on paper: the activities' transitions without a record or a server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, Self

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from models.case.decision import decide
from models.case.evidence import Debt, Filing
from models.case.facts import CaseFacts, Defence, FormalNotice, Pause, PaymentFact, PriorStep, facts_of
from models.case.gate import at_stake, fingerprint, must_be_other, to_be_listed
from models.case.in_time import judged
from models.case.journal import EntryKind
from models.case.plan import plan
from models.case.referral import ready_to_refer
from models.case.state import CaseState
from models.case.status import Status
from models.case.step import Action, Decision, Step, Transition
from models.case.view import View
from models.law.calendar import Unit, Wait
from models.ruler.schema import Hypothesis, RecessRule, Stage
from tests import builders
from tests.builders import (
    FACTS,
    ICMS,
    REGISTERED,
    Facts,
    calendar_of,
    cells_from,
    debt,
    due_of,
    filing,
    inscribed,
    missing,
    months,
    shipped,
)
from tests.chance import examples
from tests.oracle import gate

START = date(2026, 11, 3)


@dataclass(frozen=True)
class Act:
    """Something done to the case, with all that was known when it was done."""

    step: Step
    at: date
    facts: CaseFacts
    occurrences: int
    approvers: tuple[str, ...]
    moved: frozenset[str]
    """The kinds of transitions since the rung before."""
    credits: tuple[str, ...] = ()
    """The credits that a formal notice lists, or that benefits are suspended for."""
    listed: frozenset[str] = frozenset()
    """The credits that the notices before it had listed."""


BEFORE_COURT = tuple(
    PriorStep.model_validate({"kind": kind, "on": date(2026, 1, 5)})
    for kind in ("administrative_solution", "protest", "cadin_notice")
)
"""The steps that the law wants before a suit, all of it on record."""


@dataclass
class PaperCase:
    """A case as `storage.case.cases.case_transaction` and `activities.cases` drive it, in memory."""

    debts: dict[str, Debt]
    filings: dict[str, Filing]
    name: str = ICMS
    today: date = START
    compressed: bool = True
    has_benefits: bool = True
    payments: list[PaymentFact] = field(default_factory=list)
    notices: list[FormalNotice] = field(default_factory=list)
    hardship_on: date | None = None
    paused_by: str | None = None
    defence: Defence | None = None
    prior_steps: tuple[PriorStep, ...] = BEFORE_COURT
    known_assets: Decimal | None = None
    domicile: bool = False
    """Whether its notices are published where silence serves them in the end."""
    recess: bool = True
    """Whether terms stand still in it."""
    closed: bool = False
    transitions: list[Transition] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    since: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ruler, self.calendar = shipped(self.name), calendar_of(self.name)
        if not self.recess:
            self.ruler = self.ruler.model_copy(update={"recess": RecessRule(waived_by="Parecer PGE 7/2026")})
        self.state = CaseState.at_start(self.today)
        self.sit()

    @property
    def facts(self) -> CaseFacts:
        facts = facts_of(
            self.ruler,
            self.today,
            self.debts.values(),
            self.filings.values(),
            self.payments,
            self.hardship_on,
            [Pause(by=self.paused_by)] if self.paused_by else (),
            self.notices,
            ["P1"] if self.has_benefits else [],
            self.known_assets,
        )
        stands = facts.defended([self.defence] if self.defence else []).model_copy(update={"prior_steps": self._steps})
        return judged(View(self.ruler, self.calendar, self.state, stands))

    @property
    def _steps(self) -> tuple[PriorStep, ...]:
        """The prior steps, of all debts where none are named."""
        named = tuple(debt.id for debt in self.debts.values())
        return tuple(step.model_copy(update={"debts": step.debts or named}) for step in self.prior_steps)

    @property
    def view(self) -> View:
        return View(self.ruler, self.calendar, self.state, self.facts)

    @property
    def step(self) -> Step:
        return self.decision.step

    @property
    def notified(self) -> list[Act]:
        return [act for act in self.acts if act.step.action is Action.NOTIFY]

    @property
    def path(self) -> list[tuple[str, str]]:
        return [(str(act.step.row), str(act.step.stage)) for act in self.notified]

    def sit(self) -> None:
        """Judge the case, as every activity begins and as a signal does."""
        self._end_holds()
        if not self.closed:
            self._judge(self.state)

    def _judge(self, state: CaseState) -> None:
        self.decision: Decision = decide(self.view.at(state))
        self.state = self.decision.state
        self.transitions += self.decision.transitions
        self.since |= {transition.kind for transition in self.decision.transitions}

    def carry_out(self) -> None:
        """The workflow's part: waits until the step's day and has it done; what waits for an event is left waiting."""
        step = self.step
        if self.closed or step.on is None:
            return
        self.today = max(self.today, step.on)
        self.sit()
        if self.step.action is not step.action or self.step.on is None or self.step.on > self.today:
            return
        self._act(self.step)

    def _act(self, step: Step) -> None:
        assert step.on is not None
        at = step.on if self.compressed else max(step.on, self.today)
        listed = frozenset(credit for notice in self.notices for credit in notice.credits)
        seen = (self.state.occurrences, self.state.approvers, frozenset(self.since), self._credits(step), listed)
        self.acts.append(Act(step, at, self.facts, *seen))
        match step.action:
            case Action.NOTIFY:
                self._notify(step, at)
            case Action.ASK_APPROVAL:
                self._judge(self.state.asked(at))
            case Action.SUSPEND:
                self._judge(self.state.suspended_now(self.today, at_stake(self.view), self.facts.benefits))
            case Action.REINSTATE:
                self.since.add("reinstated")
                self._judge(self.state.reinstated(self.ruler, self.today))
            case Action.INFORM:
                self._judge(self.state.informed())
            case Action.DEEM_SERVED:
                self.notices[-1] = self.notices[-1].model_copy(update={"served_on": self.notices[-1].deemed_on})
                self.sit()
            case Action.REFER:
                self._judge(self.state.referred_now(ready_to_refer(self.view)))
            case Action.RESOLVE:
                self.closed = True

    def _credits(self, step: Step) -> tuple[str, ...]:
        if step.action is Action.SUSPEND:
            return at_stake(self.view)
        if step.action is not Action.NOTIFY or step.stage is Stage.SUSPENSION:
            return ()
        return to_be_listed(self.view, *cell(step)) if self.ruler.rung(*cell(step)).formal else ()

    def _notify(self, step: Step, at: date) -> None:
        assert step.row is not None
        assert step.rung is not None
        assert step.rigidity is not None
        self.since.clear()
        rung = self.ruler.rung(step.row, step.rung)
        if rung.formal and rung.stage is not Stage.SUSPENSION:
            served = at if self.compressed else None
            lists = to_be_listed(self.view, step.row, step.rung)
            notice = FormalNotice(id=f"n{len(self.notices)}", at=at, served_on=served, credits=lists, stage=rung.stage)
            if self.domicile and (deemed := self.ruler.jurisdiction.deemed_on(at, self.calendar)):
                notice = notice.model_copy(update={"deemed_on": deemed[0], "deemed_by": deemed[1]})
            self.notices.append(notice)
        self._judge(self.state.done(self.ruler, step.row, step.rung, step.rigidity, at))

    def climb(self, rungs: int) -> Self:
        """Goes on until so many more notices have left."""
        aim = len(self.notified) + rungs
        while len(self.notified) < aim:
            assert self.step.on is not None, self.step.reason
            self.carry_out()
        return self

    def climb_until(self, action: Action) -> Self:
        while self.step.action is not action:
            self.carry_out()
        return self

    # what people, banks and extracts do

    def pay(self, amount: str | Decimal, which: str = "2026-09", days_ago: int = 0) -> None:
        counts = min(Decimal(amount), self.debts[which].balance)
        self._enqueue(which, -Decimal(amount))
        on = max(START, self.today - timedelta(days=days_ago))
        self.payments.append(PaymentFact(on=on, amount=counts, id=len(self.payments) + 1))
        self.sit()

    def reverse(self, payment: int, which: str = "2026-09") -> None:
        """The bank takes a payment back; a resolved case opens again."""
        back = self.payments[payment]
        self.payments[payment] = back.model_copy(update={"amount": Decimal(0)})
        self._enqueue(which, back.amount)
        if back.amount:
            self.closed = False
        self.sit()

    def _enqueue(self, which: str, more: Decimal) -> None:
        owed = self.debts[which]
        left = max(owed.balance + more, Decimal(0))
        self.debts[which] = owed.model_copy(update={"balance": left, "ledger": left})

    def hold(self, *grounds: str, which: str = "2026-09", since: date | None = None, until: date | None = None) -> None:
        ends = until if grounds else None
        held = {"grounds": grounds, "held_since": since, "held_until": ends, "ground_ends_on": ends}
        self.debts[which] = self.debts[which].model_copy(update=held)
        self.sit()

    def register(self) -> None:
        """All its debts are registered as dívida ativa."""
        registered = {
            which: debt.model_copy(update={"registered_on": self.today}) for which, debt in self.debts.items()
        }
        self.debts = registered
        self.sit()

    def _end_holds(self) -> None:
        for which, owed in self.debts.items():
            if owed.held_until and owed.held_until < self.today:
                self.debts[which] = owed.model_copy(update={"grounds": (), "held_since": None, "held_until": None})

    def defend(self) -> None:
        self.defence = Defence(filed_on=self.today)
        self.sit()

    def decide_defence(self, state: Literal["accepted", "rejected"]) -> None:
        assert self.defence
        self.defence = self.defence.model_copy(update={"state": state, "decided_on": self.today})
        self.sit()

    def pause(self, by: str | None) -> None:
        self.paused_by = by
        self.sit()

    def serve_the_last(self) -> None:
        """Proof of service of the last formal notice arrives, if it was missing."""
        if self.notices and self.notices[-1].served_on is None:
            self.notices[-1] = self.notices[-1].model_copy(update={"served_on": self.today})
            self.sit()

    def approve(self) -> None:
        """By as many people as it takes."""
        self.approve_by("Ana")
        self.approve_by("Bia")

    def approve_by(self, by: str) -> None:
        waits = self.step.status is Status.AWAITING_APPROVAL and self.step.action is Action.WAIT
        if waits and by not in self.state.approvers:
            must_be_other(self.state, by, started_by="Caio")
            self._judge(self.state.approved(by, at_stake(self.view), fingerprint(self.view)))

    def reject(self) -> None:
        if self.step.status is Status.AWAITING_APPROVAL:
            self._judge(self.state.rejected(self.today))

    def declare_hardship(self, on: date | None = None) -> None:
        if self.hardship_on is None:
            self.hardship_on = on or self.today
            self.sit()

    def file_return(self, period: str = "2026-09", owing: str | None = "1000.00") -> None:
        """A missing return arrives late; what it declares is owed from then on."""
        self.filings[period] = filing(period, owing or "0.00", status="late", filed_on=self.today)
        if owing:
            self.debts.setdefault(period, debt(period, owing))
        self.sit()

    def correct(self, period: str = "2026-09") -> None:
        wrong = self.filings[period]
        self.filings[period] = wrong.model_copy(update={"corrected": wrong.assessed or wrong.paid})
        self.sit()


def paper(facts: Facts, **more: Any) -> PaperCase:
    debts, filings = facts
    return PaperCase({d.period or d.id: d for d in debts}, {f.period: f for f in filings}, **more)


def unpaid(**more: Any) -> PaperCase:
    return paper(FACTS["h1"], **more)


def defaulter(**more: Any) -> PaperCase:
    return paper(FACTS["h8"], **more)


def registered(**more: Any) -> PaperCase:
    return paper(inscribed(), name=REGISTERED, **more)


# --- what must hold of every life -------------------------------------------------------------------------------


def check_life(case: PaperCase) -> None:
    """By the calendar and the gate of `tests/oracle`, not by the product's own."""
    for act in case.acts:
        check_act(case, act)
    for before, after in pairwise(case.notified):
        check_climb(case, before, after)


def check_act(case: PaperCase, act: Act) -> None:
    assert act.step.reason.strip()
    assert act.step.on is not None
    if act.step.action in (Action.NOTIFY, Action.ASK_APPROVAL, Action.SUSPEND, Action.REFER):
        assert act.facts.outstanding, "somebody is pursued who owes nothing that is not on hold"
        assert not act.facts.pauses
        assert gate.works(case.ruler, act.step.on) or act.step.stage is Stage.SUSPENSION
    if act.step.action is Action.REFER:
        assert gate.may_be_sued(case.ruler, act.facts, act.at), "to court without the steps before it"
    if act.step.action is Action.SUSPEND:
        assert case.ruler.gate
        assert act.credits, "benefits are suspended for nothing"
        for credit in act.credits:
            assert gate.may_be_suspended_for(case.ruler, act.facts, credit, act.at), credit
        assert len(set(act.approvers)) >= gate.people_wanted(case.ruler, act.facts), "without the approvals it needs"
        assert not act.facts.under_defence, "while a defence is open"
        assert act.facts.owes_money or case.ruler.gate.returns_law, "for nothing that allows it"
        assert act.facts.has_benefits
    if act.step.stage is Stage.SUSPENSION and act.step.action is Action.NOTIFY:
        assert any(a.step.action is Action.SUSPEND for a in case.acts), "told of a suspension that was not carried out"


def check_climb(case: PaperCase, before: Act, after: Act) -> None:
    assert after.at >= before.at
    if "reinstated" not in after.moved:
        assert hot(after) >= hot(before), "the tone softens"
    if goes_its_own_way(before, after):
        return
    assert is_next(case, before.step, after.step) or enters(case, before, after), "a rung is skipped or repeated"
    dwell = case.ruler.rung(*cell(before.step)).dwell
    if dwell and not is_told_of_others(case, before, after):
        served_on = service_of(case, before)
        assert after.at >= gate.over(case.ruler, served_on or before.at, dwell, formal=served_on is not None), (
            "before the dwell of the rung before"
        )


def is_told_of_others(case: PaperCase, before: Act, after: Act) -> bool:
    """Whether it tells of a suspension for none of what the notice before it lists: each credit has a term of its own,
    which `check_act` judges."""
    carried_out = [act for act in case.acts if act.step.action is Action.SUSPEND and act.at <= after.at]
    tells = after.step.stage is Stage.SUSPENSION and bool(carried_out) and bool(before.credits)
    return tells and not {*before.credits} & {*carried_out[-1].credits}


def goes_its_own_way(before: Act, after: Act) -> bool:
    """Whether it is a formal notice, of the same rung, of credits alone that joined after those before it."""
    return (
        cell(before.step) == cell(after.step) and bool(after.credits) and not after.listed.intersection(after.credits)
    )


def is_next(case: PaperCase, before: Step, after: Step) -> bool:
    (row, rung), rungs = cell(before), case.ruler.rows[cell(before)[0]].rungs
    above = case.ruler.rows[row].climbs_to
    return cell(after) == ((row, rung + 1) if rung + 1 < len(rungs) else (above, 0))


def enters(case: PaperCase, before: Act, after: Act) -> bool:
    """Whether evidence moved the case, for a journalled reason, to the first rung no softer than the last notice."""
    row, rung = cell(after.step)
    softer = all(case.ruler.rigidity(row, index, after.occurrences) < hot(before) for index in range(rung))
    moved = after.moved & {"reclassified", "hardship"}
    return bool(moved and softer) or ("reinstated" in after.moved)


def service_of(case: PaperCase, act: Act) -> date | None:
    """When the formal notice of that act was served; on paper it must have been, or the next would not be there."""
    rung = case.ruler.rung(*cell(act.step))
    if not rung.formal or rung.stage is Stage.SUSPENSION:
        return None
    [notice] = [notice for notice in case.notices if notice.at == act.at]
    assert notice.served_on is not None, "climbs on without proof of service"
    return max(notice.served_on, act.at)


def cell(step: Step) -> tuple[Hypothesis, int]:
    assert step.row is not None
    assert step.rung is not None
    return step.row, step.rung


def day_of(step: Step) -> date:
    assert step.on is not None
    return step.on


def hot(act: Act) -> int:
    assert act.step.rigidity is not None
    return act.step.rigidity


ENTRIES: list[Hypothesis | None] = [*FACTS, None]
"""The hypotheses of declared ICMS, and none for registered debt."""


def opened(entry: Hypothesis | None, **more: Any) -> PaperCase:
    return paper(FACTS[entry], **more) if entry else registered(**more)


DAYS = st.integers(0, 40)


class Lives(RuleBasedStateMachine):
    """Anything may happen to a case in any order; after each thing, all that was ever done to it is still right."""

    @initialize(
        entry=st.sampled_from(ENTRIES),
        compressed=st.booleans(),
        benefits=st.sampled_from([True, True, False]),
        ago=st.sampled_from([0, 1, 3, 8, 30]),
        willing=st.booleans(),
        more=st.fixed_dictionaries({"domicile": st.booleans(), "prior_steps": st.sampled_from([BEFORE_COURT, ()])}),
        rich=st.booleans(),
        at_the_gate=st.booleans(),
    )
    def opens(
        self,
        entry: Hypothesis | None,
        compressed: bool,
        benefits: bool,
        ago: int,
        willing: bool,
        more: Any,
        rich: bool,
        at_the_gate: bool,
    ) -> None:
        self.case = opened(entry, compressed=compressed, has_benefits=benefits, **more)
        for _ in range(ago):
            self.case.carry_out()
            self.case.serve_the_last()
            if willing:
                self.case.approve()
        if rich:
            self.debts_are_reassessed(10_000)
        while (
            at_the_gate
            and entry
            and benefits
            and self.case.step.on
            and self.case.state.status is not Status.BENEFITS_SUSPENDED
        ):
            self.case.carry_out()
            self.case.serve_the_last()

    @rule(times=st.sampled_from([1, 2, 3, 30]))
    def next_steps(self, times: int) -> None:
        for _ in range(times):
            self.case.carry_out()

    @rule(days=DAYS)
    def days_pass(self, days: int) -> None:
        self.case.today += timedelta(days=days)
        self.case.carry_out()

    @rule(data=st.data(), share=st.sampled_from(["0.10", "0.29", "0.30", "0.60", "0.995", "1"]), late=st.integers(0, 9))
    @precondition(lambda self: any(d.balance > 0 for d in self.case.debts.values()))
    def pay(self, data: st.DataObject, share: str, late: int) -> None:
        which = data.draw(st.sampled_from([key for key, d in self.case.debts.items() if d.balance > 0]))
        before = self.case.step
        self.case.pay((self.case.debts[which].balance * Decimal(share)).quantize(Decimal("0.01")), which, late)
        after = self.case.step
        if before.action is after.action is Action.NOTIFY and cell(before) == cell(after):
            assert day_of(after) >= day_of(before), "a payment brings the next notice forward"

    @rule()
    def pay_everything(self) -> None:
        for which, owed in list(self.case.debts.items()):
            if owed.balance > 0:
                self.case.pay(owed.balance, which)

    @rule(data=st.data())
    @precondition(lambda self: self.case.payments)
    def reverse(self, data: st.DataObject) -> None:
        which = data.draw(st.sampled_from(sorted(self.case.debts)))
        self.case.reverse(data.draw(st.integers(0, len(self.case.payments) - 1)), which)

    @rule(
        data=st.data(),
        grounds=st.sampled_from([(), ("negotiation",), ("judicial_decision", "guarantee")]),
        ago=st.sampled_from([None, 0, 3, 90]),
        lasts=st.sampled_from([None, 0, 10]),
    )
    @precondition(lambda self: self.case.debts)
    def hold_or_lift(self, data: st.DataObject, grounds: tuple[str, ...], ago: int | None, lasts: int | None) -> None:
        which = data.draw(st.sampled_from(sorted(self.case.debts)))
        since = None if ago is None else self.case.today - timedelta(days=ago)
        until = None if lasts is None else self.case.today + timedelta(days=lasts)
        self.case.hold(*grounds, which=which, since=since, until=until)

    @rule()
    @precondition(lambda self: self.case.notices and not self.case.facts.under_defence)
    def defend(self) -> None:
        self.case.defend()
        done = self.case.closed or self.case.state.status is Status.BENEFITS_SUSPENDED
        late = any(defence.late for defence in self.case.facts.defences)
        assert done or late or self.case.step.action not in (Action.SUSPEND, Action.ASK_APPROVAL, Action.NOTIFY)

    @rule(state=st.sampled_from(["accepted", "rejected"]))
    @precondition(lambda self: self.case.facts.under_defence)
    def decide_defence(self, state: Literal["accepted", "rejected"]) -> None:
        self.case.decide_defence(state)

    @rule()
    def take_the_steps_before_court(self) -> None:
        self.case.prior_steps = BEFORE_COURT
        self.case.sit()

    @rule(times=st.integers(1, 3))
    def debts_are_reassessed(self, times: int) -> None:
        for which, owed in self.case.debts.items():
            more = {"balance": owed.balance * times, "ledger": owed.ledger * times}
            self.case.debts[which] = owed.model_copy(update=more)
        self.case.sit()

    @rule(by=st.sampled_from(["Ana", None]))
    def pause_or_resume(self, by: str | None) -> None:
        """With a whole cohort a case is paused wherever it stands."""
        self.case.pause(by)

    @rule()
    def serve(self) -> None:
        self.case.serve_the_last()

    @rule(meanwhile=st.sampled_from(["pay", "hold", "defend", "reassess"]))
    @precondition(lambda self: self.case.step.status is Status.AWAITING_APPROVAL and self.case.debts)
    def something_comes_between_approval_and_suspension(self, meanwhile: str) -> None:
        case, which = self.case, min(self.case.debts)
        case.approve_by("Ana")
        seen = fingerprint(case.view)
        match meanwhile:
            case "pay":
                case.pay("1.00", which)
            case "hold":
                case.hold("deposit", which=which)
            case "defend" if not case.facts.under_defence:
                case.defend()
            case _:
                self.debts_are_reassessed(2)
        assert fingerprint(case.view) == seen or case.step.action is not Action.SUSPEND

    @rule(approves=st.sampled_from([True, True, False]))
    @precondition(lambda self: self.case.step.status is Status.AWAITING_APPROVAL)
    def answer(self, approves: bool) -> None:
        if approves:
            self.case.approve()
        else:
            self.case.reject()
            assert self.case.step.action is not Action.SUSPEND

    @rule(away=st.integers(-400, 400))
    def declare_hardship(self, away: int) -> None:
        before = self.case.step
        self.case.declare_hardship(self.case.today + timedelta(days=away))
        after = self.case.step
        if before.on and after.action is before.action:
            latest = max(before.on, self.case.calendar.working(self.case.today))
            assert day_of(after) <= latest, "hardship postpones the ladder"

    @rule(data=st.data(), owing=st.sampled_from([None, "5.00", "1000.00"]))
    @precondition(lambda self: self.late_returns())
    def file_return(self, data: st.DataObject, owing: str | None) -> None:
        self.case.file_return(data.draw(st.sampled_from(self.late_returns())), owing)

    @rule(data=st.data())
    @precondition(lambda self: self.declared())
    def correct(self, data: st.DataObject) -> None:
        self.case.correct(data.draw(st.sampled_from(self.declared())))

    @rule(period=st.sampled_from(["2026-10", "2026-11"]), late=st.booleans())
    def a_period_joins(self, period: str, late: bool) -> None:
        if self.case.name == ICMS and period not in self.case.filings:
            self.case.filings[period] = missing(period) if late else filing(period)
            if not late:
                self.case.debts[period] = debt(period)
            self.case.sit()

    @rule()
    def benefits_come_or_go(self) -> None:
        self.case.has_benefits = not self.case.has_benefits
        self.case.sit()

    def late_returns(self) -> list[str]:
        return sorted(period for period, f in self.case.filings.items() if f.status == "missing")

    def declared(self) -> list[str]:
        return sorted(period for period, f in self.case.filings.items() if f.declared)

    @invariant()
    def everything_done_was_right(self) -> None:
        check_life(self.case)

    @invariant()
    def the_first_block_is_the_status(self) -> None:
        case, situation = self.case, self.case.decision.situation
        kinds = [block.kind for block in situation.blocks]
        assert kinds == sorted(kinds, key=[*Status].index)
        assert case.step.status is (kinds[0] if kinds else situation.state)
        assert situation.state is case.state.status
        if not case.closed:
            assert (Status.ON_HOLD in kinds) == case.facts.on_hold
            assert (Status.UNDER_DEFENCE in kinds) == case.facts.under_defence
            assert (Status.PAUSED in kinds) == bool(case.paused_by and situation.state is not Status.REFERRED)

    @invariant()
    def every_step_and_transition_says_why(self) -> None:
        assert self.case.step.reason.strip()
        assert all(transition.reason.strip() for transition in self.case.transitions)

    @invariant()
    def deciding_again_changes_nothing(self) -> None:
        if not self.case.closed:
            again = decide(self.case.view)
            assert again == self.case.decision.model_copy(update={"transitions": ()})
            assert again.state == self.case.state

    @invariant()
    def benefits_are_back_once_the_cause_is_gone(self) -> None:
        late = self.case.facts.open_defence
        if self.case.state.status is Status.BENEFITS_SUSPENDED and not self.case.facts.outstanding and not late:
            assert self.case.step.action is Action.REINSTATE

    @invariant()
    def who_got_benefits_back_is_told(self) -> None:
        if self.case.closed and any(act.step.action is Action.REINSTATE for act in self.case.acts):
            assert not self.case.state.to_tell

    @invariant()
    def an_approval_is_of_what_was_seen(self) -> None:
        approval = self.case.state.approval
        assert not approval or not approval.approvers or approval.on_seeing == fingerprint(self.case.view)

    @invariant()
    def hardship_moves_at_most_once(self) -> None:
        assert [transition.kind for transition in self.case.transitions].count(EntryKind.HARDSHIP_HEEDED) <= 1

    @invariant()
    def who_owes_is_never_forgotten(self) -> None:
        case = self.case
        blocked = case.paused_by or not case.state.climbs or case.state.approval
        unserved = any(notice.served_on is None for notice in case.notices)
        classified = case.state.row is not None
        for_people = case.step.status in (Status.AWAITING_PRIOR_STEPS, Status.TO_REGISTER)
        # a return alone is no credit, and what is in court is there already
        to_refer = any(debt.outstanding and not debt.litigation for debt in case.facts.debts)
        answered = case.facts.under_defence or for_people or (not to_refer and "fim da régua" in case.step.reason)
        if case.facts.outstanding and classified and not blocked and not unserved and not answered:
            assert case.step.on is not None, case.step.reason


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=examples(150),
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)


# --- what the domain says, example by example -------------------------------------------------------------------


def dwelt(case: PaperCase, since: date, row: Hypothesis, rung: int) -> date:
    """The first working day on which the next rung may follow."""
    dwell = case.ruler.rung(row, rung).dwell
    assert dwell
    return case.calendar.working(gate.over(case.ruler, since, dwell, case.ruler.rung(row, rung).formal))


def next_is(case: PaperCase, action: Action) -> bool:
    return case.step.action is action


def turned(case: PaperCase) -> list[str]:
    return [transition.kind for transition in case.transitions]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_life_in_which_nothing_happens_climbs_every_rung_to_the_end(entry: Hypothesis | None) -> None:
    case = opened(entry)
    while case.step.on is not None or case.step.status is Status.AWAITING_APPROVAL:
        case.approve()
        case.carry_out()
    assert case.path == cells_from(case.ruler, entry or "h1")
    assert case.step.status is (Status.BENEFITS_SUSPENDED if entry else Status.REFERRED)
    check_life(case)


@pytest.mark.parametrize("times", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("entry", [builders.unpaid, builders.without_return, builders.underpaid])
@pytest.mark.parametrize("benefits", [True, False])
def test_the_plan_of_every_hypothesis_ends(entry: Any, times: int, benefits: bool) -> None:
    case = paper(entry(times), has_benefits=benefits)
    steps = list(plan(case.view))
    # a return alone is no credit that could be registered and referred
    end = Action.REFER if case.debts else Action.NOTIFY
    assert steps[-1].stage is Stage.SUSPENSION if benefits else steps[-1].action is end
    days = [step.on for step in steps if step.on]
    assert days == sorted(days)


def test_the_plan_of_registered_debt_ends_in_referral() -> None:
    case = registered()
    assert list(plan(case.view))[-1].action is Action.REFER


@given(st.sampled_from(ENTRIES), st.integers(0, 14))
@settings(max_examples=examples(30))
def test_the_plan_is_what_then_happens_when_nothing_else_does(entry: Hypothesis | None, done: int) -> None:
    case = opened(entry)
    for _ in range(done):
        case.approve()
        case.carry_out()
    foreseen = [(s.action, s.on, s.row, s.stage) for s in planned(case)]
    already = len(case.acts)
    while case.step.on is not None or case.step.status is Status.AWAITING_APPROVAL:
        case.approve()
        case.carry_out()
    assert [(a.step.action, a.step.on, a.step.row, a.step.stage) for a in case.acts[already:]] == foreseen


def planned(case: PaperCase) -> Iterator[Step]:
    return plan(case.view)


def test_the_first_notice_leaves_on_a_working_day_and_says_why_this_row() -> None:
    case = unpaid(today=date(2026, 11, 1))  # a Sunday; the next day is All Souls'
    assert case.step.on == date(2026, 11, 3)
    assert "1ª ocorrência" in case.step.reason
    assert "R$ 1.000,00" in case.step.reason


@pytest.mark.parametrize(("amount", "moved"), [("299.99", False), ("300.00", True), ("700.00", True)])
def test_a_partial_payment_starts_the_wait_anew_from_thirty_per_cent_on(amount: str, moved: bool) -> None:
    case = unpaid().climb(1)
    before, case.today = case.step, date(2026, 11, 6)
    case.pay(amount)
    assert cell(case.step) == cell(before)
    assert case.step.on == (date(2026, 11, 13) if moved else before.on)
    assert ("reanchored" in turned(case)) is moved
    assert turned(case).count("reclassified") == 0


def test_a_third_of_what_was_owed_counts_when_the_payments_before_it_were_small() -> None:
    case = unpaid().climb(1)
    case.today = date(2026, 11, 6)
    case.pay("200.00")
    case.pay("240.00")  # 30 % of the 800.00 then owed
    assert "reanchored" in turned(case)


def test_a_payment_reported_after_a_pause_does_not_bring_the_next_notice_forward() -> None:
    case = unpaid().climb(1)
    case.today = date(2026, 11, 5)
    case.pause("Ana")
    case.today = date(2026, 11, 25)
    case.pause(None)
    before = case.step.on
    case.pay("500.00", days_ago=21)
    assert before
    assert case.step.on
    assert case.step.on >= before


def test_what_is_paid_during_a_pause_waits_once_for_what_is_left_of_it() -> None:
    case = unpaid().climb(1)
    case.today = date(2026, 11, 5)
    case.pause("Ana")
    case.today = date(2026, 11, 9)
    case.pay("500.00")
    case.today = date(2026, 11, 10)
    case.pause(None)
    assert case.step.on == dwelt(case, date(2026, 11, 10), "h1", 0)


def test_a_referred_case_has_no_wait_to_start_anew() -> None:
    case = registered().climb_until(Action.REFER)
    case.carry_out()
    case.today += timedelta(days=5)
    case.pay("500.00")
    assert case.step.status is Status.REFERRED
    assert "reanchored" not in turned(case)


def test_a_balance_under_the_minimum_resolves_and_the_remainder_stays_in_the_ledger() -> None:
    case = unpaid().climb(2)
    case.pay("990.00")
    assert not next_is(case, Action.RESOLVE)
    case.pay("0.01")
    assert next_is(case, Action.RESOLVE)
    case.carry_out()
    assert case.closed


def test_a_payment_in_full_resolves_at_once_and_no_notice_follows() -> None:
    case = unpaid().climb(2)
    case.pay("1000.00")
    case.carry_out()
    assert case.closed
    assert len(case.notified) == 2


def test_a_reversal_reopens_where_the_case_stood() -> None:
    case = unpaid().climb(2)
    remaining = case.step
    case.pay("1000.00")
    case.carry_out()
    case.reverse(0)
    assert not case.closed
    assert cell(case.step) == cell(remaining)
    assert case.step.on == remaining.on
    assert case.climb(1).path == [("h1", "reminder"), ("h1", "alert"), ("h1", "warning")]


def test_a_return_filed_without_payment_goes_on_in_the_row_of_the_unpaid_no_softer_than_before() -> None:
    case = paper(FACTS["h3"]).climb(3)
    assert case.path[-1] == ("h3", "warning")
    case.file_return()
    assert "reclassified" in turned(case)
    case.climb(1)
    assert case.path[-1] == ("h1", "warning")
    assert hot(case.notified[-1]) >= hot(case.notified[-2])
    check_life(case)


def test_a_return_filed_and_paid_resolves() -> None:
    case = paper(FACTS["h3"]).climb(1)
    case.file_return(owing=None)
    assert case.step.action is Action.RESOLVE


def test_a_correction_resolves_a_divergence() -> None:
    periods = months(1)
    wrong = filing(periods[0], paid="1000.00", paid_on=due_of(periods[0]), assessed="1500.00")
    case = paper(([], [wrong])).climb(2)
    case.correct()
    assert case.step.action is Action.RESOLVE


def test_a_kind_that_is_wholly_cured_drops_out() -> None:
    a, b, c = months(3)
    case = paper(([debt(c)], [missing(a), missing(b), filing(c)])).climb(1)
    assert case.path == [("h4", "warning")]
    case.file_return(a, owing=None)
    assert "reclassified" not in turned(case)
    case.file_return(b, owing=None)
    assert "reclassified" in turned(case)
    case.climb(1)
    assert case.notified[-1].step.row == "h2"  # h1 has no rung as rigid as the warning of h4
    check_life(case)


def test_graver_evidence_moves_the_case_up_at_once() -> None:
    case = unpaid().climb(1)
    for period in ("2026-07", "2026-08"):
        case.filings[period] = missing(period)
    case.sit()
    assert "reclassified" in turned(case)
    assert case.climb(1).path[-1] == ("h4", "warning")
    check_life(case)


def test_a_notice_is_never_dated_before_the_evidence_that_brought_it() -> None:
    case = unpaid().climb(1)
    case.today = day_of(case.step) + timedelta(days=3)  # the step itself is late
    for period in ("2026-07", "2026-08"):
        case.filings[period] = missing(period)
    case.sit()
    assert day_of(case.step) >= case.today


def test_milder_evidence_never_takes_a_case_back_below_the_row_it_climbed_to() -> None:
    case = unpaid().climb(4)
    assert case.path[-1] == ("h2", "alert")
    case.filings["2026-10"] = missing("2026-10")
    case.sit()
    assert "reclassified" not in turned(case)
    assert case.climb(1).path[-1] == ("h2", "warning")


def test_hardship_moves_h1_to_h2_once() -> None:
    case = unpaid().climb(1)
    case.declare_hardship()
    assert turned(case).count(EntryKind.HARDSHIP_HEEDED) == 1
    assert case.climb(1).path == [("h1", "reminder"), ("h2", "alert")]
    check_life(case)


def test_hardship_declared_for_a_day_to_come_does_not_buy_time() -> None:
    case = unpaid().climb(1)
    before = case.step.on
    case.declare_hardship(date(2036, 1, 1))
    assert case.step.on == before


@pytest.mark.parametrize("entry", ["h3", "h5", "h7"])
def test_hardship_elsewhere_moves_nothing(entry: Hypothesis) -> None:
    case = opened(entry).climb(1)
    before = case.step
    case.declare_hardship()
    assert (case.step.on, cell(case.step)) == (before.on, cell(before))
    assert "hardship" not in turned(case)


def test_hardship_declared_elsewhere_counts_once_the_case_comes_to_h1() -> None:
    case = paper(FACTS["h3"]).climb(1)
    case.declare_hardship()
    case.file_return()
    assert turned(case)[-2:] == ["reclassified", "hardship"]
    assert case.climb(1).path[-1] == ("h2", "alert")
    check_life(case)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_formal_notice_counts_from_service_and_blocks_without_it(compressed: bool) -> None:
    case = defaulter(compressed=compressed).climb(1)
    if compressed:
        assert case.step.on == dwelt(case, case.notified[0].at, "h8", 0)
        return
    case.today += timedelta(days=90)
    case.sit()
    assert case.step.action is Action.WAIT
    assert "ciência" in case.step.reason
    case.serve_the_last()
    assert case.step.on == dwelt(case, case.today, "h8", 0)


def test_a_second_formal_notice_blocks_too_until_it_is_served_itself() -> None:
    case = defaulter(compressed=False).climb(1)
    case.serve_the_last()
    case.climb(1)
    assert next_is(case, Action.WAIT)
    case.serve_the_last()
    assert next_is(case, Action.ASK_APPROVAL)


def asking(**more: Any) -> PaperCase:
    """A persistent defaulter whose suspension awaits approval."""
    case = defaulter(**more).climb_until(Action.ASK_APPROVAL)
    case.carry_out()
    assert case.step.status is Status.AWAITING_APPROVAL
    return case


def test_a_rejected_suspension_is_asked_for_again_after_the_wait() -> None:
    case = asking()
    assert case.ruler.gate
    case.reject()
    assert case.step.action is Action.ASK_APPROVAL
    assert case.step.on == case.calendar.after(case.today, case.ruler.gate.ask_again)
    case.carry_out()
    case.approve()
    case.carry_out()
    assert case.step.stage is Stage.SUSPENSION


def test_who_rejects_what_was_just_approved_is_heard() -> None:
    case = asking()
    case.approve()
    case.reject()
    assert case.step.action is Action.ASK_APPROVAL


def test_an_approval_does_not_outlive_a_hold() -> None:
    case = asking()
    case.approve()
    for period in case.debts:
        case.hold("judicial_decision", which=period)
    assert case.step.status is Status.ON_HOLD
    for period in case.debts:
        case.hold(which=period)
    assert case.step.action is Action.ASK_APPROVAL


def test_the_gate_stays_shut_until_the_defence_time_has_run_out() -> None:
    case = defaulter().climb_until(Action.ASK_APPROVAL)
    assert case.ruler.gate
    defence = Wait(days=90, unit=Unit.LEGAL)
    patient = case.ruler.model_copy(update={"gate": case.ruler.gate.model_copy(update={"defence": defence})})
    step = decide(View(patient, case.calendar, case.state, case.facts)).step
    assert step.on == gate.first_act(case.ruler, case.notified[-1].at, defence, recess=True)


def test_a_taxpayer_without_benefits_is_referred_instead() -> None:
    case = defaulter(has_benefits=False).climb(2)
    case.register()
    assert case.step.action is Action.REFER


@pytest.mark.parametrize("stop", ["hold", "pause"])
def test_after_a_hold_or_a_pause_the_remaining_wait_is_left(stop: str) -> None:
    case = unpaid().climb(1)
    assert case.step.on == date(2026, 11, 10)
    case.today = date(2026, 11, 6)
    case.hold("negotiation") if stop == "hold" else case.pause("Ana")
    assert case.step.action is Action.WAIT
    assert case.step.status is (Status.ON_HOLD if stop == "hold" else Status.PAUSED)
    case.today = date(2027, 1, 5)
    case.hold() if stop == "hold" else case.pause(None)
    assert case.step.on is not None
    assert dwelt(case, date(2027, 1, 5), "h1", 0) > case.step.on > case.today


def test_a_pause_delays_the_next_notice_and_no_later_one() -> None:
    case = unpaid().climb(1)
    case.pause("Ana")
    case.today += timedelta(days=60)
    case.pause(None)
    case.climb(1)
    assert case.step.on == dwelt(case, case.notified[-1].at, "h1", 1)


def test_a_hold_on_payment_does_not_stop_the_ladder_of_a_missing_return() -> None:
    a, b, c = months(3)
    case = paper(([debt(c)], [missing(a), missing(b), filing(c)])).climb(1)
    before = case.step
    case.hold("negotiation", which=c)
    assert (case.step.on, cell(case.step)) == (before.on, cell(before))


def test_a_case_held_from_the_start_is_classified_when_the_hold_is_lifted() -> None:
    case = paper(([debt("2026-09", "1000.00", "negotiation")], [filing()]))
    assert case.step.status is Status.ON_HOLD
    case.today = date(2027, 3, 1)
    case.hold()
    assert case.step.on == date(2027, 3, 1)
    assert case.climb(1).path == [("h1", "reminder")]


def suspended() -> PaperCase:
    case = asking()
    case.approve()
    case.carry_out()
    case.carry_out()
    assert case.path[-1] == ("h8", "suspension")
    return case


def test_suspended_and_paid_gives_the_benefits_back_and_resolves() -> None:
    case = suspended()
    for period, owed in list(case.debts.items()):
        case.pay(owed.balance, period)
    case.climb_until(Action.RESOLVE).carry_out()
    assert [act.step.action for act in case.acts[-3:]] == [Action.REINSTATE, Action.INFORM, Action.RESOLVE]
    assert case.closed


def test_suspended_and_paid_in_part_stays_suspended() -> None:
    case = suspended()
    case.pay("4000000.00")
    assert case.step.status is Status.BENEFITS_SUSPENDED
    assert case.step.action is Action.WAIT


def test_after_reinstatement_a_reversal_needs_the_whole_wait_and_a_new_approval() -> None:
    case = suspended()
    for period, owed in list(case.debts.items()):
        case.pay(owed.balance, period)
    case.carry_out()
    case.carry_out()
    for number, period in enumerate(case.debts):
        case.reverse(number, period)
    assert case.step.action is Action.ASK_APPROVAL
    # continuous days of the authority's own, which the recess doesn't stop
    assert case.ruler.rows["h8"].rungs[1].dwell
    first = gate.first_act(case.ruler, case.today, case.ruler.rows["h8"].rungs[1].dwell)
    assert case.step.on == case.calendar.working(first)


def test_a_return_alone_suspends_only_where_the_ruler_cites_the_law() -> None:
    case = paper(FACTS["h4"]).climb_until(Action.ASK_APPROVAL)
    assert case.ruler.gate
    lawless = case.ruler.model_copy(update={"gate": case.ruler.gate.model_copy(update={"returns_law": None})})
    assert decide(View(lawless, case.calendar, case.state, case.facts)).step.action is Action.WAIT


@given(st.integers(1, 90))
@settings(max_examples=examples(20))
def test_after_an_outage_nobody_gets_two_rungs_in_a_minute(days: int) -> None:
    case = unpaid(compressed=False).climb(1)
    case.today += timedelta(days=days)
    case.carry_out()
    assume(len(case.notified) == 2)
    assert case.step.on
    assert case.step.on > case.today
