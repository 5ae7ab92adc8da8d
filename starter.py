"""The analysts' command line: `python starter.py --help`."""

import os
import sys
from importlib import import_module
from typing import Any

try:
    import typer
    from sqlalchemy.exc import OperationalError
    from temporalio.service import RPCError

    from commands import GROUPS
    from commands.console import fail, run
    from workflows.client import leave
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} is not installed here; run `make install`, then `.venv/bin/python starter.py`")


def command_line(asked: str) -> Any:
    """The command line, with the commands of the group that was asked for; of all groups, when it is none of theirs."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback(help="Régua: a dunning ruler for tax authorities.")(lambda: None)
    for group in [file for file, commands in GROUPS.items() if asked in commands] or GROUPS:
        import_module(f"commands.{group}").register(app)
    return typer.main.get_command(app)


def main() -> int:
    """Exit code 0: done; 1: refused or failed, with one sentence on stderr; 2: wrong usage."""
    line = command_line(sys.argv[1] if len(sys.argv) > 1 else "")
    try:
        return run(line)
    except OperationalError:
        return fail("the database does not answer; see `python starter.py stack status`")
    except RPCError as error:
        return fail(f"Temporal answered {error.status.name}; see `python starter.py stack status`")
    except Exception as bug:
        if os.environ.get("REGUA_TRACEBACK"):
            raise
        return fail(f"unexpected {type(bug).__name__}: a fault of ours; REGUA_TRACEBACK=1 shows where")


if __name__ == "__main__":
    leave(main())
