"""Case transactions that are carried out together end as if each had been carried out alone."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from temporalio.testing import ActivityEnvironment

from activities.batches import TOGETHER, Batches, CaseAct, act_together
from activities.cases import CaseActivities
from activities.dependencies import Dependencies
from activities.notices import NoticeActivities
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from models.case.journal import EntryKind
from models.case.selection import Selection
from models.contact.channel import CHANNELS
from models.law.calendar import Clock
from models.payment.pix import PixPayment
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.case.transaction import CaseTransaction
from storage.catalogue import RULERS
from storage.payments.ledger import record_pix
from tests import factories
from tests.builders import REGISTERED, shipped
from tests.chance import fresh_key
from workflows.effects import Contact, EvaluationRequest, NextAction

DAY = date(2026, 11, 3)
NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)
CLOCK = Clock(day_seconds=Decimal(3600), origin_wall=NOW, origin_day=DAY, timezone="America/Sao_Paulo")
LATE = NOW + timedelta(minutes=50)
"""When all that is due on the first day is."""
ALL = frozenset(CHANNELS)


@pytest.fixture
def cohort(engine: Engine) -> str:
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
    return create_cohort(engine, Cohort("iptu", frozen, Selection(), CLOCK, "ana", rehearsal=True)).name


def owing(engine: Engine, cohort: str, **columns: Any) -> str:
    with engine.begin() as connection:
        who = factories.taxpayer(connection)
        factories.debt(connection, who)
        return factories.case(connection, who, cohort, DAY, **columns)


class Hands:
    """Asks for activities as workflows do, many at once."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.dependencies = Dependencies(engine, MailGateway({}, FileTransport(folder)))
        self.batches = self.dependencies._case_batches
        self.threads = ThreadPoolExecutor(2 * TOGETHER)

    def run(self, effect: Callable[[Any], Any], argument: Any) -> Any:
        world = ActivityEnvironment()
        world.info = replace(world.info, started_time=LATE)
        return world.run(effect, argument)

    def contact(self, case: str) -> Contact:
        looked = self.run(CaseActivities(self.dependencies).evaluate, EvaluationRequest(case=case))
        return Contact(case=case, step=looked.next_action.step, channel="email", rung_channel="email")

    def notify(self, contact: Contact) -> "Future[NextAction]":
        return self.threads.submit(self.run, NoticeActivities(self.dependencies).notify, contact)

    def notify_together(self, blocker: str, contacts: Sequence[Contact]) -> list[NextAction]:
        """Ask while another transaction is under way, so that all of them wait for its end."""
        under_way, may_end = Event(), Event()

        def wait(tx: CaseTransaction) -> None:
            under_way.set()
            assert may_end.wait(60)

        blocking = self.threads.submit(self.batches.carry_out, CaseAct(blocker, LATE, act=wait))
        assert under_way.wait(60)
        asked = [self.notify(contact) for contact in contacts]
        until(lambda: self.batches._waiting.qsize() == len(contacts))
        may_end.set()
        blocking.result()
        return [each.result() for each in asked]


def until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + 60
    while not holds():
        assert monotonic() < deadline
        sleep(0.001)


def on_record(engine: Engine, case: str) -> str:
    """All that a notice leaves behind, without the names of one case or another."""
    about = (
        "SELECT status, blocks, state, next_step, last_contact, revision FROM cases WHERE id = :case",
        """SELECT step, channel, at, stage, template, subject, body, status, provider, cost, sent_at IS NULL
           FROM notices WHERE "case" = :case""",
        """SELECT at, kind, reason, hypothesis, stage, rigidity, occurrences, evidence - 'debts'
           FROM decisions WHERE "case" = :case ORDER BY id""",
    )
    with engine.connect() as connection:
        found = [str(connection.execute(text(query), {"case": case}).all()) for query in about]
        names = """SELECT cases.id, inscription, pix_txid FROM debts JOIN debtors ON debt = debts.id
                   JOIN cases USING (taxpayer) WHERE cases.id = :case"""
        for name in connection.execute(text(names), {"case": case}).one():
            found = [record.replace(name, "") for record in found]
    return "\n".join(found)


def test_each_case_of_a_batch_is_on_record_as_if_it_were_alone(engine: Engine, cohort: str, tmp_path: Path) -> None:
    hands = Hands(engine, tmp_path)
    alone, blocker, *together = [owing(engine, cohort) for _ in range(TOGETHER + 2)]
    answer = hands.notify(hands.contact(alone)).result()
    contacts = [hands.contact(case) for case in together]
    answers = hands.notify_together(blocker, contacts)
    assert all((each.step, each.revision) == (answer.step, answer.revision) for each in answers)
    expected = on_record(engine, alone)
    assert EntryKind.NOTICE_ISSUED in expected
    assert {on_record(engine, case) for case in together} == {expected}
    with engine.connect() as connection:
        asked = {"cases": together}
        transactions = "SELECT count(DISTINCT CAST(xmin AS text)) FROM cases WHERE id = ANY(:cases)"
        assert connection.scalar(text(transactions), asked) == 1
        unbroken = 'SELECT count(*) FROM decisions WHERE "case" = ANY(:cases) AND hash IS NULL'
        assert connection.scalar(text(unbroken), asked) == 0
    assert len(list(tmp_path.iterdir())) == TOGETHER + 1


