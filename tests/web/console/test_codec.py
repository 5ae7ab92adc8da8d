"""The codec endpoint: payloads are decrypted for who may read them, on the UI's pages; everything else is refused."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict, ParseDict
from httpx import AsyncClient, Response
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import WorkflowSerializationContext

from models.errors import Refusal
from tests.payloads import CIPHER
from tests.web.webhooks.test_pix_webhook import NOTHING_LISTENS, SECRET, client_of
from web.app import create_app
from web.console.codec import LOOPBACK, Readers, codec_app, readers_from
from web.security.guard import LONGEST, Guard
from workflows.secrecy import Cipher

UI = "http://127.0.0.1:8233"
KEY = "address-key"
DECODE = f"/codec/{KEY}/decode"
ANA = {"Authorization": "Bearer token-of-ana"}
TOKENS_OF = {name: sha256(f"token-of-{name}".encode()).hexdigest() for name in ("ana", "rui")}
READERS = Readers((UI,), KEY, TOKENS_OF, (*LOOPBACK, "regua"))

SAID = Payload(metadata={"encoding": b"json/plain"}, data=b'"declarado"')
NOTHING = Payload(metadata={"encoding": b"binary/null"})


def body_with(*payloads: Payload) -> dict[str, Any]:
    return MessageToDict(Payloads(payloads=payloads))


def payloads_in(answer: Response) -> list[Payload]:
    assert answer.status_code == 200, answer.text
    return list(ParseDict(answer.json(), Payloads()).payloads)


HIDDEN = body_with(CIPHER.encrypt(SAID))


@pytest.fixture
async def http() -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.add_middleware(Guard)
    app.mount("/codec", codec_app(CIPHER, READERS))
    async with client_of(app) as client:
        yield client


def of_case(case: str) -> WorkflowSerializationContext:
    return WorkflowSerializationContext(namespace="default", workflow_id=f"case-{case}")


def shown(payload: Payload) -> str:
    """Why a payload is none of ours, as the UI shows it."""
    assert payload.metadata["encoding"] == b"json/plain"
    return str(json.loads(payload.data)["notOurs"])


async def test_the_ui_gets_what_was_encrypted_for_whichever_case(http: AsyncClient) -> None:
    asked = body_with(
        *(CIPHER.with_context(of_case(case)).encrypt(said) for case, said in [("a", SAID), ("b", NOTHING)])
    )
    answer = await http.post(DECODE, json=asked, headers={"Origin": UI, "X-Namespace": "default"})
    assert payloads_in(answer) == [SAID, NOTHING]
    assert answer.headers["access-control-allow-origin"] == UI


async def test_what_isn_t_ours_is_shown_as_such_beside_what_is(http: AsyncClient) -> None:
    moved = CIPHER.with_context(of_case("a")).encrypt(SAID)
    moved.metadata["workflow-id"] = b"case-b"
    asked = body_with(CIPHER.encrypt(SAID), SAID, moved, Cipher({"2024": bytes(32)}).encrypt(SAID))
    answer = await http.post(DECODE, json=asked, headers={"Origin": UI})
    ours, plain, elsewhere, unknown = payloads_in(answer)
    assert ours == SAID
    assert "not encrypted" in shown(plain)
    assert "it was changed" in shown(elsewhere)
    assert "'2024'" in shown(unknown)


async def test_nothing_is_encrypted_for_whoever_asks(http: AsyncClient) -> None:
    for address in ("/codec/encode", f"/codec/{KEY}/encode"):
        assert (await http.post(address, json=body_with(SAID), headers=ANA)).status_code == 404


async def test_a_token_reads_where_the_ui_is_signed_in(http: AsyncClient) -> None:
    assert payloads_in(await http.post("/codec/decode", json=HIDDEN, headers=ANA)) == [SAID]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "localhost.:80"])
async def test_a_name_that_was_made_to_lead_here_is_no_address(http: AsyncClient, host: str) -> None:
    """A page of that name would be of the same origin as the address (DNS rebinding)."""
    answer = await http.post(DECODE, json=HIDDEN, headers={"Host": host})
    assert answer.status_code == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
async def test_this_machine_s_own_names_are(http: AsyncClient, host: str) -> None:
    answer = await http.post(DECODE, json=HIDDEN, headers={"Host": host, "Origin": UI})
    assert payloads_in(answer) == [SAID]


@pytest.mark.parametrize("key", ["address-keY", "address-ke", "", "x", "çõ", "%FF", KEY + "%00"])
async def test_another_key_in_the_address_is_no_address(http: AsyncClient, key: str) -> None:
    assert (await http.post(f"/codec/{key}/decode", json=HIDDEN, headers=ANA)).status_code == 404


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer token-of-eva", "Basic token-of-ana", "token-of-ana", "Bearer \xe7"],
)
async def test_without_a_token_of_ours_nothing_is_read(http: AsyncClient, authorization: str) -> None:
    headers = [(b"authorization", authorization.encode("latin-1"))]
    answer = await http.post("/codec/decode", json=HIDDEN, headers=headers)
    assert answer.status_code == 401
    assert "payloads" not in answer.json()


async def test_the_digest_of_a_token_is_no_token(http: AsyncClient) -> None:
    stolen = {"Authorization": f"Bearer {READERS.tokens['ana']}"}
    assert (await http.post("/codec/decode", json=HIDDEN, headers=stolen)).status_code == 401


async def preflight(http: AsyncClient, origin: str, header: str = "content-type,x-namespace,authorization") -> Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": header}
    return await http.options(DECODE, headers=asked)


async def test_a_browser_may_call_from_the_uis_pages(http: AsyncClient) -> None:
    answer = await preflight(http, UI)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", UI + "0", "https://127.0.0.1:8233"])
async def test_a_browser_may_not_from_anybody_elses(http: AsyncClient, origin: str) -> None:
    refused = await preflight(http, origin)
    assert refused.status_code == 400
    asked = await http.post(DECODE, json=HIDDEN, headers={"Origin": origin})
    assert asked.status_code == 404
    assert all("access-control-allow-origin" not in answer.headers for answer in (refused, asked))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"3",
        b"[]",
        b'"payloads"',
        b'{"payloads": 3}',
        b'{"payloads": [3]}',
        b'{"payloads": [{"metadata": {"encoding": 1}}]}',
        b"\xff",
        b"[" * 100_000,
        b'{"payloads":' + b'[{"metadata":' * 5_000,
    ],
)
async def test_what_is_no_list_of_payloads_is_refused(http: AsyncClient, body: bytes) -> None:
    answer = await http.post(DECODE, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("body: ")


async def test_an_empty_list_is_answered(http: AsyncClient) -> None:
    assert payloads_in(await http.post(DECODE, json={})) == []


async def test_what_a_newer_ui_adds_is_no_obstacle(http: AsyncClient) -> None:
    [payload] = HIDDEN["payloads"]
    asked = {"payloads": [{**payload, "fromANewerVersion": 1}], "andThis": True}
    assert payloads_in(await http.post(DECODE, json=asked)) == [SAID]


async def test_a_body_that_is_too_long_is_refused(http: AsyncClient) -> None:
    assert (await http.post(DECODE, content=b" " * (LONGEST + 1))).status_code == 413


async def test_each_access_is_logged_with_who_and_how_much_and_never_with_what(http: AsyncClient) -> None:
    with capture_logs() as logs:
        await http.post(DECODE, json=body_with(CIPHER.encrypt(SAID), SAID))
        await http.post("/codec/decode", json=HIDDEN, headers=ANA)
        await http.post("/codec/another-key/decode", json=HIDDEN)
    assert [(line["event"], line.get("reader"), line.get("payloads")) for line in logs[:2]] == [
        ("payloads decoded", "address", 2),
        ("payloads decoded", "ana", 1),
    ]
    assert logs[2]["status"] == 404
    written = json.dumps(logs)
    assert not any(secret in written for secret in ("declarado", KEY, "another-key", "token-of-ana"))


DIGEST = "0" * 64
TOKENS = {"REGUA_CODEC_TOKENS": f"ana:{DIGEST}, rui:{DIGEST}", "REGUA_UI_ORIGINS": f"{UI}/, https://ui.example"}


def test_readers_are_told_by_the_environment() -> None:
    assert readers_from({}) is None
    assert readers_from({"REGUA_UI_ORIGINS": UI}) is None
    assert readers_from(TOKENS) == Readers((UI, "https://ui.example"), None, {"ana": DIGEST, "rui": DIGEST})
    by_address = {"REGUA_CODEC_KEY": KEY, "REGUA_UI_ORIGINS": UI}
    assert readers_from(by_address) == Readers((UI,), KEY, {}, LOOPBACK)
    public = readers_from(by_address | {"REGUA_PUBLIC_URL": "https://regua.example/portal"})
    assert public == Readers((UI,), KEY, {}, (*LOOPBACK, "regua.example"))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"REGUA_UI_ORIGINS": ""}, "REGUA_UI_ORIGINS is missing"),
        ({"REGUA_UI_ORIGINS": "*"}, "would let every page"),
        ({"REGUA_CODEC_TOKENS": f"ana:{DIGEST},not-a-digest"}, "token 2 in REGUA_CODEC_TOKENS is malformed"),
        ({"REGUA_CODEC_TOKENS": f":{DIGEST}"}, "token 1 in REGUA_CODEC_TOKENS is malformed"),
        ({"REGUA_CODEC_TOKENS": f"ana:{DIGEST},ana:{DIGEST}"}, "token 2 in REGUA_CODEC_TOKENS has the name of one"),
    ],
)
def test_readers_told_wrongly_are_refused(changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence) as refused:
        readers_from(TOKENS | changed)
    assert "not-a-digest" not in str(refused.value)


async def test_without_readers_there_is_no_endpoint(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with client_of(create_app(database, NOTHING_LISTENS, SECRET)) as http:
        assert (await http.post(DECODE, json=HIDDEN)).status_code == 404
    monkeypatch.setenv("REGUA_CODEC_KEY", KEY)
    monkeypatch.setenv("REGUA_UI_ORIGINS", UI)
    async with client_of(create_app(database, NOTHING_LISTENS, SECRET)) as http:
        assert payloads_in(await http.post(DECODE, json=HIDDEN, headers={"Host": "127.0.0.1:8000"})) == [SAID]
        assert (await http.post("/codec/decode", json=HIDDEN, headers={"Authorization": "Bearer "})).status_code == 401


def test_without_payload_keys_the_web_does_not_start(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGUA_PAYLOAD_KEYS")
    with pytest.raises(Refusal, match="REGUA_PAYLOAD_KEYS is missing"):
        create_app(database, NOTHING_LISTENS, SECRET)
