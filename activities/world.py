"""The clock and the record, as an activity finds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import Engine
from temporalio import activity

from channels.post import Post
from models.channel import CHANNELS
from storage.cases import Sitting, sitting


def now() -> datetime:
    """The server's own clock when this activity began: one clock for all workers, and the one that tests can move."""
    return activity.info().started_time


@contextmanager
def sitting_on(engine: Engine, post: Post, case: str, not_before: date | None = None) -> Iterator[Sitting]:
    """A sitting that knows which channels need an address of the taxpayer's."""
    unaddressed = frozenset(channel for channel in CHANNELS if not post.reaches(channel))
    with sitting(engine, case, now(), not_before, unaddressed) as sat:
        yield sat
