"""Each thing that a person may do has one door: an operation with a duty, behind each command and route of its name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Engine

import operations
import starter
from models.roles import DUTIES, READS, duty
from operations.operation import OPERATIONS, Operation
from web.app import create_app

for module in pkgutil.iter_modules(operations.__path__):
    importlib.import_module(f"operations.{module.name}")

BY_NAME = {each.__name__: each for each in OPERATIONS.values()}


def leaves(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each command with all its words, as `case approve`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


LEAVES = dict(leaves(starter.command_line("")))


def test_each_operation_names_a_duty_and_each_duty_has_its_operation() -> None:
    assert OPERATIONS.keys() == DUTIES.keys()
    assert len(BY_NAME) == len(OPERATIONS)


def test_each_command_reads_or_has_a_duty() -> None:
    assert LEAVES.keys() == {name.partition(" --")[0] for name in {*DUTIES, *READS}}


def called_by(run: Callable[..., Any]) -> set[str]:
    """The duties of the operations that a command names, itself or in what it calls of `commands/`."""
    seen: set[CodeType] = set()
    found: set[str] = set()

    def look(code: CodeType, globals_: Mapping[str, Any]) -> None:
        if code in seen:
            return
        seen.add(code)
        for name in code.co_names:
            value = globals_.get(name, BY_NAME.get(name))
            if isinstance(value, Operation):
                found.add(value.duty)
            elif isinstance(value, FunctionType) and value.__module__.startswith("commands."):
                look(value.__code__, value.__globals__)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                look(constant, globals_)

    asked = inspect.unwrap(run)
    assert isinstance(asked, FunctionType)
    look(asked.__code__, asked.__globals__)
    return found


@pytest.mark.parametrize("path", LEAVES)
def test_a_command_calls_the_operation_of_its_name_and_no_other(path: str) -> None:
    """One of them for each of its options that have a duty of their own; who only reads calls none."""
    command = LEAVES[path]
    options = {parameter.name for parameter in command.params}
    special = {duty(path, {option}) for option in options} - {path}
    mine = {name for name in {path, *special} if name in DUTIES}
    # the demo's city is one of its own, and its people act by these doors too
    assert called_by(command.callback) == mine or path == "demo"


PUBLIC = {
    "/webhooks/pix/{secret}",
    "/webhooks/pix/{secret}/pix",
    "/webhooks/sendgrid",
    "/webhooks/twilio/status",
    "/webhooks/twilio/inbound",
    "/webhooks/twilio/voice",
    "/a/{token}",
    "/u/{token}",
}
"""What others than the authority's people may post to: banks and providers, and taxpayers by their links."""


@pytest.fixture
def routes(database: str, monkeypatch: pytest.MonkeyPatch) -> list[APIRoute]:
    settings = {"SENDGRID_WEBHOOK_KEY": "x", "TWILIO_AUTH_TOKEN": "x", "REGUA_LINK_KEY": "k" * 32}
    for name, value in {**settings, "REGUA_PUBLIC_URL": "https://regua.exemplo.gov.br"}.items():
        monkeypatch.setenv(name, value)
    app = create_app(database, "127.0.0.1:1", "secret")
    return [route for route in app.routes if isinstance(route, APIRoute)]


def test_each_route_that_changes_something_has_a_duty_or_is_public(routes: list[APIRoute]) -> None:
    posts = {route.path: route.name for route in routes if route.methods - {"GET", "HEAD"}}
    print(posts)
    assert {path for path, name in posts.items() if name not in DUTIES} == PUBLIC
    assert {name for name in posts.values() if name in DUTIES} <= OPERATIONS.keys()


@pytest.fixture
def read_only(engine: Engine) -> Engine:
    return engine
