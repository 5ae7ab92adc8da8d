"""How long a cohort's report, its list and a search take, and whether the report grows faster than its cases, on
ledgers that PostgreSQL generates; and the explanation of a case with thousands of debts.

A case has a debt and a notice or two; a tenth is held out, and some 7 of 100 pay.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
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
from models.taxid import cnpj_check_digits
from reports.cohort import page
from reports.document_pdf import pdf
from reports.explanation import explain
from storage.case.cohorts import Cohort, Lot, create_cohort, pin_ruler
from storage.case.prescription import list_cases
from storage.catalogue import RULERS
from storage.engine import connect
from storage.migrate import upgrade
from storage.paging import Page
from storage.proof.results import read_results
from storage.read_models.dossier import read_dossier
from storage.read_models.search import search

SECONDS, GROWTH = 5.0, 1.1
LISTED_MS, EXPLAINED_SECONDS = 50, 20
ASKED = 5
"""How often a list or a search is asked for; the median counts."""
OPENED = datetime.now(UTC).date() - timedelta(days=60)

LEDGER = """
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT number, number, 'Empresa Exemplo', true
    FROM (SELECT (n + 90000000000000)::text AS number FROM generate_series(1, :size) AS n) AS numbered;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT 'd' || id, 'ICMS', 'i' || id, :opened - 30, (100 + (id * 7919) % 100000)::numeric / 10 FROM taxpayers;
    INSERT INTO debtors (debt, taxpayer) SELECT 'd' || id, id FROM taxpayers;
    INSERT INTO filings (taxpayer, tax, period, due, status, declared, paid_before_due)
    SELECT id, 'ICMS', to_char(due, 'YYYY-MM'), CAST(due AS date), 'filed', 1000,
           CASE WHEN (id + month) % 13 = 0 THEN 0 ELSE 1000 END
    FROM taxpayers, generate_series(1, 2) AS month,
         LATERAL (SELECT CAST(:opened AS date) - make_interval(months => month) AS due) AS past;
    INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, next_step, opened_on, owed, arm, status)
    SELECT 'c' || n, n, 'ICMS', name, ruler,
           jsonb_build_object('started', CAST(:opened AS date), 'clock', jsonb_build_object(
               'anchor', CAST(:opened AS date), 'not_before', CAST(:opened AS date))),
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
    _run(engine, LEDGER, size=size)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _run(engine: Engine, statements: str, **values: int) -> None:
    with engine.begin() as connection:
        for statement in statements.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"opened": OPENED, **values})


def report_figures(ground: Ground) -> list[Figure]:
    """Measure reports on servers of their own, one after another."""
    small, large = ground.scale.reports
    seconds, figures = {}, []
    for size in (small, large):
        ground.say(f"a report on {size} cases")
        with tempfile.TemporaryDirectory(prefix="regua-bench-") as folder, database(Path(folder)) as engine:
            generate(engine, size)
            began = time.monotonic()
            page(read_results(engine, "bench"))
            seconds[size] = time.monotonic() - began
            if size == large:
                figures = [*_list_figures(engine, size), _explained(engine, ground.scale.debts)]
    growth = seconds[large] / seconds[small] / (large / small)
    return [
        stated(f"report, seconds, {small} cases", seconds[small]),
        at_most(SECONDS, f"report, seconds, {large} cases", seconds[large]),
        at_most(GROWTH, f"report, {large} to {small} cases, times linear", growth),
        *figures,
    ]


def _list_figures(engine: Engine, size: int) -> list[Figure]:
    first, later = Page(limit=101), Page(limit=100, after=f"c{size // 2}")
    base = f"12345678{size % 10_000:04}"
    number = f"{base}{cnpj_check_digits(base)}"
    with engine.connect() as connection:
        connection.execute(text(RENUMBERED), {"number": number, "taxpayer": size // 2})
        asked: dict[str, Callable[[], object]] = {
            "case list, first page": lambda: list(list_cases(connection, "bench", datetime.now(UTC), page=first)),
            "case list, a page in the midst": lambda: list(
                list_cases(connection, "bench", datetime.now(UTC), page=later)
            ),
            "search by tax id": lambda: search(connection, number),
            "search by inscription": lambda: search(connection, f"i{size // 2}"),
        }
        return [at_most(LISTED_MS, f"{what}, ms, {size} cases", _median_ms(ask)) for what, ask in asked.items()]


RENUMBERED = "UPDATE taxpayers SET key = :number, tax_id = :number WHERE id = :taxpayer"


def _median_ms(ask: Callable[[], object]) -> float:
    took = []
    for _ in range(ASKED):
        began = time.monotonic()
        ask()
        took.append((time.monotonic() - began) * 1_000)
    return statistics.median(took)


MANY = """
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT 'm' || n, 'ICMS', 'many' || n, :opened - 30, 100 + n FROM generate_series(1, :debts) AS n;
    INSERT INTO debtors (debt, taxpayer) SELECT 'm' || n, 1 FROM generate_series(1, :debts) AS n;
    UPDATE cases SET next_step = NULL WHERE id = 'c1';
    INSERT INTO decisions ("case", at, kind, reason, hypothesis, ruler, evidence)
    SELECT id, opened_on, 'classified', 'muitos débitos', 'h1', ruler, jsonb_build_object('debts', (
               SELECT jsonb_object_agg('m' || n, (100 + n)::text) FROM generate_series(1, :debts) AS n))
    FROM cases WHERE id = 'c1';
    INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                         formal, status, body, cost, sent_at, served_on, served_by)
    SELECT 'formal', id, 1, 'domicile', 'domicile', opened_on, 'h1', 'notice', 4, 'formal', 't', true, 'delivered', '',
           0, now(), opened_on, 'domicile' FROM cases WHERE id = 'c1';
    INSERT INTO notice_credits (notice, credit, debt, amount, due)
    SELECT 'formal', 'm' || n, 'm' || n, 100 + n, :opened - 30 FROM generate_series(1, :debts) AS n;
"""
"""A case of many debts, all of them in one decision and on one formal notice."""


def _explained(engine: Engine, debts: int) -> Figure:
    _run(engine, MANY, debts=debts)
    began = time.monotonic()
    pdf(explain(read_dossier(engine, "c1"), reveal=False))
    return at_most(EXPLAINED_SECONDS, f"case explain --pdf, seconds, {debts} debts", time.monotonic() - began)
