"""Workflows of a former build are ended and started anew from the record: nothing is sent twice, nothing forgotten."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.events import HistoryRetired
from tests.builders import FACTS, REGISTERED, inscribed
from tests.workflows.test_agreements import BH, signed
from tests.workflows.test_due_process import is_held, is_released
from tests.workflows.test_recovery import run_of
from tests.workflows.town import Life, Town, result_of, skipping_time, until


async def is_retired(life: Life) -> None:
    """The way an upgrade asks for it, and a relay that crashed may repeat it."""
    former = await run_of(life)
    for _ in range(2):
        life.is_told(HistoryRetired())
        await life.told()
    assert await run_of(life) != former


async def test_a_waiting_case_keeps_its_day_and_its_path(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    due, path = life.next_on, life.path
    await is_retired(life)
    assert (life.next_on, life.path, life.status) == (due, path, "running")
    await life.climbs(2)
    assert len(set(life.path)) == len(life.path) == 2


async def test_a_case_on_hold_stays_so_until_it_is_released(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await is_held(life)
    await is_retired(life)
    await life.passes(60)
    assert (life.status, len(life.path)) == ("on_hold", 1)
    await is_released(life)
    await life.climbs(2)


async def test_an_approval_that_is_awaited_can_be_given(town: Town) -> None:
    life = await town.begin_one(FACTS["h8"])
    await life.reaches("awaiting_approval")
    asked = life.journal.count("approval_asked")
    await is_retired(life)
    assert (life.status, life.journal.count("approval_asked")) == ("awaiting_approval", asked)
    assert await life.command("approve") == "benefits_suspended"
    assert life.suspended_benefits == 1


@pytest.fixture
async def town_apart(database: str, engine: Engine, tmp_path: Path) -> AsyncIterator[Town]:
    """A town with a server of its own: the one that skips time breaks down some time after an agreement was ended."""
    async with skipping_time() as env:
        town = Town(env, database, engine, tmp_path)
        async with town.at_work():
            yield town


async def test_an_agreement_goes_on_with_the_instalments_that_are_left(town_apart: Town) -> None:
    [life] = await town_apart.begin(inscribed(), ruler=REGISTERED)
    await life.climbs(1)
    agreement = await signed(life, BH, 2)
    await agreement.pays(1)
    await life.reaches("on_hold")
    written = agreement.messages
    former = (await agreement.handle.describe()).run_id
    await is_retired(life)
    life.is_told(HistoryRetired(agreement=agreement.id))
    await until(
        lambda: life.rows('SELECT count(*) FROM outbox WHERE delivered_at IS NULL AND "case" = :case') == [(0,)]
    )
    assert (await agreement.handle.describe()).run_id != former
    assert agreement.messages == written
    await agreement.pays(2)
    assert await life.ends() == "resolved"
    assert await result_of(agreement.handle) == "completed"
