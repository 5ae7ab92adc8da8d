"""The analysts' command line: `python starter.py --help`."""

import os
import sys

# looking for plug-ins of pydantic's, of which there are none, reads what every installed package says of itself
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

try:
    from commands.console import fail, run, unreachable
    from commands.line import command_line
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} is not installed here; run `make install`, then `.venv/bin/python starter.py`")


def main() -> int:
    """Exit code 0: done; 1: refused or failed, with one sentence on stderr; 2: wrong usage."""
    try:
        return run(command_line())
    except Exception as error:
        if sentence := unreachable(error):
            return fail(sentence)
        if os.environ.get("REGUA_TRACEBACK"):
            raise
        return fail(f"unexpected {type(error).__name__}: a fault of ours; REGUA_TRACEBACK=1 shows where")


if __name__ == "__main__":
    code = main()
    if "temporalio" in sys.modules:
        from workflows.client import leave

        leave(code)
    sys.exit(code)
