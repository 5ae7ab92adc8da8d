"""Who never finishes asking is not waited for, and who asked is answered, however many there are."""

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request

from commands.web import manners
from web.security import connections
from web.security.connections import raise_file_limit, room

HALVES = {
    "nothing": b"",
    "half a line": b"POST /",
    "half the headers": b"POST /taken HTTP/1.1\r\nHost: x\r\n",
    "half the body": b"POST /taken HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    "half the body, refused already": b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    "half a chunk": b"POST /taken HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a second request": b"GET /now HTTP/1.1\r\nHost: x\r\n\r\nGET /now HTTP/1.1\r\n",
}
GENEROUS = 10.0
"""Seconds after which something wasn't closed."""


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEADER_SECONDS", "BODY_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(connections, name, 0.3)


@pytest.fixture
def answers() -> threading.Event:
    """The event that the slow page waits for."""
    return threading.Event()


@pytest.fixture
def port(answers: threading.Event) -> Iterator[int]:
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> str:
        await run_sync(answers.wait, GENEROUS)
        return "at last"

    @app.get("/now")
    async def now() -> str:
        return "now"

    @app.get("/long")
    async def long() -> str:
        return "x" * 50_000_000

    @app.post("/taken")
    async def taken(request: Request) -> int:
        return len(await request.body())

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        free: int = bound.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=free, **{**manners(), "log_level": "critical"}))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        yield free
    finally:
        answers.set()
        server.should_exit = server.force_exit = True
        thread.join()


@contextmanager
def caller(port: int, said: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=GENEROUS) as made:
        made.sendall(said)
        yield made


def heard_to_the_end(made: socket.socket) -> bytes:
    heard = b""
    while part := _part(made):
        heard += part
    return heard


def _part(made: socket.socket) -> bytes:
    try:
        return made.recv(65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_is_not_waited_for(port: int, half: str) -> None:
    with caller(port, HALVES[half]) as made:
        heard_to_the_end(made)  # or it takes too long, and fails


@pytest.mark.parametrize("half", ["half the headers", "half the body"])
def test_what_trickles_is_not_waited_for_either(port: int, half: str) -> None:
    more = b"A: b\r\n" if half == "half the headers" else b"."
    with caller(port, HALVES[half].replace(b": 9", b": 999999")) as made:
        made.settimeout(0.05)
        for _ in range(int(GENEROUS / 0.05)):
            try:
                made.sendall(more)
                if _part(made) == b"":
                    return
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                return
    pytest.fail("still open")


def test_an_answer_that_nobody_reads_is_not_kept(port: int) -> None:
    with caller(port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n"), caller(port, HALVES["half the body"]) as later:
        heard_to_the_end(later)
        assert len(httpx.get(f"http://127.0.0.1:{port}/now", timeout=GENEROUS).text) > 0
    with caller(port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n") as unread:
        with caller(port, HALVES["half the body"]) as clock:
            heard_to_the_end(clock)
        with caller(port, HALVES["half the body"]) as clock:
            heard_to_the_end(clock)
        assert len(heard_to_the_end(unread)) < 50_000_000


def test_whoever_asked_is_answered_however_long_that_takes(port: int, answers: threading.Event) -> None:
    with caller(port, b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as asked:
        for _ in range(2):
            with caller(port, HALVES["half the body"]) as longer:
                heard_to_the_end(longer)
        answers.set()
        assert heard_to_the_end(asked).endswith(b'"at last"')


def test_one_too_many_closes_the_one_that_waits_longest(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", GENEROUS * 10)
    monkeypatch.setattr(connections, "room", lambda: 3)
    half = b"POST /taken HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{"
    with caller(port, half) as first, caller(port, half) as second, caller(port, half) as third:
        with caller(port, half) as fourth:
            assert heard_to_the_end(first) == b""
            for made in (second, third, fourth):
                made.sendall(b"}")
                assert heard_to_the_end(made).endswith(b"2")
        assert httpx.get(f"http://127.0.0.1:{port}/now", timeout=GENEROUS).status_code == 200


def test_the_process_may_open_as_many_files_as_the_system_lets_it() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(300, before[1]), before[1]))
    try:
        assert room() == 44
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
