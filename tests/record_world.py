"""A street of taxpayers on a real PostgreSQL: no Temporal, but the real activities in the order workflows ask for them.

Time is what activities take it for, and only `now` moves it. A worker may die in any activity, which is then asked for
again, as late as the next thing that happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Literal

from sqlalchemy import Engine, bindparam, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.agreements import AgreementActivities
from activities.cases import CaseActivities
from activities.communications import CommunicationActivities
from activities.dependencies import Dependencies
from activities.notices import NoticeActivities
from channels.mail_gateway import Adapter, MailGateway, Outgoing, Provider, Receipt
from channels.on_paper import OnPaper
from models.agreement.instalments import State
from models.case.evidence import Debt, Filing
from models.case.selection import Selection
from models.case.step import Action, Step
from models.contact.delivery import Progress, Report
from models.law.calendar import Clock
from models.payment.pix import PixPayment, PixRefund
from models.ruler.schema import Ruler
from storage.case.cohorts import Cohort, candidates, create_cohort, open_cases, pin_ruler
from storage.catalogue import RULERS
from storage.contact.delivery import record_reports
from storage.payments.ledger import record_pix
from storage.schema import benefits, cases, debtors, debts, filings, taxpayers
from tests.builders import Facts, shipped
from workflows.effects import (
    AgreementNextAction,
    AgreementReview,
    CommunicationDispatch,
    CommunicationNextAction,
    Contact,
    Dispatch,
    Evaluation,
    EvaluationRequest,
    NextAction,
)

MORNING = datetime(2026, 11, 3, 11, tzinfo=UTC)
"""A Tuesday, at eight in Maceió."""

STARTED_BY = "Caio"
REST = 300
"""More turns than any street needs until nothing is left to do today."""

Death = Literal["before it began", "before handing over", "after handing over", "after it was done"]

Call = tuple[Callable[[Any], Any], Any]
"""An activity and its argument."""


class Died(Exception):
    """The worker, in the middle of an activity: its answer is lost."""


@dataclass
class Worker:
    """Runs activities at the instant `now`; the next one to get as far as `dies` doesn't get any further."""

    now: datetime = MORNING
    dies: Death | None = None

    def run(self, effect: Callable[[Any], Any], argument: Any) -> Any:
        self.reach("before it began")
        world = ActivityEnvironment()
        world.info = replace(world.info, started_time=self.now)
        answer = world.run(effect, argument)
        self.reach("after it was done")
        return answer

    def run_until_done(self, effect: Callable[[Any], Any], argument: Any) -> Any:
        try:
            return self.run(effect, argument)
        except Died:
            return self.run(effect, argument)

    def reach(self, point: Death) -> None:
        if self.dies == point:
            self.dies = None
            raise Died


@dataclass
class Carrier:
    """A provider that keeps what it is handed."""

    name: Provider
    worker: Worker
    needs_contact: bool
    tells: bool
    had: Counter[str] = field(default_factory=Counter)

    def deliver(self, message: Outgoing) -> Receipt:
        self.worker.reach("before handing over")
        self.had[message.notice] += 1
        self.worker.reach("after handing over")
        return self._receipt(message)

    def taken(self, message: Outgoing) -> Receipt | None:
        return self._receipt(message) if self.tells and message.notice in self.had else None

    def _receipt(self, message: Outgoing) -> Receipt:
        return Receipt(self.name, f"{self.name}:{message.notice}", "queued" if self.needs_contact else "sent")

    @property
    def most_often(self) -> int:
        """One that needs no contact writes a file, and the same one again."""
        return max(self.had.values(), default=0) if self.needs_contact else 0


ON_PAPER: dict[str, Adapter] = {
    "letter": OnPaper("postal", needs_contact=True),
    "gazette": OnPaper("gazette", needs_contact=False),
}


