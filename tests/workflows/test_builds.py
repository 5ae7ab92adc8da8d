"""A case outlives the code it was started with: a server that knows about builds hands it to the current one."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.builders import FACTS
from tests.workflows.town import Town, cutting_histories
from worker import worker_on
from workflows import build
from workflows.build import build_id, current_build, deployment_of, make_current

MANY_EVENTS = 4_096


async def test_new_code_serves_what_old_code_started_and_the_other_way_round(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    async with cutting_histories(MANY_EVENTS) as env:
        town = Town(env, database, engine, tmp_path)
        assert await current_build(env.client) is None
        transitions = [("old", "pause", "paused"), ("new", "resume", "running"), ("old", "pause", "paused")]
        for name, command, status in transitions:
            await make_current(env.client, name)
            assert await current_build(env.client) == name
            async with worker_on(env.client, town.dependencies, deployment_of(name)):
                [life] = town.lives or await town.begin(FACTS["h1"])
                assert await life.command(command) == status
        assert await builds_that_served(town, life.handle.id) == [name for name, *_ in transitions]


async def builds_that_served(town: Town, workflow: str) -> list[str]:
    """Each once a turn, oldest first."""
    served: list[str] = []
    async for event in town.client.get_workflow_handle(workflow).fetch_history_events():
        if event.HasField("workflow_task_completed_event_attributes"):
            name = event.workflow_task_completed_event_attributes.deployment_version.build_id
            served += [name] if served[-1:] != [name] else []
    return served


@pytest.mark.parametrize(
    ("file", "is_new"), [("models/case/plan.py", True), ("workflows/visibility.py", True), ("worker.py", False)]
)
def test_a_build_is_new_when_code_that_decides_is(
    file: str, is_new: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build_id()
    for folder in ("models", "workflows"):
        shutil.copytree(build.REPOSITORY / folder, tmp_path / folder)
    shutil.copy(build.REPOSITORY / "worker.py", tmp_path)
    monkeypatch.setattr(build, "REPOSITORY", tmp_path)
    assert build_id() == before
    (tmp_path / file).write_text("# changed\n")
    assert (build_id() != before) is is_new
