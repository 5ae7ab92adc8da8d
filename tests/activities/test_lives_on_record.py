"""Anything may happen to cases on record, in any order, and whoever dies over it: the record stays right.

`make fuzz` lives many lives and counts what happened in them; without it the same few are lived each time.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, insert, text

from models.agreement.instalments import State
from models.case.evidence import Filing
from models.case.facts import StepKind
from models.case.status import Status
from models.case.step import Action
from models.contact.delivery import Progress
from models.errors import Refusal
from models.events import ExtractChanged, MemoryLost, ReturnCorrected, ReturnFiled
from models.law.grounds import Ground
from models.law.requests import RequestKind
from models.roles import Actor
from models.ruler.schema import Hypothesis
from operations.cases import (
    approve_suspension,
    declare_hardship,
    give_contact,
    pause_case,
    reject_suspension,
    resume_case,
)
from operations.due_process import (
    annul,
    answer_request,
    file_defence,
    judge_extinction,
    place_hold,
    record_request,
    register_service,
    release_hold,
    rule_on_defence,
    take_prior_step,
)
from operations.operation import Credentials
from storage.agreement.agreements import rescind
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.audit.invariants import violations
from storage.case.cohorts import read_cohort
from storage.case.ruler_change import foresee_migration, migrate_cohort
from storage.catalogue import RULERS
from storage.contact.costs import change_budget
from storage.contact.delivery import opt_out
from storage.law.annulments import Mistake
from storage.outbox import enqueue
from storage.payments.ledger import record_pix
from storage.schema import benefits
from tests.builders import FACTS, ICMS, REGISTERED, Facts, bundled, debt, filing, inscribed, missing, revised_icms
from tests.chance import fuzzing
from tests.record_world import STARTED_BY, Death, Life, Street
from workflows.effects import EvaluationRequest, NextAction

ANA = Credentials("Ana")
PEOPLE = ("Ana", "Bia", f" {STARTED_BY.upper()}")
"""The last has started the cohort, so that he may approve nothing."""

SHARES = st.sampled_from(["0.10", "0.29", "0.30", "0.995", "1", "1.50"])
DEATHS: list[Death] = ["before it began", "before handing over", "after handing over", "after it was done"]
STEPS: list[StepKind] = ["conciliation", "administrative_solution", "protest", "protest_exception", "cadin_notice"]

BLOCKS = [*Status][1:9]
"""The words of what blocks a case."""

T = TypeVar("T")


class LivesOnRecord(RuleBasedStateMachine):
    engine: ClassVar[Engine]
    fired: ClassVar[Counter[str]]

    def happened(self, what: str) -> None:
        """Every third piece of news comes to a workflow that is about to do something else."""
        self.fired[what] += 1
        self.things += 1
        self.street.rest(late=self.things % 3 == 0)

    @initialize(
        ruler=st.sampled_from([ICMS, ICMS, REGISTERED]),
        entries=st.lists(st.sampled_from(sorted(FACTS)), min_size=1, max_size=3),
        compressed=st.booleans(),
        providers=st.booleans(),
        shared=st.booleans(),
        rich=st.booleans(),
        ago=st.sampled_from([0, 0, 2, 4, 9]),
        budget=st.sampled_from([None, None, "0.30"]),
    )
    def opens(
        self,
        ruler: str,
        entries: list[Hypothesis],
        compressed: bool,
        providers: bool,
        shared: bool,
        rich: bool,
        ago: int,
        budget: str | None,
    ) -> None:
        people = [_facts(ruler, entries[0] if shared else entry, rich) for entry in entries]
        self.street = Street(self.engine, ruler, people, compressed, providers, shared)
        self.things = 0
        if budget:
            change_budget(self.engine, self.street.cohort.name, Decimal(budget), "Ana", self.street.now)
        for _ in range(ago):
            self.street.goes_on()
        self.happened("opens")

    # ---- time and workers

    @rule(times=st.integers(1, 4))
    def the_next_steps(self, times: int) -> None:
        for _ in range(times):
            self.street.goes_on()
        self.happened("the next steps")

    @rule(days=st.integers(0, 40), hours=st.integers(0, 23), outage=st.booleans())
    def days_pass(self, days: int, hours: int, outage: bool) -> None:
        self.street.passes(days + hours / 24, outage)
        self.happened("an outage" if outage else "days pass")

    @rule(how=st.sampled_from(DEATHS))
    def a_worker_dies(self, how: Death) -> None:
        """In the next activity that gets so far."""
        self.street.worker.dies = how
        self.street.goes_on()
        self.happened(f"a worker dies {how}")

    @rule()
    def the_cohort_goes_over(self) -> None:
        """To another version of its ruler; the next time, back."""
        street, now = self.street, self.street.now
        shorter = RULERS.read(REGISTERED)[1].replace("version: 1\n", "version: 2\n").replace("5 business", "3 business")
        versions = [RULERS.read(ICMS)[1].replace("taxes: [ICMS]\n", ""), revised_icms()]
        if street.ruler.ruler == REGISTERED:
            versions = [RULERS.read(REGISTERED)[1], shorter]
        source = versions[2 - street.ruler.version]
        to = bundled(source)
        foresee_migration(self.engine, street.cohort.name, to, now, lambda cases: None)
        migrate_cohort(self.engine, street.cohort.name, to, "Bia", now, lambda cases: None)
        with self.engine.connect() as connection:
            street.cohort = read_cohort(connection, street.cohort.name)
        self.happened("the cohort goes over")

    @rule(data=st.data())
    def a_workflow_starts_anew(self, data: st.DataObject) -> None:
        life = self.one(data, self.street.lives)
        life.next_action, life.asked = None, []
        with self.engine.begin() as connection:
            enqueue(connection, [life.case], MemoryLost())
        self.happened("a workflow starts anew")

    # ---- money

    @rule(data=st.data(), share=SHARES, twice=st.booleans(), given_back=st.sampled_from([False, False, True]))
    def pay(self, data: st.DataObject, share: str, twice: bool, given_back: bool) -> None:
        if owed := self.rows("SELECT pix_txid, amount FROM debts WHERE tax = :tax ORDER BY id"):
            txid, amount = self.one(data, owed)
            self.street.pays(txid, (amount * Decimal(share)).quantize(Decimal("0.01")), twice, given_back)
        self.happened("pay")

    @rule()
    def pay_everything(self) -> None:
        for txid, owed in self.rows("SELECT pix_txid, balance FROM debts WHERE tax = :tax AND balance > 0 ORDER BY id"):
            self.street.pays(txid, owed)
        self.happened("pay everything")

    @rule(data=st.data(), share=st.sampled_from(["0.50", "1"]))
    @precondition(lambda self: self.street.paid)
    def give_back(self, data: st.DataObject, share: str) -> None:
        payment = self.one(data, self.street.paid)
        self.street.gives_back(payment, (payment.amount * Decimal(share)).quantize(Decimal("0.01")))
        self.happened("give back")

    @rule(data=st.data())
    @precondition(lambda self: self.street.paid)
    def a_payment_is_reported_again(self, data: st.DataObject) -> None:
        record_pix(self.engine, [self.one(data, self.street.paid)], self.street.now)
        self.happened("a payment is reported again")

    @rule(data=st.data(), count=st.integers(1, 4))
    def sign_an_agreement(self, data: st.DataObject, count: int) -> None:
        life = self.one(data, self.street.lives)
        with suppress(Refusal):
            sign(
                self.engine,
                life.case,
                load_policy("belo-horizonte"),
                SigningRequest(count),
                Actor("Ana"),
                "command",
                self.street.now,
            )
            self.fired["an agreement signed"] += 1
        self.happened("ask for an agreement")

    @rule(data=st.data(), twice=st.booleans())
    @precondition(lambda self: self.street.agreements)
    def pay_an_instalment(self, data: st.DataObject, twice: bool) -> None:
        due = self.rows(
            """SELECT pix_txid, instalments.amount FROM instalments JOIN agreements ON agreements.id = agreement
               JOIN cases ON cases.id = "case" WHERE tax = :tax ORDER BY agreements.recorded_at, n"""
        )
        txid, amount = self.one(data, due)
        self.street.pays(txid, amount, twice)
        self.happened("pay an instalment")

    @rule(data=st.data())
    @precondition(lambda self: any(each.state is State.ACTIVE for each in self.street.agreements.values()))
    def break_an_agreement(self, data: st.DataObject) -> None:
        agreement = self.one(data, [*self.street.agreements])
        with suppress(Refusal):
            rescind(self.engine, agreement, Actor("Ana"), "a pedido", self.street.now)
        self.happened("break an agreement")

    # ---- what people put on record

    @rule(
        data=st.data(),
        ground=st.sampled_from([Ground.DEPOSIT, Ground.INJUNCTION, Ground.DEATH]),
        ago=st.sampled_from([None, 0, 3, 90]),
        lasts=st.sampled_from([None, None, 0, 10]),
        whole=st.booleans(),
    )
    def hold(self, data: st.DataObject, ground: Ground, ago: int | None, lasts: int | None, whole: bool) -> None:
        life, today = self.one(data, self.street.lives), self.street.today
        since = None if ago is None else today - timedelta(days=ago)
        until = None if lasts is None else today + timedelta(days=lasts)
        of_debts = [] if whole else [self.one(data, self.debts_of(life))] if self.debts_of(life) else []
        with suppress(Refusal):
            place_hold(self.engine, ANA, life.case, ground, "conferido", self.street.now, None, since, until, of_debts)
        self.happened("hold")

    @rule(data=st.data(), ground=st.sampled_from([None, Ground.DEPOSIT, Ground.INJUNCTION]))
    def release(self, data: st.DataObject, ground: Ground | None) -> None:
        life = self.one(data, self.street.lives)
        with suppress(Refusal):
            release_hold(self.engine, ANA, life.case, "cassada", self.street.now, ground)
        self.happened("release")

    @rule(data=st.data(), ago=st.sampled_from([0, 0, 5]))
    def defend(self, data: st.DataObject, ago: int) -> None:
        life = self.one(data, self.street.lives)
        on = self.street.today - timedelta(days=ago)
        with suppress(Refusal):
            file_defence(self.engine, ANA, life.case, "protocolo 1", self.street.now, on)
            self.fired["a defence filed"] += 1
        self.happened("defend")

    @rule(data=st.data(), ruling=st.sampled_from(["accepted", "rejected"]))
    def rule_on_it(self, data: st.DataObject, ruling: Literal["accepted", "rejected"]) -> None:
        life = self.one(data, self.street.lives)
        with suppress(Refusal):
            rule_on_defence(self.engine, Credentials("Bia"), life.case, ruling, "parecer", self.street.now)
        self.happened("rule on a defence")

    @rule(data=st.data(), whole=st.booleans())
    def contest(self, data: st.DataObject, whole: bool) -> None:
        life = self.one(data, self.street.lives)
        owed = self.debts_of(life)
        named = [] if whole or not owed else [self.one(data, owed)]
        kind, now = RequestKind.CONTEST, self.street.now
        with suppress(Refusal):
            record_request(self.engine, ANA, life.case, kind, "protocolo 1", now, credits=named)
            self.fired["a contest recorded"] += 1
        self.happened("contest")

    @rule(data=st.data(), kind=st.sampled_from([RequestKind.CONTEST, RequestKind.AUTOMATED_REVIEW]), asks=st.booleans())
    def ask_or_answer(self, data: st.DataObject, kind: RequestKind, asks: bool) -> None:
        life, now = self.one(data, self.street.lives), self.street.now
        with suppress(Refusal):
            if asks and kind is not RequestKind.CONTEST:
                record_request(self.engine, ANA, life.case, kind, "protocolo 1", now)
            else:
                answer_request(self.engine, Credentials("Bia"), life.case, kind, "denied", "parecer", now)
                self.fired["a request answered"] += 1
        self.happened("ask or answer")

    @rule(data=st.data(), kind=st.sampled_from([Mistake.SERVICE, Mistake.STEP, Mistake.RULING, Mistake.HARDSHIP]))
    def annul_an_entry(self, data: st.DataObject, kind: Mistake) -> None:
        life = self.one(data, self.street.lives)
        with suppress(Refusal):
            annul(self.engine, Credentials("Bia"), life.case, kind, None, "engano", self.street.now)
            self.fired["an entry annulled"] += 1
        self.happened("annul an entry")

    @rule(data=st.data(), ahead=st.sampled_from([1, 20]))
    def a_debt_is_to_prescribe(self, data: st.DataObject, ahead: int) -> None:
        """Tomorrow at the earliest: the record doesn't say since when a day was known, so what an extract says of today
        the audit holds against a notice of this morning."""
        life = self.one(data, self.street.lives)
        if owed := self.debts_of(life):
            on = self.street.today + timedelta(days=ahead)
            self.write(f"UPDATE debts SET prescribes = '{on}' WHERE id = '{self.one(data, owed)}'")
            for each in self.street.lives:
                self.tell(each, ExtractChanged())
        self.happened("a debt is to prescribe")

    @rule(data=st.data(), said=st.sampled_from(["confirmed", "refuted"]))
    def judge_an_extinction(self, data: st.DataObject, said: Literal["confirmed", "refuted"]) -> None:
        life = self.one(data, self.street.lives)
        with suppress(Refusal):
            judge_extinction(self.engine, Credentials("Bia"), life.case, said, "parecer", self.street.now)
            self.fired[f"an extinction {said}"] += 1
        self.happened("judge an extinction")

    @rule(data=st.data(), known=st.sampled_from(["NULL", "1.00", "90000000.00"]))
    def assets_come_to_be_known(self, data: st.DataObject, known: str) -> None:
        life = self.one(data, self.street.lives)
        self.write(f"UPDATE taxpayers SET known_assets = {known} WHERE id = {life.taxpayer}")
        self.tell(life, ExtractChanged())
        self.happened("assets come to be known")

    @rule(data=st.data())
    def a_benefit_is_granted(self, data: st.DataObject) -> None:
        life = self.one(data, self.street.lives)
        self.things += 1
        with self.engine.begin() as connection:
            row = {"taxpayer": life.taxpayer, "code": f"B{self.things}", "name": "Crédito presumido"}
            connection.execute(insert(benefits).values(tax=self.street.tax, **row))
        self.tell(life, ExtractChanged())
        self.happened("a benefit is granted")

    @rule(data=st.data(), kinds=st.lists(st.sampled_from(STEPS), min_size=1, unique=True))
    def take_steps_before_court(self, data: st.DataObject, kinds: list[StepKind]) -> None:
        life = self.one(data, self.street.lives)
        for kind in kinds:
            with suppress(Refusal):
                today, now = self.street.today, self.street.now
                take_prior_step(self.engine, ANA, life.case, kind, today, "processo 1", now)
        self.happened("take steps before court")

    @rule(data=st.data())
    def declare_hardship(self, data: st.DataObject) -> None:
        life = self.one(data, self.street.lives)
        with suppress(Refusal):
            declare_hardship(self.engine, ANA, life.case, self.street.now)
        self.happened("declare hardship")

    @rule(data=st.data(), by=st.sampled_from(PEOPLE), approves=st.sampled_from([True, True, True, False]))
    @precondition(lambda self: self.awaiting())
    def answer(self, data: st.DataObject, by: str, approves: bool) -> None:
        life = self.one(data, self.awaiting())
        who, now = Credentials(by), self.street.now
        with suppress(Refusal):
            if approves:
                approve_suspension(self.engine, who, life.case, "", "conferido", now)
            else:
                reject_suspension(self.engine, who, life.case, "conferido", now)
        self.happened("approve" if approves else "reject")

    @rule(data=st.data(), pauses=st.booleans())
    def pause_or_resume(self, data: st.DataObject, pauses: bool) -> None:
        life = self.one(data, self.street.lives)
        with suppress(Refusal):
            (pause_case if pauses else resume_case)(self.engine, ANA, life.case, self.street.now)
        self.happened("pause" if pauses else "resume")

    @rule(amount=st.sampled_from(["0.10", "0.50", "5.00", "500.00"]))
    def change_the_budget(self, amount: str) -> None:
        change_budget(self.engine, self.street.cohort.name, Decimal(amount), "Ana", self.street.now)
        self.happened("change the budget")

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Rarely: most lives are to go on."""
        life = self.one(data, self.street.lives)
        if data.draw(st.integers(0, 9)) == 0 and life.runs and not life.asked:
            life.adopt(self.street.worker.run_until_done(self.street.cases.cancel, life.case))
        self.happened("cancel")

    # ---- notices and addresses

    @rule(data=st.data(), progress=st.sampled_from(list(Progress)[1:]), twice=st.booleans())
    def a_provider_reports(self, data: st.DataObject, progress: Progress, twice: bool) -> None:
        if left := self.notices():
            notice, channel = self.one(data, left)
            contact = data.draw(st.sampled_from([None, None, "suppressed", "refused"])) if progress.lost else None
            self.street.reports(notice, channel, progress, contact, twice)
        self.happened("a provider reports")

    @rule(data=st.data())
    def serve(self, data: st.DataObject) -> None:
        unserved = self.rows(
            """SELECT notices.id, "case", at FROM notices JOIN cases ON cases.id = "case"
               WHERE tax = :tax AND formal AND served_on IS NULL AND closed_at IS NULL ORDER BY notices.id"""
        )
        if unserved:
            notice, case, at = self.one(data, unserved)
            on = max(at, self.street.today)
            # refused while the clock is a little behind the notice
            with suppress(Refusal):
                register_service(self.engine, ANA, case, notice, on, "recibo 1", self.street.now)
        self.happened("serve")

    @rule(data=st.data(), new=st.booleans())
    def give_a_contact(self, data: st.DataObject, new: bool) -> None:
        life = self.one(data, self.street.lives)
        email, phone = life.rows("SELECT email, phone FROM taxpayers WHERE id = :who")[0]
        give_contact(self.engine, ANA, life.case, self.street.now, f"novo-{email}"[-60:] if new else email, phone)
        self.happened("give a contact")

    @rule(data=st.data(), channel=st.sampled_from(["email", "sms"]))
    def opt_out(self, data: st.DataObject, channel: str) -> None:
        opt_out(self.engine, self.one(data, self.street.lives).case, channel, "link")
        self.happened("opt out")

    # ---- returns and assessments

    @rule(data=st.data(), owing=st.sampled_from([None, "5.00", "1000.00"]))
    def file_return(self, data: st.DataObject, owing: str | None) -> None:
        if late := self.returns("status = 'missing'"):
            life, was = self.one(data, late)
            now = filing(was.period, owing or "0.00", status="late", filed_on=self.street.today)
            self.street.put_filing(life.taxpayer, now)
            if owing:
                self.owes_for(life, was.period, owing)
            self.tell(life, ReturnFiled(tax=self.street.tax, period=was.period))
        self.happened("file a return")

    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        if declared := self.returns("declared IS NOT NULL"):
            life, was = self.one(data, declared)
            self.street.put_filing(life.taxpayer, was.model_copy(update={"corrected": was.assessed or was.paid}))
            self.tell(life, ReturnCorrected(tax=self.street.tax, period=was.period))
        self.happened("correct a return")

    @rule(data=st.data(), period=st.sampled_from(["2026-10", "2026-11"]), late=st.booleans())
    def a_period_joins(self, data: st.DataObject, period: str, late: bool) -> None:
        life = self.one(data, self.street.lives)
        if not self.returns(f"period = '{period}' AND taxpayer = {life.taxpayer}"):
            self.street.put_filing(life.taxpayer, missing(period) if late else filing(period))
            if not late:
                self.owes_for(life, period, "1000.00")
            self.tell(life, ExtractChanged())
        self.happened("a period joins")

    # ---- what is always so

    @invariant()
    def the_record_is_right(self) -> None:
        if self.street.at_rest:
            assert violations(self.engine, self.street.cohort.name) == []

    @invariant()
    def looking_again_changes_nothing(self) -> None:
        for life in self.street.lives:
            promised = life.next_action
            if promised is None or life.asked or not life.runs or promised.closed:
                continue
            if promised.step.status == Status.OVER_BUDGET:
                continue  # what a notice costs is found out by sending it
            if promised.step.on and promised.step.on <= self.street.today:
                continue  # its day has come, and only its hour has not
            before = self.journal(life)
            found = self.street.worker.run_until_done(self.street.cases.evaluate, EvaluationRequest(case=life.case))
            life.adopt(found)
            assert self.journal(life) == before
            assert _said(found.next_action) == _said(promised)

    @invariant()
    def no_notice_leaves_twice(self) -> None:
        for carrier in self.street.carriers.values():
            assert carrier.most_often <= (1 if carrier.tells else 2)

    @invariant()
    def the_first_block_is_the_status(self) -> None:
        for status, blocks, closed in self.rows("SELECT status, blocks, closed_at FROM cases WHERE tax = :tax"):
            kinds = [block["kind"] for block in blocks]
            assert kinds == sorted(kinds, key=list(Status).index)
            assert all(block["since"] and block["reason"] for block in blocks)
            assert status == kinds[0] if kinds else status not in BLOCKS
            assert not (closed and kinds)

    @invariant()
    def who_closed_owes_nothing_or_was_let_go(self) -> None:
        for life in self.street.lives:
            if life.next_action and life.next_action.closed:
                assert life.next_action.step.status in (Status.RESOLVED, Status.CANCELLED)

    # ---- in fewer words

    def one(self, data: st.DataObject, among: list[T]) -> T:
        return among[data.draw(st.integers(0, len(among) - 1))]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.street.lives[0].rows(query)

    def write(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def tell(self, life: Life, event: Any) -> None:
        with self.engine.begin() as connection:
            enqueue(connection, [life.case], event)

    def owes_for(self, life: Life, period: str, amount: str) -> None:
        name = f"{self.street.lives.index(life)}-{period}"
        if f"{name}-{self.street.number}" not in self.debts_of(life):
            self.street.add_debt(name, [life.taxpayer], debt(period, amount))

    def debts_of(self, life: Life) -> list[str]:
        query = "SELECT debt FROM debtors JOIN debts ON debts.id = debt WHERE taxpayer = :who ORDER BY debt"
        return [row[0] for row in life.rows(query)]

    def notices(self) -> list[tuple[str, str]]:
        query = """SELECT notices.id, channel FROM notices JOIN cases ON cases.id = "case" WHERE tax = :tax
                   AND notices.status <> 'claimed' AND channel IN ('email', 'sms') ORDER BY notices.id DESC"""
        return [(row[0], row[1]) for row in self.rows(query)]

    def returns(self, which: str) -> list[tuple[Life, Filing]]:
        names = list(Filing.model_fields)
        query = f"""SELECT taxpayer, {", ".join(names)} FROM filings
                    WHERE tax = :tax AND superseded_at IS NULL AND {which} ORDER BY taxpayer, period"""
        whose = {life.taxpayer: life for life in self.street.lives}
        found = [(row[0], Filing.model_validate(dict(zip(names, row[1:], strict=True)))) for row in self.rows(query)]
        return [(whose[who], each) for who, each in found if who in whose]

    def awaiting(self) -> list[Life]:
        waits = [life for life in self.street.lives if life.status == Status.AWAITING_APPROVAL and not life.asked]
        return [life for life in waits if life.next_action and life.next_action.step.action is Action.WAIT]

    def journal(self, life: Life) -> list[str]:
        return [row[0] for row in life.rows('SELECT kind FROM decisions WHERE "case" = :case ORDER BY id')]


def _facts(ruler: str, entry: Hypothesis, rich: bool) -> Facts:
    owed, returns = FACTS[entry] if ruler == ICMS else inscribed()
    if not rich:
        return owed, returns
    more = [each.model_copy(update={"balance": each.balance * 2, "ledger": each.ledger * 2}) for each in owed]
    return more, [each.model_copy(update={"declared": each.declared and each.declared * 2}) for each in returns]


def _said(next_action: NextAction) -> dict[str, Any]:
    """Not in which words: of two grounds that a debt is held on, one may be over."""
    return next_action.model_dump(exclude={"revision": True, "step": {"reason"}})


def _told(fired: Counter[str]) -> str:
    rules = ", ".join(f"{name} {times}" for name, times in fired.most_common())
    return f"{fired.total()} steps, violations 0: {rules}"


@pytest.mark.hypothesis
def test_whatever_happens_the_record_stays_right(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    fired: Counter[str] = Counter()
    machine = type("Lives", (LivesOnRecord,), {"engine": engine, "fired": fired})
    limits = settings(
        # four lives in `make test`; in `make fuzz` 10,000 steps, and what each of them tries besides
        max_examples=200 if fuzzing() else 4,
        stateful_step_count=50,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    try:
        run_state_machine_as_test(machine, settings=limits)
    finally:
        if fuzzing():
            with capsys.disabled():
                print(f"\n{_told(fired)}")
