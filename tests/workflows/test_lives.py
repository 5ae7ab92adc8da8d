"""Whole lives: real workflows, worker, relay and PostgreSQL, on a server that skips the time between the steps."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import SearchAttributeKey

from models.errors import Refusal
from models.events import Event, ExtractChanged, HardshipDeclared, PaymentReceived, ReturnFiled
from models.law.calendar import Unit, Wait
from models.money.rates import Rate
from operations.cases import approve_suspension, pause_case
from operations.operation import Credentials
from storage.amounts.rates import record_rates
from storage.payments.ledger import record_pix
from storage.read_models.case_file import case_file
from tests.builders import (
    FACTS,
    ICMS,
    REGISTERED,
    calendar_of,
    cells_from,
    debt,
    filing,
    inscribed,
    shipped,
    unpaid,
)
from tests.owing import by_law
from tests.workflows.town import FIRST_DAY, REAL_DAY, Life, Town, cutting_histories, keep_histories, runs_of, until


async def test_every_hypothesis_climbs_rung_by_rung_to_the_suspension(town: Town) -> None:
    lives = dict(zip(FACTS, await town.begin(*FACTS.values()), strict=True))
    for row, life in lives.items():
        await life.reaches("awaiting_approval")
        assert life.suspended_benefits == 0
        assert await life.command("approve") == "benefits_suspended"
        await life.climbs(len(cells_from(shipped(ICMS), row)))
    assert {row: life.path for row, life in lives.items()} == {row: cells_from(shipped(ICMS), row) for row in FACTS}
    assert {life.suspended_benefits for life in lives.values()} == {1}


async def test_registered_debt_climbs_to_referral(town: Town) -> None:
    life = await town.begin_one(inscribed(), ruler=REGISTERED)
    await life.reaches("awaiting_prior_steps")
    await life.is_ready_for_court()
    await life.reaches("referred")
    assert life.path == cells_from(shipped(REGISTERED), "h1")


async def test_a_payment_resolves_at_once_and_no_notice_follows(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(2)
    day = await life.today()
    await life.pays("1000.00")
    assert await life.ends() == "resolved"
    assert await life.today() == day
    await life.passes(60)
    assert (life.status, len(life.path)) == ("resolved", 2)


async def test_a_referred_case_that_pays_resolves(town: Town) -> None:
    life = await town.begin_one(inscribed(), ruler=REGISTERED)
    await life.reaches("awaiting_prior_steps")
    await life.is_ready_for_court()
    await life.reaches("referred")
    await life.pays_everything()
    assert await life.ends() == "resolved"


async def test_a_payment_before_the_workflow_starts_is_not_lost(town: Town) -> None:
    [life] = await town.begin(FACTS["h1"], start=False)
    await life.pays("1000.00")
    await life.told()
    assert await life.ends() == "resolved"
    assert life.path == []


async def test_a_payment_told_again_and_again_counts_once(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await life.pays("100.00")
    await life.told()
    before = (life.next_on, life.path, life.journal)
    record_pix(town.engine, life.paid, await town.env.get_current_time())
    for _ in range(3):
        life.is_told(PaymentReceived(payment=1, amount=Decimal("100.00"), on=await life.today()))
        await life.told()
    assert (life.next_on, life.path, life.journal) == before
    assert life.rows("SELECT received FROM debts JOIN debtors ON debtors.debt = debts.id WHERE taxpayer = :who") == [
        (Decimal("100.00"),)
    ]


async def test_a_reversal_opens_a_resolved_case_again_where_it_stood(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(2)
    await life.pays("1000.00")
    assert await life.ends() == "resolved"
    await life.has_its_last_payment_reversed()
    await life.told()
    assert life.status == "running"
    await life.climbs(3)
    assert life.path == [("h1", "reminder"), ("h1", "alert"), ("h1", "warning")]


async def test_a_return_filed_unpaid_goes_on_in_the_row_of_the_unpaid(town: Town) -> None:
    life = await town.begin_one(FACTS["h3"])
    await life.climbs(3)
    town.put_filing(life.taxpayer, "ICMS", filing(status="late", filed_on=await life.today()))
    town.add_debt(life.taxpayer, "ICMS", debt())
    life.is_told(ReturnFiled(tax="ICMS", period="2026-09"))
    await life.told()
    await life.climbs(4)
    assert life.path == [("h3", "reminder"), ("h3", "alert"), ("h3", "warning"), ("h1", "warning")]


async def test_hardship_moves_h1_to_h2_once(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await life.declares_hardship()
    await life.told()
    life.is_told(HardshipDeclared(by="Ana", on=await life.today()))
    await life.told()
    await life.climbs(4)
    assert life.path == [("h1", "reminder"), *cells_from(shipped(ICMS), "h2")[:3]]
    assert life.journal.count("hardship") == 1


async def test_a_pause_leaves_the_remaining_wait(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await life.passes(1)
    due = life.next_on
    assert await life.command("pause") == "paused"
    await life.passes(40)
    assert (life.status, life.next_on, len(life.path)) == ("paused", None, 1)
    assert await life.command("resume") == "running"
    assert (due, life.next_on) == (
        date(2026, 11, 10),
        calendar_of(ICMS).after(await life.today(), Wait(days=3, unit=Unit.BUSINESS)),
    )


async def awaiting_approval(town: Town) -> Life:
    life = await town.begin_one(FACTS["h8"])
    await life.reaches("awaiting_approval")
    return life


async def test_a_rejected_suspension_is_asked_for_again_after_the_wait_and_may_be_approved(town: Town) -> None:
    life = await awaiting_approval(town)
    assert await life.command("reject") == "running"
    gate = shipped(ICMS).gate
    assert gate
    assert life.next_on == calendar_of(ICMS).after(await life.today(), gate.ask_again)
    assert life.suspended_benefits == 0
    await life.reaches("awaiting_approval")
    assert await life.command("approve") == "benefits_suspended"
    assert life.suspended_benefits == 1
    assert life.journal.count("approval_asked") == 2


@pytest.mark.parametrize("name", ["approve", "reject"])
async def test_nothing_is_approved_or_rejected_that_was_not_asked(town: Town, name: str) -> None:
    life = await town.begin_one(FACTS["h1"])
    with pytest.raises(Refusal, match="not awaiting approval"):
        await life.command(name)


async def test_who_answers_must_sign_and_explain(town: Town) -> None:
    life = await awaiting_approval(town)
    for empty, named in (({"by": " "}, "say who asks"), ({"reason": ""}, "say why")):
        for name in ("approve", "reject"):
            with pytest.raises(Refusal, match=named):
                await life.command(name, **empty)
    assert life.status == "awaiting_approval"


async def test_only_a_paused_case_is_resumed_and_only_a_running_one_paused(town: Town) -> None:
    running, suspended = await town.begin_one(FACTS["h1"]), await awaiting_approval(town)
    await suspended.command("approve")
    for life, name in ((running, "resume"), (suspended, "pause")):
        with pytest.raises(Refusal):
            await life.command(name)


async def test_a_case_on_hold_is_paused_and_resumed_there(town: Town) -> None:
    """Casebook L25: each block is its own fact, the status is the first of them."""
    life = await town.begin_one(([debt("2026-09", "1000.00", "deposit")], [filing()]))
    assert await life.command("pause") == "on_hold"
    with town.engine.connect() as connection:
        blocks = case_file(connection, life.case, reveal=False)["blocks"]
    assert [(block["kind"], block["since"], block["until"]) for block in blocks] == [
        ("on_hold", FIRST_DAY, None),
        ("paused", FIRST_DAY, None),
    ]
    assert [set(block) for block in blocks] == [{"kind", "since", "until", "reason"}] * 2
    with pytest.raises(Refusal, match="the case is paused already"):
        await life.command("pause", by="Bia")
    assert await life.command("resume") == "on_hold"
    assert life.get("blocks -> 1") is None


async def test_a_case_that_awaits_the_steps_before_court_is_paused_and_resumed(town: Town) -> None:
    life = await town.begin_one(inscribed(), ruler=REGISTERED)
    await life.reaches("awaiting_prior_steps")
    assert await life.command("pause") == "paused"
    assert [block["kind"] for block in life.get("blocks")] == ["paused", "awaiting_prior_steps"]
    assert await life.command("resume") == "awaiting_prior_steps"


async def test_a_pause_overtaken_by_the_suspension_changes_nothing(town: Town) -> None:
    """Asked while the suspension was being carried out, before its workflow could know."""
    life = await awaiting_approval(town)
    await life.command("approve")
    await life.climbs(3)
    now = await town.env.get_current_time()
    with pytest.raises(Refusal, match="nothing to pause"):
        await asyncio.to_thread(pause_case, town.engine, Credentials("Ana"), life.case, now)
    assert (life.status, life.get("paused_by")) == ("benefits_suspended", None)


async def test_nobody_acts_by_a_message_alone(town: Town) -> None:
    """A caller who reaches Temporal's port may say what he likes: an act that is not on record, or another case's, is
    none."""
    life, other = await awaiting_approval(town), await town.begin_one(FACTS["h1"])
    await other.command("pause")
    before = (life.journal, life.get("state"))
    [(foreign,)] = other.rows('SELECT id FROM acts WHERE "case" = :case')
    for act in (foreign, foreign + 1, -1):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await life.handle.execute_update("acted", act)
        assert f"no act {act} of case {life.case} is on record" in str(refused.value.cause)
    for former in ("approve", "reject", "pause", "resume"):
        with pytest.raises(WorkflowUpdateFailedError):
            await life.handle.execute_update(former, {"by": "Bia", "role": "supervisor", "reason": "x"})
    assert (life.journal, life.get("state")) == before
    assert await life.command("approve") == "benefits_suspended"


async def test_an_act_that_nobody_told_of_is_heard_from_the_record(town: Town) -> None:
    life = await awaiting_approval(town)
    now = await town.env.get_current_time()
    acted = await asyncio.to_thread(
        approve_suspension, town.engine, Credentials("Ana"), life.case, "", "conferido", now
    )
    assert acted.status == "awaiting_approval"
    await until(lambda: life.status == "benefits_suspended")
    assert life.rows('SELECT kind, who, role, reason FROM acts WHERE "case" = :case') == [
        ("approve", "Ana", None, "conferido")
    ]


async def test_suspended_and_paid_gives_the_benefits_back_and_resolves(town: Town) -> None:
    life = await awaiting_approval(town)
    await life.command("approve")
    await life.climbs(3)
    await life.pays_everything()
    await life.reaches("resolved")
    assert await life.ends() == "resolved"
    assert life.suspended_benefits == 0
    # the receipt of the payment goes its own way
    told = [kind for kind in life.journal if kind != "communication"]
    assert told[-4:] == ["reinstated", "notice", "notice", "resolved"]
    word = life.rows("""SELECT channel, subject FROM notices WHERE "case" = :case AND kind = 'reinstatement'""")
    assert {channel for channel, _ in word} == {"domicile", "email"}
    assert all(subject.startswith("Benefícios fiscais restabelecidos") for _, subject in word)


async def test_a_payment_while_approval_is_awaited_resolves_without_suspending(town: Town) -> None:
    life = await awaiting_approval(town)
    await life.pays_everything()
    assert await life.ends() == "resolved"
    assert "suspended" not in life.journal


async def test_cancelling_gives_the_benefits_back(town: Town) -> None:
    life = await awaiting_approval(town)
    await life.command("approve")
    await life.has_its_cohort_cancelled()
    assert await life.ends() == "cancelled"
    assert (life.status, life.suspended_benefits) == ("cancelled", 0)


async def test_a_rung_of_three_channels_makes_three_notices_of_one_date(town: Town) -> None:
    life = await town.begin_one(FACTS["h8"])
    await life.climbs(2)
    sent = life.rows('SELECT id, channel, at FROM notices WHERE "case" = :case AND step = 1 ORDER BY channel')
    assert [channel for _, channel, _ in sent] == ["domicile", "email", "sms"]
    assert len({at for _, _, at in sent}) == 1
    files = [f"{notice}.{'eml' if channel == 'email' else 'txt'}" for notice, channel, _ in sent]
    assert all((town.outbox / file).exists() for file in files)


async def test_the_web_ui_shows_where_a_case_stands(town: Town) -> None:
    life = await town.begin_one(FACTS["h2"])
    await life.climbs(1)
    seen = (await life.handle.describe()).typed_search_attributes
    shown = {name: seen.get(SearchAttributeKey.for_keyword(name)) for name in ("Hypothesis", "Stage", "CaseStatus")}
    assert shown == {"Hypothesis": "h2", "Stage": "alert", "CaseStatus": "running"}
    ahead = await life.handle.query("plan")
    assert ahead[0]["what"].startswith("H2 · warning")


@pytest.mark.parametrize("channels", ["[domicile, email, sms]", "[domicile, email]"])
async def test_on_a_real_clock_each_formal_notice_blocks_until_it_is_served(town: Town, channels: str) -> None:
    month_before_last = (await town.env.get_current_time()).date().replace(day=1) - timedelta(days=45)
    facts = unpaid(4, "4000000.00", last=f"{month_before_last:%Y-%m}")
    life = await town.begin_one(facts, day_seconds=REAL_DAY, channels=channels)
    for notices_sent in (1, 2):
        await life.climbs(notices_sent)
        await life.passes(3)
        assert life.next_on is None
        await life.passes(70)
        assert (life.status, len(life.path)) == ("running", notices_sent)
        await life.is_served()
        await life.told()
        assert life.next_on
    await life.reaches("awaiting_approval")


async def test_nothing_said_while_a_history_is_cut_is_lost(database: str, engine: Engine, tmp_path: Path) -> None:
    """Signals rain on lives whose histories are cut every forty events."""
    async with cutting_histories(40) as env:
        town = Town(env, database, engine, tmp_path)
        async with town.at_work():
            lives = await town.begin(*[FACTS["h1"]] * 4, day_seconds=Decimal(2))
            await asyncio.gather(*(rain(life, hardship_at=5 + 13 * n) for n, life in enumerate(lives)))
            for life in lives:
                # a payment ends it at once, however much of the rain it has yet to look at
                async with asyncio.timeout(60):
                    while len(await runs_of(env.client, life.handle.id)) == 1:  # noqa: ASYNC110 - the server cuts it
                        await asyncio.sleep(0.05)
                await life.pays_everything()
                assert await life.ends() == "resolved"
                assert life.journal.count("hardship") == 1
            await keep_histories(town, "continuation")


async def rain(life: Life, hardship_at: int, drops: int = 60) -> None:
    for drop in range(drops):
        event: Event = ExtractChanged()
        if drop == hardship_at:
            event = await life.declares_hardship()
        await life.handle.signal(event.signal(), event)


async def test_a_case_waits_for_the_rate_that_says_what_is_owed_and_goes_on_by_itself(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"], accrual=by_law("series: late-series"))
    # from December on November's rate is needed
    await life.reaches("amount_unknown")
    assert (await life.today()).month == 12
    made = len(life.path)
    await life.passes(10)
    assert (life.status, len(life.path)) == ("amount_unknown", made)
    with town.engine.begin() as connection:
        record_rates(connection, "late-series", [Rate(date(2026, 11, 1), Decimal("1.05"))])
    await life.climbs(made + 1)
    assert (await life.today()).month == 12
    # 20 % since the 61st day, or 0.33 % a day before; November and the month of payment
    late = min(Decimal("0.33") * (await life.today() - date(2026, 10, 9)).days, Decimal(20))
    await life.pays(str(Decimal("1020.50") + 10 * late))
    assert await life.ends() == "resolved"
