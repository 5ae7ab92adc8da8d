"""`case hold`, `defence`, `step`, `interruption`, `extinct` and more: what people put on record, with who and why."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import partial
from operator import itemgetter
from typing import Annotated, Any, Literal

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.listing import After, Limit, list_rows
from commands.portuguese import ANSWERS, CAUSES, EXTINCTION, GROUNDS, MISTAKES, PRIOR_STEPS, REQUESTS, RULINGS
from commands.typed import Day, day, one_of
from models.case.credit import CreditId, return_of
from models.case.facts import StepKind
from models.law.grounds import Ground
from models.law.prescription import Cause
from models.law.requests import RequestKind
from operations.due_process import annul as annul_entry
from operations.due_process import (
    answer_request,
    file_defence,
    judge_extinction,
    place_hold,
    record_interruption,
    record_request,
    release_hold,
    rule_on_defence,
    take_prior_step,
    take_request,
)
from storage.case.cohorts import read_cohort
from storage.case.prescription import SetApart, list_set_apart
from storage.law.annulments import Mistake
from storage.law.extinctions import Said
from storage.law.holds import Changed
from storage.law.requests import Answer

Reason = Annotated[str, typer.Option(help="Why; it is kept on record.")]
Debts = Annotated[list[str] | None, typer.Option("--debt", metavar="ID", help="Only this debt; may be repeated.")]
Periods = Annotated[
    list[str] | None,
    typer.Option("--period", metavar="PERIOD", help="Only the return of this period; may be repeated."),
]

Ruling = Literal["accepted", "rejected"]


def register(case: typer.Typer) -> None:
    for command in (hold, release, defence, step, interruption, extinct, annul, review):
        case.command()(command)


def hold(
    case: str,
    ground: Annotated[Ground, one_of(GROUNDS, Ground, help="By which enforceability is suspended (CTN art. 151).")],
    by: By,
    reason: Reason,
    evidence: Annotated[str, typer.Option(help="What proves it: number of the suit, file, page.")] = "",
    since: Annotated[
        date | None, typer.Option("--from", parser=day, metavar="DATE", help="Its first day; default: today.")
    ] = None,
    until: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="Its last day; default: until it is released.")
    ] = None,
    debt: Debts = None,
    json: Json = False,
) -> None:
    """Hold debts of a case, all of them unless they are named: no notice asks for them any more (CTN art. 151)."""
    must_say(reason=reason)
    with answering_database() as engine:
        days = {"since": since, "until": until}
        placed = place_hold(
            engine, credentials(by), case, ground, reason, _now(), evidence or None, debts=debt or (), **days
        )
    _tell(case, f"held on the ground {ground}", {"placed": _holds(placed), "cases": placed.cases}, json)


def release(
    case: str,
    by: By,
    reason: Reason,
    ground: Annotated[
        Ground | None, one_of(GROUNDS, Ground, help="Only what is held on it; default: all that people hold.")
    ] = None,
    debt: Debts = None,
    published: Annotated[
        date | None,
        typer.Option(
            parser=day, metavar="DATE", help="The day the decision that ended it was published; default: today."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Lift holds that people placed; the clock runs on with the wait that was left."""
    must_say(reason=reason)
    with answering_database() as engine:
        lifted = release_hold(engine, credentials(by), case, reason, _now(), ground, debt or (), published)
    grounds = ", ".join(sorted({each.ground for each in lifted.holds}))
    _tell(case, f"released: {grounds}", {"released": _holds(lifted), "cases": lifted.cases}, json)


