"""A Pix callback: how long the bank waits for our answer, and how long until the case is resolved.

Bare: one row in a transaction of its own; and a signal to a bare workflow, which does nothing twice and ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import httpx
import psycopg
from sqlalchemy import text

from bench.bare_ruler import BareRuler
from bench.climb import start_bare
from bench.figures import Figure, at_most, percentile, stated
from bench.ground import Ground

A_SECOND = 10
"""Callbacks: what a city's bank sends at its busiest, and little enough that none waits for another."""

FIRST = 5
"""Calls that are not counted: those of a web process that has just started, which prepares its statements with them."""

ACCEPTED_MS, RESOLVED_MS = 50, 2_000
PATIENCE_SECONDS = 120.0


async def payment_figures(ground: Ground, live: int) -> list[Figure]:
    await pay(ground, "ASLEEP-%", FIRST)
    accepted, resolved = await pay(ground, "ASLEEP-%", ground.scale.payments)
    committed, ended = await _commit_rows(ground), await _end_bare(ground)
    return [
        stated(f"webhook accepted p50, ms, {live} live", percentile(accepted, 50), percentile(committed, 50)),
        at_most(
            ACCEPTED_MS,
            f"webhook accepted p99, ms, {live} live",
            percentile(accepted, 99),
            percentile(committed, 99),
        ),
        at_most(
            RESOLVED_MS,
            f"payment to case resolved p99, ms, {live} live",
            percentile(resolved, 99),
            percentile(ended, 99),
        ),
    ]


async def pay(ground: Ground, cohorts: str, count: int, a_second: int = A_SECOND) -> tuple[list[float], list[float]]:
    """Milliseconds until each callback was answered, and until its case was closed on record. `cohorts` is a LIKE's."""
    with ground.engine.connect() as connection:
        owed = connection.execute(text(OWED), {"cohorts": cohorts, "count": count}).all()
    called: dict[str, datetime] = {}
    async with httpx.AsyncClient(trust_env=False) as http:

        async def call(case: str, txid: str, amount: Any) -> None:
            called[case] = datetime.now(UTC)
            body = {"pix": [_pix(txid, f"{amount:.2f}")]}
            answer = await http.post(f"{ground.stack.services.pix_webhook_url}/pix", json=body)
            answer.raise_for_status()

        accepted = await _paced([partial(call, *row) for row in owed], a_second)
    paid = {"cases": list(called)}
    await ground.until(lambda: ground.ask(OPEN, **paid) == 0, PATIENCE_SECONDS)
    with ground.engine.connect() as connection:
        closed = connection.execute(text(CLOSED), paid).all()
    return accepted, [(row.closed_at - called[row.id]) / timedelta(milliseconds=1) for row in closed]


def _pix(txid: str, amount: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "endToEndId": f"E00000000{now:%Y%m%d%H%M}{txid[-11:]}",
        "txid": txid,
        "valor": amount,
        "horario": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "chave": "pix@fazenda.example",
    }


async def _commit_rows(ground: Ground) -> list[float]:
    async with await psycopg.AsyncConnection.connect(ground.owners_database, autocommit=True) as connection:
        await connection.execute("CREATE TABLE bare (txid text PRIMARY KEY, amount numeric(15, 2))")

        async def commit(number: int) -> None:
            await connection.execute("INSERT INTO bare VALUES (%s, 1000)", [f"RG{number:030}"])

        took = await _paced([partial(commit, number) for number in range(ground.scale.payments)])
        await connection.execute("DROP TABLE bare")
    return took


async def _end_bare(ground: Ground) -> list[float]:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    started = await start_bare(await ground.client(), [[tomorrow]] * ground.scale.payments)

    async def end(number: int) -> None:
        await started[number].signal(BareRuler.news)
        await started[number].result()

    return await _paced([partial(end, number) for number in range(len(started))])


async def _paced(calls: list[Callable[[], Awaitable[None]]], a_second: int = A_SECOND) -> list[float]:
    """Make calls at a fixed rate and give the milliseconds that each took; they begin so many a second, whether those
    before have ended or not."""

    async def timed(call: Callable[[], Awaitable[None]]) -> float:
        began = monotonic()
        await call()
        return (monotonic() - began) * 1000

    under_way = []
    for call in calls:
        under_way.append(asyncio.ensure_future(timed(call)))
        await asyncio.sleep(1 / a_second)
    return await asyncio.gather(*under_way)


OWED = """
SELECT cases.id, debts.pix_txid, debts.balance
FROM cases JOIN debtors USING (taxpayer) JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
WHERE cases.cohort LIKE :cohorts AND closed_at IS NULL ORDER BY random() LIMIT :count
"""

OPEN = "SELECT count(*) FROM cases WHERE id = ANY(:cases) AND closed_at IS NULL"

CLOSED = "SELECT id, closed_at FROM cases WHERE id = ANY(:cases)"
