"""One taxpayer through two years of random agreements, payments, reversals and breaks, on the server that skips time:
the record against a naive recomputation, day by day and real by real.

One life, in which agreements break and complete; `make fuzz` lives some more.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from models.errors import Refusal
from models.payment.pix import PixPayment, PixRefund
from models.roles import Actor
from storage.agreement.agreements import rescind
from storage.audit.invariants import violations
from storage.catalogue import AGREEMENTS
from storage.payments.ledger import record_pix
from storage.payments.statement import list_payments, reconcile
from tests.builders import REGISTERED, debt
from tests.chance import examples
from tests.models.agreement.test_agreement import policy_of
from tests.workflows.test_agreements import SP, Agreement, signed
from tests.workflows.town import Life, Town, until

LIVES = range(examples(1))
NOTHING = Decimal("0.00")
CALENDAR = policy_of(SP).calendar(2026)


@dataclass
class Payment:
    pix: PixPayment
    on: date
    instalment: int | None
    """None: straight to a debt."""
    back: Decimal = NOTHING

    @property
    def net(self) -> Decimal:
        return self.pix.amount - self.back


@dataclass
class Plan:
    """An agreement as the test knows it: its schedule, and all that was paid since it was signed."""

    agreement: Agreement
    signed_on: date
    schedule: list[tuple[date, Decimal]]
    rescinded_on: date | None = None
    payments: list[Payment] = field(default_factory=list)


def last_banking_day_after(due: date) -> date:
    day = date(due.year + (due.month + 1) // 12, (due.month + 1) % 12 + 1, 1) - timedelta(days=1)
    while not CALENDAR.is_working(day):
        day -= timedelta(days=1)
    return day


def three_banking_days_after(day: date) -> date:
    for _ in range(3):
        day += timedelta(days=1)
        while not CALENDAR.is_working(day):
            day += timedelta(days=1)
    return day


def naive(plan: Plan, today: date) -> tuple[str, list[Decimal]]:
    """Day by day: what comes in, then whether a last day has passed. The state, and what is left of each instalment."""
    left = [amount for _, amount in plan.schedule]
    day, broken = plan.signed_on, None
    while day <= today and broken is None:
        for payment in (each for each in plan.payments if each.on == day):
            rest = payment.net
            if payment.instalment is not None:
                part = min(rest, left[payment.instalment - 1])
                left[payment.instalment - 1] -= part
                rest -= part
            for n in range(len(left)):
                part = min(rest, left[n])
                left[n] -= part
                rest -= part
        missing = [due for (due, _), open_ in zip(plan.schedule, left, strict=True) if open_ > 0]
        if not missing:
            return "completed", left
        if day in (last_banking_day_after(missing[0]), plan.rescinded_on):
            broken = day
        day += timedelta(days=1)
    if broken is None:
        return "active", left
    decided = broken if broken == plan.rescinded_on else three_banking_days_after(broken)
    return ("broken" if decided < today else "active or broken"), left


def bare(folder: Path) -> str:
    """São Paulo's policy without correction, interest and fines: what is paid pays instalments alone."""
    law = 'source: "Lei municipal 1/2026"'
    nothing = {"correction": "by: none", "interest": 'per_month: "0"', "late": "steps: []"}
    plain = "".join(f"    {key}: {{{rule}, {law}}}\n" for key, rule in nothing.items())
    written = AGREEMENTS.read(SP)[1]
    begins, ends = written.index("    correction:"), written.index("    # Parcelas no máximo")
    file = folder / "bare.yaml"
    file.write_text(written[:begins] + plain + written[ends:].replace("*late", f"{{steps: [], {law}}}"))
    return str(file)


