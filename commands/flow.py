"""`flow check`, `try`, `draw`: what is wrong with a conversation's flow, how it goes, and what it looks like."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from commands.console import Json, complain, emit, say
from models.conversation.drawing import svg
from models.conversation.engine import Outcome, Reaction, begin, done, heard
from models.conversation.flow import GIVES, Flow
from models.errors import Refusal
from storage.conversation.flow_files import Examined, examine

MARKS = {"bot": "<", "taxpayer": ">", "note": "*"}
"""The marks of a transcript: who said a line; a note says what was done."""

flow_commands = typer.Typer(no_args_is_help=True)

FlowFile = Annotated[str, typer.Argument(metavar="FILE", help="A path, or the name of a shipped flow.")]


def register(app: typer.Typer) -> None:
    app.add_typer(flow_commands, name="flow")


@flow_commands.command()
def check(file: FlowFile, as_json: Json = False) -> None:
    """Find every fault of a flow: ways without an end, loops, words too long for a channel, debts told too early. Exit
    code 0: it can be used."""
    found = examine(file)

    def readable() -> None:
        for fault in found.faults:
            complain(f"{found.path}: {fault}")
        if found.flow and not found.faults:
            say(f"{found.path}: {found.flow.label} is fine: {len(found.flow.steps)} steps")

    faults = [{"line": f.line, "where": ".".join(map(str, f.where)), "what": f.what} for f in found.faults]
    label = found.flow.label if found.flow else found.path
    emit({"flow": label, "ok": not faults, "faults": faults}, as_json, readable)
    if faults:
        raise typer.Exit(1)


@flow_commands.command("try")
def try_(
    file: FlowFile,
    link: Annotated[bool, typer.Option("--link", help="As who opened the link of his own case.")] = False,
    as_json: Json = False,
) -> None:
    """Talk with a flow: each line of standard input is an answer. Nothing is on record, and what it would do succeeds
    with made-up values. A transcript is what it prints."""
    found, flow = _usable(file)
    now = datetime.now(UTC)
    said: list[dict[str, str]] = []

    def tell(by: str, words: str) -> None:
        said.append({"by": by, "text": words})
        if not as_json:
            say("\n".join(f"{MARKS[by]} {line}" for line in words.splitlines()))

    def through(reaction: Reaction) -> Reaction:
        for words in reaction.said:
            tell("bot", words)
        if reaction.unclear:
            tell("note", "not understood")
        if reaction.do is None:
            return reaction
        tell("note", reaction.do)
        made_up = {place: f"[{place}]" for place in GIVES.get(reaction.do, ())}
        return through(done(found.flows, reaction.place, reaction.do, Outcome(True, made_up), now))

    reaction = through(begin(found.flows, flow.flow, now, identified=link))
    for line in sys.stdin:
        if reaction.place.ended:
            break
        tell("taxpayer", line.strip())
        reaction = through(heard(found.flows, reaction.place, line, now))
    emit({"flow": flow.label, "ended": reaction.place.ended, "said": said}, as_json, lambda: None)


@flow_commands.command()
def draw(
    file: FlowFile,
    picture: Annotated[Path, typer.Option("--svg", metavar="FILE", help="Where the picture is written.")],
    as_json: Json = False,
) -> None:
    """Draw a flow as a picture: its steps as boxes, and the ways between them."""
    _, flow = _usable(file)
    try:
        picture.write_text(svg(flow), encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{picture} can't be written: {error.strerror}") from None
    emit({"flow": flow.label, "svg": str(picture)}, as_json, lambda: say(f"{picture}: {flow.label}"))


def _usable(file: str) -> tuple[Examined, Flow]:
    """The file of a flow without faults, and the flow. Raises Refusal with them, one a line."""
    found = examine(file)
    if found.faults or found.flow is None:
        raise Refusal("\n".join(f"{found.path}: {fault}" for fault in found.faults))
    return found, found.flow
