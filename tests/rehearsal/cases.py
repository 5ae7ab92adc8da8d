"""Cohorts on a rehearsal's clock, and cases in them, put on record as they stand."""

from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, insert

from models.case.state import CaseState
from models.ruler.check import read_ruler
from rehearsal.clock import stepped_clock
from storage import schema
from storage.case.cohorts import Cohort, Selection, create_cohort, pin_ruler
from storage.catalogue import RULERS
from tests.builders import REGISTERED

MONDAY = date(2026, 3, 2)
CLOCK = stepped_clock(MONDAY, "America/Maceio")


def opened(engine: Engine, cohort: str) -> str:
    """Opens a cohort; the digest of its ruler."""
    source = RULERS.read(REGISTERED)[1]
    ruler = read_ruler(source).ruler
    assert ruler is not None
    with engine.begin() as connection:
        frozen = pin_ruler(connection, ruler, source, 2025)
    create_cohort(engine, Cohort(cohort, frozen, Selection(), CLOCK, "demo", rehearsal=True))
    return frozen.digest


def case(connection: Connection, cohort: str, ruler: str, due: date | None, **more: Any) -> str:
    person = {"key": uuid4().hex, "tax_id": "11222333000181", "name": "Padaria Exemplo", "is_company": True}
    who = connection.execute(insert(schema.taxpayers).values(person).returning(schema.taxpayers.c.id)).scalar_one()
    row = {
        "taxpayer": who,
        "tax": "IPTU",
        "cohort": cohort,
        "ruler": ruler,
        "state": CaseState.at_start(MONDAY).model_dump(mode="json"),
        "next_step": {"on": due.isoformat() if due else None},
    }
    return str(connection.execute(insert(schema.cases).values(row | more).returning(schema.cases.c.id)).scalar_one())
