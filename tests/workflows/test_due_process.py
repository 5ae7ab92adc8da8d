"""Holds, defences and steps before a suit in whole lives: what people put on record, and what the case makes of it."""

from datetime import date, timedelta
from typing import Any

import pytest

from models.case.facts import StepKind
from models.errors import Refusal
from models.law.grounds import Ground
from storage.law.defences import file_defence, rule_on_defence
from storage.law.holds import place_hold, release_hold
from storage.law.prior_steps import take_prior_step
from tests.builders import FACTS, ICMS, REGISTERED, calendar_of, inscribed
from tests.workflows.town import Life, Town, until


async def is_held(life: Life, ground: Ground = Ground.INJUNCTION, **more: Any) -> None:
    now = await life.town.env.get_current_time()
    place_hold(life.town.engine, life.case, ground, "ana", "processo 7", now, **more)
    await life.told()


async def is_released(life: Life) -> None:
    now = await life.town.env.get_current_time()
    release_hold(life.town.engine, life.case, "ana", "levantado", now)
    await life.told()


async def is_defended(life: Life, reference: str = "D1") -> None:
    now = await life.town.env.get_current_time()
    asked = life.rows("""SELECT at FROM decisions WHERE "case" = :case AND kind = 'approval_asked'""")[0][0]
    file_defence(life.town.engine, life.case, "ana", reference, now, asked - timedelta(days=1))
    await life.told()


def working_days(after: date, to: date) -> int:
    days = (after + timedelta(days=n) for n in range(1, (to - after).days + 1))
    return sum(calendar_of(ICMS).is_working(day) for day in days)


async def test_a_hold_ends_by_itself_and_the_case_goes_on_with_the_remaining_wait(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await life.passes(2)
    due, today = life.next_on, await life.today()
    assert due
    last = today + timedelta(days=27)
    await is_held(life, until=last)
    assert (life.status, life.next_on) == ("on_hold", last + timedelta(days=1))
    await life.reaches("running")
    resumed = life.rows("""SELECT at FROM decisions WHERE "case" = :case AND kind = 'resumed'""")[0][0]
    assert resumed == last + timedelta(days=1)
    assert life.next_on
    assert working_days(resumed, life.next_on) == working_days(today, due) > 0
    assert len(life.path) == 1
    await life.climbs(2)
    assert life.rows("SELECT lifted_by FROM holds JOIN debtors ON debtors.debt = holds.debt WHERE taxpayer = :who") == [
        ("calendar",)
    ]


async def test_benefits_are_given_back_when_all_is_held(town: Town) -> None:
    life = await town.begin_one(FACTS["h8"])
    await life.reaches("awaiting_approval")
    await life.command("approve")
    assert life.suspended_benefits == 1
    await is_held(life)
    await until(lambda: life.suspended_benefits == 0)
    assert life.status == "on_hold"
    await is_released(life)
    assert life.status == "running"


async def test_a_defence_stops_the_suspension_until_it_is_rejected(town: Town) -> None:
    life = await town.begin_one(FACTS["h8"])
    now = await town.env.get_current_time()
    with pytest.raises(Refusal, match="no formal notice was sent"):
        file_defence(town.engine, life.case, "ana", "D1", now)
    await life.reaches("awaiting_approval")
    await is_defended(life)
    assert life.status == "under_defence"
    await life.passes(60)
    assert life.status == "under_defence"
    now = await town.env.get_current_time()
    rule_on_defence(town.engine, life.case, "rejected", "bruno", "sem prova", now)
    await life.told()
    await life.reaches("awaiting_approval")
    assert life.suspended_benefits == 0
    assert await life.command("approve") == "benefits_suspended"


async def test_the_notice_of_cadin_runs_its_thirty_days_before_a_suit(town: Town) -> None:
    life = await town.begin_one(inscribed(), ruler=REGISTERED)
    await life.reaches("awaiting_prior_steps")
    now, on = await town.env.get_current_time(), await life.today()
    kinds: tuple[StepKind, ...] = ("conciliation", "protest", "cadin_notice")
    for kind in kinds:
        take_prior_step(town.engine, life.case, kind, on, "processo 7", "ana", now)
    await life.told()
    await life.reaches("referred")
    assert await life.today() >= on + timedelta(days=30)
