"""The guard of every route: bodies end, floods end, each answer carries its headers, and no fault of ours talks."""

from collections.abc import AsyncIterator

import pytest
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient

from activities.log import belonging
from models.errors import Refusal
from tests.web.webhooks.test_pix_webhook import NOTHING_LISTENS, SECRET, URL
from tests.web.webhooks.test_sendgrid_webhook import PUBLIC
from web.app import create_app
from web.security.guard import IMPORTED, LONGEST, Guard
from web.security.throttle import PEOPLES_CALLS, PROGRAM_CALLS, Throttle, subscriber
from web.webhooks.webhook import Refused

LINK = "/p/nobodys"


@pytest.fixture
def app(database: str, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    for name, value in {
        "SENDGRID_WEBHOOK_KEY": PUBLIC,
        "TWILIO_AUTH_TOKEN": "not-a-token",
        "REGUA_PUBLIC_URL": "https://regua.exemplo.gov.br",
        "REGUA_LINK_KEY": "k" * 32,
    }.items():
        monkeypatch.setenv(name, value)
    return create_app(database, NOTHING_LISTENS, SECRET)


def client_of(app: FastAPI, base: str = "http://regua") -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url=base)


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Each a method and an address that leads to it, behind its door where that is in the address."""
    return [
        (method.upper(), path.replace("{given}", SECRET).replace("{token}", "nobodys"))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]


async def endless() -> AsyncIterator[bytes]:
    for _ in range(20):
        yield b" " * (LONGEST // 10)
    raise AssertionError("the body was read on and on")


class TestBody:
    async def test_too_long_is_refused_everywhere_by_its_length(self, app: FastAPI) -> None:
        async with client_of(app) as http:
            # a file to import may be longer: its page says how long
            addresses = [each for each in routes_of(app) if each[1] != IMPORTED]
            for method, address in [*addresses, ("POST", "/nowhere")]:
                answer = await http.request(method, address, content=b" " * (LONGEST + 1))
                assert (answer.status_code, answer.headers["connection"]) == (413, "close"), address

    @pytest.mark.parametrize("stated", [None, "10", "x", "-1", "0" * 30])
    async def test_too_long_is_refused_wherever_it_is_read_whatever_it_says(
        self, app: FastAPI, stated: str | None
    ) -> None:
        headers = {} if stated is None else {"content-length": stated}
        read = ("/webhooks/pix", "/webhooks/sendgrid", "/webhooks/twilio", "/a/")
        async with client_of(app) as http:
            addresses = [path for method, path in routes_of(app) if method == "POST" and path.startswith(read)]
            for address in addresses:
                assert (await http.post(address, content=endless(), headers=headers)).status_code == 413, address
        assert len(addresses) == 15

    async def test_of_the_longest_that_is_allowed_is_taken(self, app: FastAPI) -> None:
        async with client_of(app) as http:
            assert (await http.post(URL, content=b'{"pix": []}'.ljust(LONGEST))).status_code == 200


class TestFlood:
    async def test_of_pages_is_refused_for_who_makes_it_and_nobody_else(self, app: FastAPI) -> None:
        async with client_of(app) as http:
            for _ in range(PEOPLES_CALLS):
                assert (await http.get(LINK)).status_code == 404
            refused = await http.get(LINK)
            assert refused.status_code == 429
            assert 0 < int(refused.headers["retry-after"]) <= 60
            # its bank, behind the same address
            assert (await http.post(URL, content=b'{"pix": []}')).status_code == 200
        neighbour = ASGITransport(app, client=("203.0.113.9", 4000))
        async with AsyncClient(transport=neighbour, base_url="http://regua") as http:
            assert (await http.get(LINK)).status_code == 404

    def test_of_callbacks_is_a_bank_at_work_until_nobody_could_write_it_down(self) -> None:
        throttle = Throttle()
        for _ in range(PROGRAM_CALLS):
            throttle.admit(called("/webhooks/pix/x"))
        with pytest.raises(Refused, match="too many"):
            throttle.admit(called("/webhooks/pix/x"))
        throttle.admit(called("/p/x"))

    def test_from_many_addresses_of_one_subscriber_is_one(self) -> None:
        assert subscriber("2001:db8:1:2:3::4") == subscriber("2001:db8:1:2::9") != subscriber("2001:db8:1:3::4")
        assert subscriber("::ffff:203.0.113.9") == subscriber("203.0.113.9") != subscriber("203.0.113.8")
        assert subscriber("no address") == "no address"


def called(path: str) -> dict[str, object]:
    return {"path": path, "client": ("203.0.113.7", 4000)}


class TestAnswer:
    async def test_carries_its_headers_whatever_it_is(self, app: FastAPI) -> None:
        async with client_of(app) as http:
            answers = [await http.request(method, address) for method, address in routes_of(app)]
            answers += [await http.get("/nowhere"), await http.put("/health"), await http.options(LINK)]
            answers += [await http.post(URL, content=b" " * (LONGEST + 1))]
        assert {answer.status_code for answer in answers} >= {200, 400, 403, 404, 405, 413}
        for answer in answers:
            assert answer.headers["x-content-type-options"] == "nosniff"
            # a form of the console says by its origin that it is the console's
            assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
            # the console's sheet and script alone are kept: the name says which one it is
            of_type = answer.headers.get("content-type", "")
            kept = "css" in of_type or "javascript" in of_type
            assert answer.headers["cache-control"] == ("public, max-age=31536000, immutable" if kept else "no-store")
            assert answer.headers["x-frame-options"] == "DENY"
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in policy
            # no script but our own, in the console alone
            assert policy.count("script") == policy.count("script-src 'self';")
            assert "strict-transport-security" not in answer.headers

    async def test_by_https_asks_for_https_from_then_on(self, app: FastAPI) -> None:
        async with client_of(app, "https://regua") as http:
            assert (await http.get("/health")).headers["strict-transport-security"] == "max-age=31536000"


class TestFault:
    @pytest.fixture
    def faulty(self) -> FastAPI:
        app = FastAPI()
        app.add_middleware(Guard)

        @app.post("/")
        async def fail(request: Request) -> None:
            raise ValueError(f"can't keep {await request.body()!r}")

        @app.get("/refused")
        async def refuse() -> None:
            raise Refused(409, "not now")

        @app.get("/unasked")
        async def misconfigured() -> None:
            raise Refusal("Maria das Dores has no case")

        return app

    async def test_says_nothing_of_what_was_sent_here_or_in_the_log(
        self, faulty: FastAPI, capfd: pytest.CaptureFixture[str]
    ) -> None:
        async with client_of(faulty) as http:
            answers = [await http.post("/", content=b"Maria das Dores"), await http.get("/unasked")]
        logged = "".join(capfd.readouterr())
        for answer in answers:
            assert answer.status_code == 500
            assert "x-content-type-options" in answer.headers
            assert "Maria" not in answer.text
        assert "Maria" not in logged
        # but where to look
        assert "ValueError" in logged
        assert "test_guard.py:" in logged

    async def test_is_found_in_the_log_by_the_number_of_its_request(self) -> None:
        app = FastAPI()
        app.add_middleware(Guard)

        @app.get("/")
        async def says() -> dict[str, object]:
            return await run_sync(belonging)

        async with client_of(app) as http:
            answers = [await http.get("/", headers={"X-Request-Id": "mine"}) for _ in range(2)]
        numbers = [answer.headers["x-request-id"] for answer in answers]
        assert [answer.json() for answer in answers] == [{"request": number} for number in numbers]
        assert len({*numbers, "mine"}) == 3
        assert belonging() == {}

    async def test_of_the_callers_is_a_sentence(self, faulty: FastAPI) -> None:
        async with client_of(faulty) as http:
            answer = await http.get("/refused")
        assert (answer.status_code, answer.json()) == (409, {"error": "not now"})
