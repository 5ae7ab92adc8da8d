"""A small world on record whose letters and editals serve by law: what waits on paper, was posted, and came back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert, update

from models.contact.post import Outcome
from storage.catalogue import RULERS
from storage.contact.batches import Closed, OnPaper, close_batch, publish
from storage.contact.receipts import register_outcome
from storage.schema import cohorts, notice_credits, rulers
from tests import factories
from tests.builders import REGISTERED
from tests.delivery_world import DeliveryWorld

VERIFIED = "verified: {by: Procuradoria, on: 2026-10-01, act: Portaria 1}"
SERVICE = """
service:
  letter: {law: "Decreto 70.235/1972, art. 23, II", after: 15 legal}
  gazette: {law: "Decreto 70.235/1972, art. 23, § 1º", after: 15 legal}
"""
ADDRESS = "Rua do Sol, 12, Centro, Maceió/AL, 57020-000"
NOTICED, POSTED, LATER = date(2026, 11, 3), date(2026, 11, 5), date(2026, 11, 27)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 15, tzinfo=UTC)


class PostWorld(DeliveryWorld):
    """Cases of a ruler that somebody has verified, whose letters and editals serve by law."""

    def __init__(self, engine: Engine, marking: str = VERIFIED) -> None:
        super().__init__(engine)
        source = RULERS.read(REGISTERED)[1]
        line = next(line for line in source.splitlines() if line.startswith("example:"))
        digest = "post" if marking == VERIFIED else "example"
        with engine.begin() as connection:
            row = {"digest": digest, "label": "post v1", "source": source.replace(line, marking) + SERVICE}
            connection.execute(insert(rulers).values(**row, holidays=["2026-11-20"], assets={}))
            connection.execute(update(cohorts).values(ruler=digest))

    def waiting(self, channel: OnPaper = "letter", **more: Any) -> tuple[str, str]:
        """A case and a formal notice of it that waits on paper, with one debt."""
        case = self.case(self.taxpayer(), tax="IPTU")
        given = {"formal": True, "stage": "notice", "status": "queued", "address": ADDRESS, "subject": "Notificação"}
        notice = self.notice(case, channel, **{**given, **more})
        with self.engine.begin() as connection:
            owed = factories.debt(connection)
            listed = {"notice": notice, "credit": owed.id, "debt": owed.id, "amount": Decimal(1000)}
            connection.execute(insert(notice_credits).values(listed))
        return case, notice

    def closed(self, channel: OnPaper = "letter", on: date = POSTED) -> Closed:
        with self.engine.begin() as connection:
            return close_batch(connection, channel, "Ana", at(on))

    def came(self, code: int, outcome: Outcome, on: date | None = None, today: date = LATER) -> bool:
        with self.engine.begin() as connection:
            return register_outcome(connection, code, outcome, on, "", "Ana", at(today))

    def published(self, edital: int, on: date = POSTED, today: date = LATER) -> int:
        with self.engine.begin() as connection:
            return publish(connection, edital, "DOE/AL", on, "ed. 7, p. 3", "Ana", at(today))

    def of(self, notice: str, columns: str) -> tuple[Any, ...]:
        [row] = self.rows(f"SELECT {columns} FROM notices WHERE id = '{notice}'")
        return row
