"""Rates and debts on record: loaded twice, changed, and what is owed by the table of the case's ruler."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.money.rates import Rate, Rates
from storage.amounts.accruals import load_accrual
from storage.amounts.rates import Change, read_rates, record_rates
from storage.case.cohorts import pin_ruler
from storage.case.debts import Owed, owed_on
from storage.catalogue import RULERS
from tests.builders import ICMS, shipped

OCTOBER, NOVEMBER = Rate(date(2025, 10, 1), Decimal("1.28")), Rate(date(2025, 11, 1), Decimal("1.05"))
REVISED = Rate(date(2025, 11, 1), Decimal("1.06"))


def load(engine: Engine, *rates: Rate, series: str = "selic") -> list[Change]:
    with engine.begin() as connection:
        return record_rates(connection, series, rates)


def known(engine: Engine) -> Rates:
    with engine.connect() as connection:
        return read_rates(connection)


def test_loading_twice_changes_nothing_and_a_changed_rate_is_reported(engine: Engine) -> None:
    assert load(engine, OCTOBER, NOVEMBER) == []
    assert load(engine, OCTOBER, NOVEMBER) == []
    assert load(engine, NOVEMBER, series="ipca") == []
    assert load(engine, OCTOBER, REVISED) == [Change(REVISED.month, NOVEMBER.percent, REVISED.percent)]
    assert known(engine).by_series == {
        "ipca": {NOVEMBER.month: Decimal("1.05")},
        "selic": {OCTOBER.month: Decimal("1.28"), REVISED.month: Decimal("1.06")},
    }


def test_nothing_is_loaded_from_nothing(engine: Engine) -> None:
    assert load(engine) == []
    assert known(engine).by_series == {}


# ---- what is owed of a debt on record


def own(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def add_debt(engine: Engine) -> None:
    own(
        engine,
        "INSERT INTO taxpayers (key, tax_id, name, is_company) VALUES ('1', '1', 'ACME', true)",
        "INSERT INTO debts (id, tax, inscription, due, amount) VALUES ('d1', 'ICMS', 'i1', '2025-10-20', 1000)",
        "INSERT INTO debtors (debt, taxpayer) SELECT 'd1', id FROM taxpayers",
    )


def pay(engine: Engine, name: str, amount: str, on: str, refunded: str = "0") -> None:
    own(
        engine,
        "INSERT INTO payments (end_to_end_id, debt, amount, paid_at, paid_on)"
        f" VALUES ('{name}', 'd1', {amount}, '{on}', '{on}')",
        "INSERT INTO reversals (payment, reference, amount, reversed_on)"
        f" SELECT id, 'r', {refunded}, '{on}' FROM payments WHERE end_to_end_id = '{name}' AND {refunded} > 0",
    )


def open_case(engine: Engine, accrual: str) -> None:
    """On a ruler with that key; what else a case needs is of no matter here."""
    source = f"{RULERS.read(ICMS)[1]}\n{accrual}\n"
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(ICMS), source, 2025)
        connection.execute(
            text("INSERT INTO cohorts VALUES ('c1', :ruler, 'ana', '{}', '{}', now())"), {"ruler": frozen.digest}
        )
        connection.execute(
            text("""
                INSERT INTO cases (taxpayer, tax, cohort, ruler, "state")
                SELECT taxpayers.id, 'ICMS', cohorts.name, ruler, '{}' FROM taxpayers, cohorts
            """)
        )


def owed(engine: Engine, on: str, accrual: str = "") -> Owed:
    with engine.connect() as connection:
        return owed_on(connection, "d1", date.fromisoformat(on), load_accrual(accrual) if accrual else None)


def test_without_any_table_the_imported_amount_less_what_was_paid_is_owed(engine: Engine) -> None:
    add_debt(engine)
    pay(engine, "p1", "400", "2025-11-10")
    pay(engine, "p2", "100", "2025-11-12", refunded="100")
    assert owed(engine, "2025-11-09").owed.total == 1000
    assert owed(engine, "2025-11-12").owed.total == 600
    assert owed(engine, "2025-11-12").table is None
    pay(engine, "p3", "700", "2025-11-13")
    settled = owed(engine, "2025-11-13")
    assert (str(settled.owed.total), str(settled.excess)) == ("0.00", "100.00")


def test_the_case_s_ruler_goes_before_the_table_asked_for(engine: Engine) -> None:
    add_debt(engine)
    # 12 days: federal 12 × 0.33 %, Alagoas 12 × 0.2 %
    assert owed(engine, "2025-11-01", "federal").owed.fine == Decimal("39.60")
    open_case(engine, "accrual: alagoas-icms")
    assert owed(engine, "2025-11-01", "federal").owed.fine == Decimal("24.00")
    own(engine, "UPDATE cases SET closed_at = now()")
    # what settled it settles it for good: a closed case keeps its table
    assert owed(engine, "2025-11-01").owed.fine == Decimal("24.00")


def test_a_ruler_without_a_table_leaves_it_to_the_one_asked_for(engine: Engine) -> None:
    add_debt(engine)
    open_case(engine, "")
    assert owed(engine, "2025-11-01").table is None
    assert owed(engine, "2025-11-01", "federal").owed.fine == Decimal("39.60")


def test_rates_are_those_on_record(engine: Engine) -> None:
    add_debt(engine)
    with pytest.raises(Refusal, match="selic for 11/2025 is missing"):
        owed(engine, "2025-12-01", "federal")
    load(engine, NOVEMBER)
    assert owed(engine, "2025-12-01", "federal").owed.interest == Decimal("20.50")


def test_an_unknown_debt_is_refused(engine: Engine) -> None:
    with pytest.raises(Refusal, match="there is no debt d1"):
        owed(engine, "2025-12-01")
