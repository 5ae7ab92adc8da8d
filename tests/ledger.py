"""Ledgers with given totals, written by PostgreSQL: as many cases as a source counted, to the cent."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert, text

from models.case.selection import Selection
from models.law.calendar import Clock
from models.ruler.check import read_ruler
from storage.case.cohorts import Cohort, Lot, create_cohort, pin_ruler
from storage.catalogue import RULERS
from storage.proof.results import Results, read_results
from storage.schema import filings
from tests.builders import ICMS, shipped

OPENED = date(2026, 6, 1)
NOTIFIED = date(2026, 6, 4)
UNTIL = date(2026, 8, 31)
COHORT = "outubro"

SHARED_OUT = "(:cents / :count + (n <= :cents % :count)::int)::numeric / 100"
"""A total in cents, divided among so many as evenly as cents allow."""

CASES = f"""
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT :name || n, :name || n, 'Empresa', true FROM generate_series(1, :count) AS n;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT :name || n, 'ICMS', :name || n, CAST(:opened AS date) - 20, {SHARED_OUT}
    FROM generate_series(1, :count) AS n;
    INSERT INTO debtors (debt, taxpayer) SELECT key, id FROM taxpayers WHERE starts_with(key, :name);
    INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, opened_on, owed, arm, status)
    SELECT key, taxpayers.id, 'ICMS', cohorts.name, ruler, '{{}}', :opened, amount, :arm,
           CASE :arm WHEN 'control' THEN 'control' ELSE 'running' END
    FROM taxpayers JOIN debts ON debts.id = key JOIN cohorts ON cohorts.name = :cohort WHERE starts_with(key, :name)
"""

NOTICES = """
    INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                         formal, status, body, cost, sent_at)
    SELECT id || :channel || :step, id, :step, :channel, :channel, :at, 'h1', :stage, 1, 'friendly', 't', false,
           :status, '', :cost, CASE WHEN :status <> 'claimed' THEN now() END
    FROM cases WHERE starts_with(id, :name)
"""

PAYMENTS = f"""
    INSERT INTO payments (reference, debt, amount, paid_at, paid_on)
    SELECT gen_random_uuid()::text, :name || n, {SHARED_OUT}, now(), :on FROM generate_series(1, :count) AS n
"""


def cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


@dataclass
class Ledger:
    engine: Engine

    def __post_init__(self) -> None:
        clock = Clock(
            day_seconds=Decimal(86_400),
            origin_wall=datetime(2026, 6, 1, 12, tzinfo=UTC),
            origin_day=OPENED,
            timezone="America/Maceio",
        )
        with self.engine.begin() as connection:
            frozen = pin_ruler(connection, shipped(ICMS), RULERS.read(ICMS)[1], 2025)
        lot = Lot("salt", Decimal("0.1"))
        create_cohort(self.engine, Cohort(COHORT, frozen, Selection(), clock, "ana", lot=lot))

    def cases(self, name: str, count: int, owed: str, arm: str | None = "ruler") -> None:
        """They owe so much in all; `name` is the beginning of their ids."""
        self.run(CASES, name=name, count=count, cents=cents(owed), arm=arm, cohort=COHORT, opened=OPENED)

    def notified(self, name: str, on: date = NOTIFIED, channel: str = "email", **more: Any) -> None:
        given = {"status": "delivered", "step": 0, "stage": "reminder", "cost": Decimal("0.10")}
        self.run(NOTICES, name=name, at=on, channel=channel, **given | more)

    def paid(self, name: str, count: int, amount: str, on: date) -> None:
        """So much in all by the first so many of them."""
        self.run(PAYMENTS, name=name, count=count, cents=cents(amount), on=on)

    def returned(self, month: date, declared: str, in_time: str) -> None:
        row = {"tax": "ICMS", "period": f"{month:%Y-%m}", "due": month.replace(day=9), "status": "filed"}
        row |= {"declared": Decimal(declared), "paid_before_due": Decimal(in_time)}
        with self.engine.begin() as connection:
            someone = connection.execute(text("SELECT min(id) FROM taxpayers")).scalar_one()
            connection.execute(insert(filings).values(taxpayer=someone, **row))

    def results(self, on: date = UNTIL) -> Results:
        with self.engine.begin() as connection:
            connection.execute(text("ANALYZE"))  # or it is read by plans for the little that other tests left
        return read_results(self.engine, COHORT, on)

    def without_holdout(self) -> None:
        self.run("UPDATE cohorts SET control_share = NULL, salt = NULL")

    def with_a_rival(self, was: str = "version: 1", becomes: str = "version: 2") -> None:
        """A ruler that differs so, for the cases of the arm `rival`."""
        source = RULERS.read(ICMS)[1].replace("version: 1", "version: 2").replace(was, becomes)
        ruler = read_ruler(source).ruler
        assert ruler is not None
        with self.engine.begin() as connection:
            pinned = pin_ruler(connection, ruler, source, 2025)
        arm = "INSERT INTO arms (cohort, arm, ruler, share) VALUES (:cohort, 'rival', :digest, 0.45)"
        self.run(arm, digest=pinned.digest, cohort=COHORT)

    def run(self, statements: str, **given: Any) -> None:
        with self.engine.begin() as connection:
            for statement in statements.split(";"):
                connection.execute(text(statement), given)
