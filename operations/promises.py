"""Acts on promises to pay."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from models.collections.promise import Promise, PromiseChannel
from operations.operation import Act, must_say, operation
from storage.case import promising


@operation("case promise")
def take_promise(
    act: Act, case: str, amount: Decimal, on: date, now: datetime, channel: PromiseChannel = PromiseChannel.PHONE
) -> Promise:
    """Put on record that the taxpayer promised to pay so much on that day; one at a time."""
    act.tell(amount=amount, on=on, channel=channel)
    return promising.make_promise(act.engine, case, amount, on, channel, act.by, now)


@operation("case promise --another")
def take_another_promise(
    act: Act, case: str, amount: Decimal, on: date, now: datetime, channel: PromiseChannel = PromiseChannel.PHONE
) -> Promise:
    """Put a second promise on record beside one that is open."""
    act.tell(amount=amount, on=on, channel=channel)
    return promising.make_promise(act.engine, case, amount, on, channel, act.by, now, another=True)


@operation("case promise --cancel")
def cancel_promise(act: Act, case: str, promise: int, reason: str, now: datetime) -> None:
    """Take back a promise that was put on record by mistake; it counts among none."""
    must_say("why", reason)
    act.tell(promise=promise)
    promising.cancel_promise(act.engine, case, promise, act.by, reason, now)
