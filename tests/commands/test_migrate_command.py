"""`cohort migrate` as an analyst types it."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.builders import FACTS, ICMS, revised_icms
from tests.commands.test_import_command import Line, line
from tests.record_world import Street

__all__ = ["line"]


@pytest.fixture
def street(engine: Engine) -> Street:
    return Street(engine, ICMS, [FACTS["h1"], FACTS["h1"], FACTS["h3"]], True, False, False)


@pytest.fixture
def second(tmp_path: Path) -> Path:
    file = tmp_path / "second.yaml"
    file.write_text(revised_icms(), encoding="utf-8")
    return file


def rulers(engine: Engine) -> list[tuple[Any, ...]]:
    query = text("SELECT label, count(*) FROM cases JOIN rulers ON digest = ruler GROUP BY label")
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_a_dry_run_says_rung_by_rung_what_would_become_of_whom(line: Line, street: Street, second: Path) -> None:
    said = line.json("cohort", "migrate", street.cohort.name, "--ruler", second, "--dry-run", "--by", "bia")
    assert (said["from"], said["to"], said["dry_run"]) == ("alagoas-icms v1", "alagoas-icms v2", True)
    assert [said[outcome] for outcome in ("moves", "waits", "repeats", "unchanged")] == [0, 0, 0, 3]
    assert {
        "hypothesis": "h1",
        "stage": "reminder",
        "to_hypothesis": "h1",
        "to_stage": "reminder",
        "outcome": "unchanged",
        "cases": 2,
        "owed": "2000.00",
    } in said["cells"]
    assert rulers(street.engine) == [("alagoas-icms v1", 3)]


def test_it_is_done_and_logged_and_not_done_twice(line: Line, street: Street, second: Path) -> None:
    street.passes(5)
    asked = ("cohort", "migrate", street.cohort.name, "--ruler", second, "--by", "bia")
    code, said, complained = line(*asked)
    assert (code, complained) == (0, "")
    assert f"{street.cohort.name} goes by alagoas-icms v2 from now on" in said
    assert "2 moves, " in said
    assert rulers(street.engine) == [("alagoas-icms v2", 3)]
    code, _, complained = line(*asked)
    assert code == 1
    assert "goes by alagoas-icms v2 already, word for word" in complained
    log = line.json("audit-log")["entries"]
    assert [(entry["command"], entry["actor"], entry["outcome"]) for entry in log] == [
        ("cohort migrate", "bia", "done"),
        ("cohort migrate", "bia", "refused"),
    ]


def test_a_faulty_ruler_is_refused_with_its_faults(line: Line, street: Street, second: Path) -> None:
    second.write_text(revised_icms().replace("stage: reminder", "stage: remindr", 1), encoding="utf-8")
    code, said, complained = line("cohort", "migrate", street.cohort.name, "--ruler", second, "--by", "bia")
    assert (code, said) == (1, "")
    assert "has a fault" in complained
    assert "rows.h1.rungs.0.stage: Input should be 'reminder', 'alert'" in complained


def test_an_unknown_cohort_is_refused(line: Line, street: Street, second: Path) -> None:
    code, _, complained = line("cohort", "migrate", "nobody", "--ruler", second, "--by", "bia")
    assert code == 1
    assert f"there is no cohort nobody; the latest are {street.cohort.name}" in complained
