"""The forecast of what will be sent if nobody pays: from the next steps that cases wait for, and what their ruler does
after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from models.case.plan import imagined_case, plan
from models.case.step import Action
from models.contact.channel import Channel
from models.law.calendar import Calendar
from models.ruler.schema import Hypothesis, Ruler


class Waiting(NamedTuple):
    """Cases that wait for the same rung on the same day."""

    row: Hypothesis
    rung: int
    on: date
    occurrences: int
    channels: tuple[Channel, ...]
    """The channels of the rung's notices, for these taxpayers; those after it go by the ruler's own."""
    cases: int


class Sending(NamedTuple):
    on: date
    channel: Channel
    notices: int


def forecast(
    ruler: Ruler, calendar: Calendar, waiting: Iterable[Waiting], today: date, until: date
) -> tuple[Sending, ...]:
    """The notices by day and channel, up to `until`; what was due before today leaves today. Every notice counts as
    served the day it leaves, and an approval as given the day it is asked for."""
    sent: Counter[tuple[date, Channel]] = Counter()
    for each in waiting:
        for on, channel in _sent_to_one(ruler, calendar, each, max(each.on, today), until):
            sent[on, channel] += each.cases
    return tuple(Sending(on, channel, notices) for (on, channel), notices in sorted(sent.items()))


def _sent_to_one(
    ruler: Ruler, calendar: Calendar, waiting: Waiting, due: date, until: date
) -> Iterator[tuple[date, Channel]]:
    yield from ((due, channel) for channel in waiting.channels if due <= until)
    entered = imagined_case(ruler, calendar, waiting.row, waiting.occurrences, due)
    rigidity = ruler.rigidity(waiting.row, waiting.rung, waiting.occurrences)
    done = entered.state.done(ruler, waiting.row, waiting.rung, rigidity, due)
    served = done.model_copy(update={"clock": done.clock.but(awaits_service=False)})
    for step in plan(entered.at(served)):
        if step.on is None or step.on > until:
            return
        if step.action is Action.NOTIFY:
            yield from ((step.on, route.channel) for route in step.routes)
