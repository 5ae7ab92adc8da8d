"""Whether the city rests: every event is delivered, and no workflow has anything left to do about it."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Engine, Row, text
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.events import CommunicationChanged, InstalmentsChanged
from workflows.names import agreement_workflow_id, case_workflow_id, communication_workflow_id

CASES = text("SELECT id FROM cases")

NEWS = text("""
    SELECT id, "case", payload->>'agreement' AS agreement, payload->>'communication' AS communication,
           name, delivered_at IS NOT NULL AS delivered
    FROM outbox WHERE id > :since ORDER BY id
""")


class Rest:
    """Follows whoever is told of an event. A workflow rests while the server has neither a task for it nor an activity
    of its own under way, whatever day or news it waits for."""

    def __init__(self, engine: Engine, client: Client) -> None:
        self.engine = engine
        self.client = client
        with engine.connect() as connection:
            just_started = connection.scalars(CASES).all()
        self._moving = {case_workflow_id(case) for case in just_started}
        self._since = 0
        """Up to here, whoever an event in the outbox is for has heard it."""
        self._heard: set[int] = set()
        """Delivered events after it: of two transactions the later number may be seen first."""

    async def reached(self) -> bool:
        """Whether the city rests. Raises RPCError and OperationalError while Temporal or PostgreSQL is away."""
        while await asyncio.to_thread(self._all_are_delivered):
            if not self._moving:
                self._since = max(self._heard, default=self._since)
                self._heard.clear()
                return True
            for workflow in sorted(self._moving):
                if not await self._rests(workflow):
                    return False
                self._moving.discard(workflow)
        return False

    def _all_are_delivered(self) -> bool:
        with self.engine.connect() as connection:
            news = connection.execute(NEWS, {"since": self._since}).all()
        for event in news:
            if event.delivered and event.id not in self._heard:
                self._heard.add(event.id)
                self._moving.add(_workflow_of(event))
        return all(event.delivered for event in news)

    async def _rests(self, workflow: str) -> bool:
        try:
            known = (await self.client.get_workflow_handle(workflow).describe()).raw_description
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        return not (known.pending_activities or known.HasField("pending_workflow_task"))


def _workflow_of(event: Row[Any]) -> str:
    """The id of the workflow that is told of an event."""
    if event.name == InstalmentsChanged.signal():
        return agreement_workflow_id(event.agreement)
    if event.name == CommunicationChanged.signal():
        return communication_workflow_id(event.communication)
    return case_workflow_id(event.case)
