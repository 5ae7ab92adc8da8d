"""How a workflow asks for effects, and waits: nothing that it is answered, or not answered, stops it."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, TimeoutError, TimeoutType, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.effects import PATIENCE, ChargeEffects, Interference, InterferenceEffects
    from workflows.foreign import FOREIGN

T = TypeVar("T")

QUEUED = timedelta(hours=1)
"""How long an activity waits for a worker before it is asked for anew: what it was to do may be overtaken by then."""


class NeverTaken(Exception):
    """No worker took what was asked for."""


async def ask(effect: Callable[..., Any], argument: Any, **options: Any) -> Any:
    """Ask for an effect until it is answered. Raises ActivityError: it was refused, or given up."""
    while True:
        try:
            return await ask_once(effect, argument, **options)
        except NeverTaken:
            continue


async def ask_once(effect: Callable[..., Any], argument: Any, **options: Any) -> Any:
    """Ask for an effect. Raises NeverTaken; ActivityError: it was refused, or given up.

    An answer that isn't ours is none: the effect is asked for again, and finds on record what was done.
    """
    while True:
        try:
            answer = await workflow.execute_activity_method(
                effect, argument, **{"schedule_to_start_timeout": QUEUED, **PATIENCE, **options}
            )
        except ActivityError as failed:
            cause = failed.cause
            if isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_START:
                raise NeverTaken from None
            raise
        if answer is not FOREIGN:
            return answer


async def charge(case: str, summary: str, **options: Any) -> None:
    """Have a bank's charges of a case brought up to date. One that doesn't answer holds nothing up: what is owed can be
    paid otherwise."""
    try:
        await ask(ChargeEffects.charge, case, summary=summary, retry_policy=RetryPolicy(maximum_attempts=3), **options)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("the charges of this case are not up to date")


async def sleep_until(at: datetime | None, woken: Callable[[], bool], summary: str) -> bool:
    """Sleep until an instant, which may have passed; none never comes. False when something woke it before."""
    left = at - workflow.now() if at else None
    if left is not None and left <= timedelta(0):
        return True
    try:
        await workflow.wait_condition(woken, timeout=left, timeout_summary=summary)
    except builtins.TimeoutError:
        return True
    return False


async def undeterred(live: Callable[[], Awaitable[T]], note: Callable[[], Awaitable[None]]) -> T:
    """Live on when somebody cancels the workflow in Temporal: that is no act of the authority's. It is noted."""
    while True:
        try:
            return await live()
        except BaseException as error:
            # told from a worker that forgets the workflow, and cancels its tasks too
            if not is_cancelled_exception(error) or workflow.cancellation_reason() is None:
                raise
        await note()


async def note_cancellation(subject: str, case: str | None = None) -> None:
    """Put on record that somebody cancelled the workflow of this case, agreement or cohort in Temporal."""
    told = Interference(subject=subject, case=case, what="cancel")
    await ask(InterferenceEffects.record_interference, told, summary="cancelamento no Temporal, sem efeito")


class UnderWay:
    """Work under way while the workflow hears of other things; each piece is begun once, until it is over."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}
        self.failure: Exception | None = None
        """The failure of one of them, for the workflow to raise."""

    def begin(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._do(key, work))

    def includes(self, key: Hashable) -> bool:
        return key in self._tasks

    def __bool__(self) -> bool:
        return bool(self._tasks)

    async def _do(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as failed:
            self.failure = failed
        finally:
            del self._tasks[key]
