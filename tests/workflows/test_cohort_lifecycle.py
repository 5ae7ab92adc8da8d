"""Whole cohorts are held, go on and end: the workflows obey and no notice leaves meanwhile."""

import asyncio

import pytest

from models.case.cohort_state import State
from models.errors import Refusal
from storage.case.cohort_lifecycle import change_cohort_state
from tests.builders import FACTS, ICMS, shipped
from tests.workflows.town import Life, Town, until


async def changed_state(town: Town, to: State, reason: str = "") -> None:
    now = await town.env.get_current_time()
    await asyncio.to_thread(change_cohort_state, town.engine, town.cohorts[-1], to, "Ana", reason, now)


async def test_a_paused_cohort_sends_nothing_and_goes_on_with_the_waits_that_were_left(town: Town) -> None:
    one, alone = await town.begin(FACTS["h1"], FACTS["h2"])
    await one.climbs(1)
    await alone.climbs(1)
    await alone.command("pause")
    sent = len(one.path) + len(alone.path)
    await changed_state(town, State.PAUSED)
    await until(lambda: one.status == "paused")
    await one.passes(40)
    assert [life.status for life in (one, alone)] == ["paused", "paused"]
    assert len(one.path) + len(alone.path) == sent
    await changed_state(town, State.RUNNING)
    await until(lambda: one.status == "running")
    assert alone.status == "paused"
    dwell = shipped(ICMS).rung("h1", 0).dwell
    assert dwell
    assert one.next_on is not None
    assert (one.next_on - await one.today()).days <= dwell.days + 4
    await one.climbs(2)


async def test_no_case_goes_on_alone_while_its_cohort_is_paused(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await changed_state(town, State.PAUSED)
    await until(lambda: life.status == "paused")
    with pytest.raises(Refusal, match="the whole cohort is paused; resume it with `cohort resume"):
        await life.command("resume")


async def test_a_cancelled_cohort_gives_the_benefits_back_and_its_workflows_end(town: Town) -> None:
    lives = await town.begin(FACTS["h8"], FACTS["h1"])
    suspended, running = lives
    await suspended.reaches("awaiting_approval")
    await suspended.command("approve")
    await suspended.climbs(3)
    assert suspended.suspended_benefits == 1
    await changed_state(town, State.CANCELLED, "lei nova")
    assert [await life.ends() for life in lives] == ["cancelled", "cancelled"]
    assert [life.status for life in lives] == ["cancelled", "cancelled"]
    assert (suspended.suspended_benefits, running.journal[-1]) == (0, "cancelled")
    assert reason_of(running) == "coorte cancelada por Ana: lei nova"


def reason_of(life: Life) -> str:
    return str(life.rows('SELECT reason FROM decisions WHERE "case" = :case ORDER BY id DESC LIMIT 1')[0][0])


async def test_a_case_that_a_reversal_opens_again_in_a_cancelled_cohort_is_closed_again(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.pays("1000.00")
    await life.ends()
    await changed_state(town, State.CANCELLED, "lei nova")
    await life.has_its_last_payment_reversed()
    await life.reaches("cancelled")
    told = [kind for kind in life.journal if not kind.startswith("communication")]
    assert told[-2:] == ["reopened", "cancelled"]