@dataclass
class Life:
    """One case, with what its workflow would hold of it (`workflows/taxpayer_ruler.py`)."""

    street: Street
    case: str
    taxpayer: int
    next_action: NextAction | None = None
    news: bool = True
    runs: bool = True
    asked: list[Call] = field(default_factory=list)
    """The requests of the worker not answered yet."""
    asleep: bool = False
    """Until something else happens, an activity whose worker died is not tried again."""
    tries_again_at: datetime = MORNING
    """An activity that asked for it is not tried again earlier."""

    def hear(self, name: str, payload: dict[str, Any]) -> None:
        if not self.runs:
            self.next_action, self.asked, self.runs = None, [], True
        self.news = True

    def loses_its_workflow(self) -> None:
        """And is started again: all that it knows is on record."""
        self.next_action, self.asked, self.news = None, [], True

    def transition(self) -> bool:
        """Does what is to be done now. False: there was nothing."""
        if self.asleep or not self.runs or self.street.now < self.tries_again_at:
            return False
        if not self.asked:
            self.asked = self._next_calls()
        closed = self.next_action is not None and self.next_action.closed
        if not self.asked and closed:
            self.runs = False
        return self._ask()

    def _next_calls(self) -> list[Call]:
        now = self.next_action
        if now is None or self.news:
            return [self._evaluate()]
        if now.closed or not self.is_due:
            return []
        step, street = now.step, self.street
        if step.action is Action.WAIT:
            return [self._evaluate()]
        if step.action.contacts:
            return [(street.notices.notify, self._contact(step, dispatch)) for dispatch in now.dispatches]
        effects: dict[Action, Callable[[str], NextAction]] = {
            Action.ASK_APPROVAL: street.cases.ask_approval,
            Action.SUSPEND: street.cases.suspend_benefits,
            Action.REINSTATE: street.cases.reinstate_benefits,
            Action.DEEM_SERVED: street.cases.deem_served,
            Action.REFER: street.cases.refer,
            Action.RESOLVE: street.cases.resolve,
        }
        return [(effects[step.action], self.case)]

    def _contact(self, step: Step, by: Dispatch) -> Contact:
        return Contact(case=self.case, step=step, channel=by.channel, rung_channel=by.rung_channel)

    def _evaluate(self) -> Call:
        self.news = False
        return self.street.cases.evaluate, EvaluationRequest(case=self.case)

    def _ask(self) -> bool:
        done = False
        while self.asked:
            try:
                self.adopt(self.street.worker.run(*self.asked[0]))
            except Died:
                self.asleep = True
                return done
            except ApplicationError as put_off:
                if put_off.next_retry_delay is None:
                    raise
                self.tries_again_at = self.street.now + put_off.next_retry_delay
                return done
            self.asked.pop(0)
            done = True
        return done

    def adopt(self, answer: NextAction | Evaluation) -> None:
        next_action = answer.next_action if isinstance(answer, Evaluation) else answer
        if self.next_action is None or next_action.revision >= self.next_action.revision:
            self.next_action = next_action
        if isinstance(answer, Evaluation):
            self.asked += [(self.street.notices.notify, self._contact(e.step, e.dispatch)) for e in answer.unfinished]

    @property
    def is_due(self) -> bool:
        now = self.next_action
        return now is not None and (now.step.action.at_once or (now.runs_at or FAR) <= self.street.worker.now)

    @property
    def waits_until(self) -> datetime:
        if self.asked:
            return max(self.street.now, self.tries_again_at)
        return (
            self.next_action.runs_at or FAR if self.next_action and self.runs and not self.next_action.closed else FAR
        )

    @property
    def status(self) -> str:
        return self.next_action.step.status if self.next_action and self.runs else "over"

    def rows(self, query: str, **more: Any) -> list[tuple[Any, ...]]:
        with self.street.engine.connect() as connection:
            asked = {"case": self.case, "who": self.taxpayer, "tax": self.street.tax, **more}
            return [tuple(row) for row in connection.execute(text(query), asked)]


FAR = datetime.max.replace(tzinfo=UTC)


