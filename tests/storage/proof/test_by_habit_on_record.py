"""Rungs by habit on record: drawn against the standard ones, gone by, and compared among those that they tell apart."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from activities.dependencies import hours_of
from models.case.selection import Selection
from models.contact.habits import ContactHabits, DayPart
from models.errors import Refusal
from models.law.calendar import Clock, Window
from models.proof.holdout import Arm
from models.ruler.check import read_ruler
from storage.case.cases import Case, read_case
from storage.case.cohorts import Cohort, Lot, candidates, create_cohort, open_cases, pin_ruler, read_cohort
from storage.case.habits import contact_habits_of
from storage.case.ruler_change import foresee_migration
from storage.case.transaction import case_transaction
from storage.catalogue import RULERS
from storage.proof.holdout import draw_arms
from tests.builders import REGISTERED, bundled, shipped

TODAY = date(2026, 11, 3)
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
CLOCK = Clock(day_seconds=Decimal(86_400), origin_wall=NOW, origin_day=TODAY, timezone="America/Sao_Paulo")
PLAIN = RULERS.read(REGISTERED)[1]
SOURCE = PLAIN.replace(
    "        channels: [email]\n",
    "        channels: [email]\n        by_habit:\n"
    "          - {opened: [whatsapp], channels: [whatsapp], hours: 10:00-12:00}\n",
)
HALF = Decimal("0.5")

PEOPLE = """
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT 't' || n, n, 'Empresa', true FROM generate_series(1, 40) AS n;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT 't' || n, 'IPTU', n, '2026-10-09', 1000 FROM generate_series(1, 40) AS n;
    INSERT INTO debtors (debt, taxpayer) SELECT key, id FROM taxpayers;
    INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state, status, opened_on, opened_at, closed_at)
    SELECT 'old ' || key, taxpayers.id, 'IPTU', cohorts.name, ruler, '{}', 'cancelled', '2026-02-02', '2026-02-02',
           '2026-05-05'
    FROM taxpayers, cohorts;
    INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone, template,
                         formal, status, body, sent_at)
    SELECT id, id, 0, CASE WHEN n % 2 = 0 THEN 'whatsapp' ELSE 'email' END, 'email', '2026-02-05', 'h1', 'reminder', 1,
           'friendly', 't', false, 'read', '', now()
    FROM (SELECT cases.id, tax_id::int AS n FROM cases JOIN taxpayers ON taxpayers.id = taxpayer) AS earlier;
    INSERT INTO delivery_events (provider, event, notice, kind, at)
    SELECT 'file', id, id, 'read', timestamptz '2026-02-05 22:30+00' FROM notices
"""


class Street:
    """Forty people of whom each second one reads what comes by WhatsApp, in the evening."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        ruler = bundled(SOURCE).ruler
        with engine.begin() as connection:
            plain = pin_ruler(connection, shipped(REGISTERED), PLAIN, 2025)
            frozen = pin_ruler(connection, ruler, SOURCE, 2025)
        create_cohort(engine, Cohort("former", plain, Selection(), CLOCK, "ana"))
        with engine.begin() as connection:
            for statement in PEOPLE.split(";"):
                connection.execute(text(statement))
        lot = Lot("salt", standard=HALF)
        self.cohort = create_cohort(engine, Cohort("habits", frozen, Selection(), CLOCK, "ana", lot=lot))
        for page in candidates(engine, ruler, Selection(), TODAY):
            open_cases(engine, self.cohort, page, TODAY)
        draw_arms(engine, self.cohort)

    def cases(self) -> list[Case]:
        with self.engine.connect() as connection:
            ids = connection.scalars(text("SELECT id FROM cases WHERE cohort = 'habits' ORDER BY taxpayer")).all()
            return [read_case(connection, case) for case in ids]


@pytest.fixture
def street(engine: Engine) -> Street:
    return Street(engine)


def test_habits_are_read_from_earlier_cases(street: Street) -> None:
    with street.engine.connect() as connection:
        people = connection.execute(text("SELECT id, tax_id::int AS n FROM taxpayers")).all()
        known = contact_habits_of(connection, [row.id for row in people], CLOCK.timezone)
    for row in people:
        channel = "whatsapp" if row.n % 2 == 0 else "email"
        assert known[row.id].opened == (channel,)
        assert known[row.id].active is DayPart.EVENING, "half past seven in São Paulo"


def test_half_of_everybody_go_by_the_standard_rungs_and_who_is_told_apart_is_on_record(street: Street) -> None:
    found = Counter((case.arm, case.habits is not None) for case in street.cases())
    assert found.total() == 40
    assert sum(count for (arm, _), count in found.items() if arm is Arm.STANDARD) == 20
    assert sum(count for (_, told_apart), count in found.items() if told_apart) == 20
    with street.engine.connect() as connection:
        assert read_cohort(connection, "habits").lot == Lot("salt", standard=HALF)


def test_a_case_goes_by_its_habits_unless_it_was_drawn_for_the_standard_rungs(street: Street) -> None:
    seen = Counter[tuple[bool, str]]()
    for case in street.cases():
        by_habit = case.arm is Arm.RULER and case.habits is not None
        with case_transaction(street.engine, case.id, NOW) as tx:
            step = tx.step
            hours = hours_of(tx.case, step)
        [channel] = {route.channel for route in step.routes}
        assert (channel, step.rigidity) == ("whatsapp" if by_habit else "email", 1)
        assert hours == (Window.model_validate("10:00-12:00") if by_habit else None)
        seen[by_habit, channel] += 1
    assert set(seen) == {(True, "whatsapp"), (False, "email")}


def test_a_ruler_that_is_compared_is_not_replaced_by_one_of_another_kind(street: Street) -> None:
    other = bundled(PLAIN.replace("version: 1", "version: 2"))
    with pytest.raises(Refusal, match="divida-ativa v1 has rungs by habit and divida-ativa v2 none, and its arms are"):
        foresee_migration(street.engine, "habits", other, NOW, lambda _: None)


def test_a_habit_that_no_rung_asks_for_tells_nobody_apart() -> None:
    ruler = read_ruler(SOURCE).ruler
    assert ruler is not None
    assert not ruler.tells_apart(ContactHabits(opened=("email",), active=DayPart.EVENING))
