"""Debts that a return alone declares: lodged once due, collected, and one with the extract's once that has them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from models.case.selection import Selection
from models.intake.filings import filing_reader
from models.payment.pix import PixPayment
from storage.case.dry_run import foresee
from storage.intake.filings import import_filings
from storage.payments.ledger import record_pix
from tests.builders import ICMS, REGISTERED, shipped
from tests.storage.intake.test_imports import ACME, Intake
from tests.storage.payments.test_offers import City

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)
RETURNS = "tax_id,name,tax,period,due,status,filed_on,declared,paid,paid_on,corrected,corrected_on"
DEBTS = "tax_id,name,uf,tax,inscription,period,due,amount,situation"


class Returns(Intake):
    def filed(
        self,
        declared: str = "1000.00",
        money: str = ",,,",
        due: str = "2026-10-09",
        period: str = "2026-09",
        day: int = 0,
    ) -> Any:
        row = f"{ACME},ACME,ICMS,{period},{due},filed,{due},{declared},{money}"
        merge = partial(import_filings, now=NOON + timedelta(days=day))
        return self._take(RETURNS, (row,), filing_reader, merge)

    def listed(self, *rows: str, day: int = 1) -> Any:
        return self.debts(*rows, header=DEBTS, now=NOON + timedelta(days=day))

    def owed_now(self) -> list[tuple[Any, ...]]:
        return self.ask("SELECT inscription, declared, amount, balance FROM debts ORDER BY inscription")

    def opens(self) -> None:
        assert City(self.engine, self.file.parent).starts(ruler=ICMS, on=NOON.date()) == 1

    def pays(self, amount: str, on: datetime = NOON) -> None:
        [(txid,)] = self.ask("SELECT pix_txid FROM debts")
        paid = PixPayment(f"E{0:031}", txid, Decimal(amount), on)
        record_pix(self.engine, [paid], on)


@pytest.fixture
def returns(engine: Engine, tmp_path: Path) -> Returns:
    return Returns(engine, tmp_path)


def entries(returns: Returns, ruler: str = ICMS) -> list[tuple[str, int]]:
    cells = foresee(returns.engine, shipped(ruler), Selection(), date(2026, 11, 20))["cells"]
    return [(cell["hypothesis"], cell["cases"]) for cell in cells]


def listed_as(inscription: str = "AL1", amount: str = "1000.00", period: str = "2026-09", situation: str = "") -> str:
    return f"{ACME},ACME,AL,ICMS,{inscription},{period},2026-10-09,{amount},{situation}"


def test_what_is_declared_and_unpaid_opens_a_case_with_a_code_to_pay_it_by(returns: Returns) -> None:
    told = returns.filed()
    assert told.debts == 1
    [(inscription, declared, amount, balance)] = returns.owed_now()
    assert (inscription.startswith("DECLARADO-2026-09-N"), declared, amount, balance) == (True, True, 1000, 1000)
    assert returns.ask("SELECT period, due, kind, registered_on, litigation FROM debts") == [
        ("2026-09", date(2026, 10, 9), "tax", None, False)
    ]
    assert entries(returns) == [("h1", 1)]
    assert foresee(returns.engine, shipped(ICMS), Selection(), date(2026, 11, 20))["declared_without_debt"] == 0


def test_it_is_no_registered_debt(returns: Returns) -> None:
    returns.filed()
    assert entries(returns, REGISTERED) == []


@pytest.mark.parametrize(
    ("declared", "money", "left"),
    [
        ("1000.00", "400.00,2026-10-09,,", [600]),
        ("1000.00", "1000.00,2026-11-03,,", []),
        # beyond what was declared: the taxpayer's (CTN art. 165)
        ("1000.00", "1500.00,2026-10-09,,", []),
        ("1000.00", "1000.00,2026-10-08,1500.00,2026-11-02", [500]),
        ("1000.00", ",,800.00,2026-11-02", [800]),
        ("1000.00", ",,0.00,2026-11-02", []),
        ("0.00", ",,,", []),
    ],
)
def test_what_is_lodged_is_what_the_return_leaves_unpaid(
    returns: Returns, declared: str, money: str, left: list[int]
) -> None:
    returns.filed(declared, money)
    assert [balance for *_, balance in returns.owed_now()] == left


def test_it_counts_from_the_day_after_its_due_date(returns: Returns) -> None:
    returns.filed(due="2026-11-20")
    assert returns.owed_now() == []
    returns.filed(due="2026-11-20", day=1)
    assert [balance for *_, balance in returns.owed_now()] == [1000]


def test_the_same_returns_again_change_nothing(returns: Returns) -> None:
    returns.filed()
    before = returns.everything()
    assert returns.filed(day=40).debts == 0
    assert returns.everything() == before


@pytest.mark.parametrize(("due", "prescribes"), [("2020-10-09", date(2025, 10, 9)), ("2024-02-29", date(2029, 3, 1))])
def test_five_years_run_from_it(returns: Returns, due: str, prescribes: date) -> None:
    returns.filed(due=due, period="2020-01")
    assert returns.ask("SELECT prescribes FROM debts") == [(prescribes,)]


def test_an_extract_that_has_it_makes_it_one_debt(returns: Returns) -> None:
    returns.filed()
    [(debt, txid)] = returns.ask("SELECT id, pix_txid FROM debts")
    returns.opens()
    returns.pays("300.00")
    returns.listed(listed_as())
    assert returns.owed_now() == [("AL1", False, 1000, 700)]
    assert returns.ask("SELECT id, pix_txid FROM debts") == [(debt, txid)]
    assert "extract_changed" in [event for _, event in returns.owed()]
    before = returns.everything()
    returns.listed(listed_as())
    assert returns.everything() == before
    # from now on the extract has the word
    returns.filed("1000.00", "300.00,2026-11-20,,", day=2)
    assert returns.owed_now() == [("AL1", False, 1000, 700)]


def test_an_extract_that_names_no_period_has_it_by_its_due_date(returns: Returns) -> None:
    returns.filed()
    returns.listed(listed_as(period=""))
    assert returns.owed_now() == [("AL1", False, 1000, 1000)]


def test_an_extract_that_may_have_it_under_another_day_holds_it_for_people(returns: Returns) -> None:
    """Registered since, perhaps with others: neither period nor due date tells."""
    returns.filed()
    returns.listed(listed_as(period="").replace("2026-10-09", "2026-11-16"))
    [(held, ground, by)] = returns.held()
    assert (held.startswith("DECLARADO"), ground, by) == (True, "data_under_review", "person")
    returns.filed("500.00", period="2026-08", due="2026-09-09")
    assert len(returns.owed_now()) == 2, "nor is another lodged"
    returns.filed("500.00", period="2026-10", due="2026-11-18", day=3)
    assert len(returns.owed_now()) == 3, "due later than that debt"


def test_an_extract_may_say_that_it_is_paid(returns: Returns) -> None:
    returns.filed()
    returns.listed(listed_as(amount="0.00", situation="Quitada"))
    assert returns.owed_now() == [("AL1", False, 1000, 0)]


@pytest.mark.parametrize(
    "other", [listed_as(period="2026-08").replace("10-09", "09-09"), listed_as().replace("ICMS", "ISS")]
)
def test_another_debt_is_another(returns: Returns, other: str) -> None:
    returns.filed()
    returns.listed(other)
    assert [declared for _, declared, *_ in returns.owed_now()] == [False, True]


def test_what_an_extract_has_is_not_lodged_again(returns: Returns) -> None:
    returns.listed(listed_as(amount="600.00"), day=0)
    returns.filed("1000.00", "400.00,2026-10-09,,")
    returns.filed("1000.00", "400.00,2026-10-09,900.00,2026-11-03")
    assert returns.owed_now() == [("AL1", False, 600, 600)]


@pytest.mark.parametrize(
    ("money", "ground"),
    [("1000.00,2026-11-20,,", "payment"), (",,0.00,2026-11-20", "cancellation")],
)
def test_a_later_return_ends_it_and_may_take_that_back(returns: Returns, money: str, ground: str) -> None:
    returns.filed()
    returns.opens()
    returns.filed("1000.00", money, day=1)
    assert [balance for *_, balance in returns.owed_now()] == [0]
    assert returns.ask("SELECT ground, decided_by, reason FROM extinctions") == [
        (ground, "filings import", "linha 2 das declarações de 21/11/2026")
    ]
    returns.filed(day=2)
    assert [balance for *_, balance in returns.owed_now()] == [1000]


def test_what_was_paid_here_is_not_taken_off_twice(returns: Returns) -> None:
    """By Pix to its code, and then in the return too, which knew of an earlier payment elsewhere."""
    returns.filed("1000.00", "300.00,2026-10-20,,")
    returns.pays("500.00")
    assert [balance for *_, balance in returns.owed_now()] == [200]
    returns.filed("1000.00", "800.00,2026-11-20,,", day=10)
    assert [balance for *_, balance in returns.owed_now()] == [200]
