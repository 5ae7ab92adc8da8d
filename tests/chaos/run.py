"""One run of the rehearsal's city on the whole stack, in whatever weather, to its last day and to rest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import islice
from pathlib import Path

import httpx
from sqlalchemy import Engine

from channels.settings import gateway_from
from embedded.home import Home
from embedded.ports import Ports, free_ports
from embedded.stack import Stack
from models.case.selection import Selection
from models.law.calendar import Clock
from operations.cohorts import begin_cohort
from operations.operation import Credentials
from operations.rulers import load_ruler
from rehearsal.campaign import opening_on
from rehearsal.census import Census
from rehearsal.city import IPTU, MOST_TAXPAYERS, RULERS, Does, Person, city
from rehearsal.clerk import Clerk
from rehearsal.ground import clear
from rehearsal.people import Townspeople
from rehearsal.supervisor import Supervisor
from rehearsal.tally import Tally
from storage.case.cohorts import Cohort
from storage.engine import connect
from tests.chaos.account import Account, Heard, counted, resting_faults, settle_accounts, settled_accounts
from tests.chaos.callers import Callers, ProvidersReports, StubbornBank
from tests.chaos.life import Life
from tests.chaos.storm import SOME, Blow, FileTransport, Storm, Strike
from tests.providers.callbacks import Callbacks
from tests.providers.fake import FakeProviders
from tests.providers.weather import Weather
from workflows.client import connect_to
from workflows.intakes import start_cohort

FIRST_DAY = date(2026, 3, 2)
OPENED_A_SECOND = 25

PATIENCE = timedelta(seconds=150)
"""For something to move: what a killed worker was at is taken up again a minute later, and may be hit once more."""

LATE_BY_DAYS = 1.5
"""By which a call from outside may be late, so that calls overtake each other."""

DAY_OF_ONE, SHORTEST_DAY = 0.0015, 0.15
"""Seconds of a day that one person takes on two idle processors, and what the stack itself needs."""
BUSIEST = 3.0
"""By how much a day is lengthened at most."""

Watch = Callable[[date, Tally], None]


def bearable(people: int) -> float:
    """Seconds a day, more where others are at work: who can't follow undisturbed proves nothing in a storm."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return round(max(DAY_OF_ONE * people, SHORTEST_DAY) * min(max(busy, 1.0), BUSIEST), 3)


@dataclass(frozen=True)
class Town:
    seed: int
    people: int
    days: int
    day_seconds: float

    @cached_property
    def last_day(self) -> date:
        """The first day after the others that is a working day everywhere: on a day off, a contact that is due waits
        for the day after, and the clock would stand still before it."""
        day = FIRST_DAY + timedelta(days=self.days)
        calendars = [load_ruler(ruler).ruler.jurisdiction.days_off(day.year) for ruler in RULERS.values()]
        while not all(calendar.is_working(day) for calendar in calendars):
            day += timedelta(days=1)
        return day

    @property
    def seconds(self) -> float:
        return self.days * self.day_seconds

    def inhabitants(self) -> tuple[Person, ...]:
        """The people who sign no agreement: a message about an instalment is tried again only after ten minutes of the
        wall, which are years of this clock."""
        everybody = city(self.seed, FIRST_DAY, min(MOST_TAXPAYERS, self.people * 2 + 100))
        return tuple(islice((p for p in everybody if all(act.does is not Does.SIGN for act in p.acts)), self.people))


@dataclass(frozen=True)
class Outcome:
    account: Account
    injected: Mapping[Blow, int]
    faults: list[str]


