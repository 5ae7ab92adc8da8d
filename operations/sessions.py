"""Acts on sessions at the console: sign in, and end one."""

from __future__ import annotations

import getpass

from sqlalchemy import Connection, Engine

from models.roles import Actor, Role
from operations.operation import Act, operation
from storage.audit.log import Entry, write
from storage.audit.persons import add_person, read_people
from storage.audit.sessions import end_session, make_link, open_by_link, open_by_token, replace_session
from storage.audit.tokens import roles_issued
from storage.engine import connect


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
