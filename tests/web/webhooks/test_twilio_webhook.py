"""Twilio's posts over HTTP: statuses, replies and keys, each signed, each once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator

from models.contact.replies import ANSWERS, ASK, NOTHING_OPEN, Intent
from models.errors import Refusal
from tests import factories
from tests.delivery_world import DeliveryWorld
from web.webhooks.twilio import TwilioSettings, twilio_routes, twilio_settings

TOKEN = "not-a-token"
PUBLIC = "https://regua.exemplo.gov.br/avisos"
SETTINGS = TwilioSettings((TOKEN,), PUBLIC, sms_from="+558230000000")
STATUS, INBOUND, VOICE = (f"/webhooks/twilio/{name}" for name in ("status", "inbound", "voice"))

Call = Callable[..., Awaitable[Response]]


def pay_link(case: str) -> str:
    return f"{PUBLIC}/p/{case}"


def client_of(engine: Engine, settings: TwilioSettings | None = SETTINGS) -> AsyncClient:
    app = FastAPI()
    app.include_router(twilio_routes(engine, settings, pay_link))
    return AsyncClient(transport=ASGITransport(app), base_url="http://10.0.0.7:8000")


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    async with client_of(engine) as client:
        yield client


def signature(address: str, form: dict[str, str]) -> str:
    return str(RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{address}", form))


async def signed_post(http: AsyncClient, address: str, form: dict[str, str]) -> Response:
    return await http.post(address, data=form, headers={"X-Twilio-Signature": signature(address, form)})


@pytest.fixture
def call(http: AsyncClient) -> Call:
    async def post(address: str, **form: str) -> Response:
        answer = await signed_post(http, address, form)
        assert answer.status_code < 300, answer.text
        return answer

    return post


@pytest.fixture
def write(call: Call) -> Callable[..., Awaitable[str | None]]:
    """Sends us a message; what is answered."""
    count = iter(range(1000))

    async def post(sender: str, said: str, **more: str) -> str | None:
        form = {"MessageSid": f"SM{next(count)}", "From": sender, "To": "+558230000000", "Body": said, **more}
        answer = ElementTree.fromstring((await call(INBOUND, **form)).text)
        assert answer.tag == "Response"
        return answer.findtext("Message")

    return post


Write = Callable[..., Awaitable[str | None]]


class TestStatus:
    async def test_moves_its_notice(self, world: DeliveryWorld, call: Call) -> None:
        _, notice = world.notified(status="queued")
        for status in ("delivered", "sent", "delivered", "queued"):
            form = {"MessageSid": "SM1", "MessageStatus": status, "To": "+5582990000000"}
            assert (await call(f"{STATUS}?notice={notice}", **form)).status_code == 204
        assert world.rows("SELECT status, provider_id FROM notices") == [("delivered", "SM1")]
        assert world.rows("SELECT event FROM delivery_events ORDER BY id") == [
            ("SM1 delivered",),
            ("SM1 sent",),
            ("SM1 queued",),
        ]

    async def test_of_a_number_that_is_gone_loses_it(self, world: DeliveryWorld, call: Call) -> None:
        case, notice = world.notified(address="+5582990000000")
        form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"}
        await call(f"{STATUS}?notice={notice}", **form)
        assert world.rows("SELECT status, failure FROM notices") == [("bounced", "número inválido ou inexistente")]
        assert world.rows("SELECT channel, address FROM suppressed_contacts") == [("sms", "+5582990000000")]
        assert (case, "notice_lost") in world.signals()

    async def test_of_a_refused_message_is_an_opt_out(self, world: DeliveryWorld, call: Call) -> None:
        _, notice = world.notified(address="+5582990000000")
        form = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "21610"}
        await call(f"{STATUS}?notice={notice}", **form)
        assert world.rows("SELECT status FROM notices") == [("blocked",)]
        assert world.rows("SELECT channel, via FROM opt_outs") == [("sms", "provider")]

    async def test_of_a_call_tells_whether_anybody_answered(self, world: DeliveryWorld, call: Call) -> None:
        ends = {"human": "answered", "machine_start": "failed", "": "sent"}
        for sid, (by, end) in enumerate(ends.items()):
            _, notice = world.notified("voice", status="queued")
            for status in ("initiated", "ringing", "in-progress", "completed"):
                await call(f"{STATUS}?notice={notice}", CallSid=f"CA{sid}", CallStatus=status, AnsweredBy=by)
            assert world.rows(f"SELECT status FROM notices WHERE id = '{notice}'") == [(end,)]


class TestReply:
    @pytest.fixture
    def reached(self, world: DeliveryWorld) -> tuple[str, str]:
        """A case and the number that its notice went to."""
        phone = world.phone()
        case = world.case(world.taxpayer(phone))
        world.notice(case, address=phone, status="delivered")
        return case, phone

    async def test_to_pay_brings_the_link(self, write: Write, reached: tuple[str, str]) -> None:
        case, phone = reached
        assert await write(phone, "quero pagar!") == f"Para pagar, acesse: {pay_link(case)}"

    async def test_for_instalments_declares_hardship_and_asks_people(
        self, world: DeliveryWorld, write: Write, reached: tuple[str, str]
    ) -> None:
        case, phone = reached
        for said in ("2", "parcelar"):
            assert await write(phone, said) == ANSWERS[Intent.INSTALMENTS].format(link=pay_link(case))
        assert world.signals() == [(case, "hardship_declared")]
        assert world.rows("SELECT hardship_on IS NOT NULL FROM cases") == [(True,)]
        assert world.rows('SELECT "case", kind, what FROM tasks') == [
            (case, "instalments", "contribuinte pediu parcelamento por SMS")
        ]

    async def test_of_having_paid_is_believed_once(
        self, world: DeliveryWorld, write: Write, reached: tuple[str, str]
    ) -> None:
        case, phone = reached
        assert await write(phone, "já paguei!!") == ANSWERS[Intent.PAID]
        assert world.signals() == [(case, "payment_claimed")]
        with world.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE cases SET claimed_paid_on = '2026-01-05'")
        assert await write(phone, "ja paguei") == ANSWERS[Intent.PAID]
        assert world.rows("SELECT claimed_paid_on::text FROM cases") == [("2026-01-05",)]
        assert world.signals() == [(case, "payment_claimed")]

    async def test_is_a_task(self, world: DeliveryWorld, write: Write, reached: tuple[str, str]) -> None:
        case, phone = reached
        assert await write(phone, "quero falar com alguém")
        assert await write(phone, "quero falar com alguém")
        assert world.rows('SELECT "case", kind FROM tasks') == [(case, "call")]
        assert (case, "call_asked") in world.journal()

    async def test_that_contests_is_a_request_that_people_answer(
        self, world: DeliveryWorld, write: Write, reached: tuple[str, str]
    ) -> None:
        case, phone = reached
        [(taxpayer,)] = world.rows("SELECT taxpayer FROM cases")
        with world.engine.begin() as connection:
            owed = factories.debt(connection, taxpayer, tax="ICMS", due=date(2020, 1, 10)).id
        assert await write(phone, "contestar")
        assert await write(phone, "contestar")
        assert world.rows('SELECT "case", kind FROM tasks') == [(case, "request")]
        assert world.rows(
            'SELECT "case", kind, credit FROM requests JOIN request_credits ON request = requests.id'
        ) == [(case, "contest", owed)]

    async def test_to_leave_is_honoured_for_all_who_share_the_number(
        self, world: DeliveryWorld, write: Write, reached: tuple[str, str]
    ) -> None:
        _, phone = reached
        other = world.case(world.taxpayer(phone))
        assert await write(phone, "SAIR") == ANSWERS[Intent.OPT_OUT]
        assert len(world.rows("SELECT * FROM opt_outs WHERE channel = 'sms' AND via = 'reply'")) == 2
        assert (other, "contact_lost") in world.signals()

    async def test_that_the_carrier_answered_is_not_answered_again(
        self, world: DeliveryWorld, write: Write, reached: tuple[str, str]
    ) -> None:
        _, phone = reached
        assert await write(phone, "pare", OptOutType="STOP") is None
        assert await write(phone, "ajuda", OptOutType="HELP") is None
        assert await write(phone, "start", OptOutType="START") is None
        assert world.rows("SELECT channel FROM opt_outs") == [("sms",)]

    async def test_nobody_understands_brings_the_menu_once_a_day(
        self, world: DeliveryWorld, write: Write, reached: tuple[str, str]
    ) -> None:
        _, phone = reached
        assert [await write(phone, said) for said in ("oi", "quem é?", "??")] == [ASK, None, None]
        with world.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE replies SET recorded_at = recorded_at - interval '25 hours'")
        assert await write(phone, "oi") == ASK

    async def test_proves_that_the_notice_was_read_and_serves_nothing(self, world: DeliveryWorld, write: Write) -> None:
        """A short message announces, and never serves: it doesn't carry the act."""
        phone = world.phone()
        case = world.case(world.taxpayer(phone))
        older = world.notice(case, step=0, address=phone, formal=True)
        newer = world.notice(case, step=1, address=phone, formal=True)
        await write(phone, "oi")
        assert dict(world.rows("SELECT id, status FROM notices")) == {older: "sent", newer: "answered"}
        assert world.rows("SELECT id FROM notices WHERE served_on IS NOT NULL") == []
        assert world.signals() == []

    async def test_is_about_the_newest_notice(self, world: DeliveryWorld, write: Write) -> None:
        phone = world.phone()
        first, second = world.case(world.taxpayer(phone)), world.case(world.taxpayer(phone))
        world.notice(second, address=phone)
        world.notice(first, address=phone)
        assert await write(phone, "1") == f"Para pagar, acesse: {pay_link(first)}"

    async def test_without_a_notice_is_about_the_only_taxpayer(self, world: DeliveryWorld, write: Write) -> None:
        phone = world.phone()
        taxpayer = world.taxpayer(phone)
        world.case(taxpayer, "IPVA", closed=True)
        case = world.case(taxpayer)
        assert await write(phone, "1") == f"Para pagar, acesse: {pay_link(case)}"

    async def test_without_a_notice_of_two_taxpayers_or_none_is_only_kept(
        self, world: DeliveryWorld, write: Write
    ) -> None:
        phone = world.phone()
        for _ in range(2):
            world.case(world.taxpayer(phone))
        for sender in (phone, "+5511900000000"):
            assert [await write(sender, said) for said in ("1", "4", "oi")] == [None] * 3
        assert world.rows('SELECT count(*), count("case") FROM replies') == [(6, 0)]
        assert world.rows("SELECT * FROM tasks") == []

    async def test_of_a_closed_case_opens_nothing(self, world: DeliveryWorld, write: Write) -> None:
        phone = world.phone()
        case = world.case(world.taxpayer(phone), status="resolved", closed=True)
        world.notice(case, address=phone)
        assert [await write(phone, said) for said in ("1", "2", "3", "4")] == [NOTHING_OPEN] * 4
        assert world.rows("SELECT * FROM tasks") == world.signals() == []
        assert await write(phone, "5") == ANSWERS[Intent.CALL]
        assert world.rows("SELECT kind FROM tasks") == [("call",)]

    async def test_by_whatsapp_is_known_without_the_ninth_digit(self, world: DeliveryWorld, write: Write) -> None:
        case = world.case(world.taxpayer("+5582996543210"))
        world.notice(case, "whatsapp", address="+5582996543210")
        assert await write("whatsapp:+558296543210", "1") == f"Para pagar, acesse: {pay_link(case)}"
        assert world.rows("SELECT channel FROM replies") == [("whatsapp",)]

    async def test_repeated_is_answered_the_same_and_counts_once(
        self, world: DeliveryWorld, call: Call, reached: tuple[str, str]
    ) -> None:
        _, phone = reached
        form = {"MessageSid": "SM1", "From": phone, "Body": "oi"}
        answers = await asyncio.gather(*(call(INBOUND, **form) for _ in range(6)))
        assert len({answer.text for answer in answers}) == 1
        assert ASK in answers[0].text
        assert world.rows("SELECT count(*) FROM replies") == [(1,)]

    async def test_with_markup_stays_text(self, world: DeliveryWorld, write: Write, reached: tuple[str, str]) -> None:
        _, phone = reached
        said = "<Response>{{ 7*7 }}'; DROP TABLE replies; -- \0 😀"
        assert await write(phone, said) == ASK
        assert world.rows("SELECT body FROM replies") == [(said.replace("\0", ""),)]

    async def test_says_nothing_of_a_person_outside_its_row(
        self, world: DeliveryWorld, write: Write, reached: tuple[str, str], capfd: pytest.CaptureFixture[str]
    ) -> None:
        _, phone = reached
        await write(phone, "falar com a Maria das Dores sobre o débito")
        for table in ("outbox", "decisions", "tasks", "delivery_events"):
            assert "Maria" not in str(world.rows(f"SELECT t::text FROM {table} t"))
        logged = "".join(capfd.readouterr())
        assert "Maria" not in logged
        assert phone not in logged


