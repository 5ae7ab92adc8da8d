"""Empty ground for the city: its home is wiped before each run, and nobody else's ever is."""

import shutil
from pathlib import Path

from embedded import postgres
from embedded.home import Home, only_stack
from embedded.ports import must_have_loopback
from models.errors import Refusal
from models.folders import Folder

MARK = "DEMO"
"""The file that says a home is the demo's own."""
CENSUS = "census"


def clear(where: Home) -> Path:
    """The folder for the city's deliveries, in an empty home. Refuses a home that is somebody's or in use, and a
    machine on which no stack could run in it."""
    must_have_loopback()
    with only_stack(where):
        mark = Path(where, MARK)
        if not mark.is_file():
            _must_be_nobodys(where)
            mark.write_text("Everything here is invented, and is wiped when the demo starts.\n")
        postgres.await_predecessor(where)
        for name in (*Folder, CENSUS):
            shutil.rmtree(Path(where, name), ignore_errors=True)
        for file in (*where.glob("temporal.db*"), where.stack_json):
            file.unlink(missing_ok=True)
        where.create()
        census = Path(where, CENSUS)
        census.mkdir(mode=0o700)
    return census


def _must_be_nobodys(where: Home) -> None:
    if postgres.data(where).exists() or where.temporal_db.exists():
        raise Refusal(f"{where} holds a database that is not a demo's; set REGUA_HOME to another folder, or unset it")
