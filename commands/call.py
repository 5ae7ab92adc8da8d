"""`call …`: the call centre's work: one task at a time, its outcome, and who works on what."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.portuguese import OUTCOMES, QUEUES
from commands.typed import day, one_of, some_amount
from models.collections.outcome import Outcome
from models.collections.queue import Queue, Spared
from operations.calls import confirm_party, reassign_call, receive_visit, set_queues, take_next, tell_outcome
from storage.collections.queue import NoTask, Taken
from storage.read_models.call_centre import Figures, call_centre

call = typer.Typer(no_args_is_help=True)

Id = Annotated[int, typer.Argument(metavar="CALL", help="As `call next` names it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(call, name="call")


@call.command(name="next")
def next_(by: By, json: Json = False) -> None:
    """Take the next task of your queues: near prescription first, then broken promises, call-backs, requests, and whom
    to call by what is owed and how likely such people pay. Nobody else gets it for half an hour."""
    with answering_database() as engine:
        taken = take_next(engine, credentials(by), _now())
    if isinstance(taken, Taken):
        _tell(taken, json)
    else:
        _tell_why_none(taken, json)


@call.command()
def visit(case: str, by: By, json: Json = False) -> None:
    """Take in a taxpayer who came to the counter about a case."""
    with answering_database() as engine:
        taken = receive_visit(engine, credentials(by), case, _now())
    _tell(taken, json)


@call.command()
def confirm(call: Id, by: By, json: Json = False) -> None:
    """Put down that the taxpayer is the one who speaks; before that nothing may be said of the debt (CTN art. 198)."""
    with answering_database() as engine:
        case = confirm_party(engine, credentials(by), call, _now())
    emit({"call": call, "case": case}, json, lambda: say(f"call {call}: the taxpayer speaks; `case show {case}`"))


@call.command()
def outcome(
    call: Id,
    what: Annotated[Outcome, one_of(OUTCOMES, Outcome, help="What came of it.")],
    by: By,
    amount: Annotated[
        Decimal | None, typer.Option(parser=some_amount, metavar="AMOUNT", help="Of a promise: how much, in reais.")
    ] = None,
    on: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="Of a promise: the day on which it is paid.")
    ] = None,
    call_back_at: Annotated[
        datetime | None, typer.Option("--at", help="When to call back, in UTC: 2026-03-04T17:30:00.")
    ] = None,
    instalments: Annotated[
        int | None, typer.Option(min=1, max=999, help="Of an agreement: in how many; else he chooses as he signs.")
    ] = None,
    note: Annotated[str, typer.Option(help="What should be known of it; no names, no numbers of documents.")] = "",
    json: Json = False,
) -> None:
    """Put the outcome of a call on record; its effect is on record with it."""
    at = call_back_at.replace(tzinfo=UTC) if call_back_at else None
    with answering_database() as engine:
        ended = tell_outcome(engine, credentials(by), call, what, _now(), amount, on, at, note, instalments)
    emit({"call": call, "case": ended.case, "outcome": what}, json, lambda: say(f"call {call}: {what}"))


@call.command()
def reassign(
    call: Id, to: Annotated[str, typer.Option(help="Who goes on with it.")], by: By, json: Json = False
) -> None:
    """Put a task that is in somebody's hands into another person's."""
    with answering_database() as engine:
        reassign_call(engine, credentials(by), call, to, _now())
    emit({"call": call, "agent": to}, json, lambda: say(f"call {call} is {to}'s"))


@call.command()
def queues(
    agent: str,
    queue: Annotated[list[Queue], one_of(QUEUES, Queue, help="One of the queues; may be repeated.")],
    by: By,
    json: Json = False,
) -> None:
    """Say on which queues somebody works; who was given none works on all but the office's."""
    with answering_database() as engine:
        set_queues(engine, credentials(by), agent, queue)
    emit({"agent": agent, "queues": queue}, json, lambda: say(f"{agent}: {', '.join(queue)}"))


@call.command()
def centre(
    since: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="From that day of the cases on; default: all days.")
    ] = None,
    until: Annotated[date | None, typer.Option(parser=day, metavar="DATE", help="To that day.")] = None,
    within: Annotated[
        int, typer.Option(min=1, max=365, help="Days after the first call in which a case that is resolved is cured.")
    ] = 30,
    json: Json = False,
) -> None:
    """The queues with their ages, and the figures of the call centre by agent, queue and day, each with what it is a
    share of."""
    with answering_database() as engine, engine.connect() as connection:
        told = call_centre(connection, _now(), since, until, within)

    def show() -> None:
        table(["queue", "open", "in hand", "oldest"], [tuple(each.values()) for each in told["queues"]], "queues")
        table(["to charge", "charged", "owed", "of the charged"], [tuple(told["coverage"].values())], "coverage")
        for by in ("whole", "by_agent", "by_queue", "by_day"):
            rows = [tuple(each.values()) for each in told[by]]
            table(list(Figures.__annotations__), rows, by.replace("_", " "))
        table(["before", "after", "cases"], [tuple(each.values()) for each in told["roll"]], "roll")

    emit(told, json, show)


def _tell(taken: Taken, as_json: bool) -> None:
    what = f"call {taken.call}: {taken.kind} of case {taken.case}, from the queue {taken.queue}"
    emit(asdict(taken), as_json, lambda: say(what))


def _tell_why_none(none: NoTask, as_json: bool) -> None:
    def show() -> None:
        say("nothing is to be done in your queues now")
        for limit, count in none.spared.items():
            say(f"  {count} {AGAINST[limit]}")

    emit({"call": None, "spared": dict(none.spared)}, as_json, show)


AGAINST = {
    Spared.SKILL: "in queues that you don't work on",
    Spared.HELD_OUT: "of cases that are held out: nobody calls them",
    Spared.LEASE: "in somebody's hands",
    Spared.LATER: "for a later hour",
    Spared.NO_TELEPHONE: "of people without a telephone",
    Spared.REFUSED: "of people who want no calls",
    Spared.HOURS: "outside the contact hours",
    Spared.LIMITS: "of people who were contacted as often as may be",
    Spared.IN_CONTACT: "of people whom somebody contacts at this moment",
}


def _now() -> datetime:
    return datetime.now(UTC)
