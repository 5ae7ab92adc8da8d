"""A small world on record in which notices were sent: people with addresses, their cases, and the notices."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Engine, insert, text

from models.law.calendar import Clock
from storage.catalogue import RULERS
from storage.schema import cohorts, rulers
from tests import factories
from tests.builders import ICMS

CLOCK = Clock(
    day_seconds=Decimal(86_400),
    origin_wall=datetime(2026, 11, 1, tzinfo=UTC),
    origin_day=date(2026, 11, 1),
    timezone="America/Maceio",
    notices_at=time(9),
)
SENT_ON = factories.DAY
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


class DeliveryWorld:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._phones = count(82_99000_0000)
        with engine.begin() as connection:
            source = RULERS.read(ICMS)[1]
            connection.execute(
                insert(rulers).values(digest="delivery", label="icms v1", source=source, holidays=[], assets={})
            )
            frozen = CLOCK.model_dump(mode="json")
            row = {"name": "icms", "ruler": "delivery", "started_by": "ana", "selection": {}, "clock": frozen}
            connection.execute(insert(cohorts).values(row))

    def phone(self) -> str:
        return f"+55{next(self._phones)}"

    def taxpayer(self, phone: str | None = None, email: str | None = None) -> int:
        with self.engine.begin() as connection:
            return factories.taxpayer(connection, phone=phone, email=email)

    def case(self, taxpayer: int, tax: str = "ICMS", status: str = "running", closed: bool = False) -> str:
        closed_at = datetime.now(UTC) if closed else None
        with self.engine.begin() as connection:
            return factories.case(connection, taxpayer, "icms", tax=tax, status=status, closed_at=closed_at)

    def notice(self, case: str, channel: str = "sms", step: int = 0, **more: Any) -> str:
        """Its id."""
        with self.engine.begin() as connection:
            return factories.notice(connection, case, channel, step, **more)

    def notified(self, channel: str = "sms", **more: Any) -> tuple[str, str]:
        """A case and its notice."""
        case = self.case(self.taxpayer())
        return case, self.notice(case, channel, **more)

    def act(self, **more: Any) -> tuple[str, str]:
        """A case and a formal notice of it in the domicile, which carries the whole act: it lists a return."""
        case, notice = self.notified("domicile", formal=True, **more)
        with self.engine.begin() as connection:
            listed = "INSERT INTO notice_credits (notice, credit, period) VALUES (:notice, 'return 2026-09', '2026-09')"
            connection.execute(text(listed), {"notice": notice})
        return case, notice

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def signals(self) -> list[tuple[Any, ...]]:
        return self.rows('SELECT "case", name FROM outbox ORDER BY id')

    def journal(self) -> list[tuple[Any, ...]]:
        return self.rows('SELECT "case", kind FROM decisions ORDER BY id')
