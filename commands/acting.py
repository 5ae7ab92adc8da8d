"""Who acts: the one place where commands are asked for a token, and where the audit log gets its entries.

No command calls this. `commands/line.py` puts it around every command that isn't known to read only, so that none can
forget it: the entry goes into the first transaction that changes something, through the engine of `commands.services`.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import Refusal
from models.roles import READS, Actor, duty, must_be_allowed

if TYPE_CHECKING:
    # what only a command that acts needs is loaded when it acts
    from sqlalchemy import Engine

    from storage.audit.log import Entry
    from workflows.effects import Command

By = Annotated[
    str,
    typer.Option(
        help="Who acts; it is kept on record. Default: whose token REGUA_TOKEN is, else the user of this machine.",
        default_factory=str,
        show_default=False,
    ),
]

SUBJECTS = ("case", "agreement", "payment", "task", "name", "file")
"""The arguments that say what a command is about, the first that a command has."""

TOLD = {
    "amount",
    "budget",
    "control",
    "cron",
    "days",
    "debt",
    "decided",
    "force",
    "ground",
    "instalments",
    "kind",
    "min_amount",
    "notice",
}
TOLD |= {"on", "pay", "policy", "rehearse", "role", "rate", "ruler", "select", "series", "since", "tax", "uf", "until"}
"""The options that the log tells when a command was carried out: none of them names a person."""

OPAQUE = re.compile(r"[0-9a-f]{16}|\d{1,10}|sha256:[0-9a-f]{64}")
"""A subject that surely names nobody, also when it was mistyped."""


@dataclass
class Act:
    """A command being carried out, and what the log is to say of it."""

    entry: Entry
    given: dict[str, Any]
    engine: Engine | None = None
    """The last that it was given."""

    def admit(self, engine: Engine) -> None:
        """Before the command gets to the database. Raises Refusal when it takes a token that isn't there."""
        from storage.audit.log import carry
        from storage.audit.tokens import bearer, roles_in_force

        self.engine = engine
        token = os.environ.get("REGUA_TOKEN")
        with engine.connect() as connection:
            if token:
                self.entry.actor = bearer(connection, token)
            must_be_allowed(self.entry.command, self.entry.actor, roles_in_force(connection))
        self.entry.subject = self.entry.subject or _subject(self.given)
        self.entry.detail = self.entry.detail or _detail(self.given)
        carry(engine, self.entry)

    def refused(self) -> None:
        """On record too, once it got to the database; without what was typed, which may be anything."""
        if self.engine is None:
            return
        from sqlalchemy.exc import SQLAlchemyError

        from storage.audit.log import Entry, write

        subject = self.entry.subject or _subject(self.given) or ""
        kept = subject if OPAQUE.fullmatch(subject) else None
        with suppress(SQLAlchemyError), self.engine.begin() as connection:
            self.entry.written = True
            write(connection, Entry(self.entry.actor, self.entry.command, kept), "refused")

    def done(self) -> None:
        """On record also when it found nothing to change."""
        if self.engine is not None and not self.entry.written:
            from storage.audit.log import write

            with self.engine.begin() as connection:
                write(connection, self.entry)


ACT: ContextVar[Act | None] = ContextVar("act", default=None)


def recorded(path: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """A command with `acting` around it, unless it is known to read only."""

    @wraps(run)
    def carried_out(**given: Any) -> Any:
        command = duty(path, {option for option, value in given.items() if value})
        if command in READS:
            return run(**given)
        with acting(command, given):
            return run(**given)

    return carried_out


@contextmanager
def acting(command: str, given: dict[str, Any]) -> Iterator[None]:
    """Fills in who acts where a command asks for it."""
    from storage.audit.log import Entry

    name = _who(given.get("by") or "")
    if "by" in given:
        given["by"] = name
    act = Act(Entry(Actor(name), command), given)
    before = ACT.set(act)
    try:
        yield
        act.done()
    except Refusal:
        act.refused()
        raise
    finally:
        ACT.reset(before)
        if act.engine is not None:
            act.engine.dispose()


def admitted(engine: Engine) -> Engine:
    """The engine of a command: whoever carries one out that is recorded is asked who he is, and leaves an entry."""
    if act := ACT.get():
        act.admit(engine)
    return engine


def ask_of_case(reason: str = "", seen: str = "") -> Command:
    """What the command asks of a case's workflow: the worker writes the entry, with the change."""
    from workflows.effects import Command

    act = ACT.get()
    assert act is not None  # noqa: S101 - only recorded commands ask something of a case
    act.entry.written = True
    return Command(by=act.entry.actor.name, reason=reason, role=act.entry.actor.role, seen=seen)


def _who(by: str) -> str:
    """Raises Refusal when the token is somebody else's."""
    token = os.environ.get("REGUA_TOKEN")
    if not token:
        return by or getpass.getuser()
    from storage.audit.tokens import name_in

    owner = name_in(token)
    if by and by != owner:
        raise Refusal(f"REGUA_TOKEN is {owner}'s token, and --by says {by}: leave --by out")
    return owner


def _subject(given: dict[str, Any]) -> str | None:
    for argument in SUBJECTS:
        if given.get(argument) is not None:
            said = str(given[argument])
            return _digest(Path(said)) if argument == "file" else said
    return None


def _digest(file: Path) -> str | None:
    with suppress(OSError), file.open("rb") as content:
        return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
    return None


def _detail(given: dict[str, Any]) -> dict[str, Any]:
    told = {option: value for option, value in given.items() if value and option in TOLD}
    return {option: " ".join(value) if isinstance(value, list) else str(value) for option, value in told.items()}