def defence(
    case: str,
    by: By,
    reference: Annotated[str, typer.Option(help="To file one: the number of its process; letters name it.")] = "",
    decided: Annotated[Ruling | None, one_of(RULINGS, help="To decide the one that is open.")] = None,
    reason: Annotated[str, typer.Option(help="To decide it: why.")] = "",
    on: Day = None,
    debt: Debts = None,
    period: Periods = None,
    json: Json = False,
) -> None:
    """File a defence against the suspension of benefits (--reference), or decide the open one (--decided, --reason).
    While one is open nothing escalates for what it is against: all that formal notices list, or what is named; after a
    rejection it is an appeal (LC 225/2026)."""
    if bool(reference.strip()) == bool(decided):
        raise typer.BadParameter("say --reference to file a defence, or --decided and --reason to decide the open one")
    credits = _credits(debt, period)
    with answering_database() as engine:
        if decided is None:
            filed = file_defence(engine, credentials(by), case, reference, _now(), on, credits)
            late = f", after its last day for {', '.join(filed.late)}: it suspends nothing there" if filed.late else ""
            done = f"defence filed on {filed.filed_on}{late}"
        else:
            must_say(reason=reason)
            filed = rule_on_defence(engine, credentials(by), case, decided, reason, _now(), on, credits)
            done = f"defence {decided} on {filed.decided_on}"
    _tell(case, done, {"defence": filed.model_dump()}, json)


def step(
    case: str,
    kind: Annotated[StepKind, one_of(PRIOR_STEPS, help="Which.")],
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="The day it was taken.")],
    reference: Annotated[str, typer.Option(help="What proves it: number, file, page.")],
    by: By,
    debt: Debts = None,
    json: Json = False,
) -> None:
    """Put a step on record that the law wants before a suit (CNJ 547/2024; Lei 14.973/2024 for CADIN), for all debts of
    the case that were there by then unless they are named."""
    must_say(reference=reference)
    with answering_database() as engine:
        debts = take_prior_step(engine, credentials(by), case, kind, on, reference, _now(), debt or ())
    said = {"kind": kind, "on": on, "reference": reference, "debts": debts}
    _tell(case, f"{kind} on {on} for debt {', '.join(debts)}", {"step": said}, json)


def interruption(
    case: str,
    kind: Annotated[Cause, one_of(CAUSES, Cause, help="What happened (CTN art. 174 § 1º).")],
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="The day it happened.")],
    reference: Annotated[str, typer.Option(help="What proves it: number, file, page.")],
    by: By,
    debt: Debts = None,
    json: Json = False,
) -> None:
    """Put on record what began the prescription of debts anew, all of the case unless they are named."""
    must_say(reference=reference)
    with answering_database() as engine:
        debts = record_interruption(engine, credentials(by), case, kind, on, reference, _now(), debt or ())
    said = {"kind": kind, "on": on, "reference": reference, "debts": debts}
    _tell(case, f"prescription interrupted on {on} for debt {', '.join(debts)}", {"interruption": said}, json)


def extinct(
    by: By,
    case: Annotated[str | None, typer.Argument(help="Without it, list the debts that are set apart.")] = None,
    decided: Annotated[Said | None, one_of(EXTINCTION, help="Whether its debts are prescribed.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept on record.")] = "",
    debt: Debts = None,
    cohort: Annotated[str | None, typer.Option(help="List only those of this cohort.")] = None,
    limit: Limit = None,
    after: After = None,
    json: Json = False,
) -> None:
    """Confirm or refute that debts of a case are extinct by prescription (CTN art. 156, V), or list those that seem to
    be: nobody is asked for them meanwhile."""
    if case is None:
        _list_set_apart(cohort, limit, after, json)
        return
    if decided is None:
        raise typer.BadParameter("say confirmed or refuted", param_hint="--decided")
    must_say(reason=reason)
    with answering_database() as engine:
        said = judge_extinction(engine, credentials(by), case, decided, reason, _now(), debt or ())
    rows = [{"debt": each, "prescribes": on, "decided": decided} for each, on in said.items()]
    _tell(case, f"extinction {decided} of debt {', '.join(said)}", {"debts": rows}, json)


