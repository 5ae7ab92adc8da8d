"""The cost of a rung in Temporal: timer 2 events, activity 3, two workflow tasks 6, search attributes 1."""

from bench.history import ACTIONS, BYTES, EVENTS, actions_of, rungs_of, size_of
from tests.builders import REGISTERED, inscribed
from tests.workflows.town import Town


async def test_a_rung_on_one_channel_costs_twelve_events_four_kib_and_three_actions(town: Town) -> None:
    life = await town.begin_one(inscribed(), ruler=REGISTERED)
    await life.climbs(8)
    rungs = rungs_of(await life.handle.fetch_history(), "notify")
    assert len(rungs) >= 7
    assert max(map(len, rungs)) <= EVENTS
    assert max(map(size_of, rungs)) <= BYTES
    assert max(map(actions_of, rungs)) <= ACTIONS
