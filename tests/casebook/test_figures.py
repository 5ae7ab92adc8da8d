"""Figures (T): what is claimed of a ruler's effect, and what counts as recovered."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom
from sqlalchemy import Engine, text

from models.case.selection import Selection
from models.law.calendar import Clock
from models.proof.holdout import Arm
from models.proof.uplift import Group, Look, compare, group_of
from storage.case.cohorts import Cohort, Lot, candidates, create_cohort, open_cases, pin_ruler
from storage.catalogue import RULERS
from storage.proof.holdout import draw_arms
from tests.builders import REGISTERED, shipped
from tests.ledger import OPENED, Ledger

EACH = Decimal("1000.00")
ON = date(2026, 11, 3)


def group(name: str, cases: int, payers: int) -> Group:
    """A group of which so many pay R$ 1,000.00 each."""
    return group_of(name, [EACH] * payers + [Decimal(0)] * (cases - payers))


# ---- T1: one test, one answer


@pytest.mark.parametrize(("treated", "control"), [((9_000, 560), (1_000, 48)), ((9_000, 574), (1_000, 49))])
def test_t1_interval_and_p_value_say_the_same(treated: tuple[int, int], control: tuple[int, int]) -> None:
    found = compare(group("notificados", *treated), group("grupo de controle", *control))
    for interval, p in ((found.rate, found.rate_p), (found.value, found.value_p)):
        if interval is None or p is None:
            raise RuntimeError("nothing was compared")
        assert interval.beyond_chance is (p < 0.05)


@pytest.mark.parametrize(("treated", "control"), [((9_000, 900), (1_000, 50)), ((500, 31), (500, 30))])
def test_t1_where_it_is_plain_they_do(treated: tuple[int, int], control: tuple[int, int]) -> None:
    found = compare(group("notificados", *treated), group("grupo de controle", *control))
    assert found.rate is not None
    assert found.rate_p is not None
    assert found.rate.beyond_chance is (found.rate_p < 0.05)


# ---- T2, T3: no effect, and none is claimed

RUNS = 1_000


def sums(paid: npt.NDArray[Any], name: str) -> Group:
    return group_of(name, [Decimal(f"{amount:.2f}") for amount in paid])


def test_t2_one_large_payer_makes_no_effect() -> None:
    """One payer of R$ 5 M among those of R$ 1,000.00; a tenth is held out by chance, a thousand times."""
    chance = np.random.default_rng(2026)
    paid = np.where(chance.random(500) < 0.06, 1_000.0, 0.0)
    paid[0] = 5_000_000.0
    above = below = 0
    for _ in range(RUNS):
        held = chance.random(len(paid)) < 0.1
        found = compare(sums(paid[~held], "notificados"), sums(paid[held], "grupo de controle"))
        if found.value is not None:
            above += found.value.low > 0
            below += found.value.high < 0
    assert above + below <= binom.ppf(0.999, RUNS, 0.05)
    assert max(above, below) <= binom.ppf(0.999, RUNS, 0.025)


def test_t3_a_report_that_is_read_daily_claims_no_effect_too_often() -> None:
    """Sixty readings of each of two dozen cohorts of 5,000, a fifth of them held out; one in sixty of the 6 % that pay
    does so each day."""
    chance = np.random.default_rng(2026)
    runs, days = 24, 60
    claimed = 0
    for _ in range(runs):
        held = chance.random(5_000) < 0.2
        day = np.where(chance.random(5_000) < 0.06, chance.integers(1, days + 1, 5_000), days + 1)
        sides = [("notificados", ~held), ("grupo de controle", held)]

        def reading(n: int, day: npt.NDArray[Any] = day, sides: Any = sides) -> bool:
            ours, theirs = (group(name, int(side.sum()), int((day[side] <= n).sum())) for name, side in sides)
            found = compare(ours, theirs, look=Look.ANY_DAY)
            return any(each is not None and each.beyond_chance for each in (found.rate, found.value))

        claimed += any(reading(n) for n in range(1, days + 1))
    assert claimed <= binom.ppf(0.999, runs, 0.05)


# ---- T4: who is drawn

TWO_TAXES = """
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT 't' || n, n, 'Empresa', true FROM generate_series(1, 40) AS n;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT tax || n, tax, tax || n, '2026-10-09', 1000
    FROM generate_series(1, 40) AS n, unnest(ARRAY['ISS', 'IPTU']) AS tax;
    INSERT INTO debtors (debt, taxpayer)
    SELECT tax || substr(key, 2), id FROM taxpayers, unnest(ARRAY['ISS', 'IPTU']) AS tax
