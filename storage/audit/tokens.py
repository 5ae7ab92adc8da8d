"""Tokens by which people prove who they are. A token is `NAME.SECRET`; only the secret's SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from sqlalchemy import Connection, func, insert, select, text, update

from models.errors import Refusal
from models.persons import folded
from models.roles import Actor, Role, must_be_compatible
from storage.audit.persons import add_person, read_people
from storage.schema import tokens

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

TokenState = Literal["in force", "expired", "revoked"]

UNKNOWN = b"\0" * 32
"""The digest of no secret."""

IN_FORCE = tokens.c.revoked_at.is_(None) & (
    tokens.c.expires_at.is_(None) | (tokens.c.expires_at > func.clock_timestamp())
)

CLOSE_EXPIRED = text("UPDATE tokens SET revoked_at = expires_at WHERE revoked_at IS NULL AND expires_at < now()")

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('regua tokens'))")
"""Two supervisors who revoke each other's at the same time would leave nobody."""


def name_in(token: str) -> str:
    """The name of whose token it says to be."""
    return token.rpartition(".")[0]


def issue(connection: Connection, name: str, role: Role, by: str, days: int | None) -> str:
    """Issue a token, which is told once, to a person, who is put on record by it. Raises Refusal when that name has one
    in force already, or is none, and when the person may not have that role beside others."""
    if not NAME.fullmatch(name):
        raise Refusal(f"{name!r} is no name for a token: up to 64 letters without accents, digits and . _ @ -")
    connection.execute(ONE_AT_A_TIME)
    connection.execute(CLOSE_EXPIRED)
    people = read_people(connection)
    for held in connection.execute(select(tokens.c.name, tokens.c.role).where(IN_FORCE)):
        if folded(held.name) == folded(name):
            raise Refusal(f"{held.name} has a token in force; `token revoke {held.name}` ends it")
        if people.same(held.name, name):
            must_be_compatible(people.named(name), role, Role(held.role))
    if not people.knows(name):
        add_person(connection, name, by)
    secret = secrets.token_urlsafe(32)
    expires_at = func.clock_timestamp() + timedelta(days=days) if days else None
    row = {"name": name, "role": role, "digest": _digest(secret), "issued_by": by, "expires_at": expires_at}
    connection.execute(insert(tokens).values(row))
    return f"{name}.{secret}"


def revoke(connection: Connection, name: str, by: str) -> None:
    """Revoke all tokens of a person. Raises Refusal when nobody of that name has one in force, and when no supervisor
    would have one afterwards."""
    connection.execute(ONE_AT_A_TIME)
    people = read_people(connection)
    held = connection.execute(select(tokens.c.id, tokens.c.name, tokens.c.role).where(IN_FORCE)).all()
    ending = [row for row in held if people.same(row.name, name)]
    if not ending:
        raise Refusal(f"{name} has no token in force; `token list` shows those that there are")
    left = [row for row in held if row not in ending and row.role == Role.SUPERVISOR]
    if not left and any(row.role == Role.SUPERVISOR for row in ending):
        raise Refusal(f"{name}'s is the last supervisor's token in force; issue another supervisor's first")
    ended = update(tokens).where(tokens.c.id.in_(row.id for row in ending))
    connection.execute(ended.values(revoked_at=func.clock_timestamp(), revoked_by=by))


def bearer(connection: Connection, token: str) -> Actor:
    """The person whom a token proves, as an actor. Raises Refusal when it is not in force."""
    return proven(connection, token)[1]


def proven(connection: Connection, token: str) -> tuple[int, Actor]:
    """The id of a token, and the person whom it proves. Raises Refusal when it is not in force."""
    name, _, secret = token.rpartition(".")
    named = select(tokens.c.id, tokens.c.digest, tokens.c.role).where(tokens.c.name == name, IN_FORCE)
    found = connection.execute(named).first()
    if not hmac.compare_digest(_digest(secret), found.digest if found else UNKNOWN) or found is None:
        raise Refusal("the token is not in force: it is unknown, has expired or was revoked")
    return found.id, Actor(read_people(connection).named(name), Role(found.role))


def roles_issued(connection: Connection) -> frozenset[Role]:
    """The roles that a token was ever issued for, in force or not."""
    return frozenset(Role(role) for role in connection.scalars(select(tokens.c.role).distinct()))


def roles_in_force(connection: Connection, person: str) -> frozenset[Role]:
    """The roles that a person's tokens give now, whichever of the names they are for."""
    people = read_people(connection)
    held = connection.execute(select(tokens.c.name, tokens.c.role).where(IN_FORCE))
    return frozenset(Role(row.role) for row in held if people.same(row.name, person))


def lost_supervisor(connection: Connection) -> str | None:
    """The supervisor whose token was the last, where none is in force any more."""
    held = connection.execute(
        select(tokens.c.name, IN_FORCE.label("in_force"))
        .where(tokens.c.role == Role.SUPERVISOR)
        .order_by(tokens.c.issued_at.desc())
    ).all()
    return held[0].name if held and not any(row.in_force for row in held) else None


class ListedToken(TypedDict):
    name: str
    role: str
    state: TokenState
    issued_by: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


def list_tokens(connection: Connection, now: datetime) -> list[ListedToken]:
    """The tokens, the newest first, without their digests."""
    rows = connection.execute(select(tokens).order_by(tokens.c.issued_at.desc())).mappings()
    return [
        {
            "name": row["name"],
            "role": row["role"],
            "state": _state(row["revoked_at"], row["expires_at"], now),
            "issued_by": row["issued_by"],
            "issued_at": row["issued_at"],
            "expires_at": row["expires_at"],
            "revoked_at": row["revoked_at"],
            "revoked_by": row["revoked_by"],
        }
        for row in rows
    ]


def _state(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> TokenState:
    if expires_at is not None and expires_at <= now and (revoked_at is None or revoked_at >= expires_at):
        return "expired"
    return "revoked" if revoked_at else "in force"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
