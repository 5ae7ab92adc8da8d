"""The analysts' commands: one file a group, each function one command."""

from collections.abc import Callable

import typer

GROUPS: list[Callable[[typer.Typer], None]] = []