def test_one_that_fails_takes_no_other_with_it(engine: Engine, cohort: str, tmp_path: Path) -> None:
    hands = Hands(engine, tmp_path)
    blocker, poisoned, *others = [owing(engine, cohort) for _ in range(5)]
    contacts = [hands.contact(case) for case in (poisoned, *others)]
    with engine.begin() as connection:
        broken = 'UPDATE cases SET contact_habits = \'{"channel": "smoke"}\' WHERE id = :case'
        connection.execute(text(broken), {"case": poisoned})
    with pytest.raises(Exception, match="ContactHabits"):
        hands.notify_together(blocker, contacts)
    until(lambda: asked_of(engine, "SELECT count(*) FROM notices WHERE sent_at IS NOT NULL") == len(others))
    assert asked_of(engine, "SELECT count(*) FROM notices") == len(others)


def asked_of(engine: Engine, query: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(query))


def test_the_second_case_of_a_person_sees_the_contact_of_the_first(engine: Engine, cohort: str, tmp_path: Path) -> None:
    """One contact a day, over all of a person's cases (`limits` of the ruler), also where both come in one batch."""
    hands = Hands(engine, tmp_path)
    blocker = owing(engine, cohort)
    with engine.begin() as connection:
        who = factories.taxpayer(connection)
        for tax in ("IPTU", "ISS"):
            factories.debt(connection, who, tax=tax)
        both = [factories.case(connection, who, cohort, DAY, tax=tax) for tax in ("IPTU", "ISS")]
    contacts = [hands.contact(case) for case in both]
    assert [contact.step.on for contact in contacts] == [DAY, DAY]
    hands.notify_together(blocker, contacts)
    assert asked_of(engine, "SELECT count(*) FROM notices") == 1


def test_a_payment_waits_for_the_batch_and_what_comes_after_it_sees_the_payment(
    engine: Engine, cohort: str, tmp_path: Path
) -> None:
    hands = Hands(engine, tmp_path)
    cases = [owing(engine, cohort) for _ in range(3)]
    contacts = [hands.contact(case) for case in cases]
    under_way, may_end = Event(), Event()

    def claim(tx: CaseTransaction) -> None:
        under_way.set()
        assert may_end.wait(60)

    batch = hands.threads.submit(act_together, engine, ALL, [CaseAct(case, LATE, act=claim) for case in cases])
    assert under_way.wait(60)
    txid = asked_of(engine, "SELECT pix_txid FROM debts JOIN debtors ON debt = id JOIN cases USING (taxpayer) LIMIT 1")
    paid = hands.threads.submit(
        record_pix, engine, [PixPayment(f"E{fresh_key()[:31]}", txid, Decimal(1000), LATE)], LATE
    )
    until(lambda: asked_of(engine, "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0)
    assert not paid.done()
    may_end.set()
    batch.result()
    paid.result()
    for contact in contacts:
        hands.notify(contact).result()
    assert asked_of(engine, "SELECT count(*) FROM notices") == 2
    assert asked_of(engine, "SELECT count(*) FROM cases WHERE status = 'resolved'") == 1


def test_an_entry_that_follows_a_shorter_one_loses_nothing(engine: Engine, cohort: str) -> None:
    """The journal's rows have different columns: those of a promise have no cell."""
    case = owing(engine, cohort)

    def note(tx: CaseTransaction) -> None:
        whole = tx.entries
        tx.journal(EntryKind.BENEFITS_SUSPENDED, "a", step=tx.step)
        short = {name: whole[0][name] for name in ("case", "at", "kind", "reason", "ruler", "evidence", "hypothesis")}
        tx.entries = [short, *whole]  # type: ignore[list-item]

    [(_, (tx, _))] = act_together(engine, ALL, [CaseAct(case, LATE, act=note)])
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT kind, stage, rigidity FROM decisions ORDER BY id")).tuples().all()
    assert rows[0] == (rows[1][0], None, None)
    assert rows[-1] == (EntryKind.BENEFITS_SUSPENDED, tx.step.stage, tx.step.rigidity)


# ---- what a batch is


def echo(asked: Sequence[int]) -> list[tuple[int, int]]:
    return [(number, -number) for number in asked]


def test_each_of_many_threads_gets_its_own_answer() -> None:
    batches = Batches(echo)
    with ThreadPoolExecutor(50) as threads:
        assert list(threads.map(batches.carry_out, range(500))) == [-number for number in range(500)]


def test_who_comes_first_is_in_the_next_batch() -> None:
    under_way, may_end, seen = Event(), Event(), list[list[int]]()

    def together(asked: Sequence[int]) -> list[tuple[int, int]]:
        if not seen:
            under_way.set()
            assert may_end.wait(60)
        seen.append([*asked])
        return echo(asked)

    batches = Batches(together)
    with ThreadPoolExecutor(2 * TOGETHER + 2) as threads:
        threads.submit(batches.carry_out, 0)
        assert under_way.wait(60)
        for number in range(1, 2 * TOGETHER + 1):
            threads.submit(batches.carry_out, number)
        until(lambda: batches._waiting.qsize() == 2 * TOGETHER)
        threads.submit(batches.carry_out, 99, True)
        until(lambda: batches._waiting.qsize() == 2 * TOGETHER + 1)
        may_end.set()
    assert [len(batch) for batch in seen] == [1, TOGETHER, TOGETHER, 1]
    assert seen[1][0] == 99


def test_where_the_database_is_away_nobody_tries_alone() -> None:
    tried = list[int]()

    def away(asked: Sequence[int]) -> list[tuple[int, int]]:
        tried.append(len(asked))
        raise OperationalError("", {}, Exception())

    batches = Batches(away)
    with ThreadPoolExecutor(40) as threads:
        failed = [threads.submit(batches.carry_out, number) for number in range(40)]
    assert all(isinstance(each.exception(), OperationalError) for each in failed)
    assert sum(tried) == len(failed)
