"""SendGrid's events over HTTP: those that bear its signature are taken, whole; nothing else changes anything."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import Engine

from models.errors import Refusal
from storage.engine import connect
from tests.channels.test_sendgrid_events import BOMBS, event
from tests.delivery_world import DeliveryWorld
from web.webhooks.sendgrid import sendgrid_routes

PRIVATE = ec.generate_private_key(ec.SECP256R1())


def shown(private: ec.EllipticCurvePrivateKey) -> str:
    """The verification key, as SendGrid shows it."""
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(public).decode()


PUBLIC = shown(PRIVATE)
URL = "/webhooks/sendgrid"


def signature(body: bytes, timestamp: str = "1700000000", by: ec.EllipticCurvePrivateKey = PRIVATE) -> dict[str, str]:
    signed = base64.b64encode(by.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    return {
        "X-Twilio-Email-Event-Webhook-Signature": signed,
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def body(*events: dict[str, Any]) -> bytes:
    return json.dumps(events).encode()


def client_of(engine: Engine, keys: str = PUBLIC) -> AsyncClient:
    app = FastAPI()
    app.include_router(sendgrid_routes(engine, keys))
    return AsyncClient(transport=ASGITransport(app), base_url="http://regua")


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


@pytest.fixture
async def http(engine: Engine) -> AsyncIterator[AsyncClient]:
    async with client_of(engine) as client:
        yield client


async def post(http: AsyncClient, sent: bytes) -> Response:
    return await http.post(URL, content=sent, headers=signature(sent))


def changed(world: DeliveryWorld) -> list[tuple[Any, ...]]:
    return world.rows("SELECT id FROM delivery_events")


async def test_events_move_a_notice_once(world: DeliveryWorld, http: AsyncClient) -> None:
    case, notice = world.notified("email", address="a@exemplo.com")
    bounce = event("bounce", type="bounce", notice=notice, sg_event_id="e3")
    sent = body(event("delivered", notice=notice, sg_event_id="e2"), event("processed", notice=notice), bounce, bounce)
    assert (await post(http, sent)).json() == {"events": 3}
    assert world.rows("SELECT status FROM notices") == [("bounced",)]
    signals = world.signals()
    assert (case, "notice_lost") in signals
    # days later, and signed anew: what was told before is not news
    again = await http.post(URL, content=sent, headers=signature(sent, "1800000000"))
    assert again.json() == {"events": 0}
    assert world.signals() == signals


async def test_an_unknown_notice_is_kept(world: DeliveryWorld, http: AsyncClient) -> None:
    assert (await post(http, body(event("open", notice="nobodys")))).json() == {"events": 1}
    assert world.rows("SELECT notice, kind FROM delivery_events") == [(None, "open")]


async def test_an_old_event_is_taken(world: DeliveryWorld, http: AsyncClient) -> None:
    _, notice = world.notified("email")
    sent = body(event("open", notice=notice, timestamp=1_500_000_000))
    assert (await http.post(URL, content=sent, headers=signature(sent, "1500000000"))).status_code == 200


async def test_a_thousand_events_are_one_call(world: DeliveryWorld, http: AsyncClient) -> None:
    notices = [world.notified("email")[1] for _ in range(20)]
    sent = body(*(event("open", notice=notices[n % 20], sg_event_id=f"e{n}") for n in range(1000)))
    assert (await post(http, sent)).json() == {"events": 1000}
    assert {status for (status,) in world.rows("SELECT status FROM notices")} == {"read"}


async def test_while_the_key_changes_both_are_believed(world: DeliveryWorld, engine: Engine) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    sent = body(event("open"))
    async with client_of(engine, f"{shown(new)},{PUBLIC}") as http:
        answers = [await http.post(URL, content=sent, headers=signature(sent, by=by)) for by in (PRIVATE, new)]
    assert [answer.json() for answer in answers] == [{"events": 1}, {"events": 0}]


class TestRefusal:
    async def test_a_wrong_signature_changes_nothing(self, world: DeliveryWorld, http: AsyncClient) -> None:
        _, notice = world.notified("email")
        sent = body(event("delivered", notice=notice))
        good = signature(sent)
        another_key = signature(sent, by=ec.generate_private_key(ec.SECP256R1()))
        header = "X-Twilio-Email-Event-Webhook-Signature"
        other_time = good | {"X-Twilio-Email-Event-Webhook-Timestamp": "1700000001"}
        wrongs = [{}, another_key, other_time, signature(sent + b" "), good | {header: ""}, good | {header: "!"}]
        for wrong in [*wrongs, good | {header: "MEUC"}]:
            answer = await http.post(URL, content=sent, headers=wrong)
            assert (answer.status_code, list(answer.json())) == (403, ["error"])
        assert changed(world) == []
        assert world.rows("SELECT status FROM notices") == [("sent",)]

    @pytest.mark.parametrize("sent", [bomb for bomb in BOMBS if bomb != b"\xff"], ids=range(len(BOMBS) - 1))
    async def test_a_bomb_is_refused(self, world: DeliveryWorld, http: AsyncClient, sent: bytes) -> None:
        answer = await post(http, sent)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])

    async def test_what_is_no_text_is_refused(self, http: AsyncClient) -> None:
        assert (await post(http, b"\xff")).status_code == 403

    async def test_one_bad_event_refuses_the_batch(self, world: DeliveryWorld, http: AsyncClient) -> None:
        answer = await post(http, body(event("open"), event("open", timestamp=None)))
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("[1].timestamp")
        assert changed(world) == []

    async def test_without_a_key_nothing_is_taken(self, world: DeliveryWorld, engine: Engine) -> None:
        async with client_of(engine, keys="") as http:
            answer = await post(http, body(event("open")))
        assert answer.status_code == 404
        assert "SENDGRID_WEBHOOK_KEY" in answer.json()["error"]
        assert changed(world) == []

    def test_what_is_no_key_is_refused_at_the_start(self, engine: Engine) -> None:
        for wrong in ("x", f"{PUBLIC},x", PUBLIC[:-8], "-----BEGIN PUBLIC KEY-----"):
            with pytest.raises(Refusal, match="SENDGRID_WEBHOOK_KEY"):
                sendgrid_routes(engine, wrong)

    async def test_without_a_database_it_is_to_be_sent_again(self) -> None:
        async with client_of(connect("postgresql://regua:dev@127.0.0.1:1/nowhere")) as http:
            answer = await post(http, body(event("open")))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


async def test_nobodys_address_is_logged(
    world: DeliveryWorld, http: AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    said = event("bounce", type="bounce", email="maria@exemplo.com", reason="550 <maria@exemplo.com> unknown")
    await post(http, body(said, {**said, "timestamp": None}))
    await post(http, body(said))
    assert "maria" not in "".join(capfd.readouterr())
    assert "maria" not in str(world.rows("SELECT delivery_events::text FROM delivery_events"))
