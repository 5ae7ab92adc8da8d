"""Sessions of people at the console, and links that sign a person in once. Only digests of their secrets are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import Connection, case, exists, func, insert, select, update

from models.errors import Refusal
from models.roles import Actor, Role
from storage.audit.persons import read_people
from storage.audit.tokens import IN_FORCE, proven
from storage.rows import typed_rows
from storage.schema import once_links, sessions, tokens

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
LINK_LASTS = timedelta(minutes=5)
SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is written down no more often."""
LISTED = 50

_NOW = func.clock_timestamp()
_TOKEN_STANDS = sessions.c.token.is_(None) | exists().where((tokens.c.id == sessions.c.token) & IN_FORCE)

ALIVE = (
    sessions.c.ended_at.is_(None)
    & (sessions.c.seen_at > _NOW - IDLE)
    & (sessions.c.signed_in_at > _NOW - LONGEST)
    & _TOKEN_STANDS
)


@dataclass(frozen=True)
class SignedIn:
    session: int
    actor: Actor
    seen_at: datetime


def make_link(connection: Connection, person: str, role: Role, by: str) -> str:
    """Make a link for a person; returns its secret, this once."""
    secret = secrets.token_urlsafe(32)
    row = {"digest": _digest(secret), "person": person, "role": role, "made_by": by, "expires_at": _NOW + LINK_LASTS}
    connection.execute(insert(once_links).values(row))
    return secret


def open_by_link(connection: Connection, secret: str) -> tuple[Actor, str]:
    """Open a session by a link, which is used up; returns who is signed in, and the session's secret. Raises
    Refusal."""
    fits = (once_links.c.digest == _digest(secret)) & once_links.c.used_at.is_(None) & (once_links.c.expires_at > _NOW)
    used = update(once_links).where(fits).values(used_at=_NOW).returning(once_links.c.person, once_links.c.role)
    found = connection.execute(used).first()
    if found is None:
        raise Refusal("the link is not in force: it is unknown, was used already or has expired")
    actor = Actor(read_people(connection).named(found.person), Role(found.role))
    return actor, _open(connection, actor, None)


def open_by_token(connection: Connection, token: str) -> tuple[Actor, str]:
    """Open a session that lasts no longer than a token; returns who is signed in, and the session's secret. Raises
    Refusal."""
    row, actor = proven(connection, token)
    return actor, _open(connection, actor, row)


def open_session(connection: Connection, actor: Actor) -> tuple[Actor, str]:
    """Open a session of who was proven otherwise; returns who is signed in, and the session's secret."""
    return actor, _open(connection, actor, None)


def _open(connection: Connection, actor: Actor, token: int | None) -> str:
    secret = secrets.token_urlsafe(32)
    row = {"digest": _digest(secret), "person": actor.name, "role": actor.role, "token": token}
    connection.execute(insert(sessions).values(row))
    return secret


def signed_in(connection: Connection, secret: str) -> SignedIn:
    """The person whom a session's secret proves. Raises Refusal when the session has ended."""
    found = connection.execute(select(sessions).where(sessions.c.digest == _digest(secret), ALIVE)).first()
    if found is None:
        raise Refusal("the session is not in force: it is unknown, was ended or lasted too long")
    actor = Actor(read_people(connection).named(found.person), Role(found.role), found.signed_in_at)
    return SignedIn(found.id, actor, found.seen_at)


def note_use(connection: Connection, session: int) -> None:
    """Note that a session is used: it stays idle no longer."""
    stale = (sessions.c.id == session) & (sessions.c.seen_at < _NOW - SEEN_EVERY)
    connection.execute(update(sessions).where(stale).values(seen_at=_NOW))


def end_session(connection: Connection, session: int, person: str) -> None:
    """End a session of a person's own. Raises Refusal when the person has none of that number that lasts."""
    mine = (sessions.c.id == session) & (sessions.c.person == person) & sessions.c.ended_at.is_(None)
    if connection.execute(update(sessions).where(mine).values(ended_at=_NOW)).rowcount == 0:
        raise Refusal(f"{person} has no session {session} that lasts")


def replace_session(connection: Connection, secret: str) -> None:
    """End the session that a browser had, if it had one: another has begun there."""
    had = (sessions.c.digest == _digest(secret)) & sessions.c.ended_at.is_(None)
    connection.execute(update(sessions).where(had).values(ended_at=_NOW))


def end_sessions(connection: Connection, person: str) -> None:
    """End all sessions of a person, whichever of the names they were opened by."""
    people = read_people(connection)
    lasting = connection.execute(select(sessions.c.id, sessions.c.person).where(sessions.c.ended_at.is_(None)))
    ending = [row.id for row in lasting if people.same(row.person, person)]
    connection.execute(update(sessions).where(sessions.c.id.in_(ending)).values(ended_at=_NOW))


class ListedSession(TypedDict):
    id: int
    by: str
    """`token` or `link`."""
    signed_in_at: datetime
    seen_at: datetime
    lasts: bool


def list_sessions(connection: Connection, person: str) -> list[ListedSession]:
    """The newest sessions of a person, the newest first."""
    by = case((sessions.c.token.is_(None), "link"), else_="token").label("by")
    columns = (sessions.c.id, by, sessions.c.signed_in_at, sessions.c.seen_at, ALIVE.label("lasts"))
    mine = select(*columns).where(sessions.c.person == person).order_by(sessions.c.id.desc()).limit(LISTED)
    return typed_rows(ListedSession, connection.execute(mine).mappings())


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
