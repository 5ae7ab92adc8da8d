"""Whether the process lives, and whether a payment that comes now is kept."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import Engine, event

from storage.engine import connect
from tests.web.webhooks.test_pix_webhook import client_of
from web import health
from web.health import RELAY_SECONDS, health_routes

NOWHERE = "postgresql://regua:dev@127.0.0.1:1/nowhere"


async def asked(engine: Engine, path: str, **more: Any) -> Response:
    app = FastAPI()
    app.include_router(health_routes(engine, **more))
    async with client_of(app) as http:
        return await http.get(path)


@pytest.fixture
def nowhere() -> Iterator[Engine]:
    engine = connect(NOWHERE)
    yield engine
    engine.dispose()


async def test_who_answers_lives_whatever_else_is_away(nowhere: Engine) -> None:
    answer = await asked(nowhere, "/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_who_can_take_payments_is_ready_and_reads_no_table(engine: Engine) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    answer = await asked(engine, "/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert not [statement for statement in statements if "FROM" in statement]


async def test_without_a_database_nothing_is_ready_and_nobody_learns_where_it_was(nowhere: Engine) -> None:
    answer = await asked(nowhere, "/ready")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "down", "database": "the database is not answering"},
    )


async def test_a_database_that_only_reads_takes_no_payment(database: str) -> None:
    engine = connect(f"{database}?options=-c%20default_transaction_read_only%3Don")
    answer = await asked(engine, "/ready")
    engine.dispose()
    assert (answer.status_code, answer.json()["database"]) == (503, "the database can't be written to")


async def test_a_full_disk_takes_none_either(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REGUA_HOME", str(tmp_path / "not" / "there"))
    monkeypatch.setattr(health, "FLOOR", 2**62)
    answer = await asked(engine, "/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "down", "disk": "the disk is almost full"})


@pytest.mark.parametrize(("ago", "status"), [(RELAY_SECONDS - 60, 200), (RELAY_SECONDS + 1, 503)])
async def test_a_relay_that_hangs_is_told(engine: Engine, ago: float, status: int) -> None:
    answer = await asked(engine, "/ready", relay_looked_at=lambda: time.monotonic() - ago)
    assert answer.status_code == status
