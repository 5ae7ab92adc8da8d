"""An import that is killed half way leaves nothing behind, and repeated it ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest

from commands.imports import take
from models.errors import Refusal
from models.intake.debts import DebtReader, DebtRow
from models.intake.extract import debt_reader
from models.intake.statement import Statement
from operations.imports import import_taxpayers
from tests.commands.test_import_command import REPOSITORY, Line
from tests.commands.test_import_command import line as line
from tests.storage.intake.test_imports import PGFN, TODAY, pgfn

ROWS = 2_500
"""More than two are written at a time."""
REJECTED = pgfn(inscription="bad", amount="n/d")

IMPORTING = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND state <> 'idle'
"""


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    file = tmp_path / "extract.csv"
    rows = [pgfn(inscription=f"I{n}", name=f"PADARIA {n}") for n in range(ROWS)]
    file.write_text("\n".join((PGFN, REJECTED, *rows)) + "\n")
    return file


def pids(database: str, query: str) -> list[int]:
    with psycopg.connect(database) as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def is_untouched(database: str) -> bool:
    query = "SELECT id FROM taxpayers UNION ALL SELECT taxpayer FROM debtors UNION ALL SELECT 1 FROM debts"
    return not pids(database, query)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "not within its deadline"
        time.sleep(0.02)


def import_whole(line: Line, extract: Path) -> None:
    done = line.json("taxpayers", "import", extract, exits=3)
    assert (done["rows"], done["debts"], done["rejected"]) == (ROWS + 1, ROWS, 1)


def test_a_database_that_goes_away_in_the_midst(line: Line, database: str, extract: Path, tmp_path: Path) -> None:
    def reader_of(header: Sequence[str]) -> DebtReader:
        read, rows = debt_reader(header, TODAY), iter(range(ROWS))

        def reading(fields: list[str]) -> DebtRow:
            if next(rows) == ROWS // 2:
                [importing] = pids(database, IMPORTING)
                pids(database, f"SELECT 1 FROM pg_terminate_backend({importing}, 5000)")
            return read(fields)

        return DebtReader(reading, read.about)

    merge = partial(import_taxpayers, statement=Statement(), now=datetime.now(UTC))
    with pytest.raises(Refusal, match="the database does not answer"):
        take(extract, reader_of, merge, as_json=True)
    assert is_untouched(database)
    assert not [*(tmp_path / "home" / "rejects").iterdir()]
    import_whole(line, extract)


def test_a_command_that_is_killed_before_it_commits(line: Line, database: str, extract: Path, tmp_path: Path) -> None:
    command = [sys.executable, "starter.py", "taxpayers", "import", str(extract)]
    with psycopg.connect(database, autocommit=True) as other:
        # an import that merges makes the next one wait, with all of its rows staged
        other.execute("SELECT pg_advisory_lock(hashtext('regua imports'))")
        with subprocess.Popen(command, cwd=REPOSITORY, env=os.environ) as process:
            eventually(lambda: bool(pids(database, f"{IMPORTING} AND wait_event = 'advisory'")))
            process.send_signal(signal.SIGKILL)
    eventually(lambda: not pids(database, IMPORTING))
    assert is_untouched(database)
    import_whole(line, extract)
    assert [path.suffix for path in (tmp_path / "home" / "rejects").iterdir()] == [".csv"]
