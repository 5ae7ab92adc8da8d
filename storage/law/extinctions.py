"""Credits that seem extinct, set apart for people, and what people say of them (CTN art. 156)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Engine, insert, text, update

from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import HoldsChanged
from models.formats import day
from models.law.extinction import Extinction
from storage.case.prescription_events import read_prescriptions
from storage.case.tasks import finish_of
from storage.law.of_debts import Locked, locked_debts, named, tell
from storage.schema import debts, extinctions

Said = Literal["confirmed", "refuted"]


def judge_extinction(
    engine: Engine, case: str, said: Said, by: str, reason: str, now: datetime, of_debts: Sequence[str] = ()
) -> dict[str, date]:
    """Say of the debts of a case that seem prescribed, all of them unless they are named, whether they are; returns
    the day of each. Confirmed, a debt is owed no more; refuted, it is collected as before. Raises Refusal."""
    with locked_debts(engine, case, of_debts) as locked:
        apart = _set_apart(locked, locked.case.clock.day_at(now))
        if strange := [debt for debt in locked.debts if debt not in apart and debt in of_debts]:
            raise Refusal(f"debt {', '.join(strange)} isn't set apart as prescribed; `case extinct` lists what is")
        if not apart:
            raise Refusal(f"no debt of case {case} is set apart as prescribed; `case extinct` lists what is")
        judged = {"ground": Extinction.PRESCRIPTION, "state": said, "decided_by": by, "reason": reason}
        rows = [{"debt": debt, "on": on, **judged} for debt, on in apart.items()]
        locked.connection.execute(insert(extinctions), rows)
        if said == "confirmed":
            for debt, on in apart.items():
                locked.connection.execute(update(debts).where(debts.c.id == debt).values(extinct_on=on))
        finish_of(locked.connection, "prescription", [*apart], by)
        days = ", ".join(sorted({day(on) for on in apart.values()}))
        what = "extinto por prescrição em" if said == "confirmed" else "não prescreveu em"
        kind = EntryKind(f"extinction_{said}")
        tell(locked, kind, f"{named([*apart])}: {what} {days}, por {by}: {reason}", now, HoldsChanged())
        return apart


def _set_apart(locked: Locked, today: date) -> dict[str, date]:
    """The day of each of the debts that is unpaid and seems prescribed."""
    rows = locked.connection.execute(UNPAID, {"debts": locked.debts}).all()
    found = read_prescriptions(locked.connection, {row.id: row.prescribes for row in rows}, today)
    return {debt: each.on for debt, each in found.items() if each.on and each.on <= today and not each.refuted}


UNPAID = text("SELECT id, prescribes FROM debts WHERE id = ANY(:debts) AND balance > 0 ORDER BY id")
