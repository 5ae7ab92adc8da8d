"""The analysts' commands: one file a group, each function one command."""

from collections.abc import Callable

import typer

from commands import imports, payments, stack, web

GROUPS: list[Callable[[typer.Typer], None]] = [stack.register, web.register, payments.register, imports.register]
