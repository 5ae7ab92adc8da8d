"""`cohort start`: what is refused before anything is looked at, and what is told of one that takes nobody in."""

import json
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from commands import cohort, schedule
from models.errors import Refusal
from storage.catalogue import RULERS
from tests.commands.test_import_command import Line, line

__all__ = ["line"]

OWING = (
    """INSERT INTO taxpayers (key, tax_id, name, is_company)
       SELECT n, n, 'Empresa', true FROM generate_series(1, 20) AS n""",
    """INSERT INTO debts (id, tax, inscription, due, amount)
       SELECT n, 'IPTU', n, CURRENT_DATE - 30, 1000 FROM generate_series(1, 20) AS n""",
    "INSERT INTO debtors (debt, taxpayer) SELECT key, id FROM taxpayers",
)
"""Twenty who owe a city."""


@pytest.fixture
def app(database: str, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """With a database, which says what a ruler's name stands for, and no Temporal: whoever reaches for it fails."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    app = typer.Typer()
    cohort.register(app)
    schedule.register(app)
    return app


def test_a_tax_that_the_ruler_is_not_for_is_refused(app: typer.Typer) -> None:
    asked = ["cohort", "start", "x", "--ruler", "alagoas-icms", "--tax", "iptu"]
    refused = CliRunner().invoke(app, asked).exception
    assert isinstance(refused, Refusal)
    assert str(refused) == "alagoas-icms v1 is for ICMS, not for IPTU"


@pytest.mark.parametrize(
    "option",
    [
        "--min-amount=-1",
        "--min-amount=NaN",
        "--min-amount=1e12",
        "--uf=A1",
        "--start=x",
        "--budget=-1",
        "--budget=1.001",
        "--budget=much",
    ],
)
def test_what_is_no_selection_is_wrong_usage(app: typer.Typer, option: str) -> None:
    asked = ["cohort", "start", "x", "--ruler", "divida-ativa", "--day-seconds", "1", option]
    assert CliRunner().invoke(app, asked).exit_code == 2


def test_a_campaign_of_which_nothing_is_left_is_refused(app: typer.Typer) -> None:
    for more in ([], ["--dry-run"], ["--day-seconds", "1", "--start", "2023-06-23"]):
        refused = CliRunner().invoke(app, ["cohort", "start", "x", "--ruler", "refis-2023", *more]).exception
        assert isinstance(refused, Refusal)
        assert "ends on 2023-06-23 at 16:00" in str(refused)


@pytest.mark.parametrize(
    ("arm", "sentence"),
    [
        ("alagoas-icms", "--arm alagoas-icms is alagoas-icms v1 again: different rulers can be compared"),
        ("divida-ativa", "alagoas-icms v1 and divida-ativa v1 can't be compared in one cohort: they differ in"),
        ("nowhere", "nowhere"),
    ],
)
def test_an_arm_that_can_not_be_compared_is_refused(app: typer.Typer, arm: str, sentence: str) -> None:
    for more in ([], ["--dry-run"]):
        asked = ["cohort", "start", "x", "--ruler", "alagoas-icms", "--arm", arm, *more]
        refused = CliRunner().invoke(app, asked).exception
        assert isinstance(refused, Refusal)
        assert sentence in str(refused)
        assert "\n" not in str(refused)


def test_the_dry_run_says_who_would_go_to_which_ruler_and_at_what_cost(
    line: Line, engine: Engine, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        for statement in OWING:
            connection.execute(text(statement))
    bolder = tmp_path / "bolder.yaml"
    bolder.write_text(RULERS.read("divida-ativa")[1].replace("version: 1", "version: 2"), encoding="utf-8")
    asked = ("cohort", "start", "iptu", "--ruler", "divida-ativa", "--control", "10%", "--arm", bolder, "--dry-run")
    code, said, _ = line(*asked)
    assert code == 0
    assert "about 2 cases would be drawn for the control group" in said
    assert "about 9 would be drawn for divida-ativa v1, 9 for divida-ativa v2" in said
    assert "notices and costs below are as if all were on the first\non divida-ativa v2: R$ " in said
    assert line.json(*asked)["arms"] == {"control": 2, "ruler": 9, "rival": 9}
    third = tmp_path / "third.yaml"
    third.write_text(RULERS.read("divida-ativa")[1].replace("version: 1", "version: 3"), encoding="utf-8")
    found = line.json(*asked, "--arm", f"{third}=60%")
    assert found["arms"] == {"control": 2, "ruler": 3, "rival": 3, "rival_2": 12}
    assert [(each["arm"], each["ruler"]) for each in found["rivals"]] == [
        ("rival", "divida-ativa v2"),
        ("rival_2", "divida-ativa v3"),
    ]
    for more, why in (
        (("--arm", bolder), "divida-ativa v2 again"),
        (("--arm", f"{third}=90%"), "leave nobody to the cohort's own ruler"),
    ):
        code, _, complained = line(*asked, *more)
        assert (code, why in complained) == (1, True), complained
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cohorts")).scalar_one() == 0


# ---- examples are examples

REAL = ("--day-seconds", "86400")


def started(app: typer.Typer, ruler: str, *more: str) -> object:
    asked = ["cohort", "start", "x", "--ruler", ruler, "--by", "ana", *more]
    return CliRunner().invoke(app, asked).exception


def test_an_example_is_refused_where_days_are_real_and_messages_leave(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.x")
    refused = started(app, "divida-ativa", *REAL)
    assert isinstance(refused, Refusal)
    tables = ("agreements/sao-paulo.yaml", "calendars/brasil.yaml", "prices/brasil.yaml")
    assert f"{' and '.join(('divida-ativa v1', *tables))} are examples" in str(refused)
    assert "sendgrid would truly send" in str(refused)


@pytest.mark.parametrize(
    ("key", "more"), [("", REAL), ("SG.x", ("--day-seconds", "1")), ("SG.x", (*REAL, "--rehearse"))]
)
def test_an_example_runs_as_files_and_in_rehearsals(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch, key: str, more: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", key)
    refused = started(app, "divida-ativa", *more)
    assert "example" not in str(refused)  # it came as far as Temporal, which is not there


def test_a_verified_ruler_is_not_refused(app: typer.Typer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.x")
    marked = "verified: {by: Ana, on: 2026-11-20, act: Portaria 1/2026}\n"
    files = (("rulers", "divida-ativa"), ("agreements", "sao-paulo"), ("prices", "brasil"), ("calendars", "brasil"))
    for folder, name in files:
        text = Path(f"{folder}/{name}.yaml").read_text(encoding="utf-8")
        lines = [marked.strip() if row.startswith("example: true") else row for row in text.splitlines()]
        (tmp_path / folder).mkdir()
        kept = "\n".join(row.replace("onferir", "er").replace("a citar", "") for row in lines)
        (tmp_path / folder / f"{name}.yaml").write_text(f"{kept}\n", encoding="utf-8")
    assert "example" not in str(started(app, str(tmp_path / "rulers/divida-ativa.yaml"), *REAL))


# ---- a large start is asked about, where somebody is there to answer


@pytest.fixture
def owing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine.begin() as connection:
        for statement in OWING:
            connection.execute(text(statement))
    monkeypatch.setattr("commands.cohort.ASKED_ABOVE", 19)


def cohorts(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.scalars(text("SELECT name FROM cohorts"))]


ASKED = ["cohort", "start", "iptu", "--ruler", "divida-ativa", "--by", "ana", "--no-wait"]


@pytest.mark.usefixtures("owing")
def test_at_a_terminal_its_name_is_typed(
    app: typer.Typer, engine: Engine, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda self: True)
    refused = CliRunner().invoke(app, ASKED, input="ipva\n")
    assert "may open up to 20 cases" in refused.output
    assert isinstance(refused.exception, Refusal)
    assert cohorts(engine) == []
    CliRunner().invoke(app, ASKED, input="iptu\n")
    assert cohorts(engine) == ["iptu"]


@pytest.mark.usefixtures("owing")
def test_without_a_terminal_nothing_is_asked(app: typer.Typer, engine: Engine) -> None:
    assert "Type its name" not in CliRunner().invoke(app, ASKED).output
    assert cohorts(engine) == ["iptu"]


@pytest.mark.usefixtures("owing")
def test_a_selection_that_names_nobody_is_told(app: typer.Typer) -> None:
    told = CliRunner().invoke(app, [*ASKED, "--tax", "ipva"]).output
    assert "nothing on record is of the tax IPVA; those there are: IPTU" in told
    told = CliRunner().invoke(app, [*ASKED[:2], "outra", *ASKED[3:], "--min-amount", "5000"]).output
    assert "outra takes nobody in: nobody meets min-amount=5000.00; 20 are named without it" in told


@pytest.mark.usefixtures("owing")
def test_a_dry_run_shows_what_each_key_leaves_and_why_nobody_is_left(app: typer.Typer) -> None:
    dry = ["--ruler", "divida-ativa", "--select", "tax=IPTU litigation=yes", "--dry-run", "--by", "ana"]
    for command in (["cohort", "start", "iptu"], ["schedule", "create", "iptu", "--cron", "0 3 * * *"]):
        told = CliRunner().invoke(app, [*command, *dry])
        assert told.exit_code == 0
        rows = [line.split()[1::2] for line in told.stdout.splitlines() if line.startswith("│")]
        assert rows == [["everybody", "20"], ["tax", "20"], ["litigation", "0"]]
        assert "iptu takes nobody in: nobody meets litigation=yes; 20 are named without it" in told.stderr


def test_a_cohort_that_has_nobody_says_why_in_its_status(app: typer.Typer, engine: Engine) -> None:
    CliRunner().invoke(app, ASKED)
    told = CliRunner().invoke(app, ["cohort", "status", "iptu", "--json"])
    assert json.loads(told.stdout)["cases"] == 0
    assert "iptu takes nobody in: there is no debt and no return on record: import an extract" in told.stderr
