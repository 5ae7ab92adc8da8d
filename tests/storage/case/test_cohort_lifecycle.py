"""A cohort is held from the moment the command returns, however many case transactions are under way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Event

import pytest
from sqlalchemy import Engine, select, text

from models.case.cohort_state import State
from models.case.selection import Selection
from models.case.status import Status
from models.case.step import Action
from models.errors import Refusal
from models.law.calendar import Clock
from storage.case.cohort_lifecycle import change_cohort_state
from storage.case.cohorts import Cohort, create_cohort, pin_ruler
from storage.case.transaction import case_transaction
from storage.catalogue import RULERS
from storage.schema import cases, outbox
from tests import factories
from tests.builders import REGISTERED, shipped

NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)
TODAY = date(2026, 11, 3)
CLOCK = Clock(day_seconds=Decimal(86_400), origin_wall=NOW, origin_day=TODAY, timezone="America/Sao_Paulo")


def founded(engine: Engine, name: str = "iptu") -> Cohort:
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
    return create_cohort(engine, Cohort(name, frozen, Selection(), CLOCK, "ana"))


def case(engine: Engine, name: str, cohort: str = "iptu", status: str = "running", paused_by: str | None = None) -> str:
    with engine.begin() as connection:
        who = factories.taxpayer(connection, key=name)
        factories.debt(connection, who)
        return factories.case(connection, who, cohort, TODAY, status=status, paused_by=paused_by)


def look(engine: Engine, name: str) -> Status:
    with case_transaction(engine, name, NOW) as tx:
        return tx.step.status


def told(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(outbox.c.case).order_by(outbox.c.id)))


def test_a_case_transaction_under_way_ends_before_the_pause_and_the_next_one_sees_it(engine: Engine) -> None:
    founded(engine)
    first, second = case(engine, "A"), case(engine, "B")
    sits, may_end = Event(), Event()

    def sit() -> Action:
        with case_transaction(engine, first, NOW) as tx:
            sits.set()
            assert may_end.wait(20)
            return tx.step.action

    with ThreadPoolExecutor() as people:
        under_way = people.submit(sit)
        assert sits.wait(20)
        pausing = people.submit(change_cohort_state, engine, "iptu", State.PAUSED, "ana", "", NOW)
        until_it_waits(engine)
        assert not pausing.done()
        after = people.submit(look, engine, second)
        may_end.set()
        assert under_way.result() is Action.NOTIFY
        assert pausing.result() == 2
        assert after.result() is Status.PAUSED
    assert look(engine, first) is Status.PAUSED


def until_it_waits(engine: Engine) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(waiting):
            pass


def test_other_cohorts_are_not_held_up(engine: Engine) -> None:
    founded(engine)
    founded(engine, "other")
    held, free = case(engine, "A"), case(engine, "B", "other")
    with case_transaction(engine, held, NOW):
        change_cohort_state(engine, "other", State.PAUSED, "ana", "", NOW)
    assert (look(engine, held), look(engine, free)) == (Status.RUNNING, Status.PAUSED)


def test_who_must_hear_of_it_is_told_and_nobody_else(engine: Engine) -> None:
    founded(engine)
    running, alone = case(engine, "A"), case(engine, "B", status="paused", paused_by="bia")
    case(engine, "C", status="control")
    assert change_cohort_state(engine, "iptu", State.PAUSED, "ana", "", NOW) == 2
    assert told(engine) == sorted([running, alone])
    assert (look(engine, running), look(engine, alone)) == (Status.PAUSED, Status.PAUSED)
    assert change_cohort_state(engine, "iptu", State.RUNNING, "ana", "", NOW) == 2
    assert (look(engine, running), look(engine, alone)) == (Status.RUNNING, Status.PAUSED)


def test_what_nobody_has_heard_yet_is_taken_back(engine: Engine) -> None:
    """A pause that is lifted at once asks nothing of the cases that had not heard of it."""
    founded(engine)
    founded(engine, "other")
    first, _, elsewhere = case(engine, "A"), case(engine, "B"), case(engine, "C", "other")
    for cohort in ("iptu", "other"):
        change_cohort_state(engine, cohort, State.PAUSED, "ana", "", NOW)
    assert look(engine, first) is Status.PAUSED
    assert change_cohort_state(engine, "iptu", State.RUNNING, "ana", "", NOW) == 1
    assert told(engine) == [elsewhere, first]


def test_a_pause_said_twice_is_heard_once(engine: Engine) -> None:
    founded(engine)
    running = case(engine, "A")
    for _ in range(2):
        change_cohort_state(engine, "iptu", State.PAUSED, "ana", "", NOW)
    assert told(engine) == [running]


def test_a_cancelled_cohort_is_over_for_good(engine: Engine) -> None:
    cohort = founded(engine)
    running, control = case(engine, "A"), case(engine, "B", status="control")
    assert change_cohort_state(engine, "iptu", State.CANCELLED, "ana", "lei nova", NOW) == 1
    assert told(engine) == [running]
    with engine.connect() as connection:
        assert connection.scalar(select(cases.c.closed_at).where(cases.c.id == control)) is not None
    for refused in (
        lambda: change_cohort_state(engine, "iptu", State.RUNNING, "ana", "", NOW),
        lambda: create_cohort(engine, cohort),
    ):
        with pytest.raises(Refusal, match="was cancelled by ana"):
            refused()


def test_a_cohort_that_is_not_there_is_refused(engine: Engine) -> None:
    with pytest.raises(Refusal, match="there is no cohort iptu"):
        change_cohort_state(engine, "iptu", State.PAUSED, "ana", "", NOW)
