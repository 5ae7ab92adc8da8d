"""Approvals of suspensions: who gave them, and on seeing what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, bindparam, insert, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case.commands import Act, may
from models.case.credit import CreditId
from models.case.gate import approvals_wanted, at_stake, basis_of, fingerprint
from models.case.view import View
from models.contact.channel import CHANNELS
from storage.case.cases import Case, read_case
from storage.case.facts import read_case_facts
from storage.case.people import read_person
from storage.case.transaction import CaseTransaction
from storage.rows import typed_rows
from storage.schema import approvals

BENEFITS = text("""
    SELECT id, code, name FROM benefits WHERE taxpayer = :taxpayer AND coalesce(tax, :tax) = :tax ORDER BY code
""")

SERVED = text("""
    SELECT id, channel, at, served_on, served_by, served_reference FROM notices
    WHERE "case" = :case AND formal AND stage <> 'suspension' AND served_on IS NOT NULL
      AND EXISTS (SELECT FROM notice_credits WHERE notice = notices.id AND credit = ANY(:credits))
    ORDER BY step, channel
""").bindparams(bindparam("credits", type_=ARRAY(Text)))


class Benefit(TypedDict):
    id: str
    code: str
    name: str


class ServedNotice(TypedDict):
    """A formal notice that was served; its days in ISO form, as the approval keeps them."""

    id: str
    channel: str
    at: str
    served_on: str
    served_by: str | None
    served_reference: str | None


class Seen(TypedDict):
    """The credits that it is for, the benefits that go, the notices served, what is owed on the day, and the basis."""

    on: str
    balance: str
    basis: str | None
    because: str
    credits: list[CreditId]
    benefits: list[Benefit]
    notices: list[ServedNotice]
    fingerprint: str


class ToApprove(Seen):
    """A request for approval, with who gave it already and how many are wanted."""

    given_by: list[str]
    wanted: int


def put_approval(tx: CaseTransaction, by: str, reason: str) -> None:
    seen = _seen(tx.connection, tx.case, tx.view)
    row = {"case": tx.case.id, "given_by": by, "reason": reason, "given_on": tx.today, "seen": seen}
    tx.connection.execute(insert(approvals).values(row))


def to_be_approved(connection: Connection, case: str, now: datetime) -> ToApprove | None:
    """The request that an approver would approve now; None when nothing waits for one. Raises Refusal when there is no
    such case."""
    record = read_case(connection, case)
    if not may(Act.APPROVE, record.situation):
        return None
    return request_for(connection, record, view_of(connection, record, now))


def view_of(connection: Connection, record: Case, now: datetime) -> View:
    """A case as it would be judged now, in the state that it was left in."""
    today = record.clock.day_at(now)
    person = read_person(connection, record.id, record.state.steps - 1, record.clock, today)
    facts = read_case_facts(connection, record, today, person, person.contacts.reach(frozenset(CHANNELS)))
    return record.view(record.state, facts)


def request_for(connection: Connection, record: Case, view: View) -> ToApprove:
    """The request for an approval of a case that awaits one."""
    wanted = approvals_wanted(record.ruler, view.facts)
    return {**_seen(connection, record, view), "given_by": list(record.state.approvers), "wanted": wanted}


def _seen(connection: Connection, case: Case, view: View) -> Seen:
    basis, why = basis_of(view)
    credits = at_stake(view)
    return {
        "on": view.facts.today.isoformat(),
        "balance": f"{view.facts.balance:.2f}",
        "basis": basis,
        "because": why,
        "credits": list(credits),
        "benefits": benefits_of(connection, case.taxpayer, case.tax),
        "notices": served_notices(connection, case.id, credits),
        "fingerprint": fingerprint(view),
    }


def benefits_of(connection: Connection, taxpayer: int, tax: str) -> list[Benefit]:
    return typed_rows(Benefit, connection.execute(BENEFITS, {"taxpayer": taxpayer, "tax": tax}).mappings())


def served_notices(connection: Connection, case: str, credits: Iterable[CreditId]) -> list[ServedNotice]:
    """The formal notices that listed any of these credits and were served."""
    rows = connection.execute(SERVED, {"case": case, "credits": list(credits)}).mappings()
    return [
        ServedNotice(
            id=row["id"],
            channel=row["channel"],
            at=row["at"].isoformat(),
            served_on=row["served_on"].isoformat(),
            served_by=row["served_by"],
            served_reference=row["served_reference"],
        )
        for row in rows
    ]
