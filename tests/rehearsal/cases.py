"""Cohorts on a rehearsal's clock, and cases in them, put on record as they stand."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

from models.case.selection import Selection
from models.ruler.check import read_ruler
from rehearsal.clock import stepped_clock
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.catalogue import RULERS
from tests import factories
from tests.builders import REGISTERED

MONDAY = date(2026, 3, 2)
CLOCK = stepped_clock(MONDAY, "America/Maceio")


def opened(engine: Engine, cohort: str) -> None:
    """Opens a cohort."""
    source = RULERS.read(REGISTERED)[1]
    ruler = read_ruler(source).ruler
    assert ruler is not None
    with engine.begin() as connection:
        frozen = pin_ruler(connection, ruler, source, 2025)
    create_cohort(engine, Cohort(cohort, frozen, Selection(), CLOCK, "demo", rehearsal=True))


def case(connection: Connection, cohort: str, due: date | None, **more: Any) -> str:
    ahead = {"next_step": {"on": due.isoformat() if due else None}}
    return factories.case(connection, factories.taxpayer(connection), cohort, MONDAY, **ahead | more)
