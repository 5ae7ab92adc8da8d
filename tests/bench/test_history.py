"""Events, bytes and billed actions, counted on the recorded history of registered debt that climbs to its referral."""

import gzip
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import ActivityTaskStartedEventAttributes, HistoryEvent
from temporalio.client import WorkflowHistory

from bench.history import ACTIONS, EVENTS, actions_of, rungs_of, size_of

RECORDED = Path(__file__).parents[1] / "workflows" / "histories" / "referral-0-0.json.gz"
HISTORY = WorkflowHistory.from_json("referral", gzip.decompress(RECORDED.read_bytes()).decode())


def test_a_rung_on_one_channel_is_twelve_events_and_three_actions() -> None:
    first, *_ = rungs_of(HISTORY, "notify")
    assert len(first) == EVENTS
    assert actions_of(first) == ACTIONS
    assert size_of(first) == sum(len(event.SerializeToString()) for event in first)


def test_rungs_follow_each_other_without_a_gap() -> None:
    events = [event for rung in rungs_of(HISTORY, "notify") for event in rung]
    ids = [event.event_id for event in events]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def test_an_activity_is_billed_for_each_attempt() -> None:
    started = HistoryEvent(
        event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
        activity_task_started_event_attributes=ActivityTaskStartedEventAttributes(attempt=3),
    )
    assert actions_of([started]) == 3


def test_what_is_only_told_is_not_billed() -> None:
    told = [EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    assert actions_of(HistoryEvent(event_type=kind) for kind in told) == 0
