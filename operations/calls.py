"""Acts of the call centre: a task is taken, who speaks is confirmed, an outcome told; supervisors arrange the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from models.collections.outcome import Outcome
from models.collections.queue import Queue
from operations.operation import Act, must_say, operation
from storage.collections import calls, queue
from storage.collections.calls import Result, UnderWay
from storage.collections.queue import NoTask, Taken


@operation("call next")
def take_next(act: Act, now: datetime) -> Taken | NoTask:
    """Take the next task of one's queues, or the one that is in one's hands already; else hear why there is none."""
    taken = queue.take_next(act.engine, act.by, now)
    if isinstance(taken, Taken):
        act.tell(task=taken.task, call=taken.call)
    return taken


@operation("call visit")
def receive_visit(act: Act, case: str, now: datetime) -> Taken:
    """Take in a taxpayer who came to the counter about a case."""
    return queue.take_visit(act.engine, case, act.by, now)


@operation("call confirm")
def confirm_party(act: Act, call: int, now: datetime) -> str:
    """Put down that the taxpayer is the one who speaks; returns the case, of which may be spoken from now on."""
    return calls.confirm(act.engine, call, act.by, now)


@operation("call outcome")
def tell_outcome(
    act: Act,
    call: int,
    outcome: Outcome,
    now: datetime,
    amount: Decimal | None = None,
    on: date | None = None,
    call_back_at: datetime | None = None,
    note: str = "",
    instalments: int | None = None,
) -> UnderWay:
    """Put down what came of a call, a visit or a task of the office's; its effect is on record with it."""
    act.tell(outcome=outcome)
    return calls.end_call(act.engine, call, act.by, Result(outcome, amount, on, call_back_at, instalments, note), now)


@operation("call reassign")
def reassign_call(act: Act, call: int, to: str, now: datetime) -> None:
    """Put a task that is in somebody's hands into another person's."""
    must_say("to whom", to)
    queue.reassign(act.engine, call, to, now)


@operation("call queues")
def set_queues(act: Act, agent: str, queues: Sequence[Queue]) -> None:
    """Say on which queues somebody works."""
    must_say("whose queues", agent)
    act.tell(queues=list(queues))
    queue.set_queues(act.engine, agent, queues, act.by)
