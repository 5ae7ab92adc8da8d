"""A case outlives the code it was started with: a server that knows about builds hands it to the current one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.builders import FACTS
from tests.workflows.town import Town, cutting_histories
from worker import worker_on
from workflows import build
from workflows.build import build_id, current_build, deciding_files, deployment_of, make_current

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


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The floors of our code that workflows stand on, and the one that draws."""
    for folder in ("models", "workflows", "reports"):
        shutil.copytree(build.REPOSITORY / folder, tmp_path / folder)
    shutil.copy(build.REPOSITORY / "worker.py", tmp_path)
    monkeypatch.setattr(build, "REPOSITORY", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "is_new"),
    [
        ("models/case/step.py", True),
        ("workflows/taxpayer_ruler.py", True),
        ("workflows/visibility.py", True),
        ("worker.py", False),
        ("reports/heatmap.py", False),
        ("reports/charts.py", False),
        ("workflows/secrecy.py", False),
    ],
)
def test_a_build_is_new_when_code_that_workflows_run_is(file: str, is_new: bool, copied: Path) -> None:
    before = build_id()
    with (copied / file).open("a") as code:
        code.write("# changed\n")
    assert (build_id() != before) is is_new


@pytest.mark.parametrize(
    "statement",
    [
        "import models.moods.sunny",
        "from models.moods import sunny",
        "from models.moods.sunny import SMILE",
        "from ..models.moods import sunny",
        "from models import moods",
    ],
)
def test_a_file_in_a_sub_folder_counts_once_a_workflow_imports_it(statement: str, copied: Path) -> None:
    folder = copied / "models" / "moods"
    folder.mkdir()
    (folder / "__init__.py").write_text("from models.moods import sunny\n")
    (folder / "sunny.py").write_text("SMILE = 1\n")
    before = build_id()
    (folder / "sunny.py").write_text("SMILE = 2\n")
    assert build_id() == before
    with (copied / "workflows" / "visibility.py").open("a") as code:
        code.write(f"\n{statement}\n")
    imported = build_id()
    (folder / "sunny.py").write_text("SMILE = 3\n")
    assert build_id() != imported


def test_what_a_workflow_runs_is_in_its_build() -> None:
    """Python's own account: of our code, what a fresh interpreter has loaded once the workflows are."""
    loads = "import workflows.taxpayer_ruler, workflows.cohort_ruler, workflows.instalment_agreement, sys; "
    tell = "print(*[m.__file__ for m in list(sys.modules.values()) if getattr(m, '__file__', None)], sep='\\n')"
    command = [sys.executable, "-c", loads + tell]
    told = subprocess.run(command, cwd=build.REPOSITORY, capture_output=True, text=True, check=True).stdout
    loaded = {Path(line) for line in told.splitlines()}
    ours = {file for file in loaded if build.REPOSITORY in file.parents and ".venv" not in file.parts}
    assert ours <= set(deciding_files())
    assert build.REPOSITORY / "models" / "case" / "step.py" in ours
