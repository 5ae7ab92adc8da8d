"""The queues of the call centre: which work lies in which, and in what order one agent gets one piece of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Queue(StrEnum):
    PROMISES = "promises"
    """Promises that weren't kept."""
    CALL_BACKS = "call_backs"
    """Calls that were put off to an hour the taxpayer named."""
    REQUESTS = "requests"
    """Asked for in a reply: somebody to talk to, an agreement, a contest."""
    COLLECTION = "collection"
    """Nobody asked: by what is owed, and how likely such people pay."""
    OFFICE = "office"
    """Nobody is called: checks with banks, courts and registers."""
    COUNTER = "counter"
    """Taxpayers who came themselves."""


QUEUE_OF: Mapping[str, Queue] = {
    "promise": Queue.PROMISES,
    "call_back": Queue.CALL_BACKS,
    "call": Queue.REQUESTS,
    "instalments": Queue.REQUESTS,
    "objection": Queue.REQUESTS,
    "collect": Queue.COLLECTION,
    "visit": Queue.COUNTER,
}
"""The queue of each kind of task; all others are the office's."""

IN_ORDER = (Queue.PROMISES, Queue.CALL_BACKS, Queue.REQUESTS, Queue.OFFICE)
"""The order in which tasks are given out, after those near prescription; calls that nobody asked for come last."""

ASKED_FOR = frozenset({Queue.CALL_BACKS, Queue.REQUESTS, Queue.COUNTER})
"""The queues in which the taxpayer asked first: an answer is no contact that limits count."""

DEFAULT = (Queue.PROMISES, Queue.CALL_BACKS, Queue.REQUESTS, Queue.COLLECTION)
"""The queues of somebody to whom none were given."""

LEASE = timedelta(minutes=30)
"""The time for one task: then somebody else may get it."""


def queue_of(kind: str) -> Queue:
    return QUEUE_OF.get(kind, Queue.OFFICE)
