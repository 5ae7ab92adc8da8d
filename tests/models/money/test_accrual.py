"""The amount owed on a day: dated cases computed by hand, and tables that are refused."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.assets import with_tables
from models.errors import Refusal
from models.money.accrual import Accrual, accrue
from models.money.accrual_table import AccrualTable
from models.money.rates import Rates
from models.money.tables import read_accrual
from models.ruler.schema import Ruler
from operations.rulers import examined
from storage.amounts.accruals import accrual_of
from storage.catalogue import ACCRUALS, ROOT, RULERS, SHIPPED
from tests.builders import ICMS

SELIC = Rates(
    {
        "selic": {
            date(2025, 10, 1): Decimal("1.28"),
            date(2025, 11, 1): Decimal("1.05"),
            date(2025, 12, 1): Decimal("1.22"),
            date(2026, 1, 1): Decimal("1.16"),
        }
    }
)

OWN = """accrual: own
title: Tabela de teste
fine:
  - from: 2000-01-01
    to: 2025-10-31
    source: lei antiga
    steps: [{per_day: "0.33", limit: "20"}]
  - from: 2025-11-01
    source: lei nova
    steps: [{percent: "2"}]
interest:
  - from: 2000-01-01
    to: 2025-12-31
    source: lei antiga
    series: selic
    month_of_payment: "1"
  - from: 2026-01-01
    source: lei nova
    per_month: "1.5"
    month_of_payment: "1"