def review(
    case: str,
    kind: Annotated[RequestKind, one_of(REQUESTS, RequestKind, help="What the taxpayer asks for.")],
    by: By,
    reference: Annotated[str, typer.Option(help="To record it: its number in the authority's register.")] = "",
    decided: Annotated[Answer | None, one_of(ANSWERS, help="To answer the one that is open.")] = None,
    reason: Annotated[str, typer.Option(help="To answer it: why.")] = "",
    taken: Annotated[int | None, typer.Option(help="To take one to work on: its number. Its taxpayer is told.")] = None,
    on: Day = None,
    debt: Debts = None,
    period: Periods = None,
    json: Json = False,
) -> None:
    """Record a request of the taxpayer's (--reference), take one to work on (--taken), or answer the open one
    (--decided, --reason): a reassessment, an appeal, a review of what a machine decided, access, a correction, a
    contest. An appeal is a defence, filed and decided as `case defence` does; a contest holds what it names, all that
    is open unless it names some."""
    if [bool(reference.strip()), decided is not None, taken is not None].count(True) != 1:
        raise typer.BadParameter(
            "say --reference to record a request, --taken to work on one, or --decided and --reason to answer"
        )
    credits = _credits(debt, period)
    with answering_database() as engine:
        if taken is not None:
            take_request(engine, credentials(by), case, taken, _now())
            _tell(case, f"request {taken} taken", {"request": {"id": taken, "kind": kind}}, json)
            return
        if decided is None:
            found = record_request(engine, credentials(by), case, kind, reference, _now(), on, credits)
            done = f"{kind} of {found.made_on} recorded, to be answered by {found.due}"
        else:
            must_say(reason=reason)
            found = answer_request(engine, credentials(by), case, kind, decided, reason, _now(), credits)
            done = f"{kind} of {found.made_on} {decided}"
    said = {"id": found.id, "kind": kind, "made_on": found.made_on, "due": found.due, "answer": decided}
    said["credits"] = found.credits
    _tell(case, done, {"request": said}, json)


def annul(
    case: str,
    kind: Annotated[Mistake, one_of(MISTAKES, Mistake, help="What was entered by mistake.")],
    by: By,
    reason: Reason,
    entry: Annotated[
        str | None, typer.Option("--id", help="Its id, as `case show` has it; default: the newest of that kind.")
    ] = None,
    json: Json = False,
) -> None:
    """Annul what was put on record by mistake; what rested on it is judged again at once."""
    must_say(reason=reason)
    with answering_database() as engine:
        done = annul_entry(engine, credentials(by), case, kind, entry, reason, _now())
    said = {"kind": done.kind, "id": done.entry, "what": done.what}
    _tell(case, f"annulled: {done.kind} {done.entry}", {"annulled": said}, json)


def _list_set_apart(cohort: str | None, limit: int | None, after: str | None, json: bool) -> None:
    columns = ("debt", "case", "inscription", "balance", "prescribes")

    def show(found: list[SetApart]) -> None:
        table(columns, map(itemgetter(*columns), found))

    with answering_database() as engine, engine.connect() as connection:
        if cohort is not None:
            read_cohort(connection, cohort)
        read = partial(list_set_apart, connection, _now(), cohort)
        list_rows("set_apart", "debt", read, show, limit, after, json)


def _credits(debts: list[str] | None, periods: list[str] | None) -> list[CreditId]:
    return [*(debts or ()), *(return_of(each) for each in periods or ())]


def must_say(**values: str) -> None:
    for option, value in values.items():
        if not value.strip():
            raise typer.BadParameter("must not be empty", param_hint=f"--{option}")


def _now() -> datetime:
    return datetime.now(UTC)


def _holds(changed: Changed) -> list[dict[str, Any]]:
    return [
        {"debt": hold.debt, "ground": hold.ground, "from": hold.since, "until": hold.until} for hold in changed.holds
    ]


def _tell(case: str, done: str, more: dict[str, Any], as_json: bool) -> None:
    emit({"case": case, "done": done, **more}, as_json, lambda: say(f"{case}: {'; '.join(_lines(done, more))}"))


def _lines(done: str, more: dict[str, Any]) -> Iterable[str]:
    yield done
    for hold in (*more.get("placed", ()), *more.get("released", ())):
        till = f" to {hold['until']}" if hold["until"] else ""
        yield f"debt {hold['debt']} ({hold['ground']}) from {hold['from']}{till}"
