"""Proof that a formal notice was served (ciência): its clock runs from the day that it names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, Row, select, text, update

from models.case.journal import EntryKind
from models.contact.channel import Channel
from models.errors import Refusal
from models.events import NoticeServed
from models.formats import day
from storage.case.cases import Case
from storage.case.transaction import record_decision
from storage.law.listed import listed_credits
from storage.outbox import enqueue
from storage.schema import batched_notices, notices


def prove_service(
    connection: Connection, case: Case, notice: str, on: date, reference: str, by: str, today: date
) -> None:
    """Prove the service of a notice of a locked case. Raises Refusal: no such formal notice, served already, or a day
    that can't be."""
    made = connection.execute(select(notices).where(notices.c.id == notice, notices.c.case == case.id)).one_or_none()
    if made is None:
        raise Refusal(f"case {case.id} has no notice {notice}; `case show {case.id}` lists them")
    if not made.formal:
        raise Refusal(f"notice {notice} is not a formal one: its clock needs no proof of service")
    if not listed_credits(connection, notice):
        why = f"notice {notice} went by {made.channel} and lists no credit: it announces, and serves nothing"
        raise Refusal(f"{why}; name the notice of the same contact that carries the whole act")
    if made.served_on is not None:
        raise Refusal(f"notice {notice} was registered as served on {made.served_on:%Y-%m-%d} already")
    left_on = _left_on(connection, notice, made.channel, made.at)
    if left_on is None:
        raise Refusal(f"notice {notice} waits to be posted or published, so nobody was served it yet")
    if not left_on <= on <= today:
        raise Refusal(f"--on must lie between the notice's day {left_on:%Y-%m-%d} and today {today:%Y-%m-%d}")
    proof = {"served_on": on, "served_by": by, "served_reference": reference}
    connection.execute(update(notices).where(notices.c.id == notice).values(proof))
    why = f"ciência da notificação {notice} em {day(on)}, registrada por {by}: {reference}"
    record_decision(connection, case, EntryKind.NOTICE_SERVED, why, on)
    enqueue(connection, [case.id], NoticeServed(notice=notice, on=on))


def _left_on(connection: Connection, notice: str, channel: Channel, at: date) -> date | None:
    """The day a notice left; on paper that of its posting or publication, none before it."""
    if channel not in ("letter", "gazette"):
        return at
    posted = select(batched_notices.c.left_on).where(batched_notices.c.notice == notice)
    return connection.scalar(posted)


DEEMED = text("""
    UPDATE notices SET served_on = deemed_on, served_by = 'deemed', served_reference = deemed_by
    WHERE "case" = :case AND formal AND served_on IS NULL AND deemed_on <= :today RETURNING id, served_on, deemed_by
""")


def deem_served(connection: Connection, case: str, today: date) -> Sequence[Row[tuple[str, date, str]]]:
    """Take notices as served by silence, where the law does (`deemed_by`) and its term is over: id, day and law."""
    return connection.execute(DEEMED, {"case": case, "today": today}).all()
