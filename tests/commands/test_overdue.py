"""Overdue cases whose workflows are gone are told by `cohort status` and `audit`; the Temporal server is a real one."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.builders import FACTS
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.workflows.town import REAL_DAY, Town, cutting_histories
from workflows.names import case_workflow_id

LONG_AGO = """UPDATE cases SET next_step = jsonb_set(next_step, '{on}', '"2020-01-01"')"""


async def test_an_overdue_case_without_a_workflow_is_told(
    line: Line, database: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cutting_histories(4096) as env:
        town = Town(env, database, engine, tmp_path)
        async with town.at_work():
            here, gone = await town.begin(FACTS["h1"], FACTS["h1"], day_seconds=REAL_DAY)
        cohort = here.get("cohort")
        monkeypatch.setenv("TEMPORAL_ADDRESS", env.client.service_client.config.target_host)
        status = await asyncio.to_thread(line.json, "cohort", "status", cohort)
        assert status["overdue"] == {"cases": 0, "without_workflow": 0}
        with engine.begin() as connection:
            connection.exec_driver_sql(LONG_AGO)
        await env.client.get_workflow_handle(case_workflow_id(gone.case)).terminate()
        status = await asyncio.to_thread(line.json, "cohort", "status", cohort)
        assert status["overdue"] == {"cases": 2, "without_workflow": 1}
        code, said, _ = await asyncio.to_thread(line, "audit", cohort)
        assert code == 1
        assert f"case {gone.case}: its step is overdue, and Temporal runs no workflow for it" in said
        assert f"case {here.case}: its step" not in said
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    status = await asyncio.to_thread(line.json, "cohort", "status", cohort)
    assert status["overdue"] == {"cases": 2, "without_workflow": None}
