"""A small world on record: people, their debts and their cases, as a cohort would have left them."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import anyio
from sqlalchemy import Engine, insert, select, text

from models.case.state import CaseState
from models.law.calendar import Clock
from storage.catalogue import RULERS
from storage.schema import cohorts, debts, rulers
from tests import factories
from tests.builders import ICMS
from tests.chance import fresh_key

REAL_TIME = Clock(
    day_seconds=Decimal(86_400),
    origin_wall=datetime(2026, 1, 1, tzinfo=UTC),
    origin_day=date(2026, 1, 1),
    timezone="America/Maceio",
)
TO_CASES = "name <> 'communication_changed'"
"""The signals of the outbox that are for cases."""

COMPRESSED = REAL_TIME.model_copy(update={"day_seconds": Decimal(10), "origin_day": date(2030, 1, 1)})

STATE = CaseState.at_start(date(2026, 1, 1)).model_dump(mode="json")


@dataclass(frozen=True)
class Owing:
    """A debt and its txid."""

    debt: str
    txid: str


class World:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.begin() as connection:
            connection.execute(
                insert(rulers).values(digest="d1", label="icms v1", source=RULERS.read(ICMS)[1], holidays=[], assets={})
            )
            for name, clock in (("real", REAL_TIME), ("compressed", COMPRESSED)):
                frozen = clock.model_dump(mode="json")
                row = {"name": name, "ruler": "d1", "started_by": "ana", "selection": {}, "clock": frozen}
                connection.execute(insert(cohorts).values(row))

    def taxpayer(self) -> int:
        with self.engine.begin() as connection:
            return factories.taxpayer(connection)

    def debt(self, *owers: int, amount: str = "100.00", tax: str = "ICMS") -> Owing:
        with self.engine.begin() as connection:
            row = {"tax": tax, "due": date(2026, 1, 10), "amount": Decimal(amount)}
            made = factories.debt(connection, *owers, **row)
        return Owing(made.id, made.pix_txid)

    def case(self, taxpayer: int, cohort: str = "real", status: str = "running", closed: str | None = None) -> str:
        """`closed` is the day on which it was closed."""
        closed_at = datetime.fromisoformat(f"{closed}T12:00:00Z") if closed else None
        with self.engine.begin() as connection:
            return factories.case(connection, taxpayer, cohort, tax="ICMS", status=status, closed_at=closed_at)

    def owing_case(self, amount: str = "100.00", cohort: str = "real") -> tuple[Owing, str]:
        taxpayer = self.taxpayer()
        return self.debt(taxpayer, amount=amount), self.case(taxpayer, cohort)

    def received(self, owing: Owing) -> str:
        with self.engine.connect() as connection:
            return str(connection.scalar(select(debts.c.received).where(debts.c.id == owing.debt)))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


def end_to_end_id() -> str:
    return f"E{fresh_key()[:31]}"


def pix(txid: str | None, valor: str = "100.00", **more: Any) -> dict[str, Any]:
    item = {"endToEndId": end_to_end_id(), "valor": valor, "horario": "2026-03-02T01:30:00Z", **more}
    return item if txid is None else {**item, "txid": txid}


def refund(valor: str, status: str = "DEVOLVIDO", id: str = "R1") -> dict[str, Any]:
    times = {"solicitacao": "2026-03-03T12:00:00Z", "liquidacao": "2026-03-04T01:00:00Z"}
    return {"id": id, "rtrId": f"D{fresh_key()[:31]}", "valor": valor, "horario": times, "status": status}


def body(items: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps({"pix": items}).encode()


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    with anyio.fail_after(seconds):
        while not await holds():  # noqa: ASYNC110 - the condition lies in another process
            await anyio.sleep(0.01)
