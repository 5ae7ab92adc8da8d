"""The supervisors: asked to suspend somebody's benefits, one approves within days, and now and then refuses at first;
another one approves as well where the ruler wants two."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta

from sqlalchemy import Engine, Row, text
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from rehearsal.city import Person
from workflows.effects import Command
from workflows.names import case_workflow_id

THINKS = timedelta(days=2)
PATIENCE = 5.0
"""Seconds for an answer; asked once more, a case that has taken the first one stays as it is."""
UNANSWERED = (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError)
FIRST, SECOND = "supervisora da cidade", "procurador da cidade"
WHY = "ciência provada, prazo de defesa decorrido, débito ainda em aberto"
REJECTED = Command(by=FIRST, reason="conferir antes se há defesa protocolada")

ASKED = text("""
    SELECT cases.id, tax_id, CAST(state #>> '{place,approval,asked_on}' AS date) AS asked_on,
           state->>'rejected_on' IS NOT NULL AS was_rejected,
           state #> '{place,approval,approvers}' ? :first AS was_approved
    FROM cases JOIN taxpayers ON taxpayers.id = cases.taxpayer
    WHERE status = 'awaiting_approval' ORDER BY tax_id
""")


class Supervisor:
    def __init__(self, engine: Engine, client: Client, people: Iterable[Person]) -> None:
        self.engine = engine
        self.client = client
        self.rejected_first = {person.tax_id for person in people if person.rejected_first}

    async def live(self, today: date, is_last: bool) -> list[str]:
        """Answers the gates whose time has come, on the city's last day all that are left; the workflows that were
        answered."""
        asked = await asyncio.to_thread(self._asked)
        due = [gate for gate in asked if gate.asked_on + THINKS <= today or is_last]
        await asyncio.gather(*(self._answer(gate) for gate in due))
        return [case_workflow_id(gate.id) for gate in due]

    def _asked(self) -> list[Row[tuple[str, str, date, bool, bool]]]:
        with self.engine.connect() as connection:
            return list(connection.execute(ASKED, {"first": FIRST}).all())

    async def _answer(self, gate: Row[tuple[str, str, date, bool, bool]]) -> None:
        rejects = gate.tax_id in self.rejected_first and not gate.was_rejected
        approval = Command(by=SECOND if gate.was_approved else FIRST, reason=WHY)
        update, command = ("reject", REJECTED) if rejects else ("approve", approval)
        # refused when the case has moved on meanwhile; asked again, it is answered again
        with suppress(WorkflowUpdateFailedError, *UNANSWERED):
            async with asyncio.timeout(PATIENCE):
                await self.client.get_workflow_handle(case_workflow_id(gate.id)).execute_update(update, command)
