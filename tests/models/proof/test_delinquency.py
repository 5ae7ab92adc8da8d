from datetime import date
from decimal import Decimal
from itertools import cycle
from math import sqrt

from models.proof.delinquency import Delinquency, Month, before_and_after, delinquency


def ledger(first: int, months: int, mean: str, deviation: str) -> list[Month]:
    """Months that swing around `mean` so that their rates have exactly this deviation; both in percent."""
    swing = float(deviation) * sqrt((months - 1) / months)
    due = Decimal("250000000.00")
    return [
        Month(
            date(first + index // 12, index % 12 + 1, 1),
            due,
            (due * (Decimal(mean) + sign * Decimal(swing)) / 100).quantize(Decimal("0.01")),
        )
        for index, sign in zip(range(months), cycle((1, -1)), strict=False)
    ]


def percents(found: Delinquency) -> tuple[str, str]:
    assert found.mean is not None
    assert found.deviation is not None
    return f"{found.mean * 100:.2f}", f"{found.deviation * 100:.2f}"


def test_alagoas_before_and_after_its_new_model() -> None:
    """SEFAZ/AL, seminar of 2018: 7.47 % a month (σ 1.34) from 2012 to 2017, and 5.01 % (σ 0.33) in 2018."""
    months = [*ledger(2018, 10, "5.01", "0.33"), *ledger(2012, 72, "7.47", "1.34")]
    before, after = before_and_after(months, since=date(2018, 1, 15))
    assert (len(before.months), percents(before)) == (72, ("7.47", "1.34"))
    assert (len(after.months), percents(after)) == (10, ("5.01", "0.33"))
    assert [month.month for month in before.months][:2] == [date(2012, 1, 1), date(2012, 2, 1)]


def test_a_month_counts_as_much_as_another_whatever_fell_due() -> None:
    small, large = (
        Month(date(2026, 1, 1), Decimal(100), Decimal(10)),
        Month(date(2026, 2, 1), Decimal(10_000), Decimal(0)),
    )
    assert delinquency([large, small]).mean == Decimal("0.05")


def test_a_month_in_which_nothing_fell_due_has_no_rate() -> None:
    nothing, some = Month(date(2026, 1, 1), Decimal(0), Decimal(0)), Month(date(2026, 2, 1), Decimal(10), Decimal(1))
    assert delinquency([nothing]) == Delinquency((), None, None)
    assert delinquency([nothing, some]) == Delinquency((some,), Decimal("0.1"), None)
