"""The cost of a rung in Temporal: events and bytes of its history, and actions that Temporal Cloud bills."""

from collections.abc import Iterable
from itertools import pairwise

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from bench.climb import Climb
from bench.figures import Figure, at_most

EVENTS, BYTES, ACTIONS = 12, 4096, 3

BILLED = frozenset(
    (
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
        EventType.EVENT_TYPE_MARKER_RECORDED,
    )
)
"""One action each; an activity is one for each attempt (docs.temporal.io/cloud/actions, read in November 2026).
Workflow tasks, and what is only told (a timer that fired, an activity that completed), cost nothing."""


def rungs_of(history: WorkflowHistory, notice: str) -> list[list[HistoryEvent]]:
    """The events from the scheduling of each activity named `notice` to that of the next."""
    events = list(history.events)
    scheduled = [
        index
        for index, event in enumerate(events)
        if event.activity_task_scheduled_event_attributes.activity_type.name == notice
    ]
    return [events[before:after] for before, after in pairwise(scheduled)]


def size_of(events: Iterable[HistoryEvent]) -> int:
    return sum(event.ByteSize() for event in events)


def actions_of(events: Iterable[HistoryEvent]) -> int:
    return sum(_actions(event) for event in events)


def _actions(event: HistoryEvent) -> int:
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
        return event.activity_task_started_event_attributes.attempt
    return int(event.event_type in BILLED)


def history_figures(ours: Climb, bare: Climb) -> list[Figure]:
    """The history figures of the dearest rung that was seen."""
    mine, floor = rungs_of(ours.history, "notify"), rungs_of(bare.history, "nothing")
    return [
        at_most(EVENTS, "history events a rung", _most(map(len, mine)), _most(map(len, floor))),
        at_most(BYTES, "history bytes a rung", _most(map(size_of, mine)), _most(map(size_of, floor))),
        at_most(ACTIONS, "Temporal Cloud actions a rung", _most(map(actions_of, mine)), _most(map(actions_of, floor))),
    ]


def _most(counts: Iterable[int]) -> int:
    return max(counts)
