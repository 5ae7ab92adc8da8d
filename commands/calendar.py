"""`calendar term`: when a term by law ends, and from which day on the authority may act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import Json, complain, emit, table
from commands.typed import day
from models.errors import Refusal

if TYPE_CHECKING:
    from models.law.calendar import Calendar, Wait
    from models.law.term import Recess, Term

calendar = typer.Typer(no_args_is_help=True)

CalendarOf = Callable[[date], "Calendar"]
"""The days off that matter to a term that begins on a day."""


def register(app: typer.Typer) -> None:
    app.add_typer(calendar, name="calendar")


@calendar.callback()
def group() -> None:
    """Keep `term` a subcommand while it is the only one."""


@calendar.command()
def term(
    events: Annotated[
        list[date], typer.Argument(metavar="DATE…", parser=day, help="The day of each event, for example of service.")
    ],
    wait: Annotated[str, typer.Option(metavar="WAIT", help="How long: `30 legal` or `20 business`.")],
    ruler: Annotated[
        str | None, typer.Option(help="Whose jurisdiction's days off count: a ruler's file, or a shipped one's name.")
    ] = None,
    days_off: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Which days off count besides weekends: one date a line.")
    ] = None,
    named: Annotated[
        str | None,
        typer.Option("--calendar", metavar="NAME", help="Whose days off count: a calendar, by file or name."),
    ] = None,
    recess: Annotated[
        str | None, typer.Option(metavar="MM-DD:MM-DD", help="When terms stand still each year: 12-20:01-20.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say when terms end (CTN art. 210): the event's day excluded, the last day included, both on working days."""
    from models.law.term import term_of

    length, still = _wait(wait), _recess(recess) if recess else None
    match ruler, named, days_off:
        case str(), None, None:
            calendar_of = _of_ruler(ruler, length)
        case None, str(), None:
            calendar_of = _of_table(named, length)
        case None, None, Path():
            calendar_of = _of_file(days_off)
        case _:
            whose = "--ruler / --calendar / --days-off"
            raise typer.BadParameter("say one of them: whose days off count", param_hint=whose)
    terms = [term_of(event, length, calendar_of(event), still) for event in events]
    said = [_as_data(each) for each in terms]
    emit(said, as_json, lambda: table(said[0], [each.values() for each in said]))


def _as_data(found: Term) -> dict[str, date | bool]:
    days = {"event": found.event, "first_day": found.first_day, "last_day": found.last_day}
    return {**days, "act_from": found.act_from, "provisional": found.provisional}


def _wait(written: str) -> Wait:
    from pydantic import TypeAdapter, ValidationError

    from models.law.calendar import Wait

    try:
        return TypeAdapter(Wait).validate_python(written)
    except ValidationError:
        what = f"{written!r} is no wait of 1 to 3650 days with its unit; write `30 legal` or `20 business`"
        raise typer.BadParameter(what, param_hint="--wait") from None


def _recess(written: str) -> Recess:
    from models.law.term import read_recess

    try:
        return read_recess(written)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--recess") from None


def _of_ruler(name: str, wait: Wait) -> CalendarOf:
    from operations.rulers import load_map

    ruler = load_map(name)
    return lambda event: ruler.jurisdiction.days_off(event.year, _years(wait))


def _of_table(name: str, wait: Wait) -> CalendarOf:
    from storage.calendars import load_calendar

    table = load_calendar(name)
    return lambda event: table.days_off(range(event.year, event.year + _years(wait)))


def _years(wait: Wait) -> int:
    """How many years a term may reach into: each holds more than 200 working days, and its recess takes weeks."""
    return 3 + wait.days // 150


def _of_file(path: Path) -> CalendarOf:
    from models.law.calendar import Calendar

    off = frozenset(_read_days(path))
    return lambda event: Calendar(holidays=off)


def _read_days(path: Path) -> list[date]:
    """Refuse, with its line, what is no date; blank lines and what follows a # are left out."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Refusal(f"{path} is not text in UTF-8: it must hold one date a line") from None
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    days = []
    for number, line in enumerate(lines, start=1):
        if written := line.partition("#")[0].strip():
            try:
                days.append(day(written))
            except typer.BadParameter as wrong:
                raise Refusal(f"{path}:{number}: {wrong.message}") from None
    if not days:
        complain(f"{path} names no day off: only weekends count")
    return days
