"""Acts of due process on a case: holds, defences, proof of service, and the steps before a suit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Engine

from models.case.commands import must_be_open
from models.case.credit import CreditId
from models.case.facts import Defence, StepKind
from models.errors import Refusal
from models.law.grounds import read_ground
from models.law.prescription import Cause
from models.law.requests import Contest, Request, RequestKind
from models.portal.attachment import Attachment
from models.portal.table import RequestForm
from models.words import CONTESTS
from operations.operation import BY_LINK, Act, must_say, operation, record_refused
from storage.audit.log import Entry, carry
from storage.case.cases import read_case
from storage.law import annulments, defences, extinctions, filed_requests, holds, interruptions, prior_steps, requests
from storage.law.annulments import Annulled, Mistake
from storage.law.defences import Ruling
from storage.law.extinctions import Said
from storage.law.holds import Changed
from storage.law.requests import Answer
from storage.law.service import prove_service


@operation("case hold")
def place_hold(
    act: Act,
    case: str,
    ground: str,
    reason: str,
    now: datetime,
    evidence: str | None = None,
    since: date | None = None,
    until: date | None = None,
    debts: Sequence[str] = (),
) -> Changed:
    """Hold debts of a case, all of them unless they are named, from today unless it is said (CTN art. 151)."""
    must_say("why", reason)
    known = read_ground(ground)
    act.tell(ground=known, since=since, until=until, debt=debts)
    return holds.place_hold(act.engine, case, known, act.by, reason, now, evidence, since, until, debts)


@operation("case release")
def release_hold(
    act: Act,
    case: str,
    reason: str,
    now: datetime,
    ground: str | None = None,
    debts: Sequence[str] = (),
    published: date | None = None,
) -> Changed:
    """Lift holds that people placed: on that ground only, on those debts only, else all. `published` is the day of the
    decision that ended them, today unless it is said."""
    must_say("why", reason)
    known = read_ground(ground) if ground else None
    act.tell(ground=known, debt=debts, published=published)
    return holds.release_hold(act.engine, case, act.by, reason, now, known, debts, published)


@operation("case defence")
def file_defence(
    act: Act, case: str, reference: str, now: datetime, on: date | None = None, credits: Sequence[CreditId] = ()
) -> Defence:
    """File a defence against the suspension, on credits that a formal notice lists, else on all of them; while it is
    open nothing escalates for them (LC 225/2026)."""
    must_say("its number in the authority's register", reference)
    act.tell(on=on, credit=credits)
    return defences.file_defence(act.engine, case, act.by, reference, now, on, credits)


@operation("case defence --decided")
def rule_on_defence(
    act: Act,
    case: str,
    decided: Ruling,
    reason: str,
    now: datetime,
    on: date | None = None,
    credits: Sequence[CreditId] = (),
) -> Defence:
    """Decide the defence that is open, or the one of those against these credits."""
    must_say("why", reason)
    act.tell(decided=decided, on=on, credit=credits)
    return defences.rule_on_defence(act.engine, case, decided, act.by, reason, now, on, credits)


@operation("case step")
def take_prior_step(
    act: Act, case: str, kind: StepKind, on: date, reference: str, now: datetime, debts: Sequence[str] = ()
) -> list[str]:
    """Put a step on record that the law wants before a suit (CNJ 547/2024; Lei 14.973/2024 for CADIN), for the debts
    that are named, else for all that were there by then; returns them."""
    must_say("what proves it", reference)
    act.tell(kind=kind, on=on, debt=debts)
    return prior_steps.take_prior_step(act.engine, case, kind, on, reference, act.by, now, debts)


@operation("case interruption")
def record_interruption(
    act: Act, case: str, cause: Cause, on: date, reference: str, now: datetime, debts: Sequence[str] = ()
) -> list[str]:
    """Put on record what interrupted the prescription of debts of a case, all of them unless they are named (CTN art.
    174); returns them."""
    must_say("what proves it", reference)
    act.tell(cause=cause, on=on, debt=debts)
    return interruptions.record_interruption(act.engine, case, cause, on, reference, act.by, now, debts)


@operation("case extinct")
def judge_extinction(
    act: Act, case: str, decided: Said, reason: str, now: datetime, debts: Sequence[str] = ()
) -> dict[str, date]:
    """Say whether debts of a case that are set apart as prescribed are extinct, all of them unless they are named;
    returns the day of each."""
    must_say("why", reason)
    act.tell(decided=decided, debt=debts)
    return extinctions.judge_extinction(act.engine, case, decided, act.by, reason, now, debts)


@operation("case served")
def register_service(act: Act, case: str, notice: str, on: date, reference: str, now: datetime) -> None:
    """Register the proof that a formal notice was served (ciência)."""
    must_say("what proves it", reference)
    act.tell(notice=notice, on=on)
    with act.engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        prove_service(connection, record, notice, on, reference, act.by, record.clock.day_at(now))


@operation("case annul")
def annul(act: Act, case: str, kind: Mistake, entry: str | None, reason: str, now: datetime) -> Annulled:
    """Annul what was put on record of a case by mistake, the newest of its kind unless it is named; what rested on it
    is judged again at once."""
    must_say("why", reason)
    act.tell(kind=kind, entry=entry)
    return annulments.annul(act.engine, case, kind, entry, act.by, reason, now)


@operation("case review")
def record_request(
    act: Act,
    case: str,
    kind: RequestKind,
    reference: str,
    now: datetime,
    on: date | None = None,
    credits: Sequence[CreditId] = (),
) -> Request:
    """Put a request of the taxpayer's on record, made today unless it is said; a contest is of these credits, else of
    all that are open."""
    must_say("its number in the authority's register", reference)
    if credits and kind is not RequestKind.CONTEST:
        raise Refusal(f"{kind.replace('_', '-')} names no debts or returns: only a contest is of some of them")
    act.tell(kind=kind, on=on, credit=credits)
    return requests.record_request(act.engine, case, kind, act.by, reference, now, on, credits)


def contest_by_link(engine: Engine, case: str, why: Contest, now: datetime, credits: Sequence[CreditId] = ()) -> None:
    """Put down that the taxpayer whose link was opened contests these credits, all that are open unless he named some,
    each once until somebody has looked. He has no token and needs no duty: all that follows is that people look. Raises
    Refusal: the case is closed, or what he named isn't open in it."""
    own = engine.execution_options()
    entry = Entry(
        BY_LINK, "case review", case, {"kind": RequestKind.CONTEST, "why": why, "credit": [*credits], "via": "link"}
    )
    carry(own, entry)
    try:
        requests.contest(own, case, f"página do contribuinte: {CONTESTS[why]}", BY_LINK.name, now, credits)
    except Refusal:
        record_refused(engine, entry)
        raise