class Street:
    """A cohort of these people, and all that happens to them."""

    _streets = count()

    def __init__(
        self, engine: Engine, ruler: str, people: Sequence[Facts], compressed: bool, providers: bool, shared: bool
    ) -> None:
        self.engine, self.number = engine, next(self._streets)
        self.tax = f"ICMS-{self.number}"
        self.worker = Worker()
        self.carriers = self._carriers(providers)
        adapters = {channel: carrier for channel, carrier in self.carriers.items() if channel}
        post = MailGateway({**adapters, **(ON_PAPER if providers else {})}, self.carriers[""])
        dependencies = Dependencies(engine, post)
        self.cases, self.notices, self.agreed, self.beside = (
            CaseActivities(dependencies),
            NoticeActivities(dependencies),
            AgreementActivities(dependencies),
            CommunicationActivities(dependencies),
        )
        self.agreements: dict[str, AgreementNextAction] = {}
        self.communications: dict[str, CommunicationNextAction] = {}
        self.paid: list[PixPayment] = []
        self._events = count()
        self.clock = Clock(
            day_seconds=Decimal(3600 if compressed else 86_400),
            origin_wall=MORNING,
            origin_day=MORNING.date(),
            timezone="America/Maceio",
        )
        self.cohort = self._found(ruler)
        whose = self._settle(people, shared)
        self.lives = [Life(self, case, taxpayer) for case, taxpayer in self._opened(whose)]
        self.rest()

    @property
    def now(self) -> datetime:
        return self.worker.now

    @property
    def today(self) -> date:
        return self.clock.day_at(self.now)

    @property
    def ruler(self) -> Ruler:
        return self.cohort.frozen.ruler

    def _carriers(self, providers: bool) -> dict[str, Carrier]:
        """By channel; without one, the outbox."""
        outbox = {"": Carrier("file", self.worker, needs_contact=False, tells=True)}
        if not providers:
            return outbox
        return outbox | {
            "email": Carrier("sendgrid", self.worker, needs_contact=True, tells=True),
            "sms": Carrier("twilio", self.worker, needs_contact=True, tells=False),
            "domicile": Carrier("domicile", self.worker, needs_contact=False, tells=True),
        }

    def _found(self, name: str) -> Cohort:
        with self.engine.begin() as connection:
            frozen = pin_ruler(connection, shipped(name), RULERS.read(name)[1], 2024)
        cohort = Cohort(f"street-{self.number}", frozen, Selection(tax=self.tax), self.clock, STARTED_BY)
        return create_cohort(self.engine, cohort)

    # ---- the people and what they owe; ids sort the same in every run, so that a life can be lived again

    def _settle(self, people: Sequence[Facts], shared: bool) -> list[int]:
        whose = []
        for n, (owed, returns) in enumerate(people):
            with self.engine.begin() as connection:
                key = f"{n}-{self.number}"
                phone = f"+55829{80_000_000 + self.number * 10 + n}"
                person = {"key": key, "tax_id": "11222333000181", "name": "Padaria", "is_company": True}
                person |= {"email": f"{key}@taxpayer.example", "phone": phone}
                made = insert(taxpayers).values(person).returning(taxpayers.c.id)
                whose.append(int(connection.execute(made).scalar_one()))
                connection.execute(insert(benefits).values(taxpayer=whose[-1], code="P1", name="PRODESIN"))
            for filing in returns:
                self.put_filing(whose[-1], filing)
            if n == 0 or not shared:
                for debt in owed:
                    self.add_debt(f"{n}-{debt.id}", [whose[-1]], debt)
        if shared:
            with self.engine.begin() as connection:
                mine = connection.scalars(select(debts.c.id).where(debts.c.tax == self.tax).order_by(debts.c.id)).all()
                more = [{"debt": debt, "taxpayer": who} for debt in mine for who in whose[1:]]
                if more:
                    connection.execute(insert(debtors), more)
        return whose

    def add_debt(self, name: str, whose: Iterable[int], debt: Debt) -> None:
        row = debt.model_dump(include={"period", "due", "litigation"})
        row |= {"id": f"{name}-{self.number}", "tax": self.tax, "inscription": name, "amount": debt.balance}
        with self.engine.begin() as connection:
            connection.execute(insert(debts).values(row))
            connection.execute(insert(debtors), [{"debt": row["id"], "taxpayer": who} for who in whose])

    def put_filing(self, who: int, filing: Filing) -> None:
        """A newer version of a return supersedes the former."""
        mine = (filings.c.taxpayer == who) & (filings.c.period == filing.period) & filings.c.superseded_at.is_(None)
        with self.engine.begin() as connection:
            connection.execute(update(filings).where(mine).values(superseded_at=text("clock_timestamp()")))
            connection.execute(insert(filings).values(taxpayer=who, tax=self.tax, **filing.model_dump()))

    def _opened(self, whose: list[int]) -> list[tuple[str, int]]:
        for page in candidates(self.engine, self.ruler, self.cohort.selection, self.clock.origin_day):
            open_cases(self.engine, self.cohort, page, self.clock.origin_day)
        named = []
        with self.engine.begin() as connection:
            for n, who in enumerate(whose):
                # the first eight digits say when in a day's window the case's notices leave
                case = f"{n * 0x50000000:08x}-{self.number}"
                mine = (cases.c.taxpayer == who) & (cases.c.tax == self.tax)
                if connection.execute(update(cases).where(mine).values(id=case)).rowcount:
                    named.append((case, who))
        return named

    # ---- time, workflows, and the relay between them and the record

    def rest(self, late: bool = False) -> None:
        """Until all is done that is to be done now. `late`: what is due is carried out before any news is heard."""
        for life in self.lives:
            life.asleep = False
        if late:
            for life in self.lives:
                life.transition()
        for _ in range(REST):
            heard = self._relay()
            moved = [life.transition() for life in self.lives]
            if not (heard or any(moved) or self._look_after_agreements() or self._communicate()):
                return
        raise AssertionError(f"never at rest: {[life.next_action and life.next_action.step for life in self.lives]}")

    def passes(self, days: float, outage: bool = False) -> None:
        """`outage`: no worker is there until then."""
        end = self.now + timedelta(seconds=float(self.clock.day_seconds) * days)
        while not outage and (wakes := self.wakes_at) <= end:
            self.worker.now = max(self.now, wakes)
            self.rest()
            if self.wakes_at <= wakes:
                break
        self.worker.now = end
        self.rest()

    def goes_on(self) -> None:
        """To the next thing that comes by itself."""
        if (wakes := self.wakes_at) < FAR:
            self.worker.now = max(self.now, wakes)
        self.rest()

    @property
    def wakes_at(self) -> datetime:
        agreements = [each.runs_at or FAR for each in self.agreements.values() if each.state is State.ACTIVE]
        told = [each.runs_at or FAR for each in self.communications.values()]
        return min([life.waits_until for life in self.lives] + agreements + told, default=FAR)

    @property
    def at_rest(self) -> bool:
        return not any(life.asked for life in self.lives)

    def _relay(self) -> bool:
        with self.engine.begin() as connection:
            told = connection.execute(OWED, {"cases": [life.case for life in self.lives]}).all()
            still_open = set(connection.scalars(OPEN, {"cases": [life.case for life in self.lives]}))
        by_case = {life.case: life for life in self.lives}
        for case, name, payload in told:
            if name == "instalments_changed":
                self._review(payload["agreement"])
            elif name == "communication_changed":
                told = payload["communication"]
                self.communications[told] = self.worker.run_until_done(self.beside.look_at_communication, told)
            elif case in still_open or by_case[case].runs:
                by_case[case].hear(name, payload)
        return bool(told)

    def _look_after_agreements(self) -> bool:
        due = [
            (agreement, seen)
            for agreement, seen in self.agreements.items()
            if seen.state is State.ACTIVE and (seen.runs_at or FAR) <= self.now
        ]
        for agreement, seen in due:
            self._review(agreement, seen)
        return bool(due)

    def _review(self, agreement: str, seen: AgreementNextAction | None = None) -> None:
        dispatch = AgreementReview(agreement=agreement, step=seen.step if seen else None)
        writes = seen is not None and seen.step is not None and seen.step.kind != "break"
        effect = self.agreed.tell_of_instalment if writes else self.agreed.review_agreement
        self.agreements[agreement] = self.worker.run_until_done(effect, dispatch)

    def _communicate(self) -> bool:
        due = [(told, seen) for told, seen in self.communications.items() if (seen.runs_at or FAR) <= self.now]
        for told, seen in due:
            for each in seen.dispatches:
                asked = CommunicationDispatch(communication=told, channel=each.channel, rung_channel=each.rung_channel)
                try:
                    self.communications[told] = self.worker.run_until_done(self.beside.communicate, asked)
                except ApplicationError as put_off:
                    if put_off.next_retry_delay is None:
                        raise
                    later = {"runs_at": self.now + put_off.next_retry_delay}
                    self.communications[told] = seen.model_copy(update=later)
        return bool(due)

    # ---- what banks and providers report

    def pays(self, txid: str, amount: Decimal, twice: bool = False, given_back: bool = False) -> None:
        payment = PixPayment(f"E{self.number}-{next(self._events)}", txid, amount, self.now)
        self.paid.append(payment)
        refunds = (PixRefund("D0", amount, self.now),) if given_back else ()
        for _ in range(2 if twice else 1):
            record_pix(self.engine, [replace(payment, refunds=refunds)], self.now)

    def gives_back(self, payment: PixPayment, amount: Decimal) -> None:
        refund = PixRefund(f"D{next(self._events)}", amount, self.now)
        record_pix(self.engine, [replace(payment, refunds=(refund,))], self.now)

    def reports(self, notice: str, channel: str, progress: Progress, contact: Any = None, twice: bool = False) -> None:
        report = Report(
            provider="sendgrid" if channel == "email" else "twilio",
            event=f"{self.number}-{next(self._events)}",
            kind=str(progress),
            at=self.now,
            notice=notice,
            progress=progress,
            reason="caixa cheia" if progress.lost else None,
            contact=contact,
        )
        for _ in range(2 if twice else 1):
            record_reports(self.engine, [report], self.now)


def _of_cases(sql: str) -> Any:
    return text(sql).bindparams(bindparam("cases", type_=ARRAY(Text)))


OWED = _of_cases("""
    UPDATE outbox SET delivered_at = clock_timestamp() WHERE delivered_at IS NULL AND "case" = ANY(:cases)
    RETURNING "case", name, payload
""")

OPEN = _of_cases("SELECT id FROM cases WHERE id = ANY(:cases) AND closed_at IS NULL")
