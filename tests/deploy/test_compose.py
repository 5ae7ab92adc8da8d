"""The faults that `docker compose` would refuse, or that would only show once it runs, found without Docker."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jsonschema.validators import validator_for
from typer.testing import CliRunner

from commands.web import register
from embedded.temporal import settings
from tests.deploy.compose import DEPLOY, VARIABLE, WRITTEN, services

REPOSITORY = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load(WRITTEN)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "regua"}

CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
EXAMPLE = dict(
    line.split("=", 1) for line in (DEPLOY / ".env.example").read_text().splitlines() if re.match(r"\w+=", line)
)


def dependencies() -> Iterator[tuple[str, str, str]]:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            yield name, other, how["condition"]


def test_it_is_what_the_compose_specification_says() -> None:
    specification = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    validator = validator_for(specification)(specification)
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []
    assert [*validator.iter_errors({**COMPOSE, "service": {}})], "it would find nothing wrong with anything"


def test_no_failure_is_passed_over() -> None:
    scripts = [service for service in SERVICES.values() if service.get("entrypoint", [""])[0] == "/bin/sh"]
    assert all(service["entrypoint"] == ["/bin/sh", "-euc"] for service in scripts)
    assert len(scripts) == 3
    assert "|| true" not in WRITTEN


@pytest.mark.parametrize(("name", "other", "condition"), dependencies())
def test_who_waits_can_stop_waiting(name: str, other: str, condition: str) -> None:
    assert condition in CONDITIONS
    if condition == "service_healthy":
        assert "healthcheck" in SERVICES[other]
    if condition == "service_completed_successfully":
        assert SERVICES[other].get("restart", "no").startswith(("no", "on-failure")), "it would never be completed"


def test_volumes_are_declared_and_files_are_there() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    assert all((DEPLOY / name).is_file() for name in used if name.startswith("."))


def test_the_server_takes_turns_as_the_embedded_one_does() -> None:
    [mounted] = SERVICES["temporal"]["volumes"]
    file, where, _ = mounted.split(":")
    assert where == SERVICES["temporal"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    dynamic = yaml.safe_load((DEPLOY / file).read_text())
    assert [f"{key}={json.dumps(only['value'])}" for key, [only] in dynamic.items()] == settings(86_400)[1::2]


def test_every_variable_without_a_default_is_asked_for_and_in_the_example() -> None:
    found = {variable: kind for variable, kind, _ in VARIABLE.findall(WRITTEN)}
    assert {variable for variable, kind in found.items() if kind != ":-"} <= set(EXAMPLE)
    assert set(EXAMPLE) <= set(found)
    assert "" not in found.values()


def test_the_example_has_no_secret() -> None:
    assert {name for name, value in EXAMPLE.items() if value} == {
        "REGUA_PUBLIC_URL",
        "REGUA_UI_ORIGINS",
        "REGUA_OIDC_URL",
        "REGUA_WORKERS",
        "LISTEN",
    }


def test_the_web_ui_signs_people_in_and_lets_nobody_act() -> None:
    asked = dict.fromkeys(EXAMPLE, "x") | {"REGUA_UI_ORIGINS": "https://ui.example"}
    told = services(**asked)["temporal-ui"]["environment"]
    assert told["TEMPORAL_AUTH_ENABLED"] == told["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"
    assert told["TEMPORAL_AUTH_CALLBACK_URL"] == "https://ui.example/auth/sso/callback"
    for missing in ("REGUA_OIDC_URL", "REGUA_OIDC_CLIENT_ID", "REGUA_OIDC_CLIENT_SECRET"):
        with pytest.raises(KeyError):
            services(**{name: value for name, value in asked.items() if name != missing})


def test_our_services_start_what_there_is() -> None:
    for service in OURS.values():
        program, *arguments = service.get("command") or service["entrypoint"][1:]
        assert (REPOSITORY / program).is_file()
        if arguments:
            assert not unknown_options(arguments)


def unknown_options(arguments: list[str]) -> list[str]:
    """The options that the command's own help does not list."""
    app = typer.Typer()
    register(app)
    said = CliRunner().invoke(app, [arguments[0], "--help"], env={"COLUMNS": "200"}, color=False)
    assert said.exit_code == 0
    return [argument for argument in arguments if argument.startswith("--") and argument not in said.output]


def test_the_image_has_every_folder_that_runs() -> None:
    folders = {path.name for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")}
    copied = set(re.findall(r"^COPY (\w+) \./\w+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert copied == folders - {"tests", "bench", "deploy", "docs"} - {f for f in folders if f.startswith("__")}