class TestVoice:
    @pytest.fixture
    def rung(self, world: DeliveryWorld) -> tuple[str, str]:
        """A case, and the address that its call's keys go to."""
        case, notice = world.notified("voice", body="Tecle 1 para repetir.", address="+5582990000000")
        return case, f"{VOICE}?notice={notice}"

    async def press(self, call: Call, address: str, key: str, **more: str) -> ElementTree.Element:
        form = {"CallSid": "CA1", "To": "+5582990000000", "From": "+558230000001", "Digits": key, **more}
        return ElementTree.fromstring((await call(address, **form)).text)

    @pytest.mark.parametrize("key", ["1", "9", "", "#"])
    async def test_says_it_again(self, call: Call, rung: tuple[str, str], key: str) -> None:
        answer = await self.press(call, rung[1], key)
        gather = answer.find("Gather")
        assert gather is not None
        assert gather.findtext("Say") == "Tecle 1 para repetir."
        assert gather.get("action") == f"{PUBLIC}{rung[1]}"

    async def test_key_two_is_a_call_task(self, world: DeliveryWorld, call: Call, rung: tuple[str, str]) -> None:
        for _ in range(2):
            answer = await self.press(call, rung[1], "2")
            assert "atendente" in (answer.findtext("Say") or "")
        assert world.rows('SELECT "case", kind FROM tasks') == [(rung[0], "call")]
        assert world.rows("SELECT status FROM notices") == [("answered",)]

    async def test_key_three_sends_the_link(self, world: DeliveryWorld, call: Call, rung: tuple[str, str]) -> None:
        sms = (await self.press(call, rung[1], "3")).find("Sms")
        assert sms is not None
        assert (sms.text, sms.get("from")) == (f"Para pagar, acesse: {pay_link(rung[0])}", "+558230000000")
        assert world.rows("SELECT channel, intent, body FROM replies") == [("voice", "pay", "3")]

    async def test_any_key_tells_that_somebody_listens(
        self, world: DeliveryWorld, call: Call, rung: tuple[str, str]
    ) -> None:
        await self.press(call, rung[1], "")
        assert world.rows("SELECT status FROM notices") == [("sent",)]
        await self.press(call, rung[1], "1")
        assert world.rows("SELECT status FROM notices") == [("answered",)]

    async def test_nothing_is_said_to_a_machine_or_of_nothing(self, call: Call, rung: tuple[str, str]) -> None:
        for address, by in ((rung[1], "machine_start"), (VOICE, "human"), (f"{VOICE}?notice=nobodys", "human")):
            answer = await self.press(call, address, "", AnsweredBy=by)
            assert [verb.tag for verb in answer] == ["Hangup"]