@dataclass
class Taxpayer:
    life: Life
    chance: Random
    policy: str
    payments: list[Payment] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    async def acts(self) -> None:
        act = self.chance.choice([self.signs, self.pays, self.pays, self.pays, self.pays_a_debt, self.is_refunded])
        if self.chance.random() < 0.05:
            act = self.gives_up
        await act()

    async def signs(self) -> None:
        try:
            agreement = await signed(self.life, self.policy, self.chance.randint(1, 12))
        except Refusal:
            return
        rows = self.life.rows(f"SELECT due, amount FROM instalments WHERE agreement = '{agreement.id}' ORDER BY n")
        self.plans.append(Plan(agreement, await self.life.today(), [(row[0], row[1]) for row in rows]))

    async def pays(self) -> None:
        if not self.plans:
            return
        plan = self.plans[-1]
        n = self.chance.randint(1, len(plan.schedule))
        missing = [i for i, left in enumerate(naive(plan, await self.life.today())[1], 1) if left > 0]
        if missing and self.chance.random() < 0.8:
            n = missing[0]
        amount = (
            plan.schedule[n - 1][1] if self.chance.random() < 0.7 else Decimal(self.chance.randint(100, 60_000)) / 100
        )
        await self._keep(await plan.agreement.pays(n, str(amount)), n)

    async def pays_a_debt(self) -> None:
        owed = self.life.rows("""SELECT period, balance FROM debts JOIN debtors ON debt = id
                                 WHERE taxpayer = :who AND balance > 0 ORDER BY period""")
        if owed and self.chance.random() < 0.5:
            period, balance = self.chance.choice(owed)
            part = (balance * self.chance.randint(1, 100) / 100).quantize(Decimal("0.01"))
            await self.life.pays(str(max(part, Decimal("0.01"))), period)
            await self._keep(self.life.paid[-1], None)

    async def _keep(self, pix: PixPayment, instalment: int | None) -> None:
        payment = Payment(pix, await self.life.today(), instalment)
        self.payments.append(payment)
        for plan in self.plans if instalment is None else self.plans[-1:]:
            plan.payments.append(payment)

    async def is_refunded(self) -> None:
        whole = [payment for payment in self.payments if payment.net > 0]
        if not whole:
            return
        payment = self.chance.choice(whole)
        amount = payment.net if self.chance.random() < 0.7 else min(payment.net, Decimal("33.33"))
        now = await self.life.town.env.get_current_time()
        refund = PixRefund(f"D{len(self.payments)}{payment.back}", amount, now)
        again = PixPayment(payment.pix.end_to_end_id, payment.pix.txid, payment.pix.amount, now, (refund,))
        await asyncio.to_thread(record_pix, self.life.town.engine, [again], now)
        payment.back += amount

    async def gives_up(self) -> None:
        if self.plans and self.plans[-1].agreement.state == "active":
            plan, now = self.plans[-1], await self.life.town.env.get_current_time()
            await asyncio.to_thread(rescind, self.life.town.engine, plan.agreement.id, Actor("Ana"), "desistência", now)
            plan.rescinded_on = await self.life.today()

    def faults(self, today: date) -> Iterator[str]:
        for plan in self.plans:
            expected, left = naive(plan, today)
            seen, newest = plan.agreement.state, plan is self.plans[-1]
            if seen not in expected and newest:
                yield f"{plan.agreement.id} is {seen}, not {expected}"
            query = (
                f"SELECT amount, credited, paid_on FROM instalments WHERE agreement = '{plan.agreement.id}' ORDER BY n"
            )
            for n, (row, open_) in enumerate(zip(self.life.rows(query), left, strict=True), 1):
                if newest and (row[2] is not None) != (open_ == 0):
                    yield f"instalment {n} is paid on {row[2]}, and {open_} of it is left"
        yield from self.ledger_faults()

    def ledger_faults(self) -> Iterator[str]:
        rows = self.life.rows("""
            SELECT debts.id, debts.amount, received, remitted, balance,
                   coalesce((SELECT sum(allocations.amount) FROM allocations WHERE allocations.debt = debts.id), 0)
            FROM debts JOIN debtors ON debtors.debt = debts.id WHERE taxpayer = :who
        """)
        own = sum(payment.net for payment in self.payments if payment.instalment is None)
        if sum(row[2] for row in rows) != own + sum(row[5] for row in rows):
            yield "the debts' receipts are not their own payments and shares"
        for name, amount, received, remitted, balance, _ in rows:
            if balance != max(amount - received - remitted, NOTHING) or received < 0 or received + remitted > amount:
                yield f"debt {name} of {amount}: received {received}, remitted {remitted}, balance {balance}"
        with self.life.town.engine.connect() as connection:
            mine = {payment.pix.end_to_end_id for payment in self.payments}
            stated = [each for each in list_payments(connection, None) if each["end_to_end_id"] in mine]
            if not reconcile(connection, None).balanced:
                yield "the ledger does not reconcile"
        net = sum(payment.net for payment in self.payments)
        if sum(each["allocated"] + each["excess"] for each in stated) != net:
            yield f"of {net} paid, the statement says otherwise"
        if sum(each["allocated"] for each in stated) != sum(row[2] for row in rows):
            yield "what was allocated is not what the debts received"


@pytest.mark.hypothesis
@pytest.mark.parametrize("nth", LIVES)
async def test_two_years_of_agreements_leave_an_exact_ledger(town: Town, tmp_path: Path, seed: int, nth: int) -> None:
    chance = Random(seed + nth)
    owed = [debt(f"2026-0{n}", f"{chance.randint(200, 3000)}.{chance.randint(0, 99):02}") for n in (7, 8, 9)]
    life = await town.begin_one((owed, []), ruler=REGISTERED)
    taxpayer = Taxpayer(life, chance, bare(tmp_path))
    undelivered = text("SELECT count(*) FROM outbox WHERE delivered_at IS NULL")

    def told() -> bool:
        with town.engine.connect() as connection:
            return bool(connection.execute(undelivered).scalar_one() == 0)

    while (await life.today()) < date(2028, 11, 3):
        await life.passes(chance.randint(3, 35))
        await taxpayer.acts()
        await until(told)
        today = await life.today()
        assert await asyncio.to_thread(list, taxpayer.faults(today)) == [], today
    assert len(taxpayer.payments) > 5
    assert await asyncio.to_thread(violations, town.engine, life.get("cohort")) == []