"""


def read(text: str) -> AccrualTable:
    found = read_accrual(text)
    assert found.faults == ()
    assert found.table is not None
    return found.table


@lru_cache
def shipped(name: str) -> AccrualTable:
    return read(ACCRUALS.read(name)[1])


def owed(table: AccrualTable | str, due: str, on: str, principal: str = "1000.00", rates: Rates = SELIC) -> Accrual:
    found = shipped(table) if isinstance(table, str) else table
    return accrue(found, Decimal(principal), date.fromisoformat(due), date.fromisoformat(on), rates)


def parts(accrual: Accrual) -> tuple[str, str, str]:
    return str(accrual.fine), str(accrual.interest), str(accrual.total)


# R$ 1,000.00 due on Monday 20/10/2025, by Lei 9.430/1996 art. 61
@pytest.mark.parametrize(
    ("on", "fine", "interest", "total"),
    [
        ("2025-10-01", "0.00", "0.00", "1000.00"),  # before it is due
        ("2025-10-20", "0.00", "0.00", "1000.00"),  # paid on the due date: no fine
        ("2025-10-21", "3.30", "0.00", "1003.30"),  # 1 day × 0.33 %
        ("2025-10-31", "36.30", "0.00", "1036.30"),  # 11 days; no interest in the month it was due in
        ("2025-11-01", "39.60", "10.00", "1049.60"),  # 12 days; November is the month of payment: 1 %
        ("2025-11-30", "135.30", "10.00", "1145.30"),  # 41 days × 0.33 % = 13.53 %
        ("2025-12-01", "138.60", "20.50", "1159.10"),  # 42 days; November 1.05 % + 1 %
        ("2025-12-19", "198.00", "20.50", "1218.50"),  # 60 days × 0.33 % = 19.80 %
        ("2025-12-20", "200.00", "20.50", "1220.50"),  # 61 days would be 20.13 %: the limit is 20 %
        ("2026-02-10", "200.00", "44.30", "1244.30"),  # 1.05 + 1.22 + 1.16 + 1 = 4.43 %
    ],
)
def test_federal(on: str, fine: str, interest: str, total: str) -> None:
    assert parts(owed("federal", "2025-10-20", on)) == (fine, interest, total)


def test_a_leap_year_has_one_day_more() -> None:
    # 22/02 to 01/03: 7 days in 2023, 8 in 2024; March is the month of payment
    assert parts(owed("federal", "2023-02-22", "2023-03-01")) == ("23.10", "10.00", "1033.10")
    assert parts(owed("federal", "2024-02-22", "2024-03-01")) == ("26.40", "10.00", "1036.40")


def test_a_federal_fine_counts_from_the_first_working_day_after_the_due_date() -> None:
    # due on Friday 19/10/2007: from Monday 22/10 to 30/11 are 40 days (SRF, Boletim Central 16/1997)
    fine = next(line for line in owed("federal", "2007-10-19", "2007-11-30").lines if line.component == "fine")
    assert (str(fine.amount), str(fine.rate)) == ("132.00", "13.20")
    assert fine.detail == "40 dias de atraso, contados do primeiro dia útil após o vencimento, × 0,33 %"
    # on the weekend after it nothing is due yet, and on Monday one day
    assert parts(owed("federal", "2007-10-19", "2007-10-21")) == ("0.00", "0.00", "1000.00")
    assert parts(owed("federal", "2007-10-19", "2007-10-22"))[0] == "3.30"


def test_due_on_a_weekend_is_due_on_the_next_working_day() -> None:
    # Saturday 31/05/2025 becomes Monday 02/06: delay from 03/06 on, interest from July on
    assert parts(owed("federal", "2025-05-31", "2025-06-02")) == ("0.00", "0.00", "1000.00")
    assert parts(owed("federal", "2025-05-31", "2025-06-03")) == ("3.30", "0.00", "1003.30")
    assert parts(owed("federal", "2025-05-31", "2025-07-01")) == ("95.70", "10.00", "1105.70")  # 29 days
    # where no jurisdiction is named it counts as written: 2 days, and June is not the month it was due in
    assert parts(owed(read(OWN), "2025-05-31", "2025-06-02")) == ("6.60", "10.00", "1016.60")


@pytest.mark.parametrize(
    ("on", "fine"),
    [
        ("2025-03-11", "2.00"),  # day 1 × 0.2 %
        ("2025-04-09", "60.00"),  # day 30 × 0.2 %
        ("2025-04-10", "90.00"),  # day 31: 9 %
        ("2025-05-09", "90.00"),  # day 60
        ("2025-05-10", "150.00"),  # day 61: 15 %
    ],
)
def test_alagoas_historic_fine(on: str, fine: str) -> None:
    april = Rates({"selic": {date(2025, 4, 1): Decimal("1.06")}})
    assert str(owed("alagoas-icms", "2025-03-10", on, rates=april).fine) == fine


@pytest.mark.parametrize(
    ("rounding", "principal", "fine"),
    [
        ("half_up", "50.00", "0.17"),  # 0.33 % of 50.00 is 0.165
        ("half_even", "50.00", "0.16"),
        ("down", "50.00", "0.16"),
        ("half_up", "150.00", "0.50"),  # 0.495
        ("half_even", "150.00", "0.50"),
        ("down", "150.00", "0.49"),
    ],
)
def test_half_a_cent_goes_as_the_table_says(rounding: str, principal: str, fine: str) -> None:
    table = read(OWN + f"rounding: {rounding}\n")
    assert str(owed(table, "2025-10-20", "2025-10-21", principal).fine) == fine


def test_the_fine_is_that_of_the_due_date_and_interest_that_of_each_month() -> None:
    table = read(OWN)
    found = owed(table, "2025-10-20", "2026-02-10")
    # November 1.05 + December 1.22 = 2.27 % by the old law, January 1.5 + 1 for February by the new one
    interest = [(str(line.rate), str(line.amount), line.source) for line in found.lines if line.component == "interest"]
    assert interest == [("2.27", "22.70", "lei antiga"), ("2.5", "25.00", "lei nova")]
    assert str(found.fine) == "200.00"
    assert str(owed(table, "2025-10-31", "2025-11-03").fine) == "9.90"
    assert str(owed(table, "2025-11-01", "2025-11-03").fine) == "20.00"


def test_lines_say_how_the_total_came_about() -> None:
    principal, fine, interest = owed("federal", "2025-10-20", "2026-02-10").lines
    assert principal.what == "principal, com vencimento em 20/10/2025"
    assert (fine.since, fine.until) == (date(2025, 10, 21), date(2026, 2, 10))
    assert (str(fine.base), str(fine.rate)) == ("1000.00", "20")
    assert fine.detail == "113 dias de atraso × 0,33 %, até o limite de 20 %"
    assert interest.what == "juros de mora (Selic)"
    assert (interest.since, interest.until) == (date(2025, 11, 1), date(2026, 2, 10))
    assert interest.detail == "11/2025 1,05 % + 12/2025 1,22 % + 01/2026 1,16 % + 02/2026 1 %"
    assert interest.source == "Lei 9.430/1996, art. 61, § 3º, e art. 5º, § 3º"


def test_fees_and_discounts() -> None:
    table = read(
        OWN
        + "fees: [{from: 2000-01-01, source: lei, name: encargo legal, percent: '10'}]\n"
        + "discounts: [{from: 2026-02-01, to: 2026-02-10, source: lei, name: anistia, percent: '90',"
        + " of: [fine, interest]}]\n"
    )
    found = owed(table, "2025-10-20", "2026-02-10")
    # 1000.00 + 200.00 + 47.70, of which 10 % are 124.77; 90 % of 200.00 and of 47.70 are 180.00 and 42.93
    assert (str(found.fees), str(found.discounts), str(found.total)) == ("124.77", "222.93", "1149.54")
    assert [line.what for line in found.lines[-2:]] == ["anistia: multa de mora", "anistia: juros de mora"]
    assert found.total == sum(line.amount for line in found.lines)
    assert owed(table, "2025-10-20", "2026-02-11").discounts == 0
    assert owed(table, "2025-10-20", "2025-10-20").fees == 0


def test_a_missing_rate_is_refused_by_its_month() -> None:
    october = Rates({"selic": {date(2025, 10, 1): Decimal("1.28")}})
    assert str(owed("federal", "2025-10-20", "2025-11-30", rates=october).interest) == "10.00"
    with pytest.raises(Refusal, match="rate of selic for 11/2025 is missing"):
        owed("federal", "2025-10-20", "2025-12-01", rates=october)


def test_a_day_that_no_rule_is_for_is_refused() -> None:
    with pytest.raises(Refusal, match="no rule for the fine of a debt due on 31/12/1996"):
        owed("federal", "1996-12-31", "1997-01-02")


@given(
    cents=st.integers(1, 10**14),
    due=st.dates(date(2025, 9, 1), date(2026, 2, 1)),
    days=st.lists(st.integers(0, 60), min_size=2, max_size=2).map(sorted),
)
def test_more_delay_never_costs_less_and_no_cent_is_split(cents: int, due: date, days: list[int]) -> None:
    end = date(2026, 2, 28)
    earlier, later = (
        owed("federal", str(due), str(min(end, date.fromordinal(due.toordinal() + each))), str(Decimal(cents) / 100))
        for each in days
    )
    assert earlier.total <= later.total
    assert later.total == later.principal + later.fine + later.interest + later.fees - later.discounts
    assert all(line.amount == line.amount.quantize(Decimal("0.01")) for line in later.lines)


# ---- tables


@pytest.mark.parametrize("name", ACCRUALS.names())
def test_shipped_tables_are_clean(name: str) -> None:
    assert shipped(name).accrual == name


def test_the_documented_example_is_clean() -> None:
    text = (ROOT / "docs" / "accrual.md").read_text(encoding="utf-8")
    assert read(text.split("```yaml\n")[1].split("```")[0]).accrual == "my-city"


@pytest.mark.parametrize(
    ("old", "new", "at", "where", "what"),
    [
        ("    to: 2025-10-31\n", "", 7, "fine.1.from", "overlaps with the entry before it, which has no end"),
        ("2025-11-01", "2025-10-31", 8, "fine.1.from", "overlaps with the entry before it, which ends on 2025-10-31"),
        ("2025-11-01", "2025-11-02", 8, "fine.1.from", "leaves a gap from 2025-11-01"),
        ("2026-01-01", "1999-01-01", 17, "interest.1.from", "must be later than the entry before it"),
        ("2026-01-01", "2026-01-02", 17, "interest.1.from", "must be the first of a month"),
        ("to: 2025-12-31", "to: 1999-12-31", 13, "interest.0.to", "ends before it begins"),
        ("to: 2025-12-31", "to: 2025-12-30", 13, "interest.0.to", "must be the last of a month"),
        ('{percent: "2"}', '{percent: "2", per_day: "1"}', 10, "fine.1.steps.0", "either per_day or percent"),
        ('{percent: "2"}', '{percent: "2", limit: "1"}', 10, "fine.1.steps.0", "limit is for a fine per_day"),
        ('{percent: "2"}', '{until_day: 9, percent: "2"}', 10, "fine.1.steps.0.until_day", "the last step has no end"),
        ('{percent: "2"}', '{percent: "2"}, {percent: "3"}', 10, "fine.1.steps.0", "only the last step has no"),
        (
            '{percent: "2"}',
            '{until_day: 9, percent: "2"}, {percent: "1"}',
            10,
            "fine.1.steps.1",
            "softens with the delay: 1 % after 2 %",
        ),
        (
            '{percent: "2"}',
            '{until_day: 9, percent: "2"}, {until_day: 9, percent: "3"}, {percent: "4"}',
            10,
            "fine.1.steps.1.until_day",
            "must be more than 9",
        ),
        ("    series: selic\n", "", 12, "interest.0", "either a series or per_month"),
        ("    source: lei antiga\n", "", 4, "fine.0.source", "is missing"),
        ('"2"', '"-2"', 10, "fine.1.steps.0.percent", "greater than or equal to 0"),
        ("2025-11-01", "2025-11-31", None, "", "is not YAML: day"),
        ("title", "titel", 2, "titel", "is an unknown key"),
        ("title", "accrual", 2, "accrual", "is written twice"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(old: str, new: str, at: int | None, where: str, what: str) -> None:
    assert old in OWN
    found = read_accrual(OWN.replace(old, new, 1))
    assert found.table is None
    told = [(fault.line, ".".join(map(str, fault.where))) for fault in found.faults if what in fault.what]
    assert told == [(at, where)], found.faults


def test_all_faults_are_told_at_once_in_reading_order_and_none_twice() -> None:
    wrong = OWN.replace("2026-01-01", "2026-01-02").replace('"2"', '"-2"')
    assert [fault.line for fault in read_accrual(wrong).faults] == [10]
    wrong = OWN.replace("2026-01-01", "2026-01-02").replace("to: 2025-10-31", "to: 2025-10-30")
    assert [fault.line for fault in read_accrual(wrong).faults] == [8, 17, 17]


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "accrual: x"])
def test_what_is_no_table_is_refused(text: str) -> None:
    assert read_accrual(text).table is None
    assert read_accrual(text).faults


# ---- in a ruler


def ruler_with(accrual: str) -> tuple[Ruler | None, list[tuple[int | None, str, str]]]:
    ruler, faults = examined(f"{RULERS.read(ICMS)[1]}\naccrual: {accrual}\n")
    return ruler, [(fault.line, ".".join(map(str, fault.where)), fault.what) for fault in faults]


def test_a_ruler_names_a_table_or_holds_one() -> None:
    named, faults = ruler_with("federal")
    assert faults == []
    assert named is not None
    assert accrual_of(with_tables(named, SHIPPED)) == shipped("federal")
    held, faults = ruler_with("{accrual: own, title: T, fine: [], interest: []}")
    assert faults == []
    assert held is not None
    table = accrual_of(held)
    assert table is not None
    assert table.jurisdiction is not None
    assert (table.jurisdiction.name, table.jurisdiction.calendar) == (held.jurisdiction.name, None), "banks' days"
    assert accrue(table, Decimal(5), date(2020, 1, 1), date(2026, 1, 1), Rates()).total == 5


def test_a_ruler_is_told_what_is_wrong_with_its_table() -> None:
    last = RULERS.read(ICMS)[1].count("\n") + 2
    _, faults = ruler_with("{accrual: own, title: T, fine: [], interest: [], feas: []}")
    assert faults == [(last, "accrual.feas", "is an unknown key; check its spelling")]
    fee = "{from: 2000-01-01, source: l, name: n, percent: '1', of: [fees]}"
    _, faults = ruler_with(f"{{accrual: own, title: T, fine: [], interest: [], fees: [{fee}]}}")
    assert faults == [(last, "accrual.fees.0.of", "a fee can't be charged on fees")]
    _, faults = ruler_with("atlantis")
    known = ", ".join(ACCRUALS.names())
    assert faults == [(last, "accrual", f"names atlantis, which is not in accruals/; known are {known}")]
