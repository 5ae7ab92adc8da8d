"""`case hold`, `release`, `defence`, `step`: what people put on record of a case, with who and why."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say
from commands.imports import answering_database
from commands.portuguese import GROUNDS, PRIOR_STEPS, RULINGS
from commands.typed import Day, day, one_of
from models.case.credit import return_of
from models.case.facts import StepKind
from models.law.grounds import Ground
from operations.due_process import file_defence, place_hold, release_hold, rule_on_defence, take_prior_step
from storage.law.holds import Changed

Reason = Annotated[str, typer.Option(help="Why; it is kept on record.")]
Debts = Annotated[list[str] | None, typer.Option("--debt", metavar="ID", help="Only this debt; may be repeated.")]

Ruling = Literal["accepted", "rejected"]


def register(case: typer.Typer) -> None:
    for command in (hold, release, defence, step):
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
    reference: Annotated[str, typer.Option(help="To file one: its number in the authority's register.")] = "",
    decided: Annotated[Ruling | None, one_of(RULINGS, help="To decide the one that is open.")] = None,
    reason: Annotated[str, typer.Option(help="To decide it: why.")] = "",
    on: Day = None,
    debt: Debts = None,
    period: Annotated[
        list[str] | None, typer.Option(metavar="PERIOD", help="Only the return of this period; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """File a defence against the suspension of benefits (--reference), or decide the open one (--decided, --reason).
    While one is open nothing escalates for what it is against: all that formal notices list, or what is named; after a
    rejection it is an appeal (LC 225/2026)."""
    if bool(reference.strip()) == bool(decided):
        raise typer.BadParameter("say --reference to file a defence, or --decided and --reason to decide the open one")
    credits = [*(debt or ()), *(return_of(each) for each in period or ())]
    with answering_database() as engine:
        if decided is None:
            filed = file_defence(engine, credentials(by), case, reference, _now(), on, credits)
            done = f"defence filed on {filed.filed_on}"
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
    json: Json = False,
) -> None:
    """Put a step on record that the law wants before a suit (CNJ 547/2024; Lei 14.973/2024 for CADIN)."""
    must_say(reference=reference)
    with answering_database() as engine:
        take_prior_step(engine, credentials(by), case, kind, on, reference, _now())
    _tell(case, f"{kind} on {on}", {"step": {"kind": kind, "on": on, "reference": reference}}, json)


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
