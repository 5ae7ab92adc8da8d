"""The time that pages of the console take on a ledger that PostgreSQL generates: of a few requests each the median."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Engine, text
from temporalio.client import Client

from bench.figures import Figure, at_most
from bench.ground import Ground
from bench.reports import database, generate
from models.roles import Role
from operations.sessions import sign_in_by_token
from storage.audit.tokens import issue
from web.console.console import console_routes

SITE, COOKIE = "https://regua.exemplo.gov.br", "__Host-regua"
MOST_MS, TIMES = 150.0, 7

PLACED = text("""
    UPDATE cases SET state = jsonb_build_object('started', opened_on, 'occurrences', 1,
        'clock', jsonb_build_object('anchor', opened_on, 'not_before', opened_on),
        'place', jsonb_build_object('where', 'on_row', 'kind', 'non_payment', 'row', 'h' || (1 + taxpayer % 8),
                                    'rung', taxpayer % 2, 'stands', true))
""")

PAGES: Mapping[str, str] = {
    "home": "",
    "cohorts": "/cohorts",
    "a cohort": "/cohorts/bench",
    "a cell's cases": "/cohorts/bench/cases?row=h1&rung=0",
    "a list": "/waiting/unreachable",
    "a taxpayer": "/taxpayers/7",
}


def page_figures(ground: Ground) -> list[Figure]:
    """Measure pages on a server of their own."""
    size = ground.scale.reports[0]
    ground.say(f"pages at {size} cases")
    with tempfile.TemporaryDirectory(prefix="regua-bench-") as folder, database(Path(folder)) as engine:
        generate(engine, size)
        with engine.begin() as connection:
            connection.execute(PLACED)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE cases"))
        taken = asyncio.run(_times(engine))
    return [at_most(MOST_MS, f"page of {name}, ms, {size} cases", ms) for name, ms in taken.items()]


async def _times(engine: Engine) -> dict[str, float]:
    with engine.begin() as connection:
        token = issue(connection, "bench", Role.SUPERVISOR, "bench", None)
    app = FastAPI()
    app.include_router(console_routes(engine, _away))
    taken = {}
    async with AsyncClient(transport=ASGITransport(app), base_url=SITE) as http:
        http.cookies.set(COOKIE, sign_in_by_token(engine, token))
        for name, path in PAGES.items():
            spent = []
            for _ in range(TIMES + 1):
                began = time.monotonic()
                (await http.get(f"/console{path}")).raise_for_status()
                spent.append((time.monotonic() - began) * 1000)
            taken[name] = median(spent[1:])  # what is loaded once counts for no page
    return taken


async def _away() -> Client:
    raise RuntimeError("Temporal isn't asked for a page")
