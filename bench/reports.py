"""How long a cohort's report takes, and whether it grows faster than its cases, on ledgers that PostgreSQL generates.

A case has a debt and a notice or two; a tenth is held out, and some 7 of 100 pay.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine, text

from bench.figures import Figure, at_most, stated
from bench.ground import Ground
from embedded import postgres
from embedded.home import Home
from embedded.ports import free_ports
from models.case.selection import Selection
from models.law.calendar import Clock
from models.ruler.check import read_ruler
from reports.cohort import page
from storage.case.cohorts import Cohort, Lot, create_cohort, pin_ruler
from storage.catalogue import RULERS
from storage.engine import connect
from storage.migrate import upgrade
from storage.proof.results import read_results

SECONDS, GROWTH = 10.0, 1.1
OPENED = datetime.now(UTC).date() - timedelta(days=60)

LEDGER = """
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT 'k' || n, n::text, 'Empresa ' || n, true FROM generate_series(1, :size) AS n;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT 'd' || id, 'ICMS', 'i' || id, :opened - 30, (100 + (id * 7919) % 100000)::numeric / 10 FROM taxpayers;
    INSERT INTO debtors (debt, taxpayer) SELECT 'd' || id, id FROM taxpayers;
    INSERT INTO filings (taxpayer, tax, period, due, status, declared, paid_before_due)
    SELECT id, 'ICMS', to_char(due, 'YYYY-MM'), CAST(due AS date), 'filed', 1000,
           CASE WHEN (id + month) % 13 = 0 THEN 0 ELSE 1000 END
    FROM taxpayers, generate_series(1, 2) AS month,
         LATERAL (SELECT CAST(:opened AS date) - make_interval(months => month) AS due) AS past;
    INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, next_step, opened_on, owed, arm, status)
    SELECT 'c' || n, n, 'ICMS', name, ruler, '{"occurrences": 1}',
           CASE WHEN n % 10 > 0 THEN jsonb_build_object('action', 'notify', 'row', 'h1', 'rung', 1, 'on',
                CURRENT_DATE + (n % 20)::int, 'routes', '[{"channel": "email"}, {"channel": "sms"}]'::jsonb) END,
           :opened, amount, CASE WHEN n % 10 = 0 THEN 'control' ELSE 'ruler' END,
           CASE WHEN n % 10 = 0 THEN 'control' ELSE 'running' END
    FROM (SELECT taxpayer AS n, amount FROM debtors JOIN debts ON debts.id = debt) AS owing, cohorts;
    INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                         formal, status, body, cost, sent_at)
    SELECT cases.id || channel, cases.id, 0, channel, channel, :opened + (taxpayer % 20)::int, 'h1', 'reminder', 1,
           'friendly', 't', false, CASE WHEN taxpayer % 3 = 0 THEN 'sent' ELSE 'delivered' END, '', 0.08, now()
    FROM cases, unnest(ARRAY['email', 'sms']) AS channel
    WHERE arm = 'ruler' AND (channel = 'email' OR taxpayer % 2 = 0);
    INSERT INTO payments (reference, debt, amount, paid_at, paid_on)
    SELECT 'r' || id, 'd' || taxpayer, owed / (1 + taxpayer % 2), now(), opened_on + (taxpayer * 31 % 60)::int
    FROM cases WHERE abs(hashint8(taxpayer)) % 100 < CASE arm WHEN 'control' THEN 6 ELSE 7 END;
"""


@contextmanager
def database(folder: Path) -> Iterator[Engine]:
    home = Home(folder)
    [port] = free_ports(1, besides=set())
    postgres.create(home)
    server = postgres.server(home, port)
    server.start()
    try:
        address = postgres.address(home, port, "postgres")
        server.until(lambda: postgres.answers(address))
        upgrade(address)
        engine = connect(address)
        yield engine
        engine.dispose()
    finally:
        server.stop()


def generate(engine: Engine, size: int) -> None:
    source = RULERS.read("alagoas-icms")[1]
    ruler = read_ruler(source).ruler
    assert ruler is not None  # noqa: S101 - shipped
    clock = Clock(
        day_seconds=Decimal(86_400),
        origin_wall=datetime.now(UTC),
        origin_day=OPENED,
        timezone=ruler.jurisdiction.timezone,
    )
    with engine.begin() as connection:
        frozen = pin_ruler(connection, ruler, source, OPENED.year - 1)
    lot = Lot("salt", Decimal("0.1"))
    create_cohort(engine, Cohort("bench", frozen, Selection(), clock, "bench", lot=lot))
    with engine.begin() as connection:
        for statement in LEDGER.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"size": size, "opened": OPENED})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def report_figures(ground: Ground) -> list[Figure]:
    """Measure reports on servers of their own, one after another."""
    small, large = ground.scale.reports
    seconds = {}
    for size in (small, large):
        ground.say(f"a report on {size} cases")
        seconds[size] = _seconds(size)
    growth = seconds[large] / seconds[small] / (large / small)
    return [
        stated(f"report, seconds, {small} cases", seconds[small]),
        at_most(SECONDS, f"report, seconds, {large} cases", seconds[large]),
        at_most(GROWTH, f"report, {large} to {small} cases, times linear", growth),
    ]


def _seconds(size: int) -> float:
    with tempfile.TemporaryDirectory(prefix="regua-bench-") as folder, database(Path(folder)) as engine:
        generate(engine, size)
        began = time.monotonic()
        page(read_results(engine, "bench"))
        return time.monotonic() - began
