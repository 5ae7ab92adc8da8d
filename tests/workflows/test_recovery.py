"""Workflows that Temporal lost are started again from the record, and those that remember too little catch up."""

from datetime import UTC, datetime
from pathlib import Path

from storage.case.recovery import Recovered, look_again
from tests.builders import FACTS
from tests.workflows.test_case_transactions import Hand
from tests.workflows.town import Life, Town, result_of, until


def recover(town: Town, closed_since: datetime | None = None) -> Recovered:
    with town.engine.begin() as connection:
        return look_again(connection, closed_since)


async def run_of(life: Life) -> str:
    """The newest run of its workflow."""
    started = (await life.handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    return started.original_execution_run_id


async def test_a_case_that_temporal_lost_goes_on_where_its_record_stands(town: Town) -> None:
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(2)
    path, lost = life.path, await run_of(life)
    await life.handle.terminate("lost")
    recover(town)
    await life.told()
    assert await run_of(life) != lost
    await life.climbs(3)
    assert life.path[:2] == path
    assert len(life.path) == len(set(life.path))


async def test_a_notice_that_a_lost_workflow_had_claimed_leaves_all_the_same(town: Town) -> None:
    """Its activity is gone with it, and the case has gone on to its next rung."""
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await life.handle.terminate("lost")
    with town.engine.begin() as connection:
        claimed = """UPDATE notices SET status = 'claimed', sent_at = NULL, provider = NULL WHERE "case" = %(case)s"""
        connection.exec_driver_sql(claimed, {"case": life.case})
    recover(town)
    await life.told()
    await life.passes(1)
    left = """SELECT DISTINCT status, sent_at IS NOT NULL FROM notices WHERE "case" = :case AND step = 0"""
    await until(lambda: life.rows(left) == [("sent", True)])
    assert len(life.path) == 1


async def test_a_notice_of_a_case_that_was_closed_meanwhile_leaves_all_the_same(town: Town) -> None:
    """Its workflow is lost with the notice on its way, and a payment has closed the case: what was claimed is settled
    first, and nobody is left to wait for it."""
    life = await town.begin_one(FACTS["h1"])
    await life.climbs(1)
    await life.pays_everything()
    assert await life.ends() == "resolved"
    ended = await run_of(life)
    with town.engine.begin() as connection:
        claimed = """UPDATE notices SET status = 'claimed', sent_at = NULL, provider = NULL WHERE id = %(id)s"""
        [(notice,)] = life.rows("""SELECT id FROM notices WHERE "case" = :case AND step = 0 AND channel = 'email'""")
        connection.exec_driver_sql(claimed, {"id": notice})
    recover(town)
    await until(lambda: life.rows("SELECT count(*) FROM outbox WHERE delivered_at IS NULL") == [(0,)])
    assert await run_of(life) != ended
    await life.passes(1)
    left = """SELECT status, sent_at IS NOT NULL FROM notices WHERE id = :id"""
    await until(lambda: life.rows(left.replace(":id", f"'{notice}'")) == [("sent", True)])
    assert await result_of(life.handle) == "resolved"


async def test_a_step_that_the_record_has_done_is_not_done_again(town: Town, tmp_path: Path) -> None:
    """The workflow waits for a step that somebody else carried out, as one of an older copy of Temporal would."""
    life = await town.begin_one(FACTS["h1"])
    hand = Hand(life, tmp_path / "outbox")
    step = hand.look()
    hand.wait_for(step)
    hand.notify(step)
    [first] = life.path
    await life.climbs(2)
    assert life.path[0] == first
    assert len(life.path) == 2


async def test_those_closed_since_a_copy_began_are_told_too(town: Town) -> None:
    """Their workflows, restored as they were, would wait for ever; those that ended are not started again."""
    life = await town.begin_one(FACTS["h1"])
    since = datetime.now(UTC)
    await life.pays_everything()
    assert await life.ends() == "resolved"
    ended = await run_of(life)
    # what a former test's end left open in the town is told as well
    [(others,)] = life.rows("SELECT count(*) FROM cases WHERE closed_at IS NULL AND status <> 'control'")
    assert (recover(town).cases - others, recover(town, since).cases - others) == (0, 1)
    await life.told()
    assert await run_of(life) == ended
