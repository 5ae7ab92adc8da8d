"""Acts on persons and on the tokens by which they prove who they are."""

from __future__ import annotations

import getpass

from sqlalchemy import Connection

from models.errors import Refusal
from models.roles import Actor, Role
from operations.operation import Act, operation
from storage.audit.log import Entry, write
from storage.audit.persons import add_person, link_name, read_people
from storage.audit.sessions import end_sessions
from storage.audit.tokens import issue, lost_supervisor, revoke
from storage.engine import connect

RECOVERED_DAYS = 30


@operation("person add")
def put_person(act: Act, name: str) -> str:
    """Put on record that there is a person, or vouch for one who is known; returns the person's name."""
    with act.engine.begin() as connection:
        _must_be_anothers(act, connection, name)
        return add_person(connection, name, act.by)


@operation("person link")
def link_person(act: Act, person: str, name: str) -> str:
    """Put on record that a person goes by another name too; returns the person's name."""
    act.tell(name=name)
    with act.engine.begin() as connection:
        _must_be_anothers(act, connection, person)
        _must_be_anothers(act, connection, name)
        return link_name(connection, person, name, act.by)


@operation("token issue")
def issue_token(act: Act, name: str, role: Role, days: int | None) -> str:
    """Issue a token and return it, this once; without days it is in force until it is revoked."""
    act.tell(role=role, days=days)
    with act.engine.begin() as connection:
        _must_be_anothers(act, connection, name)
        return issue(connection, name, role, act.by, days)


@operation("token revoke")
def revoke_token(act: Act, name: str) -> None:
    """End a person's tokens from now on, and the sessions with them."""
    with act.engine.begin() as connection:
        _must_be_anothers(act, connection, name)
        revoke(connection, name, act.by)
        end_sessions(connection, name)


def recovered_supervisor(owner: str, command: str) -> tuple[str, str] | None:
    """Issue a token to the last supervisor, where none has one in force any more, by the machine's user who knows the
    address of the database's owner; on record as `command`. Returns whose it is, and the token."""
    by, engine = getpass.getuser(), connect(owner)
    try:
        with engine.begin() as connection:
            name = lost_supervisor(connection)
            if name is None:
                return None
            write(connection, Entry(Actor(by), command, name, {"role": Role.SUPERVISOR, "days": f"{RECOVERED_DAYS}"}))
            return name, issue(connection, name, Role.SUPERVISOR, by, RECOVERED_DAYS)
    finally:
        engine.dispose()


def _must_be_anothers(act: Act, connection: Connection, name: str) -> None:
    """Refuse what somebody with a token would do about her own person."""
    if act.actor.authenticated and read_people(connection).same(name, act.by):
        raise Refusal(f"{name} is you: another supervisor must `{act.entry.command}`")
