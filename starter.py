"""The analysts' command line: `python starter.py --help`."""

import sys

try:
    import typer
    from sqlalchemy.exc import OperationalError
    from temporalio.service import RPCError

    from commands import GROUPS
    from commands.console import err
    from models.errors import Refusal
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} is not installed here; run `make install`, then `.venv/bin/python starter.py`")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for register in GROUPS:
    register(app)


def main() -> None:
    try:
        app()
    except Refusal as refusal:
        fail(str(refusal))
    except OperationalError:
        fail("the database does not answer; see `python starter.py stack status`")
    except RPCError as error:
        fail(f"Temporal does not answer as it should ({error.status.name}); see `python starter.py stack status`")


def fail(sentence: str) -> None:
    err.print(f"error: {sentence}", style="red", markup=False, soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
