"""Acts on sessions at the console: sign in, and end one."""

from __future__ import annotations

import getpass

from sqlalchemy import Connection, Engine

from models.persons import must_be_name
from models.roles import Actor, Role, must_be_compatible
from operations.operation import Act, operation
from storage.audit.log import Entry, write
from storage.audit.persons import add_person, read_people
from storage.audit.sessions import end_session, make_link, open_by_link, open_by_token, open_session, replace_session
from storage.audit.tokens import roles_in_force, roles_issued
from storage.engine import connect

PROVIDER = "OpenID"
"""By whom a person is known who signs in at the provider first."""


def sign_in_by_link(engine: Engine, secret: str, former: str | None = None) -> str:
    """Sign in whom a link was made for, once; returns the new session's secret. The browser's former session ends.
    Raises Refusal: not in force."""
    with engine.begin() as connection:
        return _entered(connection, "link", former, *open_by_link(connection, secret))


def sign_in_by_token(engine: Engine, token: str, former: str | None = None) -> str:
    """Sign in whom a token proves; returns the new session's secret. The browser's former session ends. Raises Refusal:
    not in force."""
    with engine.begin() as connection:
        return _entered(connection, "token", former, *open_by_token(connection, token))


def sign_in_by_provider(engine: Engine, name: str, role: Role, former: str | None = None) -> str:
    """Sign in whom an OpenID provider proved; returns the new session's secret. A person who is not known yet is put on
    record, by the provider's word. Raises Refusal: no name, or an auditor's."""
    must_be_name(name)
    with engine.begin() as connection:
        people = read_people(connection)
        if not people.knows(name):
            add_person(connection, name, PROVIDER)
        person = people.named(name)
        for other in roles_in_force(connection, person):
            must_be_compatible(person, role, other)
        return _entered(connection, "oidc", former, *open_session(connection, Actor(person, role)))


def _entered(connection: Connection, via: str, former: str | None, actor: Actor, secret: str) -> str:
    if former:
        replace_session(connection, former)
    write(connection, Entry(actor, "sign in", None, {"via": via}))
    return secret


@operation("session end")
def end_own_session(act: Act, session: int) -> None:
    """End one of one's own sessions, on whichever browser."""
    with act.engine.begin() as connection:
        end_session(connection, session, act.by)


def first_supervisor(owner: str, command: str) -> str | None:
    """Make a link by which the machine's user, who knows the address of the database's owner, signs in as a supervisor
    where no token was ever issued to one; on record as `command`. Returns the link's secret; None: tokens sign in."""
    by, engine = getpass.getuser(), connect(owner)
    try:
        with engine.begin() as connection:
            if Role.SUPERVISOR in roles_issued(connection):
                return None
            if not read_people(connection).knows(by):
                add_person(connection, by, by)
            write(connection, Entry(Actor(by), command, None, {"link": Role.SUPERVISOR}))
            return make_link(connection, by, Role.SUPERVISOR, by)
    finally:
        engine.dispose()
