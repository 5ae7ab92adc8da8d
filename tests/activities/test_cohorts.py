"""A cohort's start whose worker dies on the way ends as one that nothing disturbed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine, text
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities import cohorts as starting
from activities.cases import CaseActivities
from activities.cohorts import CohortActivities
from activities.dependencies import Dependencies
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from models.case.cohort_state import State
from models.case.selection import Selection
from models.law.calendar import Clock
from storage.case import cohorts
from storage.case.cohort_lifecycle import change_cohort_state
from storage.case.cohorts import Cohort, create_cohort, pin_ruler, read_cohort
from storage.catalogue import RULERS
from tests import factories
from tests.builders import REGISTERED, shipped
from workflows.effects import CaseStart, EvaluationRequest, Intake, StartCursor
from workflows.names import case_workflow_id

PAGE, PEOPLE = 3, 8
DAY = date(2026, 11, 3)


class WorkerDied(Exception):
    pass


class Temporal:
    """Starts workflows, until the worker that asks for it dies."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.dies_after = dies_after
        self.refuses: set[str] = set()
        self.started: list[str] = []
        self.told: dict[str, CaseStart] = {}

    async def start_workflow(self, _: str, told: CaseStart, *, id: str, **__: Any) -> None:
        if len(self.started) == self.dies_after:
            raise WorkerDied
        if id in self.refuses:
            raise RPCError("no", RPCStatusCode.INVALID_ARGUMENT, b"")
        self.started.append(id)
        self.told[told.case] = told


def dependencies_on(engine: Engine) -> Dependencies:
    return Dependencies(engine, MailGateway({}, FileTransport(Path("outbox"))))


@pytest.fixture
def cohort(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """A cohort of eight, one of whom another cohort has already."""
    monkeypatch.setattr(cohorts, "PAGE", PAGE)
    clock = Clock(day_seconds=Decimal(86_400), origin_wall=datetime.now(UTC), origin_day=DAY, timezone="America/Maceio")
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
        for _ in range(PEOPLE):
            who = factories.taxpayer(connection)
            factories.debt(connection, who)
    for name in ("other", "iptu"):
        create_cohort(engine, Cohort(name, frozen, Selection(), clock, "ana"))
    with engine.begin() as connection:
        factories.case(connection, who, "other", DAY)
    return "iptu"


async def attempt(
    engine: Engine, cohort: str, temporal: Temporal, beats: list[Any], cursor: StartCursor | None = None
) -> StartCursor:
    """One attempt of the activity, from the last heartbeat of the one before; its own are added to `beats`."""
    world = ActivityEnvironment()
    world.info = replace(world.info, heartbeat_details=beats[-1:], started_time=datetime.now(UTC))
    world.on_heartbeat = beats.append
    asked = Intake(cohort=cohort, cursor=cursor or StartCursor())
    starting_cases = CohortActivities(dependencies_on(engine), cast(Client, temporal)).start_cases
    done: StartCursor = await world.run(starting_cases, asked)
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
    """Its cursor is lost: whose workflow was not known to run is started again, and no evaluation is lost."""
    dying = Temporal(dies_after=PAGE + 1)
    with pytest.raises(WorkerDied):
        await attempt(engine, cohort, dying, [])
    beats: list[Any] = []
    again = Temporal()
    done = await attempt(engine, cohort, again, beats)
    assert [cursor.seen for cursor in beats] == [PAGE, 2 * PAGE, PEOPLE]
    assert (done.started, len(again.started)) == (PEOPLE - 1, PEOPLE - 1 - PAGE)
    assert all(told.evaluation for told in again.told.values())


async def test_each_workflow_is_given_the_evaluation_it_would_have_made(engine: Engine, cohort: str) -> None:
    temporal = Temporal()
    await attempt(engine, cohort, temporal, [])
    look = CaseActivities(dependencies_on(engine)).evaluate
    assert len(temporal.told) == PEOPLE - 1
    for case, told in temporal.told.items():
        world = ActivityEnvironment()
        world.info = replace(world.info, started_time=datetime.now(UTC))
        taken = world.run(look, EvaluationRequest(case=case))
        assert told.evaluation
        assert (told.evaluation.plan, told.evaluation.next_action.step) == (taken.plan, taken.next_action.step)
        assert told.evaluation.next_action.revision < taken.next_action.revision


async def test_the_evaluation_of_many_is_on_record_and_journalled_once(engine: Engine, cohort: str) -> None:
    await attempt(engine, cohort, Temporal(), [])
    with engine.begin() as connection:
        connection.execute(text("UPDATE cases SET revision = 0"))
    await attempt(engine, cohort, Temporal(), [])
    with engine.connect() as connection:
        kinds = connection.execute(text("SELECT kind, count(*) FROM decisions GROUP BY kind")).tuples().all()
        planned = connection.scalar(text("SELECT count(*) FROM cases WHERE next_step ->> 'action' = 'notify'"))
    assert dict(kinds) == {"classified": PEOPLE - 1}
    assert planned == PEOPLE - 1


async def test_batch_by_batch_everybody_is_started_once_and_what_is_left_is_known(
    engine: Engine, cohort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "BATCH_SECONDS", 0)
    monkeypatch.setattr(starting, "PART_OF_SEARCH", 1_000_000)
    temporal, cursor, left = Temporal(), StartCursor(), []
    while not cursor.done:
        cursor = await attempt(engine, cohort, temporal, [], cursor)
        left.append(cursor.left)
    assert left == [PEOPLE - PAGE, PEOPLE - 2 * PAGE, 0, 0]
    assert len(temporal.started) == len(set(temporal.started)) == PEOPLE - 1 == cursor.started


async def test_whom_temporal_refuses_holds_nobody_up_and_the_relay_tries_again(engine: Engine, cohort: str) -> None:
    first = Temporal()
    await attempt(engine, cohort, first, [])
    with engine.begin() as connection:
        connection.execute(text("UPDATE cases SET revision = 0"))
    picky = Temporal()
    picky.refuses = set(first.started[:2])
    done = await attempt(engine, cohort, picky, [])
    assert (done.failed, len(picky.started)) == (2, PEOPLE - 3)
    with engine.connect() as connection:
        owed = connection.scalars(text('SELECT "case" FROM outbox')).all()
    assert {case_workflow_id(case) for case in owed} == picky.refuses


async def test_the_nightly_intake_starts_only_those_whom_no_workflow_has_looked_at(engine: Engine, cohort: str) -> None:
    await attempt(engine, cohort, Temporal(), [])
    night = Temporal()
    assert (await attempt(engine, cohort, night, [])).done
    assert night.started == []


async def test_a_cancelled_cohort_takes_nobody_in(engine: Engine, cohort: str) -> None:
    with engine.begin() as connection:
        known = read_cohort(connection, cohort)
    change_cohort_state(engine, cohort, State.CANCELLED, "ana", "lei nova", datetime.now(UTC))
    temporal = Temporal()
    assert (await attempt(engine, cohort, temporal, [])).done
    for page in cohorts.candidates(engine, known.frozen.ruler, known.selection, DAY):
        assert cohorts.open_cases(engine, known, page, DAY) == 0
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM cases WHERE cohort = 'iptu'")) == 0
