"""The Pix callback against a real PostgreSQL: what is stored, once, and what is refused, whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Engine, text

from models.errors import Refusal
from storage.engine import connect
from storage.payments.matching import unmatched
from tests.payloads import CIPHER
from tests.web.pix_world import COMPRESSED, TO_CASES, Owing, World, body, pix, refund
from web.app import create_app
from web.security.guard import Guard
from web.webhooks.pix import pix_routes

SECRET = "not-a-secret-that-anybody-has"
URL = f"/webhooks/pix/{SECRET}"
NOTHING_LISTENS = "127.0.0.1:1"

Post = Callable[..., Awaitable[Response]]


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.include_router(pix_routes(engine, SECRET, CIPHER))
    async with client_of(app) as client:
        yield client


@pytest.fixture
def call(http: AsyncClient) -> Post:
    async def post(*items: dict[str, Any]) -> Response:
        answer = await http.post(URL, content=body(items))
        assert answer.status_code == 200, answer.text
        return answer

    return post


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://regua") as client:
        yield client


def stored(world: World) -> dict[str, int]:
    tables = {"payments": "true", "reversals": "true", "decisions": "true", "outbox": TO_CASES}
    return {table: world.rows(f"SELECT count(*) FROM {table} WHERE {of}")[0][0] for table, of in tables.items()}


NOTHING = {"payments": 0, "reversals": 0, "decisions": 0, "outbox": 0}


class TestPayment:
    async def test_is_stored_with_the_signal_it_owes(self, world: World, call: Post) -> None:
        owing, case = world.owing_case("2000.00")
        answer = await call(pix(owing.txid, "1234.56", infoPagador="Maria das Dores"))
        assert answer.json() == {"payments": 1, "reversals": 0}
        assert world.received(owing) == "1234.56"
        ((payment, debt, paid_on),) = world.rows("SELECT id, debt, paid_on FROM payments")
        # 01:30 UTC is the evening before in Maceió
        assert (debt, paid_on) == (owing.debt, date(2026, 3, 1))
        evidence = {"payment": payment, "amount": "1234.56", "debt": owing.debt}
        assert world.rows('SELECT "case", at, kind, reason, ruler, evidence FROM decisions') == [
            (case, date(2026, 3, 1), "payment", "pagamento de R$ 1.234,56 recebido por Pix", "d1", evidence)
        ]
        owed = {"payment": payment, "amount": "1234.56", "on": "2026-03-01"}
        told = world.rows(f'SELECT "case", name, payload FROM outbox WHERE {TO_CASES}')
        assert told == [(case, "payment_received", owed)]

    async def test_is_taken_however_the_bank_writes_the_address(self, world: World, http: AsyncClient) -> None:
        addresses = [
            URL + end for end in ("", "/", "/pix", "/pix/", "/pix/pix", "/pix/pix/", "?ignorar=", "?ignorar=/pix")
        ]
        for address in addresses:
            assert (await http.post(address, content=body([pix(None)]))).status_code == 200
        assert stored(world)["payments"] == len(addresses)

    async def test_on_a_compressed_clock_is_dated_by_its_arrival(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case(cohort="compressed")
        before = COMPRESSED.day_at(datetime.now(UTC))
        await call(pix(owing.txid))
        ((paid_on,),) = world.rows("SELECT paid_on FROM payments")
        assert before <= paid_on <= COMPRESSED.day_at(datetime.now(UTC))

    async def test_repeated_changes_nothing(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid)
        await call(payment)
        before = stored(world)
        assert (await call(payment)).json() == {"payments": 0, "reversals": 0}
        assert stored(world) == before
        assert world.received(owing) == "100.00"

    async def test_repeated_with_another_amount_the_first_stands(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid, "10.00")
        await call(payment)
        for _ in range(2):
            await call({**payment, "valor": "99.00"})
        assert world.received(owing) == "10.00"
        [[times, reason]] = world.rows("SELECT times, reason FROM quarantined_items")
        assert (times, "another amount" in reason) == (2, True), "people see what the bank says now"

    async def test_two_amounts_of_one_payment_in_a_call_are_the_first_and_a_question(
        self, world: World, call: Post
    ) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid, "10.00")
        assert (await call(payment, {**payment, "valor": "99.00"})).json() == {"payments": 1, "reversals": 0}
        assert world.received(owing) == "10.00"
        assert world.rows("SELECT times FROM quarantined_items") == [(1,)]

    async def test_a_repeat_that_states_what_a_refund_left_is_no_question(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid, "10.00")
        await call(payment)
        await call({**payment, "valor": "6.00", "devolucoes": [refund("4.00")]})
        assert world.received(owing) == "6.00"
        assert world.rows("SELECT 1 FROM quarantined_items") == []

    async def test_sent_twice_at_once_counts_once(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        known, unknown = pix(owing.txid), pix("unknown")
        answers = await asyncio.gather(*(call(known, unknown) for _ in range(8)))
        assert sum(answer.json()["payments"] for answer in answers) == 2
        assert world.received(owing) == "100.00"
        assert stored(world) == {"payments": 2, "reversals": 0, "decisions": 1, "outbox": 1}

    async def test_is_told_to_each_codebtor(self, world: World, call: Post) -> None:
        owers = [world.taxpayer() for _ in range(3)]
        owing = world.debt(*owers)
        told = {world.case(owers[0]), world.case(owers[1], cohort="compressed")}
        world.case(owers[2], status="resolved", closed="2026-02-01")
        await call(pix(owing.txid))
        assert {case for (case,) in world.rows(f'SELECT "case" FROM outbox WHERE {TO_CASES}')} == told
        assert {case for (case,) in world.rows('SELECT "case" FROM decisions')} == told
        assert world.received(owing) == "100.00"

    async def test_before_any_case_is_dated_in_sao_paulo(self, world: World, call: Post) -> None:
        owing = world.debt(world.taxpayer())
        await call(pix(owing.txid))
        assert world.rows("SELECT debt, paid_on FROM payments") == [(owing.debt, date(2026, 3, 1))]
        assert stored(world)["outbox"] == 0

    async def test_several_in_a_call(self, world: World, call: Post) -> None:
        first, _ = world.owing_case()
        second, _ = world.owing_case()
        await call(pix(first.txid, "1.00"), pix(second.txid, "2.00"), pix(first.txid, "3.00"), pix(None, "4.00"))
        assert (world.received(first), world.received(second)) == ("4.00", "2.00")
        assert stored(world) == {"payments": 4, "reversals": 0, "decisions": 3, "outbox": 3}

    async def test_for_nothing_we_know_is_listed(self, world: World, engine: Engine, call: Post) -> None:
        owing, _ = world.owing_case()
        await call(pix("nobodys", "1.00"), pix(owing.txid), pix(None, "2.00"))
        with engine.connect() as connection:
            found = unmatched(connection)
        assert sorted((p["txid"] or "", str(p["amount"])) for p in found) == [("", "2.00"), ("nobodys", "1.00")]
        assert set(found[0]) == {"id", "end_to_end_id", "txid", "amount", "paid_at", "recorded_at"}

    async def test_the_payers_words_are_nowhere(
        self, world: World, call: Post, capfd: pytest.CaptureFixture[str]
    ) -> None:
        owing, _ = world.owing_case()
        await call(pix(owing.txid, infoPagador="Maria das Dores"))
        assert "Maria" not in str(world.rows("SELECT payments::text FROM payments"))
        assert "Maria" not in str(world.rows("SELECT payload::text FROM outbox"))
        assert "Maria" not in "".join(capfd.readouterr())


class TestRefund:
    async def test_counts_once(self, world: World, call: Post) -> None:
        owing, case = world.owing_case()
        payment = pix(owing.txid)
        await call(payment)
        refunded = {**payment, "devolucoes": [refund("30.00")]}
        assert (await call(refunded)).json() == {"payments": 0, "reversals": 1}
        assert (await call(refunded)).json() == {"payments": 0, "reversals": 0}
        assert world.received(owing) == "70.00"
        # 01:00 UTC is the evening before
        assert world.rows("SELECT reference, amount::text, reversed_on FROM reversals") == [
            ("R1", "30.00", date(2026, 3, 3))
        ]
        told = world.rows(f'SELECT "case", name FROM outbox WHERE {TO_CASES} ORDER BY id')
        assert told == [(case, "payment_received"), (case, "payment_reversed")]
        kinds = world.rows("SELECT kind, reason FROM decisions ORDER BY id")
        assert kinds[1:] == [("payment_reversed", "devolução de R$ 30,00 de um pagamento recebido por Pix")]

    async def test_counts_only_when_carried_out(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid)
        for status, received in (("EM_PROCESSAMENTO", "100.00"), ("NAO_REALIZADO", "100.00"), ("DEVOLVIDO", "90.00")):
            await call({**payment, "devolucoes": refund("10.00", status)})
            assert world.received(owing) == received

    async def test_may_come_with_its_payment(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        answer = await call(pix(owing.txid, devolucoes=[refund("100.00")]))
        assert answer.json() == {"payments": 1, "reversals": 1}
        assert world.received(owing) == "0.00"

    async def test_never_exceeds_the_payment(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid)
        await call({**payment, "devolucoes": [refund("60.00", id="R1"), refund("60.00", id="R2")]})
        await call({**payment, "devolucoes": [refund("1.00", id="R3")]})
        assert world.received(owing) == "0.00"
        assert world.rows("SELECT reference, amount::text FROM reversals ORDER BY id") == [
            ("R1", "60.00"),
            ("R2", "40.00"),
        ]

    async def test_follows_the_debt_of_the_first_report(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        other, _ = world.owing_case()
        payment = pix(owing.txid)
        await call(payment)
        await call({**payment, "txid": other.txid, "devolucoes": refund("10.00")})
        assert (world.received(owing), world.received(other)) == ("90.00", "0.00")

    async def test_of_an_unmatched_payment_is_stored(self, world: World, call: Post) -> None:
        await call(pix(None, devolucoes=refund("10.00")))
        assert stored(world) == {"payments": 1, "reversals": 1, "decisions": 0, "outbox": 0}


class TestReopening:
    @pytest.fixture
    async def paid(self, world: World, call: Post) -> tuple[dict[str, Any], Owing, int]:
        taxpayer = world.taxpayer()
        owing = world.debt(taxpayer)
        payment = pix(owing.txid)
        await call(payment)
        return payment, owing, taxpayer

    async def test_a_refund_opens_the_latest_resolved_case(
        self, world: World, call: Post, paid: tuple[dict[str, Any], Owing, int]
    ) -> None:
        payment, _, taxpayer = paid
        latest = world.case(taxpayer, status="resolved", closed="2026-03-02")
        older = world.case(taxpayer, status="resolved", closed="2026-02-02")
        await call({**payment, "devolucoes": refund("100.00")})
        states = dict(world.rows("SELECT id, status || ' ' || (closed_at IS NULL) FROM cases"))
        assert states == {latest: "running true", older: "resolved false"}
        assert world.rows('SELECT "case", kind FROM decisions ORDER BY id') == [
            (latest, "payment_reversed"),
            (latest, "reopened"),
        ]
        assert world.rows(f'SELECT "case", name FROM outbox WHERE {TO_CASES}') == [(latest, "payment_reversed")]

    async def test_an_open_case_is_told_instead(
        self, world: World, call: Post, paid: tuple[dict[str, Any], Owing, int]
    ) -> None:
        payment, _, taxpayer = paid
        world.case(taxpayer, status="resolved", closed="2026-03-02")
        running = world.case(taxpayer)
        await call({**payment, "devolucoes": refund("100.00")})
        assert world.rows(f'SELECT "case" FROM outbox WHERE {TO_CASES}') == [(running,)]
        assert world.rows("SELECT count(*) FROM cases WHERE closed_at IS NULL") == [(1,)]

    async def test_a_cancelled_case_stays_closed(
        self, world: World, call: Post, paid: tuple[dict[str, Any], Owing, int]
    ) -> None:
        payment, owing, taxpayer = paid
        world.case(taxpayer, status="cancelled", closed="2026-03-02")
        await call({**payment, "devolucoes": refund("100.00")})
        assert world.received(owing) == "0.00"
        assert stored(world)["outbox"] == 0

    async def test_nothing_reopens_while_nothing_is_owed(
        self, world: World, call: Post, paid: tuple[dict[str, Any], Owing, int]
    ) -> None:
        _, owing, taxpayer = paid
        world.case(taxpayer, status="resolved", closed="2026-03-02")
        await call(pix(owing.txid, devolucoes=refund("100.00")))
        assert world.received(owing) == "100.00"
        assert stored(world)["outbox"] == 0

    async def test_each_codebtors_case_is_opened(self, world: World, call: Post) -> None:
        owers = [world.taxpayer(), world.taxpayer()]
        owing = world.debt(*owers)
        payment = pix(owing.txid)
        await call(payment)
        closed = {world.case(ower, status="resolved", closed="2026-03-02") for ower in owers}
        await call({**payment, "devolucoes": [refund("50.00", id="R1"), refund("50.00", id="R2")]})
        assert {case for (case,) in world.rows("SELECT id FROM cases WHERE closed_at IS NULL")} == closed
        assert world.rows("SELECT count(*) FROM decisions WHERE kind = 'reopened'") == [(2,)]
        assert stored(world)["outbox"] == 4


class TestCallsAtOnce:
    async def test_those_that_wait_are_posted_together_and_each_is_told_its_own(self, world: World, call: Post) -> None:
        owings = [world.owing_case()[0] for _ in range(12)]
        answers = await asyncio.gather(*(call(pix(owing.txid), pix("unknown")) for owing in owings))
        assert [answer.json() for answer in answers] == [{"payments": 2, "reversals": 0}] * 12
        assert {world.received(owing) for owing in owings} == {"100.00"}
        [[transactions]] = world.rows("SELECT count(DISTINCT xmin::text) FROM payments")
        assert transactions < 12

    async def test_a_payment_and_its_refunds_in_calls_of_their_own(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid)
        told = [payment, *({**payment, "devolucoes": refund("10.00", id=f"R{n}")} for n in (1, 2, 2, 3))]
        answers = [answer.json() for answer in await asyncio.gather(*(call(item) for item in told))]
        assert [sum(answer[name] for answer in answers) for name in ("payments", "reversals")] == [1, 3]
        assert world.received(owing) == "70.00"

    async def test_of_two_amounts_one_stands_and_people_see_the_other(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment = pix(owing.txid)
        told = [payment, *({**payment, "valor": f"{n}.00"} for n in range(1, 6))]
        answers = await asyncio.gather(*(call(item) for item in told))
        assert sum(answer.json()["payments"] for answer in answers) == 1
        assert world.rows("SELECT count(*) FROM payments") == [(1,)]
        assert world.rows("SELECT count(*), sum(times) FROM quarantined_items") == [(5, 5)]

    async def test_what_one_cannot_be_taken_for_costs_no_other(self, world: World, http: AsyncClient) -> None:
        owing, _ = world.owing_case()
        full, _ = world.owing_case()
        good = [body([pix(owing.txid, "1.00")]) for _ in range(6)]
        too_much = [body([pix(full.txid, "9999999999.99") for _ in range(1_001)])]
        sent = [*good[:3], *too_much, b"{", *good[3:], b'{"evento": "teste_webhook"}']
        answers = await asyncio.gather(*(http.post(URL, content=each) for each in sent))
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 400, 200, 200, 200, 200]
        assert world.received(owing) == "6.00"
        [[kept]] = world.rows("SELECT count(*) FROM quarantined_items")
        assert kept + world.rows(f"SELECT count(*) FROM payments WHERE debt = '{full.debt}'")[0][0] == 1_001
        assert kept > 0


class TestRefusal:
    async def test_a_wrong_secret_is_refused_before_the_body_is_read(self, world: World, http: AsyncClient) -> None:
        async def unread() -> AsyncIterator[bytes]:
            raise AssertionError("the body was read")
            yield b""

        for wrong in ("x", SECRET + "x", "ção", "%00", "%ff"):
            for end in ("", "/pix"):
                assert (await http.post(f"/webhooks/pix/{wrong}{end}", content=unread())).status_code == 401
        assert stored(world) == NOTHING

    @pytest.mark.parametrize("sent", [b"", b"{", b"[" * 100_000, b'{"pix": NaN}', b"\xff", b"{}", b"[]"])
    async def test_what_is_no_callback_is_refused(self, http: AsyncClient, sent: bytes) -> None:
        assert (await http.post(URL, content=sent)).status_code == 400

    async def test_the_secret_is_not_logged(self, http: AsyncClient, capfd: pytest.CaptureFixture[str]) -> None:
        await http.post(URL, content=b"{")
        assert SECRET not in "".join(capfd.readouterr())


class TestQuarantine:
    BAD = (
        {"valor": "0.00"},
        {"valor": True},
        {"horario": "2999-01-01T00:00:00Z"},
        {"horario": "2026-03-02T01:30:00"},
        {"txid": "a\0"},
        {"endToEndId": "E1"},
        {"devolucoes": [{"id": "1"}]},
        {"tipo": "TALVEZ"},
    )

    def waiting(self, world: World) -> list[tuple[Any, ...]]:
        return world.rows("SELECT reason, times, settled_at FROM quarantined_items ORDER BY id")

    @pytest.mark.parametrize("change", BAD)
    @pytest.mark.parametrize("alone", [True, False])
    async def test_an_item_that_cannot_be_read_is_kept_and_costs_no_other(
        self, world: World, http: AsyncClient, change: dict[str, Any], alone: bool
    ) -> None:
        owing, _ = world.owing_case()
        bad = {**pix(owing.txid, infoPagador="Maria das Dores"), **change}
        answer = await http.post(URL, content=body([bad] if alone else [bad, pix(owing.txid)]))
        assert (answer.status_code, answer.json()["payments"]) == (200, 0 if alone else 1)
        assert world.received(owing) == ("0.00" if alone else "100.00")
        ((reason, times, settled),) = self.waiting(world)
        assert reason.startswith(f"pix[0].{next(iter(change))}")
        assert (times, settled) == (1, None)
        [(sealed,)] = world.rows("SELECT sealed FROM quarantined_items")
        assert b"Maria" not in sealed
        assert json.loads(CIPHER.unseal(sealed)) == bad

    async def test_sent_again_it_is_kept_once(self, world: World, http: AsyncClient) -> None:
        sent = json.dumps({"pix": [{"endToEndId": "E1"}, 7, {"endToEndId": "E2"}]}).encode()
        for _ in range(3):
            assert (await http.post(URL, content=sent)).status_code == 200
        assert [times for _, times, _ in self.waiting(world)] == [3, 3, 3]

    async def test_an_amount_beyond_a_debt_s_range_is_kept(self, world: World, http: AsyncClient) -> None:
        owing, _ = world.owing_case()
        with world.engine.begin() as connection:
            connection.execute(text("UPDATE debts SET received = 9980000000000"))
        items = [pix(owing.txid, "9999999999.99"), pix(owing.txid, "1.00"), pix(owing.txid, "9999999999.99")]
        answer = await http.post(URL, content=body(items))
        assert answer.json() == {"payments": 2, "reversals": 0}
        assert self.waiting(world) == [("pix: adds up to more than one debt can record", 1, None)]

    async def test_a_pix_that_was_sent_is_neither(self, world: World, call: Post) -> None:
        await call(pix(None, tipo="SOLICITACAO", status="REALIZADO"))
        assert (stored(world), self.waiting(world)) == (NOTHING, [])

    async def test_a_test_of_the_address_is_answered(self, world: World, http: AsyncClient) -> None:
        assert (await http.post(URL, json={"evento": "teste_webhook"})).status_code == 200
        assert (stored(world), self.waiting(world)) == (NOTHING, [])

    async def test_a_refund_is_one_by_whichever_of_its_ids(self, world: World, call: Post) -> None:
        owing, _ = world.owing_case()
        payment, back = pix(owing.txid), refund("10.00")
        await call(payment, {**payment, "devolucoes": {**back, "id": None}})
        await call({**payment, "devolucoes": [back]})
        assert world.received(owing) == "90.00"
        await call({**payment, "devolucoes": [back, {**refund("5.00"), "id": None}]})
        assert world.received(owing) == "85.00"


class TestSecrets:
    async def test_the_new_and_the_old_are_both_taken_until_the_old_is_taken_away(
        self, world: World, engine: Engine
    ) -> None:
        old, new = "o" * 32, "n" * 32
        for written, taken in ((f"{new},{old}", {new, old}), (new, {new})):
            app = FastAPI()
            app.include_router(pix_routes(engine, written, CIPHER))
            async with client_of(app) as http:
                answers = {given: await http.post(f"/webhooks/pix/{given}", content=body([])) for given in (old, new)}
            assert {given for given, answer in answers.items() if answer.status_code == 200} == taken

    @pytest.mark.parametrize("guessable", ["", ",", "short", f"{SECRET},short"])
    def test_one_that_can_be_guessed_is_refused_at_the_start(self, engine: Engine, guessable: str) -> None:
        with pytest.raises(Refusal, match="REGUA_PIX_SECRET"):
            pix_routes(engine, guessable, CIPHER)


class TestConcurrency:
    async def test_codebtors_payments_and_refunds_do_not_deadlock(self, world: World, call: Post) -> None:
        owers = [world.taxpayer() for _ in range(6)]
        for ower in owers:
            world.case(ower)
        owings = [world.debt(owers[i], owers[(i + 1) % 6], owers[(i + 3) % 6], amount="10000.00") for i in range(6)]

        async def live(transition: int) -> None:
            order = owings[transition % 6 :] + owings[: transition % 6]
            if transition % 2:
                order.reverse()
            payments = [pix(owing.txid, "10.00") for owing in order]
            await call(*payments)
            await call(*({**payment, "devolucoes": [refund("4.00")]} for payment in reversed(payments)))

        await asyncio.gather(*(live(transition) for transition in range(24)))
        assert {world.received(owing) for owing in owings} == {"144.00"}
        ((deadlocks,),) = world.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert deadlocks == 0
        assert stored(world) == {"payments": 144, "reversals": 144, "decisions": 864, "outbox": 864}


class TestFaults:
    @pytest.fixture
    def at_fault(self, owner: Engine) -> Iterator[None]:
        """The database takes no payment of R$ 13, which nobody foresaw."""
        with owner.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE payments ADD CONSTRAINT odd CHECK (amount <> 13) NOT VALID")
        yield
        with owner.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE payments DROP CONSTRAINT IF EXISTS odd")

    @pytest.mark.usefixtures("at_fault")
    async def test_a_fault_of_ours_is_told_logged_once_and_costs_no_payment(
        self, world: World, engine: Engine, owner: Engine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (unlucky, _), (lucky, _) = world.owing_case("13.00"), world.owing_case()
        app = FastAPI()
        app.add_middleware(Guard)
        app.include_router(pix_routes(engine, SECRET, CIPHER))
        both = body([pix(unlucky.txid, "13.00"), pix(lucky.txid)])
        async with client_of(app) as http:
            answers = [await http.post(URL, content=both) for _ in range(2)]
            told = capsys.readouterr()
            with owner.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE payments DROP CONSTRAINT odd")
            mended = await http.post(URL, content=both)
        assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
            (500, "a fault of ours; what happened is in our log")
        ] * 2
        assert (told.out + told.err).count("a fault of ours") == 2
        assert mended.status_code == 200
        assert (world.received(unlucky), world.received(lucky)) == ("13.00", "100.00")
        assert world.rows("SELECT times, reason FROM quarantined_items") == [
            (2, "a fault of ours (IntegrityError): retry it once it is mended")
        ]


async def test_without_a_database_the_bank_is_asked_to_send_it_again() -> None:
    nowhere = connect("postgresql://regua:dev@127.0.0.1:1/nowhere")
    app = FastAPI()
    app.include_router(pix_routes(nowhere, SECRET, CIPHER))
    async with client_of(app) as http:
        webhook = await http.post(URL, content=body([pix(None)]))
    assert (webhook.status_code, webhook.headers["retry-after"]) == (503, "30")
    assert "dev@" not in webhook.text


async def test_the_app_shows_no_documentation(database: str) -> None:
    app = create_app(database, NOTHING_LISTENS, SECRET)
    async with app.router.lifespan_context(app), client_of(app) as http:
        assert (await http.get("/health")).status_code == 200
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert (await http.get(path)).status_code == 404
        assert (await http.get(URL)).status_code == 405
