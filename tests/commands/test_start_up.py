"""Commands that need no stack load nothing of one, and none is loaded to be listed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from commands import COMMANDS
from commands.line import loaded
from tests.commands.test_import_command import REPOSITORY

HEAVY = (
    *("sqlalchemy", "psycopg", "alembic", "temporalio", "scipy", "numpy", "phonenumbers", "babel"),
    *("holidays.countries", "jinja2", "fastapi", "uvicorn", "sendgrid", "twilio", "reportlab", "cryptography"),
)
DATES = ("--due", "20/10/2025", "--on", "10/11/2025")

STACKLESS = {
    "--help": (),
    "ruler --help": (),
    "ruler map divida-ativa --json": (),
    "ruler plan divida-ativa --hypothesis h2 --json": (),
    "ruler check divida-ativa": ("jinja2",),
    "ruler preview divida-ativa --json": ("jinja2", "babel"),
    "agreement quote --policy sao-paulo --amount 1.000,00 --json": (),
    f"accrual quote --table federal --principal 1000 {' '.join(DATES)} --json": (),
    "calendar term 06/11/2026 --wait BUSINESS --ruler alagoas-icms --json": (),
}
"""The parts of it that a command may load all the same."""


@pytest.mark.parametrize("line", STACKLESS)
def test_nothing_is_loaded_that_the_command_does_not_use(line: str, tmp_path: Path) -> None:
    words = [word.replace("BUSINESS", "20 business") for word in line.split()]
    script = (
        "import json, runpy, sys\n"
        "try:\n"
        "    runpy.run_path('starter.py', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"json.dump(sorted(sys.modules), open({str(tmp_path / 'modules')!r}, 'w'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    modules = json.loads((tmp_path / "modules").read_text())
    forbidden = [name for name in HEAVY if name not in STACKLESS[line]]
    assert [name for name in forbidden if name in modules] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_as_what_it_says_of_itself(name: str) -> None:
    command = loaded(name)
    assert command.name == name
    assert " ".join(command.help.split()).startswith(COMMANDS[name].help.rstrip("."))
