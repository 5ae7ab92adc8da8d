"""`cohort start`: what is refused before anything is looked at."""

import pytest
import typer
from typer.testing import CliRunner

from commands import cohort
from models.errors import Refusal


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """With services that nobody serves: whoever reaches for them fails."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    app = typer.Typer()
    cohort.register(app)
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
        ("alagoas-icms", "--arm and --ruler are both alagoas-icms v1: two different rulers can be compared"),
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
