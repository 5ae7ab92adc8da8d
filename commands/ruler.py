"""`ruler check`, `map`, `plan`, `preview`: what is wrong with a ruler, what it looks like, would do and would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import Json, complain, draw, emit, say, table
from commands.typed import day
from models.contact.habits import ContactHabits
from models.errors import Refusal
from models.ruler.check import read_ruler
from models.ruler.schema import Hypothesis, Ruler, tone_of
from models.yaml_file import Fault
from operations.rulers import examined, key, left_open, load_map, load_ruler, placed
from storage.catalogue import RULERS

if TYPE_CHECKING:
    from rich.text import Text

    from reports.preview import Shown, ShownRung

ruler_commands = typer.Typer(no_args_is_help=True)

RulerFile = Annotated[str, typer.Argument(metavar="FILE", help="A path, or the name of a shipped ruler.")]


def register(app: typer.Typer) -> None:
    app.add_typer(ruler_commands, name="ruler")


@ruler_commands.command()
def check(file: RulerFile, as_json: Json = False) -> None:
    """Find every fault of a ruler and its templates in one go. Exit code 0: it can be used."""
    from channels.template_check import template_warnings

    path, text, texts = RULERS.find(file)
    ruler, faults = examined(text, texts)
    warnings = read_ruler(text).placed(template_warnings(ruler, texts)) if ruler is not None and not faults else ()
    if ruler is not None and ruler.is_example:
        warnings += left_open(ruler, text)

    def readable() -> None:
        for warning in warnings:
            complain(f"{placed(path, warning)} (a warning)")
        for fault in faults:
            complain(placed(path, fault))
        if ruler is not None and not faults:
            count = sum(1 for _ in ruler.cells())
            say(f"{path}: {ruler.label} is fine: {len(ruler.rows)} rows, {count} rungs")

    data = {
        "ruler": ruler.label if ruler else path,
        "ok": not faults,
        "faults": [_told(fault) for fault in faults],
        "warnings": [_told(warning) for warning in warnings],
    }
    emit(data, as_json, readable)
    if faults:
        raise typer.Exit(1)


def _told(fault: Fault) -> dict[str, object]:
    return {"line": fault.line, "where": key(fault), "what": fault.what}


@ruler_commands.command("map")
def map_(
    file: RulerFile,
    picture: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also write it as a picture.")] = None,
    as_json: Json = False,
) -> None:
    """Show a ruler's heat-map: hypotheses by stages, and how rigid each message is."""
    from models.ruler.cells import cells
    from reports.heatmap import svg, terminal

    ruler = load_map(file)
    if picture is not None:
        _write(picture, svg(ruler))
    data: dict[str, object] = {
        "ruler": ruler.label,
        "rows": {name: row.name for name, row in ruler.rows.items()},
        "cells": [
            {**{k: v for k, v in asdict(cell).items() if v is not None}, "tone": cell.tone} for cell in cells(ruler)
        ],
        "by_habit": [
            {
                "hypothesis": row,
                "stage": rung.stage,
                "for": _habits(habit.of),
                "channels": rung.channels,
                "hours": rung.hours and str(rung.hours),
                "template": rung.template,
            }
            for row, _, rung, habit in ruler.variants()
            if habit
        ],
    }

    def readable() -> None:
        draw(terminal(ruler))
        for row, _, rung, habit in ruler.variants():
            if habit:
                changes = ", ".join(f"{key} {_plain(value)}" for key, value in habit.changes.items())
                say(f"{row} {rung.stage}, for who {_in_words(habit.of)}: {changes}")

    emit(data, as_json, readable)


def _plain(value: object) -> str:
    return " and ".join(value) if isinstance(value, tuple) else str(value)


