"""States of cases written by code of before 0018, row by row as it wrote them, read by the code of now; and back."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy.engine import make_url

from models.case.state import ApprovalRound, CaseState, DwellClock, OffMap, OnRow, Referred, Suspended
from models.law.calendar import Standstill, Unit, Wait
from models.ruler.schema import Kind
from storage import migrate
from tests.chance import fresh_key

START, LATER = "2026-11-03", "2026-11-20"
DAY, THEN = date(2026, 11, 3), date(2026, 11, 20)

OFF: dict[str, Any] = {
    "started": START,
    "anchor": START,
    "not_before": START,
    "row": None,
    "kind": None,
    "kinds": [],
    "entered_because": "",
    "rung": -1,
    "steps": 0,
    "occurrences": 1,
    "last_rigidity": 0,
    "wait": None,
    "awaits_service": False,
    "stopped_on": None,
    "stood_still": [],
    "hardship_used": False,
    "asked_on": None,
    "rejected_on": None,
    "approvers": [],
    "approved_on_seeing": None,
    "suspended": False,
    "to_tell": False,
    "referred": False,
    "resumed_after": None,
    "stands": False,
}
"""A case just opened."""

HALF_WAY = {
    **OFF,
    "anchor": LATER,
    "not_before": LATER,
    "row": "h8",
    "kind": "non_payment",
    "kinds": ["non_payment", "return"],
    "entered_because": "devedor contumaz",
    "rung": 1,
    "stands": True,
    "steps": 2,
    "occurrences": 4,
    "last_rigidity": 9,
    "wait": {"days": 30, "unit": "legal"},
    "awaits_service": True,
    "stood_still": [{"stopped": START, "resumed": LATER}],
    "hardship_used": True,
    "rejected_on": START,
    "resumed_after": "a1",
}
ASKED = {**HALF_WAY, "asked_on": LATER, "approvers": ["Ana"], "approved_on_seeing": "f00"}
SUSPENDED = {**HALF_WAY, "rung": 2, "suspended": True}
TOLD_NOBODY = {**HALF_WAY, "to_tell": True, "stands": False}
REFERRED = {**HALF_WAY, "referred": True, "stopped_on": LATER}
ROW_GONE = {**REFERRED, "row": None, "kind": None, "rung": -1, "stands": False}

CELL: dict[str, Any] = {
    "row": "h8",
    "kind": Kind.NON_PAYMENT,
    "rung": 1,
    "stands": True,
    "entered_because": "devedor contumaz",
}
CLOCK = DwellClock(
    anchor=THEN,
    not_before=THEN,
    wait=Wait(days=30, unit=Unit.LEGAL),
    awaits_service=True,
    stood_still=(Standstill(stopped=DAY, resumed=THEN),),
)
ON_ROW = CaseState(
    started=DAY,
    clock=CLOCK,
    place=OnRow(**CELL),
    kinds=(Kind.NON_PAYMENT, Kind.RETURN),
    steps=2,
    occurrences=4,
    last_rigidity=9,
    hardship_used=True,
    rejected_on=DAY,
    resumed_after="a1",
)


def but(**changes: Any) -> CaseState:
    return ON_ROW.model_copy(update=changes)


ROUND = ApprovalRound(asked_on=THEN, approvers=("Ana",), on_seeing="f00")
STOPPED = CLOCK.model_copy(update={"stopped_on": THEN})

FORMS = {
    "just opened": (OFF, CaseState.at_start(DAY)),
    "on its row": (HALF_WAY, ON_ROW),
    "awaiting approval": (ASKED, but(place=OnRow(**CELL, approval=ROUND))),
    "suspended": (SUSPENDED, but(place=Suspended(**{**CELL, "rung": 2}))),
    "given back": (TOLD_NOBODY, but(place=OnRow(**{**CELL, "stands": False}), to_tell=True)),
    "referred": (REFERRED, but(place=Referred(**CELL), clock=STOPPED)),
}


@pytest.fixture
def before(postgres: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A database of schema 0017 with a taxpayer, a ruler and a cohort in it."""
    name = f"before_{fresh_key()[:8]}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
        url = make_url(postgres).set(database=name)
        migrate.downgrade(url.render_as_string(hide_password=False), "0017")
        dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True) as record:
            record.execute("INSERT INTO rulers (digest, label, source, holidays) VALUES ('r', 'r', '', '[]')")
            record.execute(
                "INSERT INTO cohorts (name, ruler, started_by, clock, selection) VALUES ('c', 'r', 'a', '{}', '{}')"
            )
            yield url.render_as_string(hide_password=False), record
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def put(record: psycopg.Connection[Any], case: str, state: dict[str, Any], **more: Any) -> None:
    who = f"INSERT INTO taxpayers (key, tax_id, name, is_company) VALUES ('{case}', '{case}', 'x', true) RETURNING id"
    row = record.execute(who).fetchone()
    assert row
    values = {"id": case, "taxpayer": row[0], "tax": "ICMS", "cohort": "c", "ruler": "r", **more}
    columns = ", ".join(values)
    marks = ", ".join("%s" for _ in values)
    record.execute(f"INSERT INTO cases ({columns}, state) VALUES ({marks}, %s)", (*values.values(), Jsonb(state)))


