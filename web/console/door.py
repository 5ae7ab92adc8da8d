"""The one door of console and staff API: who asks is known by a token or a session, and each route says what it takes.

A route that changes something names the duty of its operation (`x-duty`); one that reads, the reading (`x-reading`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

import structlog
from anyio.to_thread import run_sync
from fastapi import Depends, Path, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import Connection, Engine, select
from starlette.exceptions import HTTPException
from temporalio.exceptions import TemporalError

from models.errors import Refusal
from models.roles import Actor, SignInAnew, must_be_readable
from operations.operation import OPERATIONS, Credentials, Operation, record_refused
from storage.audit.log import Entry
from storage.audit.sessions import note_use, signed_in
from storage.audit.tokens import bearer, name_in
from storage.engine import is_away
from storage.schema import cases, cohorts
from web.console.codec import LOOPBACK
from web.console.forms import FILE
from web.security.same_origin import must_be_same_origin
from web.webhooks.webhook import Refused
from workflows.client import is_unreachable

log = structlog.get_logger()

Duty = Operation[..., Any]
Route = TypeVar("Route", bound=Callable[..., Any])

NAMED = {"case": cases.c.id, "name": cohorts.c.name}
"""The parts of addresses that name a row, which must be there."""


@dataclass(frozen=True)
class Visitor:
    """Who was admitted, and by which session, if any."""

    who: Credentials
    actor: Actor
    session: int | None = None


RowId = Annotated[int, Path(ge=1, lt=2**63)]
"""A number in an address that names a row."""


async def _visitor(request: Request) -> Visitor:
    admitted: Visitor = request.state.visitor
    return admitted


Admitted = Annotated[Visitor, Depends(_visitor)]
"""Who was admitted by the route."""


class StaffRoute(APIRoute):
    """A route that admits who asks before it looks at the body, and whose refusals are one sentence each."""

    engine: ClassVar[Engine]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        says = self.openapi_extra or {}

        async def handle_or_refuse(request: Request) -> Response:
            try:
                if "x-duty" in says or "x-reading" in says:
                    request.state.visitor = await run_sync(
                        admit, type(self).engine, request, says.get("x-duty"), says.get("x-reading")
                    )
                    if not _takes_file(says):
                        await request.body()  # here, so that one too long isn't taken for a wrong one
                return await handle(request)
            except Refused as error:
                refused = error
            except SignInAnew as error:
                refused = Refused(401, str(error))
            except Refusal as error:
                refused = Refused(409, str(error))
            except HTTPException:
                refused = Refused(422, "the body is no JSON in UTF-8")
            except Exception as error:
                if not (silent := _silent(error)):
                    return self.failed(request, error)
                log.error("the console can't answer", route=self.path_format, reason=type(error).__name__)
                refused = Refused(503, f"{silent} does not answer; ask again")
            return self.refused(request, refused)

        return handle_or_refuse

    def refused(self, request: Request, refused: Refused) -> Response:
        return refused.answer()

    def failed(self, request: Request, error: Exception) -> Response:
        raise error  # a fault of ours: the guard logs it and says so


def _takes_file(says: Mapping[str, Any]) -> bool:
    return FILE in says.get("requestBody", {}).get("content", {})


def _silent(error: Exception) -> str | None:
    """Who didn't answer, where an error means that."""
    if is_away(error):
        return "the database"
    return "Temporal" if isinstance(error, TemporalError) or is_unreachable(error) else None


def cookie_of(request: Request) -> str:
    """The name of the cookie that holds a session's secret: over HTTPS one that no other site of the domain can set."""
    return "__Host-regua" if request.url.scheme == "https" else "regua"


def must_be_private(request: Request) -> None:
    """Refuse a browser that isn't on this machine and doesn't speak HTTPS: whoever listens would have the session."""
    near = request.client is not None and request.client.host in LOOPBACK and request.url.hostname in LOOPBACK
    if request.url.scheme != "https" and not near:
        raise Refused(403, "the console is served over HTTPS, or on this machine alone")


def admit(engine: Engine, request: Request, duty: str | None, reading: str | None) -> Visitor:
    """Admit who asks. Who lacks the role is on record where something would be changed: somebody tried."""
    with engine.connect() as connection:
        visitor = _known(connection, request)
        for part, key in NAMED.items():
            if part in request.path_params:
                _must_exist(connection, key, request.path_params[part])
        try:
            if reading:
                must_be_readable(reading, visitor.actor)
            if duty:
                OPERATIONS[duty].admit(connection, visitor.actor)
        except SignInAnew:
            raise
        except Refusal as refusal:
            forbidden = Refused(403, str(refusal))
        else:
            return visitor
    if duty:
        record_refused(engine, Entry(visitor.actor, duty, request.path_params.get("case")))
    raise forbidden


def _known(connection: Connection, request: Request) -> Visitor:
    """Who asks: by the token of the request, else by the session of its cookie."""
    secret, written = request.cookies.get(cookie_of(request)), request.headers.get("authorization")
    try:
        if written is None and secret:
            return _in_session(connection, request, secret)
        scheme, _, token = (written or "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refusal("say who asks, by a header: Authorization: Bearer TOKEN")
        who = Credentials(name_in(token.strip()), token.strip())
        return Visitor(who, bearer(connection, token.strip()))
    except Refusal as refusal:
        raise Refused(401, str(refusal)) from None


def _in_session(connection: Connection, request: Request, secret: str) -> Visitor:
    must_be_private(request)
    must_be_same_origin(request)
    found = signed_in(connection, secret)
    note_use(connection, found.session)
    connection.commit()
    return Visitor(Credentials(found.actor.name, session=secret), found.actor, found.session)


def _must_exist(connection: Connection, key: Any, name: str) -> None:
    if "\0" in name or connection.execute(select(key).where(key == name)).first() is None:
        raise Refused(404, f"there is no {'case' if key is cases.c.id else 'cohort'} of that name")
