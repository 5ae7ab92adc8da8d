"""Commands that nobody gave to a case's workflow: each is refused, and so many are on record."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.asking import ask
    from workflows.effects import Interference, InterferenceEffects
    from workflows.foreign import refusal

AN_HOUR = timedelta(hours=1)
ENTRIES = 20
"""On record for a case in an hour, at most: one by one, and the last of them tells how many more there were."""


class Refusals:
    def __init__(self, case: str) -> None:
        self.case = case
        self._recorded: list[datetime] = []
        self._untold = 0

    async def refuse(self, command: str, why: str) -> ApplicationError:
        """Put a refusal on record and give it, to be raised; beyond so many in an hour it is only counted."""
        if self._left() > 1:
            await self._record(command, 1)
        else:
            self._untold += 1
        return refusal(why)

    async def settle(self) -> None:
        """Put on record how many were only counted."""
        if self._untold and self._left() > 0:
            untold, self._untold = self._untold, 0
            await self._record("", untold)

    def _left(self) -> int:
        now = workflow.now()
        self._recorded = [at for at in self._recorded if at > now - AN_HOUR]
        return ENTRIES - len(self._recorded)

    async def _record(self, command: str, times: int) -> None:
        self._recorded.append(workflow.now())
        told = Interference(subject=self.case, case=self.case, what="update", name=command, times=times)
        await ask(InterferenceEffects.record_interference, told, summary="comando recusado")