def states(record: psycopg.Connection[Any]) -> dict[str, Any]:
    return dict(record.execute("SELECT id, state FROM cases").fetchall())


def test_each_form_is_read_as_what_it_was_and_goes_back(before: tuple[str, psycopg.Connection[Any]]) -> None:
    url, record = before
    for case, (form, _) in FORMS.items():
        put(record, case, form)
    migrate.upgrade(url)
    read = {case: CaseState.model_validate(state) for case, state in states(record).items()}
    assert read == {case: state for case, (_, state) in FORMS.items()}
    migrate.downgrade(url, "0017")
    assert states(record) == {case: form for case, (form, _) in FORMS.items()}


def test_a_row_without_the_kind_that_led_there_is_found_anew(before: tuple[str, psycopg.Connection[Any]]) -> None:
    url, record = before
    put(record, "kindless", {**HALF_WAY, "kind": None})
    put(record, "short", {key: OFF[key] for key in ("started", "anchor", "not_before")})
    migrate.upgrade(url)
    read = {case: CaseState.model_validate(state) for case, state in states(record).items()}
    assert read == {"kindless": but(place=OffMap()), "short": CaseState.at_start(DAY)}


def test_a_referred_case_whose_row_was_gone_stays_referred(before: tuple[str, psycopg.Connection[Any]]) -> None:
    url, record = before
    put(record, "gone", ROW_GONE)
    migrate.upgrade(url)
    place = CaseState.model_validate(states(record)["gone"]).place
    assert place == Referred(row="h7", kind=Kind.NON_PAYMENT, rung=-1, entered_because="devedor contumaz")


@pytest.mark.parametrize(
    ("status", "paused_by", "block"),
    [
        ("running", None, None),
        ("paused", "ana", {"kind": "paused", "reason": "porque sim", "since": LATER, "whole_cohort": False}),
        ("paused", None, {"kind": "paused", "reason": "porque sim", "since": LATER, "whole_cohort": True}),
        ("amount_unknown", None, {"kind": "amount_unknown", "since": LATER, "reason": "porque sim"}),
    ],
)
def test_what_was_shown_is_the_one_block(
    before: tuple[str, psycopg.Connection[Any]], status: str, paused_by: str | None, block: dict[str, Any] | None
) -> None:
    url, record = before
    step = Jsonb({"reason": "porque sim"})
    put(record, "one", {**HALF_WAY, "stopped_on": LATER}, status=status, paused_by=paused_by, next_step=step)
    migrate.upgrade(url)
    row = record.execute("SELECT blocks, paused_on FROM cases").fetchone()
    assert row
    expected = [] if block is None else [{"until": None, "whole_cohort": False, **block}]
    assert row == (expected, THEN if paused_by else None)
