"""The floor: a workflow of the shape of `TaxpayerRuler` that decides nothing and does nothing.

One activity at its start, one timer and one activity a rung, and on news two activities more and the end.
"""

from datetime import datetime, timedelta

from temporalio import activity, workflow

QUEUE = "bare"


@activity.defn
def nothing() -> float:
    """Do nothing, and give the time of it in seconds since 1970."""
    return activity.info().started_time.timestamp()


@workflow.defn
class BareRuler:
    def __init__(self) -> None:
        self.heard = False
        self.begun = False

    @workflow.run
    async def run(self, rungs: list[datetime]) -> list[float]:
        """Climb, and give the time at which each rung was done."""
        await _do()
        self.begun = True
        done = []
        for due in rungs:
            if await self._hears_before(due):
                await _do()
                await _do()
                break
            done.append(await _do())
        return done

    async def _hears_before(self, due: datetime) -> bool:
        try:
            await workflow.wait_condition(lambda: self.heard, timeout=due - workflow.now())
        except TimeoutError:
            return False
        return True

    @workflow.update
    async def opened(self) -> None:
        """Answered when its first activity is done."""
        await workflow.wait_condition(lambda: self.begun)

    @workflow.signal
    def news(self) -> None:
        self.heard = True


async def _do() -> float:
    return await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=60))