class TestRefusal:
    @pytest.mark.parametrize("address", [STATUS, INBOUND, VOICE])
    async def test_a_wrong_signature_changes_nothing(
        self, world: DeliveryWorld, http: AsyncClient, address: str
    ) -> None:
        _, notice = world.notified(address="+5582990000000")
        address = f"{address}?notice={notice}"
        form = {"MessageSid": "SM1", "MessageStatus": "read", "From": "+5582990000000", "Body": "sair", "CallSid": "C"}
        good = signature(address, form)
        another = RequestValidator("another").compute_signature(f"{PUBLIC}{address}", form)
        elsewhere = RequestValidator(TOKEN).compute_signature(f"http://10.0.0.7:8000{address}", form)
        for wrong in ("", "x", good[:-1], another, elsewhere, signature(address, form | {"Body": "oi"})):
            answer = await http.post(address, data=form, headers={"X-Twilio-Signature": wrong})
            assert (answer.status_code, list(answer.json())) == (403, ["error"])
        other_query = await http.post(f"{address}x", data=form, headers={"X-Twilio-Signature": good})
        assert other_query.status_code == 403
        assert (await http.post(address, data=form)).status_code == 403
        for table in ("replies", "delivery_events", "opt_outs", "outbox", "decisions"):
            assert world.rows(f"SELECT * FROM {table}") == []

    @pytest.mark.parametrize(
        "sent", [b"\xff=1", b"a=%ff", b"&".join(b"a%d=1" % n for n in range(501)), b"a=1&" * 10_000]
    )
    async def test_what_is_no_form_is_refused(self, http: AsyncClient, sent: bytes) -> None:
        assert (await http.post(INBOUND, content=sent)).status_code == 400

    async def test_a_form_without_an_id_is_refused(self, http: AsyncClient) -> None:
        for address in (STATUS, INBOUND, VOICE):
            assert (await signed_post(http, address, {"Body": "oi", "From": "+55"})).status_code == 400

    async def test_while_the_token_changes_both_are_believed(self, engine: Engine) -> None:
        async with client_of(engine, settings=TwilioSettings(("new", TOKEN), PUBLIC)) as http:
            for token, status in (("new", 204), (TOKEN, 204), ("older", 403)):
                form = {"MessageSid": "SM1", "MessageStatus": "sent"}
                signed = RequestValidator(token).compute_signature(f"{PUBLIC}{STATUS}", form)
                answer = await http.post(STATUS, data=form, headers={"X-Twilio-Signature": signed})
                assert answer.status_code == status

    async def test_without_settings_nothing_is_taken(self, engine: Engine) -> None:
        async with client_of(engine, settings=None) as http:
            for address in (STATUS, INBOUND, VOICE):
                answer = await http.post(address, data={"MessageSid": "SM1"})
                assert (answer.status_code, "TWILIO_AUTH_TOKEN" in answer.json()["error"]) == (404, True)


class TestSettings:
    def test_are_whole_or_none(self) -> None:
        whole = {"TWILIO_AUTH_TOKEN": TOKEN, "REGUA_PUBLIC_URL": f"{PUBLIC}/", "REGUA_SMS_FROM": "+558230000000"}
        assert twilio_settings(whole) == SETTINGS
        changing = twilio_settings(whole | {"TWILIO_AUTH_TOKEN": f"new,{TOKEN}"})
        assert changing is not None
        assert changing.tokens == ("new", TOKEN)
        assert twilio_settings(whole | {"REGUA_SMS_FROM": "outbox"}) == TwilioSettings((TOKEN,), PUBLIC)
        for missing in ("TWILIO_AUTH_TOKEN", "REGUA_PUBLIC_URL"):
            assert twilio_settings({**whole, missing: ""}) is None

    @pytest.mark.parametrize("wrong", ["regua.exemplo.gov.br", "https://", "ftp://x", "https://x:porta", "https://x y"])
    def test_a_wrong_address_is_refused(self, wrong: Any) -> None:
        with pytest.raises(Refusal, match="REGUA_PUBLIC_URL"):
            twilio_settings({"TWILIO_AUTH_TOKEN": TOKEN, "REGUA_PUBLIC_URL": wrong})