"""

CO_DEBTORS = """
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT 't' || n, n, 'Empresa', true FROM generate_series(1, 80) AS n;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT n, 'IPTU', n, '2026-10-09', 1000 FROM generate_series(1, 40) AS n;
    INSERT INTO debtors (debt, taxpayer)
    SELECT CAST((substr(key, 2)::int + 1) / 2 AS text), id FROM taxpayers
"""

SIDES = {
    TWO_TAXES: "SELECT count(*) FROM (SELECT FROM cases GROUP BY taxpayer HAVING count(DISTINCT arm) > 1) AS torn",
    CO_DEBTORS: """
        SELECT count(*) FROM (SELECT FROM cases JOIN debtors USING (taxpayer) GROUP BY debt
                              HAVING count(DISTINCT arm) > 1) AS torn""",
}


@pytest.mark.parametrize("people", [TWO_TAXES, CO_DEBTORS], ids=["two taxes", "co-debtors"])
def test_t4_a_person_and_a_debt_stand_on_one_side(engine: Engine, people: str) -> None:
    with engine.begin() as connection:
        for statement in people.split(";"):
            connection.execute(text(statement))
        frozen = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
    clock = Clock(
        day_seconds=Decimal(86_400),
        origin_wall=datetime(2026, 11, 3, tzinfo=UTC),
        origin_day=ON,
        timezone="America/Sao_Paulo",
    )
    cohort = Cohort("roll", frozen, Selection(), clock, "ana", lot=Lot("salt", Decimal("0.5")))
    cohort = create_cohort(engine, cohort)
    for page in candidates(engine, shipped(REGISTERED), Selection(), ON):
        open_cases(engine, cohort, page, ON)
    draw_arms(engine, cohort)
    with engine.connect() as connection:
        arms = set(connection.scalars(text("SELECT DISTINCT arm FROM cases")))
        torn = connection.execute(text(SIDES[people])).scalar_one()
    if arms != {Arm.CONTROL, Arm.RULER}:
        raise RuntimeError(f"drawn for {arms}")
    assert torn == 0


# ---- T5, T6: what is recovered, and when


@pytest.mark.parametrize("paid", ["1000000.00", "100.01"])
def test_t5_no_more_is_recovered_than_was_owed(engine: Engine, paid: str) -> None:
    ledger = Ledger(engine)
    ledger.cases("a", 1, "100.00")
    ledger.notified("a")
    ledger.paid("a", 1, paid, OPENED + timedelta(days=10))
    found = ledger.results()
    assert found.recovered.total == Decimal("100.00")


def test_t5_what_is_owed_and_paid_is_recovered(engine: Engine) -> None:
    ledger = Ledger(engine)
    ledger.cases("a", 2, "200.00")
    ledger.notified("a")
    ledger.paid("a", 1, "100.00", OPENED + timedelta(days=10))
    assert ledger.results().recovered.total == Decimal("100.00")


def resolved_on(ledger: Ledger, on: date) -> list[int]:
    """The days after its opening on which somebody has paid all, as the report of `on` has them."""
    before, days = 0.0, []
    for point in ledger.results(on).curves["notificados"].points:
        if point.paid > before:
            days.append(point.day)
        before = point.paid
    return days


def test_t6_a_duplicate_that_is_given_back_moves_no_day(engine: Engine) -> None:
    ledger = Ledger(engine)
    ledger.cases("a", 2, "200.00")
    ledger.notified("a")
    for _ in range(2):
        ledger.paid("a", 1, "100.00", OPENED + timedelta(days=5))
    ledger.run(
        """INSERT INTO reversals (payment, reference, amount, reversed_on, recorded_at)
           SELECT max(id), 'R1', 100, :on, now() FROM payments""",
        on=OPENED + timedelta(days=60),
    )
    assert resolved_on(ledger, OPENED + timedelta(days=59)) == [5]
    assert resolved_on(ledger, OPENED + timedelta(days=90)) == [5]


def test_t6_a_later_duplicate_moves_no_day(engine: Engine) -> None:
    ledger = Ledger(engine)
    ledger.cases("a", 2, "200.00")
    ledger.notified("a")
    for days in (5, 20):
        ledger.paid("a", 1, "100.00", OPENED + timedelta(days=days))
    assert resolved_on(ledger, OPENED + timedelta(days=90)) == [5]


def test_t6_a_case_that_resolved_counts_as_resolved(engine: Engine) -> None:
    """R$ 95.00 of R$ 100.00, where the ruler lets a balance below R$ 10.00 be."""
    ledger = Ledger(engine)
    ledger.cases("a", 2, "200.00")
    ledger.notified("a")
    ledger.paid("a", 1, "95.00", OPENED + timedelta(days=5))
    assert resolved_on(ledger, OPENED + timedelta(days=90)) == [5]
