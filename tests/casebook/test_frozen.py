"""The assets a cohort runs on (L30): files edited or deleted under it change nothing that runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.casebook.edited import EDITED

REPOSITORY = Path(__file__).parents[2]
EDITABLE = ("accruals", "rulers", "templates")


def edited_under_way(checkout: Path, database: str) -> list[str]:
    """The letters of one case: before an edit, after it, and after everything was deleted."""
    for each in REPOSITORY.iterdir():
        if each.name in EDITABLE:
            shutil.copytree(each, checkout / each.name)
        elif not each.name.startswith("."):
            (checkout / each.name).symlink_to(each)
    done = subprocess.run(
        [sys.executable, "-m", "tests.casebook.edited"],
        cwd=checkout,
        env={**os.environ, "DATABASE_URL": database, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        pytest.fail(done.stderr[-300:])
    letters: list[str] = json.loads(done.stdout)
    return letters


def test_l30_what_is_edited_or_deleted_changes_nothing_that_runs(database: str, tmp_path: Path) -> None:
    letters = edited_under_way(tmp_path, database)
    assert not any(EDITED in letter for letter in letters)
    assert len(letters) == 3
