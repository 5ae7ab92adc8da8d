"""What a rung costs in Temporal: timer 2 events, activity 3, two workflow tasks 6, search attributes 1."""

from itertools import pairwise

from temporalio.client import WorkflowHistory

from tests.builders import REGISTERED, inscribed
from tests.workflows.town import Town

EVENTS, BYTES = 12, 4096


def spans_between_notices(history: WorkflowHistory) -> list[tuple[int, int]]:
    """Events and bytes from the scheduling of each notice to that of the next."""
    events = list(history.events)
    notified = [
        index
        for index, event in enumerate(events)
        if event.activity_task_scheduled_event_attributes.activity_type.name == "notify"
    ]
    return [
        (after - before, sum(event.ByteSize() for event in events[before:after]))
        for before, after in pairwise(notified)
    ]


async def test_a_rung_on_one_channel_costs_twelve_events_and_four_kib(town: Town) -> None:
    life = await town.begin_one(inscribed(), ruler=REGISTERED)
    await life.climbs(8)
    spans = spans_between_notices(await life.handle.fetch_history())
    assert len(spans) >= 7
    assert max(events for events, _ in spans) <= EVENTS
    assert max(size for _, size in spans) <= BYTES