@ruler_commands.command("plan")
def plan_(
    file: RulerFile,
    hypothesis: Annotated[str, typer.Option(help="The row the case starts in: h1 … h8.")],
    occurrences: Annotated[int, typer.Option(min=1, max=1000, help="How often the taxpayer was caught.")] = 1,
    start: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="The day the case starts; default: today.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the dated steps a case would take if nothing happened."""
    from models.case.plan import imagined_case, plan

    ruler = load_map(file)
    row, begins = _row(ruler, hypothesis), start or datetime.now(UTC).astimezone().date()
    calendar = ruler.jurisdiction.days_off(begins.year - 1)
    entered = imagined_case(ruler, calendar, row, occurrences, begins)
    steps = [
        {
            "on": step.on,
            "provisional": step.on is not None and calendar.is_provisional(step.on),
            "action": step.action,
            "hypothesis": step.row,
            "stage": step.stage,
            "rigidity": step.rigidity,
            "tone": tone_of(step.rigidity) if step.rigidity else None,
            "channels": ruler.rung(step.row, step.rung).channels if step.row and step.rung is not None else (),
            "reason": step.reason,
        }
        for step in plan(entered)
    ]
    title = f"{ruler.label} · {hypothesis} · {occurrences} × · {begins}"
    columns = ("on", *(["provisional"] if any(step["provisional"] for step in steps) else []), "action", "hypothesis")
    columns += ("stage", "rigidity", "tone")
    rows = [[step[column] for column in columns] for step in steps]
    data = {"ruler": ruler.label, "hypothesis": row, "occurrences": occurrences, "start": begins, "steps": steps}
    emit(data, as_json, lambda: table(columns, rows, title))


@ruler_commands.command()
def preview(
    file: RulerFile,
    html: Annotated[Path | None, typer.Option(metavar="DIR", help="Write it as DIR/index.html instead.")] = None,
    as_json: Json = False,
) -> None:
    """Show every message a ruler sends, rung by rung and channel by channel, with segments, prices and warnings."""
    from channels.rendering import Words
    from reports.preview import (
        page,
        shown_before_due,
        shown_promise_reminder,
        shown_receipts,
        shown_rungs,
        shown_signing_link,
    )
    from storage.amounts.prices import prices_of

    bundle = load_ruler(file)
    ruler, words = bundle.ruler, Words(bundle.texts)
    prices, today = prices_of(ruler), datetime.now(UTC).date()
    if html is not None:
        _write(html / "index.html", page(ruler, prices, words, today))
        return
    rungs = list(shown_rungs(ruler, prices, words, today))
    receipts = list(shown_receipts(ruler, prices, words, today))
    reminder = shown_promise_reminder(ruler, prices, words, today)
    signing = shown_signing_link(ruler, prices, words, today)
    before_due = shown_before_due(ruler, prices, words, today)

    def readable() -> None:
        for shown in rungs:
            _print_rung(shown)
        for kind, messages in receipts:
            say(f"{kind}, when a payment comes in" if kind == "receipt" else f"{kind}, when its money goes elsewhere")
            _print_messages(messages)
        say("promise_reminder, the day before the one for which somebody promised to pay")
        _print_messages(reminder)
        if signing:
            say("signing_link, to who agreed to instalments in a call")
            _print_messages(signing)
        if ruler.before_due:
            ahead = ruler.before_due.days
            say(f"before_due, {'a day' if ahead == 1 else f'{ahead} days'} before a due date")
            _print_messages(before_due)

    data = {
        "ruler": ruler.label,
        "rungs": [_as_data(shown) for shown in rungs],
        "receipts": [{"kind": kind, "messages": _messages(messages)} for kind, messages in receipts],
        "promise_reminder": _messages(reminder),
        "signing_link": _messages(signing),
        "before_due": _messages(before_due),
    }
    emit(data, as_json, readable)


def _print_rung(shown: ShownRung) -> None:
    from reports.preview import price

    rung = shown.rung
    wait = rung.dwell or rung.before
    dwell = f", {wait.days} {wait.unit} days" + (" before the deadline" if rung.before else "") if wait else ""
    formal = ", formal" if rung.formal else ""
    formal += f", for who {_in_words(shown.habit.of)}" if shown.habit else ""
    formal += f", at {rung.hours}" if rung.hours else ""
    heading = f"{shown.row} {rung.stage}: rigidity {rung.rigidity} ({tone_of(rung.rigidity)}){formal}{dwell}"
    say(f"{heading}, {price(shown.cost)}")
    _print_messages(shown.messages)


def _habits(habits: ContactHabits) -> dict[str, object]:
    return habits.model_dump(mode="json", exclude_defaults=True)


def _in_words(habits: ContactHabits) -> str:
    told = [
        f"{name.replace('_', ' ')} {' or '.join(value) if isinstance(value, list) else f'in the {value}'}"
        for name, value in habits.model_dump(mode="json", exclude_defaults=True).items()
    ]
    return " and ".join(told).replace("active in", "is active in")


def _print_messages(messages: Sequence[Shown]) -> None:
    from rich.panel import Panel
    from rich.text import Text

    for one in messages:
        words = f"{one.message.subject}\n\n{one.message.body}" if one.message.subject else one.message.body
        title = f"{one.channel}, when {one.instead_of} fails" if one.instead_of else one.channel
        draw(Panel(Text(words.strip()), title=title, title_align="left", subtitle=_price_tag(one)))


def _price_tag(one: Shown) -> Text:
    from rich.text import Text

    from channels.template_check import MOST_SEGMENTS
    from reports.preview import price

    tag = price(one.cost)
    if one.sms is not None:
        segments = "a segment" if one.sms.segments == 1 else f"{one.sms.segments} segments"
        tag = f"{len(one.message.body)} characters, {segments}, {tag}"
    if one.accented:
        tag += ", accents leave room for 70 characters a segment"
    if one.too_long:
        tag += f", more than {MOST_SEGMENTS} segments"
    return Text(tag, style="red" if one.accented or one.too_long else "dim")


def _as_data(shown: ShownRung) -> dict[str, object]:
    return {
        "hypothesis": shown.row,
        "stage": shown.rung.stage,
        "rigidity": shown.rung.rigidity,
        "for": shown.habit and _habits(shown.habit.of),
        "hours": shown.rung.hours and str(shown.rung.hours),
        "cost": f"{shown.cost:.4f}",
        "messages": _messages(shown.messages),
    }


def _messages(messages: Sequence[Shown]) -> list[dict[str, object]]:
    return [
        {
            "channel": one.channel,
            "instead_of": one.instead_of,
            "subject": one.message.subject,
            "body": one.message.body,
            "segments": one.sms.segments if one.sms else None,
            "cost": f"{one.cost:.4f}",
        }
        for one in messages
    ]


def _row(ruler: Ruler, hypothesis: str) -> Hypothesis:
    for row in ruler.rows:
        if row == hypothesis.lower():
            return row
    raise Refusal(f"{ruler.label} has no row {hypothesis}; it has {', '.join(ruler.rows)}")


def _write(file: Path, text: str) -> None:
    """Write a file into a folder that is made if it isn't there."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"{str(file)!r} can't be written: {reason}") from None
    complain(f"wrote {file}")
