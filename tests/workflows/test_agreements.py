"""Agreements alive: signed, reminded of, broken, resumed and completed, on the server that skips time."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from channels.links import Links
from models.agreement.quote import Pay
from models.payment.pix import PixPayment
from storage.agreement.asked import SigningRequest
from storage.agreement.policy_files import load_policy
from storage.agreement.signing import sign
from storage.audit.invariants import violations
from storage.payments.ledger import record_pix
from tests.agreement_world import ANA
from tests.builders import REGISTERED, inscribed
from tests.chance import fresh_key
from tests.workflows.town import Life, Town, result_of, until
from web.portal.agreeing import agreeing_routes
from workflows.names import agreement_workflow_id

BH, SP = "belo-horizonte", "sao-paulo"


class Agreement:
    """One signed on a life's case."""

    def __init__(self, life: Life, id: str) -> None:
        self.life = life
        self.id = id
        self.handle = life.town.client.get_workflow_handle(agreement_workflow_id(id))

    def get(self, column: str) -> Any:
        return self.life.rows(f"SELECT {column} FROM agreements WHERE id = '{self.id}'")[0][0]

    @property
    def state(self) -> str:
        return str(self.get("state"))

    @property
    def messages(self) -> list[str]:
        """The messages that left, without the agreement's own id."""
        files = self.life.town.outbox.glob(f"{self.id}-*")
        return sorted(file.name.removeprefix(f"{self.id}-") for file in files if file.is_file())

    async def pays(self, n: int, amount: str | None = None) -> PixPayment:
        query = f"SELECT pix_txid, amount - credited FROM instalments WHERE agreement = '{self.id}' AND n = {n}"
        txid, due = self.life.rows(query)[0]
        now = await self.life.town.env.get_current_time()
        payment = PixPayment(f"E{fresh_key()[:31]}", txid, Decimal(amount) if amount else due, now)
        await asyncio.to_thread(record_pix, self.life.town.engine, [payment], now)
        return payment

    async def agreed(self) -> None:
        """Until the relay has delivered all, and the case and the agreement have looked at the record."""
        due = 'SELECT count(*) FROM outbox WHERE "case" = :case AND delivered_at IS NULL'
        await until(lambda: self.life.rows(due)[0][0] == 0)
        await until(lambda: bool(self.get("revision") > 1))

    async def lives_until(self, state: str, days: int = 400) -> None:
        for _ in range(days):
            if await asyncio.to_thread(lambda: self.state) == state:
                return
            await self.life.passes(1)
        raise AssertionError(f"after {days} days the agreement is {self.state}")


async def signed(life: Life, policy: str, count: int, **wanted: Any) -> Agreement:
    now = await life.town.env.get_current_time()
    agreed, _ = await asyncio.to_thread(
        sign, life.town.engine, life.case, load_policy(policy), SigningRequest(count, **wanted), ANA, "command", now
    )
    agreement = Agreement(life, agreed.id)
    life.town.agreements.append(agreed.id)
    await agreement.agreed()
    return agreement


@pytest.fixture
async def life(town: Town) -> Life:
    """A registered debt of a thousand reais, reminded of once."""
    life = await town.begin_one(inscribed(), ruler=REGISTERED)
    await life.climbs(1)
    return life


async def test_a_broken_agreement_resumes_the_ruler_at_its_row_and_rung_with_what_is_left(life: Life) -> None:
    agreement = await signed(life, SP, 4)
    assert life.status == "running"
    await agreement.pays(1)
    await life.reaches("on_hold")
    await agreement.lives_until("broken")
    await agreement.agreed()
    await until(lambda: life.status == "running")
    assert agreement.messages == [
        "02-alert-email.eml",
        "02-alert-voice.txt",
        "02-reminder-email.eml",
        "02-reminder-sms.txt",
        "03-alert-email.eml",
        "03-alert-voice.txt",
        "03-reminder-email.eml",
        "03-reminder-sms.txt",
    ]
    assert (agreement.get("broken_on"), agreement.get("decided_on")) == (date(2027, 1, 29), date(2027, 2, 3))
    await life.climbs(2)
    assert life.path == [("h1", "reminder"), ("h7", "notice")]
    rungs = "SELECT at, body FROM notices WHERE \"case\" = :case AND kind = 'rung' ORDER BY step DESC LIMIT 1"
    sent = life.rows(rungs)[0]
    # a day of the test passes before it looks
    assert date(2027, 2, 3) <= sent[0] <= date(2027, 2, 5)
    assert "750,00" in sent[1]
    cohort = life.get("cohort")
    assert await asyncio.to_thread(violations, life.town.engine, cohort) == []


async def test_all_paid_completes_it_and_the_case_resolves_with_the_discount_remitted(life: Life) -> None:
    agreement = await signed(life, BH, 3, pay=Pay.DIRECT_DEBIT)
    # no day may pass: the first instalment is due today
    await until(lambda: life.status == "on_hold")
    for n in (1, 2, 3):
        await agreement.pays(n)
    # before time passes, to the hours of the receipts and beyond what a call may wait
    await until(lambda: life.status == "resolved")
    assert await life.ends() == "resolved"
    assert await result_of(agreement.handle) == "completed"
    assert life.rows("SELECT received, remitted FROM debts JOIN debtors ON debt = id WHERE taxpayer = :who") == [
        (Decimal("900.00"), Decimal("100.00"))
    ]
    assert len(life.path) == 1
    assert await asyncio.to_thread(violations, life.town.engine, life.get("cohort")) == []


async def test_reminders_come_before_each_due_date_and_not_for_what_is_paid(life: Life) -> None:
    agreement = await signed(life, BH, 3)
    await agreement.pays(2)
    await life.passes(45)
    assert "02-reminder-email.eml" not in agreement.messages
    await life.passes(20)
    assert agreement.messages.count("03-reminder-email.eml") == 1


async def test_an_agreement_signed_before_the_case_has_a_workflow_begins_with_it(town: Town) -> None:
    [life] = await town.begin(inscribed(), ruler=REGISTERED, start=False)
    await signed(life, BH, 2)
    await life.reaches("on_hold")


async def test_the_taxpayer_signs_on_the_page_behind_his_link(life: Life) -> None:
    links, app = Links(["k" * 32], "http://regua"), FastAPI()
    app.include_router(agreeing_routes(life.town.engine, links))
    async with AsyncClient(transport=ASGITransport(app), follow_redirects=True) as http:
        page = links.agree(life.case)
        check = (await http.get(f"{page}/conferir?instalments=3")).text
        deed = check.split('name="deed" value="')[1].split('"')[0]
        answer = await http.post(page, data={"instalments": "3", "accepted": "sim", "deed": deed})
    assert answer.status_code == 200
    assert "Seu parcelamento" in answer.text
    assert answer.text.count("<tr><td>") == 3
    [(agreement, via)] = life.rows('SELECT id, signed_via FROM agreements WHERE "case" = :case')
    assert via == "link"
    life.town.agreements.append(agreement)


async def test_a_message_that_cannot_leave_is_tried_until_it_can_and_the_others_leave(life: Life) -> None:
    agreement = await signed(life, SP, 3)
    await agreement.pays(1)
    in_its_way = life.town.outbox / f"{agreement.id}-02-reminder-email.draft"
    in_its_way.mkdir(parents=True)
    for _ in range(60):
        if "agreement_reminder" in life.journal:
            break
        await life.passes(1)
    await until(lambda: agreement.messages == ["02-reminder-sms.txt"])
    in_its_way.rmdir()
    await life.passes(1)
    await until(lambda: "02-reminder-email.eml" in agreement.messages)
