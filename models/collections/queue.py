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
    APPROVALS = "approvals"
    """Nobody is called: suspensions that wait for somebody to approve or reject them."""
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
    "approval": Queue.APPROVALS,
}
"""The queue of each kind of task; all others are the office's."""

IN_ORDER = (Queue.PROMISES, Queue.CALL_BACKS, Queue.REQUESTS, Queue.APPROVALS, Queue.OFFICE)
"""The order in which tasks are given out, after those near prescription; calls that nobody asked for come last."""

ASKED_FOR = frozenset({Queue.CALL_BACKS, Queue.REQUESTS, Queue.COUNTER})
"""The queues in which the taxpayer asked first: an answer is no contact that limits count."""

NOBODY_CALLED = frozenset({Queue.APPROVALS, Queue.OFFICE})
"""The queues of work for which nobody is called: neither hours nor limits hold for it."""

DEFAULT = (Queue.PROMISES, Queue.CALL_BACKS, Queue.REQUESTS, Queue.COLLECTION)
"""The queues of somebody to whom none were given."""

LEASE = timedelta(minutes=30)
"""The time for one task: then somebody else may get it."""


class Spared(StrEnum):
    """The limit that keeps a task from somebody who asks for one now."""

    SKILL = "skill"
    """It lies in a queue that he doesn't work on."""
    HELD_OUT = "held_out"
    LEASE = "lease"
    """It is in somebody's hands."""
    LATER = "later"
    """Its hour is yet to come."""
    NO_TELEPHONE = "no_telephone"
    REFUSED = "refused"
    """The taxpayer wants no calls."""
    HOURS = "hours"
    LIMITS = "limits"
    """One more contact would pass the person's."""
    IN_CONTACT = "in_contact"
    """Somebody contacts the same person at this moment."""


def queue_of(kind: str) -> Queue:
    return QUEUE_OF.get(kind, Queue.OFFICE)
