"""The file of a suspension that awaits approval: by credit all that it rests on, and what has happened since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, text

from models.case.commands import Act, may
from models.case.credit import RETURN, CreditId, is_return
from models.case.gate import Lack, passages
from models.case.view import View
from storage.case.cases import read_case
from storage.law.approvals import ToApprove, request_for, view_of
from storage.rows import typed_rows


class CreditAtGate(TypedDict):
    """A credit on its way through the gate."""

    credit: CreditId
    inscription: str | None
    """None: it is a return."""
    period: str | None
    owed: Decimal | None
    """None: a return owes nothing."""
    at_stake: bool
    """Whether the suspension would be for it."""
    lacks: Lack | None
    notice: str | None
    served_on: date | None
    last_day: date | None
    """The taxpayer's last day to defend himself."""
    provisional: bool
    """Whether that day may still move, since a calendar it rests on isn't published yet."""
    act_from: date | None
    """The authority's first day to act."""


class Since(TypedDict):
    at: date
    kind: str
    reason: str


class ApprovalFile(TypedDict):
    case: str
    cohort: str
    started_by: str
    to_approve: ToApprove
    asked_on: date | None
    credits: list[CreditAtGate]
    since: list[Since]
    """The journal since the approval was asked for."""


ASKED = text("""
    SELECT max(id) AS id, max(at) AS on FROM decisions WHERE "case" = :case AND kind = 'approval_asked'
""")

SINCE = text("""
    SELECT at, kind, reason FROM decisions WHERE "case" = :case AND id > coalesce(:asked, 0) ORDER BY id
""")

INSCRIPTIONS = text("SELECT id, inscription, period FROM debts WHERE id = ANY(:debts)")

NEXT = text("""
    SELECT id FROM cases
    WHERE status = 'awaiting_approval' AND id <> :case AND state #>> '{place,approval}' IS NOT NULL AND NOT EXISTS (
        SELECT FROM approvals WHERE approvals."case" = cases.id AND given_by = :by AND state = 'given')
    ORDER BY coalesce(CAST(blocks -> 0 ->> 'since' AS date), opened_on), id LIMIT 1
""")


def approval_file(connection: Connection, case: str, now: datetime) -> ApprovalFile | None:
    """The file of what an approver would approve now; None when nothing waits for one. Raises Refusal when there is no
    such case."""
    record = read_case(connection, case)
    if not may(Act.APPROVE, record.situation) or record.state.approval is None:
        return None
    view = view_of(connection, record, now)
    wanted = request_for(connection, record, view)
    asked = connection.execute(ASKED, {"case": case}).one()
    since = connection.execute(SINCE, {"case": case, "asked": asked.id}).mappings()
    return {
        "case": case,
        "cohort": record.cohort,
        "started_by": record.started_by,
        "to_approve": wanted,
        "asked_on": asked.on,
        "credits": list(_at_gate(connection, view, wanted["credits"])),
        "since": typed_rows(Since, since),
    }


def next_to_approve(connection: Connection, by: str, besides: str) -> str | None:
    """The case that has waited longest for an approval which this person hasn't given, besides one."""
    found: str | None = connection.scalar(NEXT, {"by": by, "case": besides})
    return found


def _at_gate(connection: Connection, view: View, at_stake: list[CreditId]) -> Iterator[CreditAtGate]:
    found = passages(view)
    debts = [each.credit for each in found if not is_return(each.credit)]
    names = {row.id: row for row in connection.execute(INSCRIPTIONS, {"debts": debts})}
    owed = {debt.id: debt.balance for debt in view.facts.debts}
    for each in found:
        named = names.get(each.credit)
        yield {
            "credit": each.credit,
            "inscription": named.inscription if named else None,
            "period": named.period if named else each.credit.removeprefix(RETURN),
            "owed": owed.get(each.credit),
            "at_stake": each.credit in at_stake,
            "lacks": each.lacks,
            "notice": each.notice.id if each.notice else None,
            "served_on": each.notice.served_on if each.notice else None,
            "last_day": each.term.last_day if each.term else None,
            "provisional": each.term is not None and each.term.provisional,
            "act_from": each.opens,
        }
