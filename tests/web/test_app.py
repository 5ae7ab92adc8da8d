"""The doors that the environment opens: each provider's webhooks, and the pages behind links."""

import pytest
from httpx import Response

from models.errors import Refusal
from tests.web.webhooks.test_pix_webhook import NOTHING_LISTENS, SECRET, client_of
from tests.web.webhooks.test_sendgrid_webhook import PUBLIC
from web.app import create_app
from web.background.relay import Relay

KEYS = {
    "SENDGRID_WEBHOOK_KEY": PUBLIC,
    "TWILIO_AUTH_TOKEN": "not-a-token",
    "REGUA_PUBLIC_URL": "https://regua.exemplo.gov.br",
    "REGUA_LINK_KEY": "k" * 32,
}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, "REGUA_BACKGROUND"):
        monkeypatch.delenv(name, raising=False)


async def answers(database: str) -> dict[str, Response]:
    async with client_of(create_app(database, NOTHING_LISTENS, SECRET)) as http:
        posted = ("/webhooks/sendgrid", "/webhooks/twilio/status", "/webhooks/twilio/inbound", "/webhooks/twilio/voice")
        return {address: await http.post(address, content=b"a=1") for address in posted} | {
            "/p/x": await http.get("/p/x")
        }


async def test_with_keys_only_the_signed_are_heard(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    heard = await answers(database)
    page = heard.pop("/p/x")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert {answer.status_code for answer in heard.values()} == {403}


async def test_without_keys_nothing_is_taken(database: str) -> None:
    assert {answer.status_code for answer in (await answers(database)).values()} == {404}


@pytest.mark.parametrize(
    ("name", "wrong"), [("SENDGRID_WEBHOOK_KEY", "x"), ("REGUA_PUBLIC_URL", "regua"), ("REGUA_BACKGROUND", "nowhere")]
)
def test_a_wrong_key_is_refused_at_the_start(
    database: str, monkeypatch: pytest.MonkeyPatch, name: str, wrong: str
) -> None:
    for key, value in (KEYS | {name: wrong}).items():
        monkeypatch.setenv(key, value)
    with pytest.raises(Refusal, match=name):
        create_app(database, NOTHING_LISTENS, SECRET)


async def test_where_the_background_is_elsewhere_the_web_is_ready_without_a_relay(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGUA_BACKGROUND", "elsewhere")
    monkeypatch.setattr(Relay, "run", never)
    app = create_app(database, NOTHING_LISTENS, SECRET)
    async with app.router.lifespan_context(app), client_of(app) as http:
        answer = await http.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def never(relay: Relay) -> None:
    raise AssertionError("a relay runs")