def endure(town: Town, strikes: Sequence[Strike], where: Home, watching: AbstractContextManager[Watch]) -> Outcome:
    """A stormy run; without strikes a calm one. To be called from the main thread, like the stack."""
    people, deliveries = town.inhabitants(), clear(where)
    outbox, weather = FileTransport(where), Weather(town.seed, SOME if strikes else {})
    [port] = free_ports(1, besides=set())
    with FakeProviders(weather) as providers, httpx.Client(timeout=10, trust_env=False) as http:
        web = f"http://127.0.0.1:{port}"
        callbacks = Callbacks(http, web)
        settings = providers.environment | {"SENDGRID_WEBHOOK_KEY": callbacks.public_key, "REGUA_PUBLIC_URL": web}
        with environment(settings), Stack(where, town.day_seconds, Ports(web=port)) as stack:
            storm = Storm(strikes, stack, outbox, weather)
            scene = Scene(town, people, stack, storm, providers, callbacks, outbox, deliveries)
            with watching as watch:
                return scene.play(watch)


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """The stack's children inherit it."""
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Scene:
    town: Town
    people: tuple[Person, ...]
    stack: Stack
    storm: Storm
    providers: FakeProviders
    callbacks: Callbacks
    outbox: FileTransport
    deliveries: Path

    def play(self, watch: Watch) -> Outcome:
        engine = connect(self.stack.services.database, pool=6)
        census = Census(engine, self.deliveries)
        census.take(self.people, FIRST_DAY)
        clock = self._clock()
        cohorts = [self._found(engine, tax, clock) for tax in RULERS if any(p.tax == tax for p in self.people)]
        try:
            return asyncio.run(self._live(engine, census, clock, cohorts, watch))
        finally:
            engine.dispose()

    def _clock(self) -> Clock:
        return Clock(
            day_seconds=Decimal(str(self.town.day_seconds)),
            origin_wall=datetime.now(UTC) + timedelta(seconds=1 + len(self.people) / OPENED_A_SECOND),
            origin_day=FIRST_DAY,
            timezone="America/Maceio",
            last_day=self.town.last_day,
        )

    def _found(self, engine: Engine, tax: str, clock: Clock) -> Cohort:
        """The registered debts' notices leave by the providers, the others' become files."""
        bundle = load_ruler(RULERS[tax])
        if bundle.ruler.offer:
            bundle = opening_on(FIRST_DAY, bundle.ruler.offer, bundle)
        name, everybody = f"caos-{tax.lower()}", Selection(tax=tax)
        return begin_cohort(engine, Credentials("chaos"), name, bundle, everybody, clock, rehearsal=tax != IPTU)

    async def _live(self, engine: Engine, census: Census, clock: Clock, cohorts: list[Cohort], watch: Watch) -> Outcome:
        client = await connect_to(self.stack.services.temporal, self.stack.home.payload_keys)
        for handle in [await start_cohort(client, cohort.name, cohort.frozen.ruler.label) for cohort in cohorts]:
            await handle.result()
        callers = Callers(self.town.seed, timedelta(seconds=LATE_BY_DAYS * self.town.day_seconds))
        webhook = str(self.stack.services.pix_webhook_url)
        bank = StubbornBank(engine, self.deliveries, webhook, callers)
        reports = ProvidersReports(self.providers, self.callbacks, callers)
        people = Everybody(engine, census, bank, self.town.seed, self.people)
        people.join(reports, self.storm)
        self.storm.begin(clock.origin_wall)
        life = Life(
            engine=engine,
            clock=clock,
            last_day=self.town.last_day,
            people=people,
            bank=bank,
            supervisor=Supervisor(engine, self.people),
            clerk=Clerk(engine),
            tend=self._tend,
            watch=watch,
            patience=PATIENCE,
        )
        unaddressed = gateway_from(os.environ, self.stack.home).unaddressed
        rested = await _live_until_settled(life, lambda: not [*resting_faults(engine, unaddressed)])
        numbers = {person.tax_id: person.number for person in self.people}
        names = [cohort.name for cohort in cohorts]

        async def asked() -> Account:
            heard = Heard(
                payments=bank.payments,
                refunds=bank.refunds,
                letters=self.outbox.notices,
                messages=counted(taken.notice for taken in self.providers.taken),
            )
            return await settle_accounts(engine, client, clock, names, numbers, heard, unaddressed)

        account = await settled_accounts(asked)
        faults = [*account.faults, *(f"a provider refuses: {problem}" for problem in self.providers.problems)]
        if not rested:
            faults.append(f"the city did not come to rest: nothing moved for {PATIENCE.seconds} s after its last day")
        return Outcome(account, dict(self.storm.injected), faults)

    def _tend(self) -> None:
        self.stack.tend()
        self.storm.rage()


async def _live_until_settled(life: Life, settled: Callable[[], bool]) -> bool:
    """Live on until all is settled: what a killed worker was at is nobody's for a minute, and the record, which is all
    that life sees, rests."""
    while await life.live():
        if settled():
            return True
    return False


class Everybody(Townspeople):
    """The people, those who report to the product, and the storm: the city rests when all of them do."""

    reports: ProvidersReports
    storm: Storm

    def join(self, reports: ProvidersReports, storm: Storm) -> None:
        self.reports, self.storm = reports, storm

    def live(self, today: date) -> bool:
        reported = self.reports.live(datetime.now(UTC))
        return super().live(today) or reported or not self.storm.over
