"""Agreements on a real clock, on record only: signed, paid and taken back on given days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert, select, text

from models.case.selection import Selection
from models.errors import Refusal
from models.law.calendar import Clock
from models.payment.pix import PixPayment, PixRefund
from models.roles import Actor
from models.ruler.check import read_ruler
from storage import schema
from storage.agreement.agreements import AgreementRecord, agreement_transaction
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.catalogue import RULERS
from storage.payments.ledger import record_pix
from storage.payments.statement import reconcile
from tests import factories
from tests.builders import REGISTERED
from tests.chance import fresh_key

ANA = Actor("Ana")
BH, SP = "belo-horizonte", "sao-paulo"
OPENED = date(2026, 1, 2)


def at(day: date) -> datetime:
    """Noon in São Paulo."""
    return datetime.combine(day, time(15), UTC)


@dataclass
class Contract:
    """One taxpayer's case with debts of these amounts, and the agreement signed on it."""

    engine: Engine
    case: str
    taxpayer: int
    debts: list[str]
    agreement: str = ""

    def rows(self, query: str, **more: Any) -> list[tuple[Any, ...]]:
        asked = {"case": self.case, "agreement": self.agreement, "taxpayer": self.taxpayer, **more}
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), asked)]

    def get(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def sign(self, policy: str, count: int, on: date, via: Any = "command", **wanted: Any) -> str:
        agreed, _ = sign(self.engine, self.case, load_policy(policy), SigningRequest(count, **wanted), ANA, via, at(on))
        self.agreement = agreed.id
        return agreed.id

    def refused(self, policy: str, count: int, on: date, **wanted: Any) -> str:
        before = self.rows("SELECT count(*) FROM agreements") + self.rows("SELECT count(*) FROM outbox")
        try:
            self.sign(policy, count, on, **wanted)
        except Refusal as refusal:
            assert self.rows("SELECT count(*) FROM agreements") + self.rows("SELECT count(*) FROM outbox") == before
            return str(refusal)
        raise AssertionError("it was signed")

    def pay(self, n: int, on: date, amount: str | None = None, reported: date | None = None) -> PixPayment:
        """The instalment `n`, what is left of it unless said otherwise."""
        asked = "SELECT pix_txid, amount + interest - credited FROM instalments"
        row = self.rows(f"{asked} WHERE agreement = :agreement AND n = :n", n=n)[0]
        return self._pay(row[0], Decimal(amount) if amount else row[1], on, reported)

    def pay_debt(self, which: int, on: date, amount: str) -> PixPayment:
        txid = self.rows("SELECT pix_txid FROM debts WHERE id = :debt", debt=self.debts[which])[0][0]
        return self._pay(txid, Decimal(amount), on)

    def _pay(self, txid: str, amount: Decimal, on: date, reported: date | None = None) -> PixPayment:
        payment = PixPayment(f"E{fresh_key()[:31]}", txid, amount, at(on))
        record_pix(self.engine, [payment], at(reported or on))
        return payment

    def give_back(self, payment: PixPayment, on: date, amount: str | None = None) -> None:
        refund = PixRefund(f"D{fresh_key()[:8]}", Decimal(amount) if amount else payment.amount, at(on))
        again = PixPayment(payment.end_to_end_id, payment.txid, payment.amount, payment.paid_at, (refund,))
        record_pix(self.engine, [again], at(on))

    def look(self, on: date) -> AgreementRecord:
        """As its workflow does on that day."""
        with agreement_transaction(self.engine, self.agreement, at(on)) as tx:
            return tx.agreed

    @property
    def state(self) -> str:
        return str(self.get("SELECT state FROM agreements WHERE id = :agreement"))

    @property
    def received(self) -> list[str]:
        return [str(self.rows("SELECT received FROM debts WHERE id = :debt", debt=d)[0][0]) for d in self.debts]

    @property
    def balances(self) -> list[str]:
        return [str(self.rows("SELECT balance FROM debts WHERE id = :debt", debt=d)[0][0]) for d in self.debts]

    @property
    def held(self) -> bool:
        query = "SELECT count(*) FROM holds WHERE debt = ANY(:debts) AND ground = 'agreement' AND lifted_at IS NULL"
        count = self.rows(query, debts=self.debts)[0][0]
        assert count in (0, len(self.debts))
        return bool(count)

    @property
    def journal(self) -> list[str]:
        return [row[0] for row in self.rows('SELECT kind FROM decisions WHERE "case" = :case ORDER BY id')]

    @property
    def tasks(self) -> dict[str, date]:
        query = 'SELECT kind, due FROM tasks WHERE "case" = :case AND done_at IS NULL ORDER BY due, kind'
        return dict(self.rows(query))

    def balanced(self) -> bool:
        with self.engine.connect() as connection:
            return reconcile(connection, None).balanced


FINE = """
accrual:
  accrual: multa
  title: Multa de mora
  fine:
    - {from: 2000-01-01, source: lei de exemplo, steps: [{percent: "20"}]}
  interest: []
"""


def contract(
    engine: Engine,
    *amounts: str,
    tax: str = "IPTU",
    accrual: str = "",
    policy: str = SP,
    cohort: str = "iptu",
    **debt: Any,
) -> Contract:
    """`accrual` is a table as a ruler writes it: FINE, or none; `policy` the one that may be signed by link."""
    source = RULERS.read(REGISTERED)[1].replace(f"policy: {SP}", f"policy: {policy}") + accrual
    ruler = read_ruler(source).ruler
    assert ruler is not None
    with engine.begin() as connection:
        frozen = pin_ruler(connection, ruler, source, 2025)
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=at(OPENED), origin_day=OPENED, timezone="America/Sao_Paulo")
    create_cohort(engine, Cohort(cohort, frozen, Selection(), clock, "ana"))
    with engine.begin() as connection:
        who = factories.taxpayer(connection)
        owed = []
        for n, amount in enumerate(amounts):
            row = {"tax": tax, "due": date(2025, 1 + n, 10), "amount": Decimal(amount)}
            owed.append(factories.debt(connection, who, **{**row, **debt}).id)
        case = factories.case(connection, who, cohort, OPENED, tax=tax)
    return Contract(engine, case, who, owed)


def co_debtor(made: Contract) -> Contract:
    """Another taxpayer who owes the same debts, with a case of his own."""
    with made.engine.begin() as connection:
        who = factories.taxpayer(connection, tax_id="11444777000161", name="Sócia")
        for debt in made.debts:
            connection.execute(insert(schema.debtors).values(debt=debt, taxpayer=who))
        theirs = select(schema.cases.c.tax).where(schema.cases.c.id == made.case)
        case = factories.case(connection, who, "iptu", OPENED, tax=connection.execute(theirs).scalar_one())
    return Contract(made.engine, case, who, made.debts)


def days(count: int) -> timedelta:
    return timedelta(days=count)
