"""The facts of a case on a day, read from the record in one transaction, that a decision is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from models.case.credit import Credit, CreditId, return_of
from models.case.evidence import Debt, Evidence, Filing, evidence_of
from models.collections.promise import Promise, open_promises
from models.contact.contacts import Reach
from models.contact.delivery import Delivery
from models.law.contact_caps import Limits
from models.law.requests import RULES, RequestKind
from models.ruler.schema import Kind, Ruler, Stage


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class PaymentFact(_Fact):
    """A payment to one of the case's debts, less its reversals and what is beyond the debt it was paid for."""

    on: date
    amount: Decimal
    id: int = 0
    """The later one was recorded later."""


class FormalNotice(_Fact):
    """A formal notice that was sent, what it lists, and when the taxpayer was served it, if proven."""

    id: str
    at: date
    credits: tuple[CreditId, ...] = ()
    """Empty: nobody knows what it listed, so it serves for nothing."""
    outgrown: tuple[CreditId, ...] = ()
    """The credits among them that were assessed at more since: for what was added the taxpayer has had no notice and no
    term (CTN art. 145; Decreto 70.235/1972, art. 18 § 3º)."""
    stage: Stage | None = None
    served_on: date | None = None
    deemed_on: date | None = None
    """The day the law takes it as served by silence; none: it doesn't."""
    deemed_by: str | None = None
    """That law."""

    def lists(self, credit: CreditId) -> bool:
        """Whether it lists the credit as it is assessed now."""
        return credit in self.credits and credit not in self.outgrown


class Defence(_Fact):
    """A defence against the suspension; while it is open, nothing escalates for its credits (LC 225/2026)."""

    filed_on: date
    state: Literal["open", "accepted", "rejected"] = "open"
    decided_on: date | None = None
    credits: tuple[CreditId, ...] = ()
    """The credits it is against; empty: all of the case."""
    appeal: bool = False
    """Whether it is against the rejection of another (LC 225/2026 art. 4º, VII)."""
    id: int = 0
    """The row's."""
    late: tuple[CreditId, ...] = ()
    """The credits for which it was filed after its last day (`models.case.in_time`)."""

    def covers(self, credit: CreditId) -> bool:
        return not self.credits or credit in self.credits

    def suspends(self, credit: CreditId) -> bool:
        """Whether that credit may not be pursued: it was filed in time and nobody has decided it yet, or people have
        accepted it, late or not."""
        waits = self.state == "open" and credit not in self.late
        return self.covers(credit) and (waits or self.state == "accepted")


StepKind = Literal[
    "registration",
    "conciliation",
    "administrative_solution",
    "protest",
    "protest_exception",
    "credit_bureau_notice",
    "registry_annotation",
    "indicated_assets",
    "cadin_notice",
]


class PriorStep(_Fact):
    """A step that the law wants before a suit, as people have put it on record (CNJ 547/2024, Lei 14.973/2024)."""

    kind: StepKind
    on: date
    debts: tuple[str, ...] = ()
    """The debts that it was taken for."""


class OpenRequest(_Fact):
    """A request of the taxpayer's that nobody has answered yet."""

    kind: RequestKind
    made_on: date
    due: date
    credits: tuple[CreditId, ...] = ()
    """The credits that it names; empty: all of the case."""

    @property
    def holds(self) -> bool:
        """Whether the next step of what it names waits for the answer."""
        return RULES[self.kind].holds


class Pause(_Fact):
    """Somebody stopped the clock of a case, or of its whole cohort."""

    by: str
    on: date | None = None
    """The logical day it began; none: not known."""
    whole_cohort: bool = False

    @property
    def who(self) -> str:
        """The name of who paused, in pt-BR, as it follows "pausado por"."""
        return f"{self.by}, com toda a coorte" if self.whole_cohort else self.by


class BrokenAgreement(_Fact):
    """The newest instalment agreement of the case, when it was broken and no other one followed."""

    id: str
    on: date
    """The day from which the break has effect."""


