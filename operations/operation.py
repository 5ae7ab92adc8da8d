"""An operation: a function that does one thing a person may do. Declared with its duty, called with who asks.

    @operation("case hold")
    def place_hold(act: Act, case: str, ground: Ground, reason: str, now: datetime) -> Changed: ...

    place_hold(engine, Credentials("ana", token), case, Ground.DEPOSIT, "guia 7", now)

Who asks is believed by the token or the session alone, and needs a role that has the duty (`models.roles.DUTIES`). The
first transaction of `act.engine` that changes something carries the entry in the audit log, so that both are on record
or neither. A refusal is on record too, without what was typed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from models.errors import Refusal
from models.persons import must_be_name
from models.roles import Actor, must_be_allowed, must_be_fresh
from storage.audit.log import Entry, carry, write
from storage.audit.persons import read_people
from storage.audit.sessions import signed_in
from storage.audit.tokens import bearer, roles_issued

OPAQUE = re.compile(r"[0-9a-f]{16}|\d{1,10}|sha256:[0-9a-f]{64}")
"""The forms of a subject that surely names nobody, also when it was mistyped."""


@dataclass(frozen=True)
class Credentials:
    """The name of a person who asks, and the token, or the secret of the session, that proves it."""

    name: str
    token: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Act:
    """An operation under way."""

    engine: Engine
    """The first of its transactions that changes something carries the entry."""
    entry: Entry

    @property
    def actor(self) -> Actor:
        return self.entry.actor

    @property
    def by(self) -> str:
        return self.entry.actor.name

    def tell(self, **detail: Any) -> None:
        """Add to the entry's detail; nothing that names a person. Empty values are left out."""
        said = {name: value for name, value in detail.items() if value}
        self.entry.detail |= {
            name: " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            for name, value in said.items()
        }


P = ParamSpec("P")
T = TypeVar("T")

OPERATIONS: dict[str, Operation[..., Any]] = {}
"""Each by its duty, as far as its module is loaded."""


class Operation(Generic[P, T]):
    """A function that does one thing a person may do, called with the engine and the credentials of who asks."""

    __name__: str

    def __init__(self, duty: str, do: Callable[Concatenate[Act, P], T]) -> None:
        update_wrapper(self, do)
        self.duty = duty
        self.do = do

    def __call__(self, engine: Engine, who: Credentials, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it for who asks. Raises Refusal: the token is not in force, its role has not this duty, or the record
        doesn't allow it."""
        return self._do(engine, Actor(who.name), lambda connection: identified(connection, who), *args, **kwargs)

    def carry_out(self, engine: Engine, by: Actor, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it later for a person who proved to be so when asking, by another operation that put that on record."""
        return self._do(engine, by, lambda connection: by, *args, **kwargs)

    def _do(
        self, engine: Engine, by: Actor, prove: Callable[[Connection], Actor], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        act = Act(engine.execution_options(), Entry(by, self.duty, _subject(args)))
        try:
            with engine.connect() as connection:
                act.entry.actor = prove(connection)
                self.admit(connection, act.actor)
            carry(act.engine, act.entry)
            done = self.do(act, *args, **kwargs)
        except Refusal:
            record_refused(engine, act.entry)
            raise
        if not act.entry.written:  # it found nothing to change
            with engine.begin() as connection:
                write(connection, act.entry)
        return done

    def admit(self, connection: Connection, actor: Actor) -> None:
        """Admit the actor. Raises Refusal when his role has not this duty, SignInAnew when the sign-in is too old."""
        must_be_allowed(self.duty, actor, roles_issued(connection))
        must_be_fresh(self.duty, actor, datetime.now(UTC))


def operation(duty: str) -> Callable[[Callable[Concatenate[Act, P], T]], Operation[P, T]]:
    """Declare that the function does what `duty` names; its first argument is the subject of its entry."""

    def declared(do: Callable[Concatenate[Act, P], T]) -> Operation[P, T]:
        OPERATIONS[duty] = made = Operation(duty, do)
        return made

    return declared


def identified(connection: Connection, who: Credentials) -> Actor:
    """The person whom a token or a session proves; without one nobody proved to be the person of that name. Raises
    Refusal: not in force, or no name."""
    must_say("who asks", who.name)
    if who.session:
        return signed_in(connection, who.session).actor
    if who.token:
        return bearer(connection, who.token)
    must_be_name(who.name)
    return Actor(read_people(connection).named(who.name))


def must_say(what: str, said: str) -> None:
    """Check that something is said. Raises Refusal when a text that has to be on record is blank; `what` names it."""
    if not said.strip():
        raise Refusal(f"say {what}: it is kept on record")


BY_LINK = Actor("contribuinte, pelo endereço da mensagem")
"""The taxpayer who opened the link of his own case: that is all he proves, and no name is taken from him."""


def record_refused(engine: Engine, entry: Entry) -> None:
    """Put a refusal on record, without what was typed, which may be anything; not while the database is away."""
    kept = entry.subject if OPAQUE.fullmatch(entry.subject or "") else None
    with suppress(SQLAlchemyError), engine.begin() as connection:
        write(connection, Entry(entry.actor, entry.command, kept), "refused")


def _subject(args: tuple[Any, ...]) -> str | None:
    """The case, cohort, payment, … that is named first, or the digest of a file."""
    match args:
        case (str() | int() as named, *_):
            return str(named)
        case (object(digest=str() as digest), *_):
            return f"sha256:{digest}"
        case (Path() as file, *_):
            return _digest(file)
        case _:
            return None


def _digest(file: Path) -> str | None:
    """The SHA-256 of a file; None for a folder, and for what can't be read."""
    with suppress(OSError), file.open("rb") as content:
        return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
    return None
