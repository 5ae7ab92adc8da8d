"""A cohort is held from the moment the command returns, however many sittings are under way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Event

import pytest
from sqlalchemy import Engine, insert, select, text

from models.calendar import Clock
from models.case import Status
from models.errors import Refusal
from models.position import Position
from models.steering import State
from models.step import Action
from storage.cases import sitting
from storage.cohorts import Cohort, Selection, found_cohort, pin_ruler
from storage.schema import cases, cohorts, debtors, debts, owed_signals, taxpayers
from storage.shelf import RULERS
from storage.steering import steer
from tests.builders import REGISTERED, shipped

NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)
TODAY = date(2026, 11, 3)
CLOCK = Clock(day_seconds=Decimal(86_400), origin_wall=NOW, origin_day=TODAY, timezone="America/Sao_Paulo")


def founded(engine: Engine, name: str = "iptu") -> Cohort:
    with engine.begin() as connection:
        frozen = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
    return found_cohort(engine, Cohort(name, frozen, Selection(), CLOCK, "ana"))


def case(engine: Engine, name: str, cohort: str = "iptu", status: str = "running", paused_by: str | None = None) -> str:
    with engine.begin() as connection:
        person = {"key": name, "tax_id": name, "name": name, "is_company": True}
        who = connection.execute(insert(taxpayers).values(person).returning(taxpayers.c.id)).scalar_one()
        owed = {"tax": "IPTU", "inscription": name, "due": date(2026, 10, 9), "amount": Decimal(1000)}
        debt = connection.execute(insert(debts).values(owed).returning(debts.c.id)).scalar_one()
        connection.execute(insert(debtors).values(debt=debt, taxpayer=who))
        values = {"taxpayer": who, "tax": "IPTU", "cohort": cohort, "status": status, "paused_by": paused_by}
        values["ruler"] = select(cohorts.c.ruler).where(cohorts.c.name == cohort).scalar_subquery()
        values["position"] = Position.at_start(TODAY).model_dump(mode="json")
        return str(connection.execute(insert(cases).values(values).returning(cases.c.id)).scalar_one())


def look(engine: Engine, name: str) -> Status:
    with sitting(engine, name, NOW) as sat:
        return sat.step.status


def told(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(owed_signals.c.case).order_by(owed_signals.c.id)))


def test_a_sitting_under_way_ends_before_the_pause_and_the_next_one_sees_it(engine: Engine) -> None:
    founded(engine)
    first, second = case(engine, "A"), case(engine, "B")
    sits, may_end = Event(), Event()

    def sit() -> Action:
        with sitting(engine, first, NOW) as sat:
            sits.set()
            assert may_end.wait(20)
            return sat.step.action

    with ThreadPoolExecutor() as people:
        under_way = people.submit(sit)
        assert sits.wait(20)
        pausing = people.submit(steer, engine, "iptu", State.PAUSED, "ana", "", NOW)
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
    with sitting(engine, held, NOW):
        steer(engine, "other", State.PAUSED, "ana", "", NOW)
    assert (look(engine, held), look(engine, free)) == (Status.RUNNING, Status.PAUSED)


def test_who_must_hear_of_it_is_told_and_nobody_else(engine: Engine) -> None:
    founded(engine)
    running, alone = case(engine, "A"), case(engine, "B", status="paused", paused_by="bia")
    case(engine, "C", status="control")
    assert steer(engine, "iptu", State.PAUSED, "ana", "", NOW) == 2
    assert told(engine) == sorted([running, alone])
    assert (look(engine, running), look(engine, alone)) == (Status.PAUSED, Status.PAUSED)
    assert steer(engine, "iptu", State.RUNNING, "ana", "", NOW) == 2
    assert (look(engine, running), look(engine, alone)) == (Status.RUNNING, Status.PAUSED)


def test_what_nobody_has_heard_yet_is_taken_back(engine: Engine) -> None:
    """A pause that is lifted at once asks nothing of the cases that had not heard of it."""
    founded(engine)
    founded(engine, "other")
    first, _, elsewhere = case(engine, "A"), case(engine, "B"), case(engine, "C", "other")
    for cohort in ("iptu", "other"):
        steer(engine, cohort, State.PAUSED, "ana", "", NOW)
    assert look(engine, first) is Status.PAUSED
    assert steer(engine, "iptu", State.RUNNING, "ana", "", NOW) == 1
    assert told(engine) == [elsewhere, first]


def test_a_pause_said_twice_is_heard_once(engine: Engine) -> None:
    founded(engine)
    running = case(engine, "A")
    for _ in range(2):
        steer(engine, "iptu", State.PAUSED, "ana", "", NOW)
    assert told(engine) == [running]


def test_a_cancelled_cohort_is_over_for_good(engine: Engine) -> None:
    cohort = founded(engine)
    running, control = case(engine, "A"), case(engine, "B", status="control")
    assert steer(engine, "iptu", State.CANCELLED, "ana", "lei nova", NOW) == 1
    assert told(engine) == [running]
    with engine.connect() as connection:
        assert connection.scalar(select(cases.c.closed_at).where(cases.c.id == control)) is not None
    for refused in (
        lambda: steer(engine, "iptu", State.RUNNING, "ana", "", NOW),
        lambda: found_cohort(engine, cohort),
    ):
        with pytest.raises(Refusal, match="was cancelled by ana"):
            refused()


def test_a_cohort_that_is_not_there_is_refused(engine: Engine) -> None:
    with pytest.raises(Refusal, match="there is no cohort iptu"):
        steer(engine, "iptu", State.PAUSED, "ana", "", NOW)
