"""What `docker compose` would refuse, or what would only fail once it runs, found without Docker.

The keys are those of the Compose Specification (compose-spec.io) that deploy/compose.yaml uses: a new one is added here
after a look there.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from commands.web import register

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
WRITTEN = (DEPLOY / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(WRITTEN)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "regua"}

TOP = {"name", "services", "volumes"}
SERVICE = {
    *("image", "build", "command", "entrypoint", "environment", "volumes", "ports", "depends_on", "healthcheck"),
    *("restart", "deploy", "profiles", "stop_grace_period"),
}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:[-?])?[^}]*\}")
EXAMPLE = dict(
    line.split("=", 1) for line in (DEPLOY / ".env.example").read_text().splitlines() if re.match(r"\w+=", line)
)


def dependencies() -> Iterator[tuple[str, str, str]]:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            yield name, other, how["condition"]


def test_it_says_only_what_compose_knows() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == TOP
    assert {key for service in SERVICES.values() for key in service} <= SERVICE


@pytest.mark.parametrize(("name", "other", "condition"), dependencies())
def test_who_waits_can_stop_waiting(name: str, other: str, condition: str) -> None:
    assert condition in CONDITIONS
    if condition == "service_healthy":
        assert "healthcheck" in SERVICES[other]
    if condition == "service_completed_successfully":
        assert SERVICES[other].get("restart", "no").startswith(("no", "on-failure")), "it would never be completed"


def test_volumes_are_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_every_variable_without_a_default_is_asked_for_and_in_the_example() -> None:
    found = {variable: kind for variable, kind in VARIABLE.findall(WRITTEN)}  # noqa: C416 - the last kind counts
    assert {variable for variable, kind in found.items() if kind != ":-"} <= set(EXAMPLE)
    assert set(EXAMPLE) <= set(found)
    assert "" not in found.values()


def test_the_example_has_no_secret() -> None:
    assert {name for name, value in EXAMPLE.items() if value} == {"REGUA_PUBLIC_URL", "REGUA_WORKERS", "LISTEN"}


def test_our_services_start_what_there_is() -> None:
    for service in OURS.values():
        program, *arguments = service.get("command") or service["entrypoint"][1:]
        assert (REPOSITORY / program).is_file()
        if arguments:
            assert not unknown_options(arguments)


def unknown_options(arguments: list[str]) -> list[str]:
    """Those that the command's own help does not list."""
    app = typer.Typer()
    register(app)
    said = CliRunner().invoke(app, [arguments[0], "--help"], env={"COLUMNS": "200"}, color=False)
    assert said.exit_code == 0
    return [argument for argument in arguments if argument.startswith("--") and argument not in said.output]


def test_the_image_has_every_folder_that_runs() -> None:
    folders = {path.name for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")}
    copied = set(re.findall(r"^COPY (\w+) \./\w+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert copied == folders - {"tests", "bench", "deploy", "docs"} - {f for f in folders if f.startswith("__")}