class CaseFacts(_Fact):
    today: date
    debts: tuple[Debt, ...] = ()
    filings: tuple[Filing, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    minimum_balance: Decimal = Decimal(0)
    payments: tuple[PaymentFact, ...] = ()
    """Since the case opened, in the order they were recorded."""
    hardship_on: date | None = None
    pauses: tuple[Pause, ...] = ()
    """The case's own first, then that of its whole cohort; with one of them the clock stands still."""
    cancelled_because: str | None = None
    """Its cohort is over."""
    formal_notices: tuple[FormalNotice, ...] = ()
    benefits: frozenset[str] = frozenset()
    """The ids of those that the taxpayer has of the case's tax."""
    kept_elsewhere: frozenset[str] = frozenset()
    """The ids of benefits that another case keeps suspended."""
    defences: tuple[Defence, ...] = ()
    """In the order they were filed."""
    prior_steps: tuple[PriorStep, ...] = ()
    requests: tuple[OpenRequest, ...] = ()
    elsewhere: tuple[Debt, ...] = ()
    """The debts of the taxpayer's other taxes, where the ruler asks for the thresholds of a persistent defaulter."""
    known_assets: Decimal | None = None
    """The value of what the taxpayer is known to own, in reais; none: nobody has said."""
    promises: tuple[Promise, ...] = ()
    """The promises that money may still move, as they were last judged."""
    broken_agreement: BrokenAgreement | None = None
    reach: Reach = Reach()
    deliveries: tuple[Delivery, ...] = ()
    """The fate of the notices of the last rung."""
    contacted_on: tuple[date, ...] = ()
    """A day for each contact that counts of this person lately, by this case and others."""
    limits: Limits = Limits()
    """The strictest of the rulers that reach this person."""
    claimed_paid_on: date | None = None
    """The day the taxpayer said it was paid."""
    over_budget: bool = False
    """The cohort can't pay for the next rung, as far as was tried."""
    lacks: str | None = None
    """Why what is owed can't be told, in pt-BR; the debts are then as they were imported."""

    def defended(self, defences: Iterable[Defence]) -> CaseFacts:
        """The same facts with these defences, and the debts marked that they suspend or have ended."""
        defences = tuple(defences)
        debts = tuple(
            debt.model_copy(update={"defended": any(defence.suspends(debt.id) for defence in defences)})
            for debt in self.debts
        )
        return self.model_copy(update={"debts": debts, "defences": defences})

    def defences_of(self, credit: CreditId) -> tuple[Defence, ...]:
        return tuple(defence for defence in self.defences if defence.covers(credit))

    def _may_be_asked_for(self, period: str) -> bool:
        return not any(defence.suspends(return_of(period)) for defence in self.defences)

    @property
    def credits(self) -> tuple[Credit, ...]:
        """The credits that are open, suspended ones too: debts, and returns that are missing or uncorrected."""
        debts = (
            Credit(
                id=debt.id,
                outstanding=debt.outstanding,
                suspended_since=self._suspended_since(debt),
                contested=self._contested(debt.id),
            )
            for debt in self.debts
            if debt.balance > 0
        )
        returns = (
            Credit(
                id=return_of(e.period),
                outstanding=self._may_be_asked_for(e.period),
                contested=self._contested(return_of(e.period)),
            )
            for e in self.evidence
            if e.open and e.wants_return
        )
        return (*debts, *returns)

    def _contested(self, credit: CreditId) -> bool:
        return any(request.holds and credit in request.credits for request in self.requests)

    @property
    def uncontested(self) -> CaseFacts:
        """The same facts without the credits that are contested: the next step is about the others alone."""
        if not any(credit.contested for credit in self.credits):
            return self
        return self.only([credit.id for credit in self.credits if not credit.contested])

    def only(self, credits: Collection[CreditId]) -> CaseFacts:
        """The same facts with no other credits among what is open."""
        debts = tuple(debt for debt in self.debts if debt.id in credits)
        periods = {debt.period or debt.inscription for debt in debts}
        evidence = tuple(e for e in self.evidence if return_of(e.period) in credits or e.period in periods)
        return self.model_copy(update={"debts": debts, "evidence": evidence})

    def _suspended_since(self, debt: Debt) -> date | None:
        filed = [defence.filed_on for defence in self.defences if defence.suspends(debt.id)]
        return min((day for day in (debt.held_since, *filed) if day), default=None)

    @property
    def balance(self) -> Decimal:
        """The amount that is owed and not on hold, in reais."""
        return sum((debt.balance for debt in self.debts if debt.outstanding), Decimal(0))

    @property
    def owes_money(self) -> bool:
        return self.balance > 0 and self.balance >= self.minimum_balance

    @property
    def promised(self) -> Promise | None:
        """The open promise that the bank has the longest time to report."""
        return max(open_promises(self.promises), key=lambda promise: promise.judged_on, default=None)

    @property
    def promise_judged_on(self) -> date | None:
        """The day on which the first open promise is kept or broken."""
        return min((promise.judged_on for promise in open_promises(self.promises)), default=None)

    @property
    def owes_return(self) -> bool:
        return any(e.open and e.wants_return and self._may_be_asked_for(e.period) for e in self.evidence)

    @property
    def outstanding(self) -> bool:
        """An open balance that is not on hold, or a return that is missing or uncorrected."""
        return self.owes_money or self.owes_return

    @property
    def grounds(self) -> tuple[str, ...]:
        """The grounds on which what is owed is on hold; empty when nothing is."""
        return tuple(sorted({ground for debt in self._held for ground in debt.grounds}))

    @property
    def on_hold(self) -> bool:
        return not self.outstanding and bool(self.grounds)

    @property
    def hold_ends_on(self) -> date | None:
        """The last day of the first debt's hold to end; none: nobody has said when any of them does."""
        return min((debt.held_until for debt in self._held if debt.held_until), default=None)

    @property
    def ground_ends_on(self) -> date | None:
        """The last day of the first ground to end: what is then held is held on the others."""
        return min((debt.ground_ends_on for debt in self._held if debt.ground_ends_on), default=None)

    @property
    def _held(self) -> tuple[Debt, ...]:
        return tuple(debt for debt in self.debts if debt.balance > 0 and debt.grounds)

    @property
    def held_since(self) -> date | None:
        """The day of the last ground of what is on hold; none: one of them came to be known without a day."""
        began = [debt.held_since for debt in self._held]
        return max((day for day in began if day), default=None) if all(began) else None

    @property
    def paused_by(self) -> str | None:
        """The name of who paused the case, or its whole cohort, in pt-BR; none: nobody."""
        return self.pauses[0].who if self.pauses else None

    @property
    def under_review(self) -> tuple[OpenRequest, ...]:
        """The open requests that the next step waits for, the oldest first. One that names credits holds theirs alone,
        so the case waits where nothing else is outstanding."""
        goes_on = self.uncontested.outstanding
        return tuple(request for request in self.requests if request.holds and not (request.credits and goes_on))

    @property
    def has_benefits(self) -> bool:
        return bool(self.benefits)

    @property
    def open_defence(self) -> Defence | None:
        """The first defence filed in time that nobody has decided yet."""
        there = [credit.id for credit in self.credits]
        opened = (defence for defence in self.defences if defence.state == "open")
        return next((defence for defence in opened if not there or any(map(defence.suspends, there))), None)

    @property
    def under_defence(self) -> bool:
        """Whether all that could be pursued is being defended."""
        return not self.outstanding and self.open_defence is not None

    @property
    def suspended(self) -> bool:
        """Whether nothing may be pursued for now, and something may be later."""
        return self.on_hold or self.under_defence

    @property
    def stops_the_clock(self) -> bool:
        return bool(self.pauses) or not self.outstanding

    def stopped_since(self, last: date) -> date:
        """The day from which the clock stands still. Where all is held that is the day of the last ground, and with a
        cohort that of its pause, though they came to be known later; but no day before `last`, when the case last
        moved."""
        paused = min((pause.on for pause in self.pauses if pause.on), default=None)
        began = self.held_since if self.on_hold else paused
        return min(max(began or self.today, last), self.today)

    @property
    def live_evidence(self) -> tuple[Evidence, ...]:
        """Evidence with what is on hold or defended seen as not open: it leads to no row."""
        suspended = {debt.period or debt.inscription for debt in self.debts if debt.grounds or debt.defended}
        live = {debt.period or debt.inscription for debt in self.debts if debt.outstanding}

        def lives(e: Evidence) -> bool:
            return self._may_be_asked_for(e.period) if e.wants_return else e.period not in suspended - live

        return tuple(e if lives(e) else e.model_copy(update={"open": False}) for e in self.evidence)

    @property
    def live_kinds(self) -> frozenset[Kind]:
        return frozenset(e.kind for e in self.live_evidence if e.open)

    def partial_payment_on(self, share: Decimal, since: int) -> date | None:
        """The day of the latest payment after that with the id `since` that covered at least `share` of what was owed
        before it."""
        owed_after = self.balance
        for payment in reversed([payment for payment in self.payments if payment.id > since]):
            owed_before = owed_after + payment.amount
            if payment.amount >= share * owed_before:
                return payment.on
            owed_after = owed_before
        return None


FactT = TypeVar("FactT", Debt, Filing)


def facts_of(
    ruler: Ruler,
    today: date,
    debts: Iterable[Debt],
    filings: Iterable[Filing],
    payments: Iterable[PaymentFact] = (),
    hardship_on: date | None = None,
    pauses: Iterable[Pause] = (),
    formal_notices: Iterable[FormalNotice] = (),
    benefits: Iterable[str] = (),
    known_assets: Decimal | None = None,
    elsewhere: Iterable[Debt] = (),
) -> CaseFacts:
    """The facts of a case on a day. A debt that isn't due yet, or whose due date was put off, is none of them."""
    debts, filings = tuple(debt.on_day(today) for debt in debts), tuple(filings)
    elsewhere = tuple(debt.on_day(today) for debt in elsewhere)

    def past_due(facts: Iterable[FactT]) -> tuple[FactT, ...]:
        return tuple(fact for fact in facts if ruler.jurisdiction.has_passed(fact.due, today))

    return CaseFacts(
        today=today,
        debts=past_due(debts),
        filings=filings,
        evidence=evidence_of(ruler, past_due(debts), past_due(filings)),
        minimum_balance=ruler.payments.minimum_balance,
        payments=tuple(payments),
        hardship_on=hardship_on,
        pauses=tuple(pauses),
        formal_notices=tuple(formal_notices),
        benefits=frozenset(benefits),
        known_assets=known_assets,
        elsewhere=past_due(elsewhere),
    )
