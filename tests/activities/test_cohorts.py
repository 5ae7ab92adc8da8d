"""A cohort's start whose worker dies on the way ends as one that nothing disturbed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import Engine, insert, text
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.cohorts import CohortActivities
from models.calendar import Clock
from models.position import Position
from storage import cohorts
from storage.cohorts import Cohort, Selection, found_cohort, pin_ruler
from storage.schema import cases, debtors, debts, taxpayers
from storage.shelf import RULERS
from tests.builders import REGISTERED, shipped
from workflows.effects import Intake, StartCursor
from workflows.names import case_workflow_id

PAGE, PEOPLE = 3, 8
DAY = date(2026, 11, 3)


class WorkerDied(Exception):
    pass


class Temporal:
    """Starts workflows, until the worker that asks for it dies."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.dies_after = dies_after
        self.started: list[str] = []

    async def start_workflow(self, *_: Any, id: str, **__: Any) -> None:
        if len(self.started) == self.dies_after:
            raise WorkerDied
        self.started.append(id)


@pytest.fixture
def cohort(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of eight, one of whom another cohort has already."""
    monkeypatch.setattr(cohorts, "PAGE", PAGE)
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=datetime.now(UTC), origin_day=DAY, timezone="America/Maceio")
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
        for n in range(PEOPLE):
            person = {"key": f"{n}", "tax_id": "11222333000181", "name": "Padaria", "is_company": True}
            who = connection.execute(insert(taxpayers).values(person).returning(taxpayers.c.id)).scalar_one()
            debt = {"tax": "IPTU", "inscription": f"{n}", "due": date(2026, 10, 9), "amount": Decimal(1000)}
            made = connection.execute(insert(debts).values(debt).returning(debts.c.id)).scalar_one()
            connection.execute(insert(debtors).values(debt=made, taxpayer=who))
    for name in ("other", "iptu"):
        found_cohort(engine, Cohort(name, frozen, Selection(), clock, "ana"))
    position = Position.at_start(DAY).model_dump(mode="json")
    with engine.begin() as connection:
        connection.execute(insert(cases).values(taxpayer=who, tax="IPTU", cohort="other", position=position))
    return "iptu"


async def attempt(engine: Engine, cohort: str, temporal: Temporal, beats: list[Any]) -> StartCursor:
    """One attempt of the activity, from the last heartbeat of the one before; its own are added to `beats`."""
    world = ActivityEnvironment()
    world.info = replace(world.info, heartbeat_details=beats[-1:], started_time=datetime.now(UTC))
    world.on_heartbeat = beats.append
    done: StartCursor = await world.run(
        CohortActivities(engine, cast(Client, temporal)).start_cases, Intake(cohort=cohort)
    )
    return done


@pytest.mark.parametrize("dies_after", range(PEOPLE - 1))
async def test_the_next_worker_leaves_nobody_out(engine: Engine, cohort: str, dies_after: int) -> None:
    beats: list[Any] = []
    dying, living = Temporal(dies_after), Temporal()
    with pytest.raises(WorkerDied):
        await attempt(engine, cohort, dying, beats)
    done = await attempt(engine, cohort, living, beats)
    assert (done.seen, done.started, done.already_open) == (PEOPLE, PEOPLE - 1, 1)
    with engine.connect() as connection:
        ours = connection.scalars(text("SELECT id FROM cases WHERE cohort = 'iptu'")).all()
    assert len(ours) == PEOPLE - 1
    assert {*dying.started, *living.started} == {case_workflow_id(case) for case in ours}


async def test_what_was_begun_by_a_command_that_died_is_begun_again(engine: Engine, cohort: str) -> None:
    beats: list[Any] = []
    first = await attempt(engine, cohort, Temporal(), beats)
    assert [cursor.seen for cursor in beats] == [PAGE, 2 * PAGE, PEOPLE]
    again = Temporal()
    assert await attempt(engine, cohort, again, []) == first
    assert len(again.started) == PEOPLE - 1
