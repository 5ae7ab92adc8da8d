"""The vitals of a record whose every number is put there by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from reports.status import wrong_with
from storage.read_models.vitals import Vitals, read_vitals
from tests.delivery_world import DeliveryWorld

NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


@pytest.fixture
def case(world: DeliveryWorld) -> str:
    return world.case(world.taxpayer("+558230000000"))


def read(world: DeliveryWorld) -> Vitals:
    with world.engine.connect() as connection:
        return read_vitals(connection, NOW)


def run(world: DeliveryWorld, sql: str, **values: Any) -> None:
    with world.engine.begin() as connection:
        connection.execute(text(sql), values)


def test_an_empty_record_has_nothing_wrong_but_that_nobody_works_on_it(world: DeliveryWorld) -> None:
    found = read(world)
    assert {name for name, value in found.items() if value} == {"idle_work"}
    assert wrong_with(found, None) == ["Temporal does not answer"]


@pytest.mark.parametrize(
    ("ago", "lifecycle", "late"), [(1, "running", False), (3, "running", True), (3, "paused", False)]
)
def test_a_case_of_a_running_cohort_is_overdue_when_its_step_is_late(
    world: DeliveryWorld, case: str, ago: int, lifecycle: str, late: bool
) -> None:
    step = f'{{"on": "{TODAY - timedelta(days=ago)}"}}'
    run(world, "UPDATE cases SET next_step = CAST(:step AS jsonb), revision = 1", step=step)
    run(world, "UPDATE cohorts SET lifecycle = :now, lifecycle_since = CURRENT_DATE", now=lifecycle)
    assert read(world)["overdue_cases"] == ([case] if late else [])


def test_what_waits_for_people_and_for_cases_is_counted(world: DeliveryWorld, case: str) -> None:
    run(
        world,
        """INSERT INTO tasks ("case", kind, reference, what, due)
           SELECT :case, 'call', n::text, 'ligar', CURRENT_DATE + n FROM generate_series(-2, 1) AS n""",
        case=case,
    )
    run(
        world,
        """INSERT INTO quarantined_items (digest, sealed, reason, arrived_at, last_arrived_at)
           VALUES ('a', 'a', 'x', now(), now()), ('b', 'b', 'x', now(), now())""",
    )
    run(world, "UPDATE quarantined_items SET settled_at = now(), settled_by = 'ana' WHERE digest = 'b'")
    run(
        world,
        """INSERT INTO outbox ("case", name, payload, recorded_at)
           VALUES (:case, 'x', '{}', :then), (:case, 'x', '{}', :now)""",
        case=case,
        then=NOW - timedelta(seconds=400),
        now=NOW,
    )
    run(
        world,
        """INSERT INTO audit_log (actor, authenticated, command, outcome)
           VALUES ('a', false, 'taxpayers import', 'done'), ('a', false, 'filings import', 'done'),
                  ('a', false, 'filings import', 'refused')""",
    )
    found = read(world)
    assert (found["overdue_tasks"], found["quarantined_payments"], found["owed_signal_seconds"]) == (2, 1, 400.0)
    assert (found["failing_imports"], found["import_seconds"] is not None) == (["filings import"], True)
    assert wrong_with(found, None) == [
        "1 items of payment callbacks wait in the quarantine",
        "filings import failed when it was tried last",
        "400 seconds is how long a signal has been owed",
        "Temporal does not answer",
    ]


def test_notices_of_today_are_counted_by_what_became_of_them(world: DeliveryWorld, case: str) -> None:
    run(
        world,
        """INSERT INTO notices (id, "case", step, channel, rung_channel, at, hypothesis, stage, rigidity, tone,
                                template, formal, status, body, cost, claimed_at)
           SELECT 'n' || n, :case, n, 'sms', 'sms', CURRENT_DATE - n / 3, 'h1', 'reminder', 1, 'friendly', 'x', false,
                  CASE n WHEN 0 THEN 'claimed' ELSE 'sent' END, '', 0.10, :then
           FROM generate_series(0, 3) AS n""",
        case=case,
        then=NOW - timedelta(minutes=20),
    )
    found = read(world)
    assert found["sent_today"] == [
        {"channel": "sms", "result": "claimed", "notices": 1},
        {"channel": "sms", "result": "sent", "notices": 2},
    ]
    assert (found["notices_claimed_long"], found["cost_today"]) == (1, Decimal("0.30"))
