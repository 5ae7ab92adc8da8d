"""One communication: wait for its hours, or for money, and have it sent by each of its channels until none is left.

As with cases the record decides and the workflow obeys. It ends with the communication, and is started again where a
provider reports later that nothing arrived.
"""

import asyncio

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from models.events import CommunicationChanged
    from models.words import CHANNELS, COMMUNICATIONS
    from workflows.asking import NeverTaken, ask, ask_once, note_cancellation, sleep_until, undeterred
    from workflows.effects import (
        CommunicationDispatch,
        CommunicationEffects,
        CommunicationNextAction,
        CommunicationStart,
        Dispatch,
    )

LEAST = Priority(priority_key=5)
"""No receipt delays a notice that starts a term."""


@workflow.defn
class Communication:
    def __init__(self) -> None:
        self.news = False

    @workflow.run
    async def run(self, start: CommunicationStart) -> str | None:
        self.start = start
        return await undeterred(self._live, self._note_cancellation)

    async def _live(self) -> str | None:
        now = await self._look()
        while self.news or now.outcome is None:
            if self.news:
                now = await self._look()
            elif await sleep_until(now.runs_at, lambda: self.news, COMMUNICATIONS[self.start.kind]):
                now = await self._send(now)
        return now.outcome

    async def _look(self) -> CommunicationNextAction:
        # before the record is read: news that comes while the activity runs may have come too late for it
        self.news = False
        looked: CommunicationNextAction = await ask(
            CommunicationEffects.look_at_communication, self.start.communication, summary="novidade no registro"
        )
        return looked

    async def _send(self, now: CommunicationNextAction) -> CommunicationNextAction:
        answers = await asyncio.gather(*map(self._send_by, now.dispatches))
        # of several answers each knows what was done before it, and none what is done by now
        return answers[0] if len(answers) == 1 and answers[0] else await self._look()

    async def _send_by(self, dispatch: Dispatch) -> CommunicationNextAction | None:
        """Have it sent by one channel; None when nobody took it."""
        asked = CommunicationDispatch(
            communication=self.start.communication, channel=dispatch.channel, rung_channel=dispatch.rung_channel
        )
        try:
            answer: CommunicationNextAction = await ask_once(
                CommunicationEffects.communicate,
                asked,
                task_queue=dispatch.queue,
                summary=f"{COMMUNICATIONS[self.start.kind]} · {CHANNELS[dispatch.channel]}",
                priority=LEAST,
            )
        except NeverTaken:
            return None
        return answer

    async def _note_cancellation(self) -> None:
        self.news = True
        await note_cancellation(self.start.communication, self.start.case)

    @workflow.signal
    def communication_changed(self, event: CommunicationChanged) -> None:
        """The record has changed; what is true now is read there."""
        self.news = True
