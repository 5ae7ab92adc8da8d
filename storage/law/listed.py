"""The credits that a formal notice lists, on record for each notice whose channel carries the whole act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from models.case.credit import CreditId, return_of
from models.case.facts import CaseFacts
from storage.schema import notice_credits, notices


def list_credits(connection: Connection, notice: str, facts: CaseFacts, credits: Iterable[CreditId]) -> None:
    """Put the credits of a notice on record, with what is owed of each on that day, and at how much it was assessed."""
    wanted = set(credits)
    rows: list[dict[str, Any]] = [
        {"credit": debt.id, "debt": debt.id, "period": debt.period, "due": debt.due}
        | {"amount": debt.balance, "assessed": debt.lodged}
        for debt in facts.debts
        if debt.id in wanted
    ]
    rows += [
        {"credit": return_of(e.period), "debt": None, "period": e.period, "due": e.due}
        | {"amount": None, "assessed": None}
        for e in facts.evidence
        if e.open and e.wants_return and return_of(e.period) in wanted
    ]
    if rows:
        connection.execute(insert(notice_credits), [{"notice": notice, **row} for row in rows])


def listed_credits(connection: Connection, notice: str) -> Sequence[CreditId]:
    """The credits that a notice lists; none: it announces, and serves for nothing."""
    mine = notice_credits.c.notice == notice
    return connection.scalars(select(notice_credits.c.credit).where(mine).order_by(notice_credits.c.credit)).all()


def listed_by_contact(connection: Connection, case: str, step: int) -> Sequence[CreditId]:
    """The credits that any notice of a contact lists."""
    listed = (
        select(notice_credits.c.credit)
        .join(notices, notices.c.id == notice_credits.c.notice)
        .where(notices.c.case == case, notices.c.step == step)
        .distinct()
        .order_by(notice_credits.c.credit)
    )
    return connection.scalars(listed).all()
