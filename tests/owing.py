"""A debtor of ICMS, whom a ruler with a table of accrual may be about."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Engine, insert

from models.case.selection import Selection
from models.law.calendar import Clock
from models.money.rates import Rate
from models.payment.pix import PixPayment
from models.ruler.schema import Ruler
from storage.amounts.rates import record_rates
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.case.facts import read_facts
from storage.catalogue import RULERS
from storage.payments.ledger import record_pix
from storage.schema import filings
from tests import factories
from tests.builders import ICMS, bundled
from tests.chance import fresh_key

BY_LAW = """
accrual:
  accrual: test
  title: Teste
  imputation: fine-interest-principal
  fine: [{from: 2000-01-01, source: lei, steps: [{per_day: "0.33", limit: "20"}]}]
  interest: [{from: 2000-01-01, source: lei, INTEREST, month_of_payment: "1"}]
"""
MONTHLY, SERIES = 'per_month: "1"', "series: ufm"
DUE = date(2025, 10, 20)


def by_law(interest: str) -> str:
    """The lines of a ruler's text that say so."""
    return BY_LAW.replace("INTEREST", interest)


@lru_cache
def source(interest: str = MONTHLY, more: str = "") -> str:
    return str(RULERS.read(ICMS)[1]) + by_law(interest) + more


@lru_cache
def ruler(interest: str = MONTHLY, more: str = "") -> Ruler:
    return bundled(source(interest, more)).ruler


@dataclass(frozen=True)
class Debtor:
    """A taxpayer with one debt of ICMS of 1,000.00, due on 20/10/2025, and who may be on a ruler."""

    engine: Engine
    taxpayer: int
    debt: str
    txid: str

    def pays(self, amount: str, on: date, txid: str | None = None) -> None:
        record_pix(
            self.engine, [PixPayment(f"E{fresh_key()[:31]}", txid or self.txid, Decimal(amount), noon(on))], noon(on)
        )

    def owes(self, on: date, interest: str = MONTHLY) -> Decimal:
        pair = (self.taxpayer, "ICMS")
        with self.engine.connect() as connection:
            return read_facts(connection, ruler(interest), [pair], on)[pair].balance

    def on_ruler(self, on: date, interest: str = MONTHLY, more: str = "") -> str:
        """Her case, opened that day."""
        clock = Clock(
            day_seconds=Decimal(86_400),
            origin_wall=datetime.combine(on, time(8), UTC),
            origin_day=on,
            timezone="UTC",
            notices_at=time(9),
        )
        with self.engine.begin() as connection:
            frozen = pin_ruler(connection, ruler(interest, more), source(interest, more), 2024)
        cohort = create_cohort(self.engine, Cohort(f"c-{self.taxpayer}", frozen, Selection(), clock, "ana"))
        opened = {"tax": "ICMS", "opened_at": datetime.combine(on, time(9), UTC)}
        with self.engine.begin() as connection:
            return factories.case(connection, self.taxpayer, cohort.name, on, **opened)


def debtor(engine: Engine, amount: str = "1000.00", due: date = DUE, tax_id: str = "11222333000181") -> Debtor:
    with engine.begin() as connection:
        taxpayer = factories.taxpayer(connection, tax_id=tax_id)
        made = factories.debt(connection, taxpayer, tax="ICMS", period="2025-09", due=due, amount=Decimal(amount))
        returned = {"period": "2025-09", "due": due, "status": "filed", "declared": Decimal(amount)}
        connection.execute(insert(filings).values(taxpayer=taxpayer, tax="ICMS", **returned))
    return Debtor(engine, taxpayer, made.id, made.pix_txid)


def load(engine: Engine, *percents: str) -> None:
    """Selic from October 2025 on."""
    months = [date(2025 + (9 + n) // 12, (9 + n) % 12 + 1, 1) for n in range(len(percents))]
    with engine.begin() as connection:
        rates = [Rate(month, Decimal(percent)) for month, percent in zip(months, percents, strict=True)]
        record_rates(connection, "ufm", rates)


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)
