"""The supervisors: asked to suspend somebody's benefits, one approves within days, and now and then refuses at first;
another one approves as well where the ruler wants two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, Row, text

from models.errors import Refusal
from operations.cases import approve_suspension, reject_suspension
from operations.operation import Credentials
from rehearsal.city import Person

THINKS = timedelta(days=2)
FIRST, SECOND = "supervisora da cidade", "procurador da cidade"
WHY = "ciência provada, prazo de defesa decorrido, débito ainda em aberto"
WHY_NOT = "conferir antes se há defesa protocolada"

ASKED = text("""
    SELECT cases.id, tax_id, CAST(state #>> '{place,approval,asked_on}' AS date) AS asked_on,
           state->>'rejected_on' IS NOT NULL AS was_rejected,
           state #> '{place,approval,approvers}' ? :first AS was_approved
    FROM cases JOIN taxpayers ON taxpayers.id = cases.taxpayer
    WHERE status = 'awaiting_approval' AND state #>> '{place,approval,asked_on}' IS NOT NULL ORDER BY tax_id
""")


class Supervisor:
    def __init__(self, engine: Engine, people: Iterable[Person]) -> None:
        self.engine = engine
        self.rejected_first = {person.tax_id for person in people if person.rejected_first}

    def live(self, today: date, is_last: bool) -> bool:
        """Answer the gates whose time has come, on the city's last day all that are left; whether any was."""
        with self.engine.connect() as connection:
            asked = connection.execute(ASKED, {"first": FIRST}).all()
        answered = [self._answers(gate) for gate in asked if gate.asked_on + THINKS <= today or is_last]
        return any(answered)

    def _answers(self, gate: Row[tuple[str, str, date, bool, bool]]) -> bool:
        """Answer a gate; False when the case has moved on meanwhile."""
        now = datetime.now(UTC)
        try:
            if gate.tax_id in self.rejected_first and not gate.was_rejected:
                reject_suspension(self.engine, Credentials(FIRST), gate.id, WHY_NOT, now)
            else:
                who = Credentials(SECOND if gate.was_approved else FIRST)
                approve_suspension(self.engine, who, gate.id, "", WHY, now)
        except Refusal:
            return False
        return True
