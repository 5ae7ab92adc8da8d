"""The whole command line, of which only what was asked for is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from commands import COMMANDS


class Line(TyperGroup):
    """Lists its commands by what COMMANDS says of them, and loads the one that is run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name and listed else listed, rest


def command_line() -> Line:
    listed = [TyperCommand(name, help=command.help) for name, command in COMMANDS.items()]
    title = "Régua: a dunning ruler for tax authorities."
    return Line(name="starter.py", commands=listed, help=title, no_args_is_help=True, rich_markup_mode="rich")


def loaded(name: str) -> Any:
    """A command, or a group of them."""
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.callback()(lambda: None)
    for file in COMMANDS[name].files.split():
        import_module(f"commands.{file}").register(app)
    command = typer.main.get_group(app).commands[name]
    if hasattr(command, "commands"):
        command.help = COMMANDS[name].help
    return command


def leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each command with all its words, as `case approve`."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, f"{path} {name}")
