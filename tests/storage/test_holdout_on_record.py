"""A hold-out on record: who is drawn, that it can be repeated, and that it takes in who comes later."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from models.calendar import Clock
from models.errors import Refusal
from models.holdout import Candidate, draw
from storage.cohorts import Cohort, Holdout, Selection, candidates, cases_to_run, found_cohort, open_cases, pin_ruler
from storage.dry_run import foresee
from storage.holdout import draw_arms, drawn, release
from storage.shelf import RULERS
from tests.builders import REGISTERED, shipped

TODAY = date(2026, 11, 3)
TENTH = Decimal("0.1")
CLOCK = Clock(
    day_seconds=Decimal(86_400),
    origin_wall=datetime(2026, 11, 3, tzinfo=UTC),
    origin_day=TODAY,
    timezone="America/Sao_Paulo",
)
RULER = shipped(REGISTERED)

OWING = """
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT 't' || n, n, 'Empresa', true FROM generate_series(CAST(:first AS int), :last) AS n;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT 't' || n, CASE n % 3 WHEN 0 THEN 'ISS' ELSE 'IPTU' END, n, '2026-10-09', 10 ^ (1 + n % 4)
    FROM generate_series(CAST(:first AS int), :last) AS n;
    INSERT INTO debtors (debt, taxpayer)
    SELECT key, id FROM taxpayers WHERE substr(key, 2)::int BETWEEN :first AND :last
"""


class Roll:
    """A city's roll that grows, and a cohort on it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.owing = 0

    def grows(self, by: int) -> None:
        with self.engine.begin() as connection:
            for statement in OWING.split(";"):
                connection.execute(text(statement), {"first": self.owing + 1, "last": self.owing + by})
        self.owing += by

    def cohort(self, name: str = "roll", share: Decimal | None = TENTH, salt: str = "salt") -> Cohort:
        with self.engine.begin() as connection:
            frozen = pin_ruler(connection, RULER, RULERS.read(REGISTERED)[1], 2025)
        holdout = Holdout(share, salt) if share else None
        return found_cohort(self.engine, Cohort(name, frozen, Selection(), CLOCK, "ana", holdout=holdout))

    def opens(self, cohort: Cohort) -> int:
        pages = candidates(self.engine, RULER, Selection(), TODAY)
        return sum(open_cases(self.engine, cohort, page, TODAY) for page in pages)

    def to_run(self, cohort: Cohort) -> set[str]:
        pages = candidates(self.engine, RULER, Selection(), TODAY)
        return {case for page in pages for case in cases_to_run(self.engine, cohort, page).unseen}

    def arms(self) -> tuple[list[Candidate], list[Candidate]]:
        with self.engine.connect() as connection:
            return drawn(connection, "roll")


@pytest.fixture
def roll(engine: Engine) -> Roll:
    return Roll(engine)


def test_until_it_is_drawn_nobody_is_to_be_contacted(roll: Roll) -> None:
    roll.grows(600)
    cohort = roll.cohort()
    assert roll.opens(cohort) == 600
    assert roll.to_run(cohort) == set()
    draw_arms(roll.engine, cohort)
    held, others = roll.arms()
    assert (len(held), len(others)) == (60, 540)
    assert roll.to_run(cohort) == {each.case for each in others}


def test_the_draw_on_record_can_be_repeated_with_the_salt(roll: Roll) -> None:
    roll.grows(300)
    cohort = roll.cohort()
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    held, others = roll.arms()
    assert {each.case for each in held} == set(draw([*held, *others], {"control": TENTH}, "salt"))
    assert {each.amount for each in others} == {10, 100, 1000, 10000}, "what each owed is on record"


def test_who_was_drawn_stays_and_who_comes_later_is_drawn_as_fairly(roll: Roll) -> None:
    roll.grows(300)
    cohort = roll.cohort()
    for _ in range(2):
        roll.opens(cohort)
        draw_arms(roll.engine, cohort)
    first = {each.case for each in roll.arms()[0]}
    roll.grows(200)
    assert roll.opens(cohort) == 200
    draw_arms(roll.engine, cohort)
    later = {each.case for each in roll.arms()[0]}
    assert first < later
    assert (len(first), len(later)) == (30, 50)


def test_another_cohort_takes_up_the_control_group_only_once_it_is_released(roll: Roll) -> None:
    roll.grows(100)
    cohort, other = roll.cohort(), roll.cohort("other", None)
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    assert roll.opens(other) == 0
    release(roll.engine, cohort.name)
    assert roll.opens(other) == 10
    assert len(roll.arms()[0]) == 10, "they stay what they were drawn for"


def test_a_cohort_keeps_its_share_and_its_salt(roll: Roll) -> None:
    assert roll.cohort().holdout == roll.cohort(salt="another").holdout == Holdout(TENTH, "salt")
    assert roll.cohort(share=None).holdout == Holdout(TENTH, "salt")
    with pytest.raises(Refusal, match="was started with 10% held out; choose another name"):
        roll.cohort(share=Decimal("0.2"))
    roll.cohort("all", None)
    with pytest.raises(Refusal, match="was started with nobody held out"):
        roll.cohort("all")


def test_the_dry_run_says_how_many_would_be_held_out(roll: Roll) -> None:
    roll.grows(50)
    assert foresee(roll.engine, RULER, Selection(), TODAY, control=TENTH)["control"] == 5
    assert foresee(roll.engine, RULER, Selection(), TODAY)["control"] == 0