@operation("case review --decided")
def answer_request(
    act: Act,
    case: str,
    kind: RequestKind,
    decided: Answer,
    reason: str,
    now: datetime,
    credits: Sequence[CreditId] = (),
    request: int | None = None,
) -> Request:
    """Answer the request of that kind that is open, the one of that number or that names one of these credits."""
    must_say("why", reason)
    act.tell(kind=kind, decided=decided, credit=credits)
    return requests.answer_request(act.engine, case, kind, decided, act.by, reason, now, credits, request)


@operation("case review --taken")
def take_request(act: Act, case: str, request: int, now: datetime) -> None:
    """Take a request to work on it, which its taxpayer is told."""
    filed_requests.take_request(act.engine, case, request, act.by, now)


def file_by_link(
    engine: Engine,
    case: str,
    form: RequestForm,
    said: str,
    files: Sequence[Attachment],
    now: datetime,
    credits: Sequence[CreditId] = (),
) -> int:
    """File a request for the taxpayer whose link was opened; returns its number. He has no token and needs no duty: all
    that follows is that people look, and what he contests waits. Raises Refusal."""
    own = engine.execution_options()
    entry = Entry(BY_LINK, "case review", case, {"kind": form.kind, "form": form.name, "via": "link"})
    carry(own, entry)
    reference = f"página do contribuinte: {form.title}"
    try:
        return filed_requests.file_request(own, case, form.kind, reference, said, files, BY_LINK.name, now, credits)
    except Refusal:
        record_refused(engine, entry)
        raise
