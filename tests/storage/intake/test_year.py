"""A year of a source's extracts and of payments, beside a ledger that only adds and subtracts, in SQL."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models.payment.pix import PixPayment
from storage.payments.ledger import record_pix
from tests.chance import examples, fresh_key
from tests.storage.intake.test_imports import ACME, Intake
from tests.storage.intake.test_statements import NOON, OWN

DAYS = 365

NAIVE = """
    CREATE TABLE naive_lodged (debt text PRIMARY KEY, amount numeric);
    CREATE TABLE naive_paid (debt text, amount numeric, paid_on date)
"""

LEFT = text("""
    SELECT amount - coalesce((
        SELECT sum(amount) FROM naive_paid WHERE naive_paid.debt = naive_lodged.debt AND paid_on <= :until), 0)
    FROM naive_lodged WHERE debt = :debt
""")


class Year(Intake):
    """One debt of one source, which books each payment so many days after it was made."""

    def __init__(self, engine: Engine, folder: Path, lag: int) -> None:
        super().__init__(engine, folder)
        self.debt, self.lag = fresh_key(), timedelta(days=lag)

    def lodge(self, amount: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("INSERT INTO naive_lodged VALUES (:debt, :amount)"), {**self.me, "amount": amount})

    @property
    def me(self) -> dict[str, str]:
        return {"debt": self.debt}

    def left(self, until: date) -> Decimal:
        """The rest by a ledger of additions and subtractions."""
        with self.engine.connect() as connection:
            return max(Decimal(connection.execute(LEFT, {**self.me, "until": until}).scalar_one()), Decimal(0))

    def balance(self) -> Decimal:
        with self.engine.connect() as connection:
            asked = text("SELECT balance FROM debts WHERE inscription = :debt")
            return Decimal(connection.execute(asked, self.me).scalar_one())

    def extract(self, now: datetime) -> None:
        """The source says what is left by its own books."""
        left = self.left(now.date() - self.lag)
        self.debts(f"{ACME};ACME;AL;IPTU;{self.debt};2020-10-20;{left}", header=OWN, now=now, amounts="left")

    def pays(self, amount: int, made: datetime) -> None:
        """Somebody pays, and the naive ledger has it at once."""
        with self.engine.begin() as connection:
            paid = {**self.me, "amount": amount, "on": made.date()}
            connection.execute(text("INSERT INTO naive_paid VALUES (:debt, :amount, :on)"), paid)

    def hears(self, amount: int, made: datetime, heard: datetime) -> None:
        """The bank tells us of a payment."""
        with self.engine.connect() as connection:
            [txid] = connection.execute(text("SELECT pix_txid FROM debts WHERE inscription = :debt"), self.me).scalars()
        record_pix(self.engine, [PixPayment(f"E{fresh_key()[:31]}", txid, Decimal(amount), made)], heard)

    def held(self) -> list[str]:  # type: ignore[override]
        with self.engine.connect() as connection:
            asked = text("SELECT ground FROM holds JOIN debts ON debts.id = debt WHERE inscription = :debt")
            return list(connection.execute(asked, self.me).scalars())


@pytest.fixture
def naive(engine: Engine, owner: Engine) -> Iterator[None]:
    with owner.begin() as connection:
        connection.execute(text(NAIVE))
        connection.execute(text("GRANT ALL ON naive_lodged, naive_paid TO PUBLIC"))
    yield
    with owner.begin() as connection:
        connection.execute(text("DROP TABLE naive_lodged, naive_paid"))


days = st.integers(1, DAYS)
extracts = st.sets(days, min_size=4, max_size=12)
LARGE = st.integers(5_000, 9_000)
payments = st.lists(st.tuples(days, st.integers(1, 400)), max_size=12)


@pytest.mark.usefixtures("naive")
@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extracts=extracts, payments=payments, lag=st.integers(0, 3), lodged=st.integers(1_000, 9_000))
def test_what_is_left_is_what_was_lodged_less_what_was_paid_on_every_day_of_a_year(
    engine: Engine,
    tmp_path: Path,
    extracts: set[int],
    payments: list[tuple[int, int]],
    lag: int,
    lodged: int,
) -> None:
    """Payments that we hear of at once, whenever the source books them; nobody is held, nobody pays twice."""
    year = Year(engine, tmp_path, lag)
    year.lodge(lodged)
    year.extract(NOON)
    for day in range(1, DAYS + 1):
        now = NOON + timedelta(days=day)
        for amount in (amount for paid, amount in payments if paid == day and year.left(now.date()) >= amount):
            year.pays(amount, now)
            year.hears(amount, now, now)
        if day in extracts:
            year.extract(now)
        if day in extracts or any(paid == day for paid, _ in payments):
            assert year.balance() == year.left(now.date())
    assert year.held() == []


@pytest.mark.usefixtures("naive")
@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    extracts=extracts,
    payments=payments,
    lag=st.integers(0, 3),
    late=st.integers(0, 20),
    lodged=st.integers(5_000, 9_000),
)
def test_however_late_payments_are_told_the_next_extract_puts_it_right(
    engine: Engine,
    tmp_path: Path,
    extracts: set[int],
    payments: list[tuple[int, int]],
    lag: int,
    late: int,
    lodged: int,
) -> None:
    """Payments that we hear of so many days later than they were made, after the source or before it."""
    year = Year(engine, tmp_path, lag)
    year.lodge(lodged)
    year.extract(NOON)
    for day in range(1, DAYS + late + 1):
        now = NOON + timedelta(days=day)
        for paid, amount in payments:
            if paid == day:
                year.pays(amount, now)
            if paid + late == day:
                year.hears(amount, NOON + timedelta(days=paid), now)
        if day in extracts:
            year.extract(now)
    end = NOON + timedelta(days=DAYS + late + 30)
    year.extract(end)
    assert year.balance() == year.left(end.date())
