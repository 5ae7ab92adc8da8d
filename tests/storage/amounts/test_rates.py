"""Rates and debts on record: loaded twice, changed, and what is owed by the table of the case's ruler."""

import json
from datetime import date
from decimal import Decimal
from math import prod

import pytest
import yaml
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.money.rates import Rate, Rates
from storage.amounts.accruals import load_accrual
from storage.amounts.rates import Change, read_rates, record_rates
from storage.amounts.shipped_rates import SHIPPED, shipped_rates, shipped_series
from storage.case.cohorts import pin_ruler
from storage.case.debts import Owed, owed_on
from storage.catalogue import RULERS
from tests.builders import ICMS, shipped
from tests.casebook.book import DATA

OCTOBER, NOVEMBER = Rate(date(2025, 10, 1), Decimal("1.28")), Rate(date(2025, 11, 1), Decimal("1.05"))
JANUARY = Rate(date(2026, 1, 1), Decimal("1.16"))
REVISED = Rate(date(2025, 11, 1), Decimal("1.06"))


def load(engine: Engine, *rates: Rate, series: str = "selic") -> list[Change]:
    with engine.begin() as connection:
        return record_rates(connection, series, rates)


def known(engine: Engine) -> Rates:
    with engine.connect() as connection:
        return read_rates(connection)


def test_loading_twice_changes_nothing_and_a_changed_rate_is_reported(engine: Engine) -> None:
    assert load(engine, OCTOBER, NOVEMBER, series="ufm") == []
    assert load(engine, OCTOBER, NOVEMBER, series="ufm") == []
    assert load(engine, NOVEMBER, series="upf") == []
    assert load(engine, OCTOBER, REVISED, series="ufm") == [Change(REVISED.month, NOVEMBER.percent, REVISED.percent)]
    loaded = known(engine).by_series
    assert loaded["upf"] == {NOVEMBER.month: Decimal("1.05")}
    assert loaded["ufm"] == {OCTOBER.month: Decimal("1.28"), REVISED.month: Decimal("1.06")}


def test_nothing_is_loaded_from_nothing(engine: Engine) -> None:
    assert load(engine) == []
    assert known(engine) == shipped_rates()


def test_what_is_loaded_counts_in_place_of_what_is_shipped(engine: Engine) -> None:
    assert known(engine).percent("selic", NOVEMBER.month) == Decimal("1.05")
    load(engine, REVISED, JANUARY)
    assert known(engine).percent("selic", NOVEMBER.month) == Decimal("1.06")
    assert known(engine).percent("selic", OCTOBER.month) == Decimal("1.28")
    assert known(engine).percent("selic", JANUARY.month) == Decimal("1.16")


def test_the_shipped_series_are_what_their_sources_published() -> None:
    """Selic is the casebook's; the year's IPCA is what the months that IBGE published multiply to."""
    selic, ipca = shipped_rates().by_series["selic"], shipped_rates().by_series["ipca"]
    told = json.loads((DATA / "accrual/selic.json").read_text())
    assert {f"{month:%d/%m/%Y}": rate for month, rate in selic.items()} == {
        row["data"]: Decimal(row["valor"]) for row in told
    }
    years = {2017: "2.95", 2018: "3.75", 2019: "4.31", 2020: "4.52", 2021: "10.06", 2023: "4.62", 2024: "4.83"}
    for year, percent in years.items():
        factor = prod((1 + ipca[date(year, month, 1)] / 100 for month in range(1, 13)), start=Decimal(1))
        assert ((factor - 1) * 100).quantize(Decimal("0.01")) == Decimal(percent)


def test_each_shipped_series_says_its_source_and_its_last_month() -> None:
    for series in shipped_series():
        written = yaml.safe_load((SHIPPED / f"{series.name}.yaml").read_text(encoding="utf-8"))
        assert "Banco Central" in series.source
        assert written["through"] == f"{series.through:%Y-%m}"
        assert len(series.percents) == (series.through.year - 2017) * 12 + series.through.month


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
    with pytest.raises(Refusal, match="selic for 01/2026 is missing"):
        owed(engine, "2026-02-02", "federal")
    load(engine, JANUARY)
    # 11/2025 1,05 % + 12/2025 1,22 % + 01/2026 1,16 % + 02/2026 1 %
    assert owed(engine, "2026-02-02", "federal").owed.interest == Decimal("44.30")


def test_an_unknown_debt_is_refused(engine: Engine) -> None:
    with pytest.raises(Refusal, match="there is no debt d1"):
        owed(engine, "2025-12-01")
