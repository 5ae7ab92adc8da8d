"""Receipts of letters (AR): the proof that one was served, and on which day, or that it reached nobody."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, text, update

from models.case.journal import EntryKind
from models.contact.delivery import Progress, Report
from models.contact.post import Outcome
from models.contact.receipt_code import receipt_code
from models.errors import Refusal
from models.events import ServiceForeseen
from models.formats import day
from storage.case.cases import Case, read_case
from storage.case.transaction import record_decision
from storage.contact.batches import must_lie_between
from storage.contact.delivery import lock_cases_of, take_reports
from storage.law.service import prove_service
from storage.outbox import enqueue
from storage.schema import notices

LETTER = text("""
    SELECT notices.id, notices."case", taxpayer, formal, notices.status, failure, served_on, deemed_on, left_on,
           EXISTS (SELECT FROM notice_credits WHERE notice = notices.id) AS lists
    FROM batched_notices JOIN notices ON notices.id = batched_notices.notice JOIN cases ON cases.id = notices."case"
    WHERE number = :number AND channel = 'letter'
""")


def register_outcome(
    connection: Connection, number: int, outcome: Outcome, on: date | None, reference: str, by: str, now: datetime
) -> bool:
    """Register what became of a letter; False where the same is on record. `on` is the day of receipt: a letter that
    was handed over on no known day serves by its law. Raises Refusal: there is no such letter, something else is on
    record of it, or the day can't be."""
    code = receipt_code(number)
    found = connection.execute(LETTER, {"number": number}).mappings().one_or_none()
    if found is None:
        raise Refusal(f"there is no letter {code}: check the code, or whether it is another authority's")
    # all of the taxpayer's, in their order: an address that failed is news for each
    lock_cases_of(connection, [found["taxpayer"]], now)
    case = read_case(connection, found["case"])
    letter = connection.execute(LETTER, {"number": number}).mappings().one()
    today = case.clock.day_at(now)
    if on is not None:
        must_lie_between(on, letter["left_on"], today, f"letter {code}'s posting")
    if already := _on_record(letter):
        if _is_same(case, letter, outcome, on):
            return False
        raise Refusal(f"letter {code} is on record as {already}; `case annul --kind service` takes back what was wrong")
    if outcome is not Outcome.DELIVERED:
        _lost(connection, letter["id"], code, outcome, on, now)
    else:
        _delivered(connection, case, letter, code, on, reference, by, today)
    return True


def _on_record(letter: RowMapping) -> str | None:
    if letter["served_on"] or letter["deemed_on"]:
        return f"handed over, and serves on {letter['served_on'] or letter['deemed_on']}"
    if Progress(letter["status"]).lost:
        return f"not handed over ({letter['failure']})"
    return "handed over" if letter["status"] == Progress.DELIVERED and not letter["lists"] else None


def _is_same(case: Case, letter: RowMapping, outcome: Outcome, on: date | None) -> bool:
    if outcome is not Outcome.DELIVERED:
        return bool(letter["failure"] == outcome.in_words)
    if Progress(letter["status"]).lost:
        return False
    served = on or _by_silence(case, letter["left_on"])
    return not letter["lists"] or served in (letter["served_on"], letter["deemed_on"])


def _lost(connection: Connection, notice: str, code: str, outcome: Outcome, on: date | None, now: datetime) -> None:
    report = Report(
        provider="postal",
        event=f"{code} {outcome} {on or now.date()}",
        kind=outcome,
        at=now,
        notice=notice,
        message=code,
        progress=Progress.BOUNCED if outcome.address_failed else Progress.FAILED,
        reason=outcome.in_words,
        contact="suppressed" if outcome.address_failed else None,
    )
    take_reports(connection, [report], now)


def _delivered(
    connection: Connection,
    case: Case,
    letter: RowMapping,
    code: str,
    on: date | None,
    reference: str,
    by: str,
    today: date,
) -> None:
    notice = letter["id"]
    mine = update(notices).where(notices.c.id == notice)
    connection.execute(mine.values(status=Progress.DELIVERED))
    if not (letter["formal"] and letter["lists"]):
        return
    if on is not None:
        said = f"AR {code}, {reference}" if reference else f"AR {code}"
        prove_service(connection, case, notice, on, said, by, today)
        return
    by_law, served = case.ruler.service.letter, _by_silence(case, letter["left_on"])
    if by_law is None or served is None:
        raise Refusal(f"letter {code} has no date of receipt, and {case.ruler.label} cites no law for that: say --on")
    connection.execute(mine.values(deemed_on=served, deemed_by=by_law.law))
    why = f"carta {code} entregue sem data no AR, registrado por {by}: ciência em {day(served)} ({by_law.law})"
    record_decision(connection, case, EntryKind.NOTICE_RECEIVED, why, today)
    enqueue(connection, [case.id] if case.closed_at is None else [], ServiceForeseen(notice=notice, on=served))


def _by_silence(case: Case, posted_on: date) -> date | None:
    """The day on which a letter serves whose receipt has no date; none: no law is cited."""
    by_law = case.ruler.service.letter
    return case.frozen.calendar.after(posted_on, by_law.after) if by_law else None
