"""Reports on record: each once, whatever their order, with the contacts, the journal and the signals that follow."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pytest
from anyio.to_thread import run_sync
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from models.contact.delivery import Progress, Report
from models.errors import Refusal
from storage.contact.delivery import opt_out, record_reports
from tests.chance import examples
from tests.delivery_world import NOW, SENT_ON, DeliveryWorld

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


def report(
    notice: str | None,
    progress: Progress | None,
    at: datetime = AT,
    contact: Literal["suppressed", "refused"] | None = None,
    **more: Any,
) -> Report:
    name = more.pop("event", f"{notice} {progress} {contact} {at:%d%H}")
    reason = "não existe" if progress and progress.lost else None
    kind = str(progress or "word")
    return Report("sendgrid", name, kind, at, notice, progress=progress, reason=reason, contact=contact, **more)


def notice_row(world: DeliveryWorld, notice: str) -> tuple[Any, ...]:
    (row,) = world.rows(f"SELECT status, served_on, served_by FROM notices WHERE id = '{notice}'")
    return row


class TestReports:
    def test_are_stored_once(self, world: DeliveryWorld, engine: Engine) -> None:
        _, notice = world.notified()
        told = [report(notice, Progress.DELIVERED), report(None, Progress.READ), report("nobodys", None)]
        assert record_reports(engine, [*told, *told], NOW) == 3
        assert record_reports(engine, told, NOW) == 0
        assert sorted(world.rows("SELECT notice, kind FROM delivery_events"), key=str) == sorted(
            [(notice, "delivered"), (None, "read"), (None, "word")], key=str
        )

    def test_are_known_by_the_providers_name_too(self, world: DeliveryWorld, engine: Engine) -> None:
        _, notice = world.notified(provider_id="SM1")
        record_reports(engine, [report(None, Progress.DELIVERED, message="SM1")], NOW)
        assert notice_row(world, notice)[0] == "delivered"

    def test_tell_of_a_sending_whose_answer_was_lost(self, world: DeliveryWorld, engine: Engine) -> None:
        _, notice = world.notified(status="claimed")
        record_reports(engine, [report(notice, Progress.DELIVERED, message="SM1")], NOW)
        assert world.rows("SELECT status, provider, provider_id, sent_at FROM notices") == [
            ("delivered", "sendgrid", "SM1", AT)
        ]

    def test_of_a_closed_case_wake_nobody(self, world: DeliveryWorld, engine: Engine) -> None:
        notice = world.notice(world.case(world.taxpayer(), closed=True), address="+5582990000000")
        record_reports(engine, [report(notice, Progress.BOUNCED, contact="suppressed")], NOW)
        assert notice_row(world, notice)[0] == "bounced"
        assert world.signals() == []

    def test_of_a_batch_are_few_statements(self, world: DeliveryWorld, engine: Engine) -> None:
        notices = [world.notified(address=world.phone(), formal=True)[1] for _ in range(30)]
        statements: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

        def told(some: list[str]) -> int:
            statements.clear()
            record_reports(engine, [report(n, Progress.DELIVERED) for n in some], NOW)
            record_reports(engine, [report(n, Progress.BOUNCED, contact="suppressed") for n in some], NOW)
            record_reports(engine, [report(n, None, contact="refused") for n in some], NOW)
            return len(statements)

        assert told(notices[:1]) == told(notices[1:])

    async def test_that_arrive_at_once_do_not_deadlock(self, world: DeliveryWorld, engine: Engine) -> None:
        taxpayers = [world.taxpayer() for _ in range(4)]
        notices = [world.notice(world.case(who, tax), address="x") for tax in ("ICMS", "IPVA") for who in taxpayers]
        every = [report(n, p, contact="suppressed") for n in notices for p in (Progress.SENT, Progress.BOUNCED)]

        async def call(transition: int) -> int:
            return await run_sync(record_reports, engine, every[transition:] + every[:transition], NOW)

        assert sum(await asyncio.gather(*(call(transition) for transition in range(8)))) == len(every)
        assert {status for (status,) in world.rows("SELECT status FROM notices")} == {"bounced"}


class TestLoss:
    @pytest.fixture
    def lost(self, world: DeliveryWorld, engine: Engine) -> tuple[str, str, int, str]:
        """Its case and id, the taxpayer, and another case of his."""
        taxpayer = world.taxpayer()
        other, case = world.case(taxpayer, "IPVA"), world.case(taxpayer)
        notice = world.notice(case, address="+5582990000000")
        record_reports(engine, [report(notice, Progress.BOUNCED, contact="suppressed")], NOW)
        return case, notice, taxpayer, other

    def test_is_told_to_the_case(self, world: DeliveryWorld, lost: tuple[str, str, int, str]) -> None:
        case, notice, _, other = lost
        assert set(world.signals()) == {(case, "notice_lost"), (case, "contact_lost"), (other, "contact_lost")}
        assert world.journal() == [(case, "notice_lost")]
        assert world.rows("SELECT reason, at, hypothesis, evidence FROM decisions") == [
            (f"notificação {notice} por SMS não chegou: não existe", date(2026, 11, 20), None, {"notice": notice})
        ]

    def test_buries_the_address(self, world: DeliveryWorld, lost: tuple[str, str, int, str]) -> None:
        _, notice, taxpayer, _ = lost
        suppressed = "SELECT taxpayer, channel, address, why, notice FROM suppressed_contacts"
        assert world.rows(suppressed) == [(taxpayer, "sms", "+5582990000000", "não existe", notice)]

    def test_of_a_notice_without_address_buries_none(self, world: DeliveryWorld, engine: Engine) -> None:
        _, notice = world.notified()
        record_reports(engine, [report(notice, Progress.BOUNCED, contact="suppressed")], NOW)
        assert world.rows("SELECT * FROM suppressed_contacts") == []

    def test_told_again_does_not_suppress_a_recovered_address(
        self, world: DeliveryWorld, engine: Engine, lost: tuple[str, str, int, str]
    ) -> None:
        _, notice, _, _ = lost
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE suppressed_contacts SET recovered_at = now(), recovered_by = 'ana'")
        record_reports(engine, [report(notice, Progress.BOUNCED, contact="suppressed")], NOW)
        assert world.rows("SELECT count(*) FROM suppressed_contacts WHERE recovered_at IS NULL") == [(0,)]

    def test_that_may_pass_leaves_the_address(self, world: DeliveryWorld, engine: Engine) -> None:
        case, notice = world.notified(address="a@exemplo.com", channel="email")
        record_reports(engine, [report(notice, Progress.BLOCKED)], NOW)
        assert world.rows("SELECT * FROM suppressed_contacts") == []
        assert world.signals() == [(case, "notice_lost")]


class TestService:
    def test_of_a_formal_notice_is_its_earliest_proof(self, world: DeliveryWorld, engine: Engine) -> None:
        case, notice = world.act()
        read = report(notice, Progress.READ, datetime(2026, 11, 6, 12, tzinfo=UTC))
        # 01:00 UTC is the evening before in Maceió
        delivered = report(notice, Progress.DELIVERED, datetime(2026, 11, 5, 1, tzinfo=UTC))
        record_reports(engine, [read], NOW)
        assert notice_row(world, notice) == ("read", date(2026, 11, 6), "read")
        record_reports(engine, [delivered], NOW)
        assert notice_row(world, notice) == ("read", date(2026, 11, 4), "delivered")
        assert world.signals() == [(case, "notice_served")] * 2
        owed = world.rows("SELECT payload FROM outbox ORDER BY id")
        assert owed[-1] == ({"notice": notice, "on": "2026-11-04"},)
        assert world.rows("SELECT kind, at, reason FROM decisions ORDER BY id")[-1] == (
            "served",
            date(2026, 11, 4),
            f"ciência da notificação {notice} em 04/11/2026: entregue, segundo o provedor",
        )

    def test_of_any_other_is_not_recorded(self, world: DeliveryWorld, engine: Engine) -> None:
        _, notice = world.notified()
        record_reports(engine, [report(notice, Progress.READ)], NOW)
        assert notice_row(world, notice) == ("read", None, None)
        assert world.signals() == []

    def test_lies_between_the_notice_and_today(self, world: DeliveryWorld, engine: Engine) -> None:
        _, early = world.act()
        _, late = world.act()
        told = [report(early, Progress.READ, AT - timedelta(days=9)), report(late, Progress.READ, NOW + timedelta(1))]
        record_reports(engine, told, NOW)
        assert (notice_row(world, early)[1], notice_row(world, late)[1]) == (SENT_ON, date(2026, 11, 20))

    def test_that_a_person_signed_for_stands(self, world: DeliveryWorld, engine: Engine) -> None:
        signed: dict[str, Any] = {"served_on": date(2026, 11, 10), "served_by": "ana", "served_reference": "AR 1"}
        _, notice = world.act(**signed)
        told = [report(notice, Progress.DELIVERED), report(notice, Progress.BOUNCED)]
        record_reports(engine, told, NOW)
        assert world.rows("SELECT served_on, served_by, served_reference FROM notices") == [tuple(signed.values())]

    def test_is_none_of_what_came_back(self, world: DeliveryWorld, engine: Engine) -> None:
        case, notice = world.act()
        record_reports(engine, [report(notice, Progress.DELIVERED)], NOW)
        record_reports(engine, [report(notice, Progress.BOUNCED)], NOW)
        assert notice_row(world, notice) == ("bounced", None, None)
        assert world.signals() == [(case, "notice_served"), (case, "notice_lost")]


class TestRefusal:
    def test_holds_for_all_cases_and_for_good(self, world: DeliveryWorld, engine: Engine) -> None:
        taxpayer = world.taxpayer()
        icms, ipva = world.case(taxpayer), world.case(taxpayer, "IPVA")
        closed = world.case(taxpayer, "ITCD", closed=True)
        opt_out(engine, icms, "email", "link")
        opt_out(engine, ipva, "email", "reply")
        assert world.rows("SELECT taxpayer, channel, via FROM opt_outs") == [(taxpayer, "email", "link")]
        assert set(world.signals()) == {(icms, "contact_lost"), (ipva, "contact_lost")}
        assert set(world.journal()) == {(icms, "opted_out"), (ipva, "opted_out")}
        assert closed not in {case for case, _ in world.journal()}

    def test_for_no_case_is_refused(self, world: DeliveryWorld, engine: Engine) -> None:
        with pytest.raises(Refusal):
            opt_out(engine, "nobodys", "email", "link")

    def test_told_by_the_provider_leaves_the_notice_where_it_is(self, world: DeliveryWorld, engine: Engine) -> None:
        case, notice = world.notified("email", status="read")
        record_reports(engine, [report(notice, None, contact="refused")], NOW)
        assert notice_row(world, notice)[0] == "read"
        assert world.rows("SELECT channel, via FROM opt_outs") == [("email", "provider")]
        assert world.signals() == [(case, "contact_lost")]


told = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(Progress), st.integers(0, 3), st.sampled_from([None, "suppressed"])),
    min_size=1,
    max_size=8,
    unique=True,
)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), told)
def test_any_order_and_repetition_ends_the_same(world: DeliveryWorld, data: st.DataObject, told: list[Any]) -> None:
    """Two cases hear the same of two notices each, in other orders and batches."""

    def end(heard: list[Any], batches: int) -> tuple[Any, ...]:
        taxpayer = world.taxpayer()
        case = world.case(taxpayer)
        notices = [world.notice(case, step=step, formal=True, status="claimed", address="x") for step in (0, 1)]
        reports = [
            report(notices[which], progress, AT + timedelta(days), contact) for which, progress, days, contact in heard
        ]
        for start in range(batches):
            record_reports(world.engine, reports[start::batches], NOW)
        columns = "status, failure, served_on, served_by, sent_at IS NULL"
        fates = world.rows(f"SELECT {columns} FROM notices WHERE \"case\" = '{case}' ORDER BY step")
        suppressed = world.rows(f"SELECT channel, address FROM suppressed_contacts WHERE taxpayer = {taxpayer}")
        return fates, suppressed

    again = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=3))))
    assert end(again, data.draw(st.integers(1, 3))) == end(told, 1)
