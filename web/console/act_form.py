"""The acts that a page offers as forms: whom each is open to, and what becomes of one that is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from anyio.to_thread import run_sync
from fastapi import Request
from sqlalchemy import Engine

from models.errors import Refusal
from models.roles import DUTIES, FRESH, SignInAnew
from operations.operation import Credentials
from web.console.bodies import Asking
from web.console.door import Duty, Visitor
from web.console.forms import WrongForm, read_form

Subject = TypeVar("Subject")

Options = Mapping[str, str]
Kind = Literal["text", "long", "day", "choice", "debts", "credits", "notices", "promises"]


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    options: Options | None = None
    wanted: bool = True


@dataclass(frozen=True)
class ActForm(Generic[Subject]):
    """A form by which a person does one act on a subject: a case, a cohort, a payment."""

    path: str
    """Behind the subject's own address."""
    what: Duty
    title: str
    effect: str
    """The consequence of sending it, in words."""
    button: str
    body: type[Asking]
    fields: tuple[Field, ...]
    do: Callable[[Engine, Credentials, Subject, Any, datetime], object]

    @property
    def fresh(self) -> bool:
        """Whether it wants a fresh sign-in."""
        return self.what.duty in FRESH

    def is_open_to(self, by: Visitor) -> bool:
        return by.actor.role in DUTIES[self.what.duty]


@dataclass(frozen=True)
class Wrong:
    """A form that was sent and not taken: what is said beside its fields or over them, and what was given."""

    path: str
    errors: Mapping[str, str]
    given: Mapping[str, str | list[str]]
    refusal: str = ""

    @property
    def status(self) -> int:
        return 409 if self.refusal else 422


class NotDone(Exception):
    """The act was not done; its page is shown again with what is wrong."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__("the form was not taken")
        self.wrong = wrong


async def do(engine: Engine, form: ActForm[Subject], request: Request, by: Visitor, subject: Subject) -> object:
    """Do what a form that was sent asks for, and return what its operation does. Raises NotDone, and SignInAnew."""
    given: Mapping[str, str | list[str]] = {}
    try:
        said = await read_form(request, form.body)
        given = said.model_dump(by_alias=True, mode="json")
        return await run_sync(form.do, engine, by.who, subject, said, datetime.now(UTC))
    except SignInAnew:
        raise
    except WrongForm as error:
        raise NotDone(Wrong(form.path, error.errors, error.given)) from None
    except Refusal as refusal:
        raise NotDone(Wrong(form.path, {}, given, str(refusal))) from None
