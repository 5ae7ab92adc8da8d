"""`case hold`, `release`, `defence`, `step`: what people put on record of a case, with who and why."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, cast

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, out
from commands.imports import answering_database
from models.case.facts import StepKind
from models.errors import Refusal
from models.law.grounds import Ground, read_ground
from models.words import GROUNDS, PRIOR_STEPS
from operations.due_process import file_defence, place_hold, release_hold, rule_on_defence, take_prior_step
from storage.law.holds import Changed

Reason = Annotated[str, typer.Option(help="Why; it is kept on record.")]
Day = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day; default: today.")]
Debts = Annotated[list[str] | None, typer.Option("--debt", metavar="ID", help="Only this debt; may be repeated.")]

OFFERED = "; ".join(f"{ground.replace('_', '-')}: {GROUNDS[ground]}" for ground in Ground)
STEPS = {kind.replace("_", "-"): cast(StepKind, kind) for kind in PRIOR_STEPS}


class Ruling(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


def register(case: typer.Typer) -> None:
    for command in (hold, release, defence, step):
        case.command()(command)


def hold(
    case: str,
    ground: Annotated[str, typer.Option(help=f"{OFFERED}.")],
    by: By,
    reason: Reason,
    evidence: Annotated[str, typer.Option(help="What proves it: number of the suit, file, page.")] = "",
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day; default: today.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its last day; default: until it is released.")
    ] = None,
    debt: Debts = None,
    json: Json = False,
) -> None:
    """Hold debts of a case, all of them unless they are named: no notice asks for them any more (CTN art. 151)."""
    must_say(reason=reason)
    chosen = _ground(ground)
    with answering_database() as engine:
        days = {"since": _day(since), "until": _day(until)}
        placed = place_hold(
            engine, credentials(by), case, chosen, reason, _now(), evidence or None, debts=debt or (), **days
        )
    _tell(case, f"held on the ground {chosen}", {"placed": _holds(placed), "cases": placed.cases}, json)


def release(
    case: str,
    by: By,
    reason: Reason,
    ground: Annotated[str, typer.Option(help="Only what is held on this ground; default: all that people hold.")] = "",
    debt: Debts = None,
    json: Json = False,
) -> None:
    """Lift holds that people placed; the clock runs on with the wait that was left."""
    must_say(reason=reason)
    chosen = _ground(ground) if ground else None
    with answering_database() as engine:
        lifted = release_hold(engine, credentials(by), case, reason, _now(), chosen, debt or ())
    grounds = ", ".join(sorted({each.ground for each in lifted.holds}))
    _tell(case, f"released: {grounds}", {"released": _holds(lifted), "cases": lifted.cases}, json)


def defence(
    case: str,
    by: By,
    reference: Annotated[str, typer.Option(help="To file one: its number in the authority's register.")] = "",
    decided: Annotated[Ruling | None, typer.Option(help="To decide the one that is open.")] = None,
    reason: Annotated[str, typer.Option(help="To decide it: why.")] = "",
    on: Day = None,
    json: Json = False,
) -> None:
    """File a defence against the suspension of benefits (--reference), or decide the open one (--decided, --reason).
    While one is open nothing escalates (LC 225/2026)."""
    if bool(reference.strip()) == bool(decided):
        raise typer.BadParameter("say --reference to file a defence, or --decided and --reason to decide the open one")
    with answering_database() as engine:
        if decided is None:
            filed = file_defence(engine, credentials(by), case, reference, _now(), _day(on))
            done = f"defence filed on {filed.filed_on}"
        else:
            must_say(reason=reason)
            filed = rule_on_defence(engine, credentials(by), case, decided.value, reason, _now(), _day(on))
            done = f"defence {decided} on {filed.decided_on}"
    _tell(case, done, {"defence": filed.model_dump()}, json)


def step(
    case: str,
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(STEPS)}.")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day it was taken.")],
    reference: Annotated[str, typer.Option(help="What proves it: number, file, page.")],
    by: By,
    json: Json = False,
) -> None:
    """Put a step on record that the law wants before a suit (CNJ 547/2024; Lei 14.973/2024 for CADIN)."""
    must_say(reference=reference)
    if (named := STEPS.get(kind.replace("_", "-"))) is None:
        raise typer.BadParameter(f"there is no step {kind!r}; known are {', '.join(STEPS)}", param_hint="--kind")
    with answering_database() as engine:
        take_prior_step(engine, credentials(by), case, named, on.date(), reference, _now())
    taken = {"kind": named, "on": on.date(), "reference": reference}
    _tell(case, f"{PRIOR_STEPS[named]} on {on:%Y-%m-%d}", {"step": taken}, json)


def must_say(**values: str) -> None:
    for option, value in values.items():
        if not value.strip():
            raise typer.BadParameter("must not be empty", param_hint=f"--{option}")


def _ground(written: str) -> Ground:
    try:
        return read_ground(written)
    except Refusal as unknown:
        raise typer.BadParameter(str(unknown), param_hint="--ground") from None


def _day(written: datetime | None) -> date | None:
    return written.date() if written else None


def _now() -> datetime:
    return datetime.now(UTC)


def _holds(changed: Changed) -> list[dict[str, Any]]:
    return [
        {"debt": hold.debt, "ground": hold.ground, "from": hold.since, "until": hold.until} for hold in changed.holds
    ]


def _tell(case: str, done: str, more: dict[str, Any], as_json: bool) -> None:
    emit({"case": case, "done": done, **more}, as_json, lambda: out.print(f"{case}: {'; '.join(_lines(done, more))}"))


def _lines(done: str, more: dict[str, Any]) -> Iterable[str]:
    yield done
    for hold in (*more.get("placed", ()), *more.get("released", ())):
        till = f" to {hold['until']}" if hold["until"] else ""
        yield f"debt {hold['debt']} ({hold['ground']}) from {hold['from']}{till}"
