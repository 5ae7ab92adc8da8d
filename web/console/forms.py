"""Forms of pages: read into the same models as the staff API's bodies, with what is wrong told beside its field; and
forms that bring a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from web.form_body import fields_of

FILE = "multipart/form-data"
"""The type of a form with a file in it, which is read as it comes."""

ModelT = TypeVar("ModelT", bound=BaseModel)

WORDS = {
    "missing": "preencha este campo",
    "date_from_datetime_parsing": "escreva um dia que exista",
    "date_from_datetime_inexact": "escreva um dia que exista",
    "datetime_parsing": "escreva dia e hora que existam",
    "datetime_from_date_parsing": "escreva dia e hora que existam",
    "date_parsing": "escreva um dia que exista",
    "unlikely_day": "escreva um dia de 1900 a 2200",
    "literal_error": "escolha uma das opções",
    "enum": "escolha uma das opções",
    "string_too_long": "use menos palavras",
    "value_error": "escreva um valor, por exemplo 1.500,00",
}
"""The thing to do about the error of a field, by pydantic's name for it."""


class WrongForm(Exception):
    """A form that can't be taken."""

    def __init__(self, errors: Mapping[str, str], given: Mapping[str, str | list[str]]) -> None:
        super().__init__("the form is not as described")
        self.errors = errors
        """The thing to do, by the field's name."""
        self.given = given


async def read_form(request: Request, model: type[ModelT]) -> ModelT:
    """Read the form that was sent; a blank field counts as left out. Raises WrongForm."""
    sent = fields_of(await request.body())
    fields = model.model_fields.items()
    lists = {each.alias or name for name, each in fields if get_origin(each.annotation) in (list, tuple)}
    given = {name: values if name in lists else values[-1].strip() for name, values in sent.items()}
    return _validated(model, given)


def _validated(model: type[ModelT], given: Mapping[str, str | list[str]]) -> ModelT:
    try:
        return model.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        wrong = [(each["loc"], each["type"]) for each in error.errors()]
        told = {str(place[0]) if place else "": WORDS.get(rule, "não serve") for place, rule in wrong}
        raise WrongForm(told, given) from None


@asynccontextmanager
async def read_form_with_file(request: Request, model: type[ModelT]) -> AsyncIterator[tuple[ModelT, UploadFile]]:
    """Read a form in whose field `file` a file comes, which lies on disk for as long as this lasts. Raises WrongForm,
    also where there is no file, and starlette's HTTPException for what is no form."""
    async with request.form(max_files=1, max_fields=len(model.model_fields) + 1) as sent:
        file = sent.get("file")
        given: dict[str, str | list[str]] = {
            name: value.strip() for name, value in sent.items() if isinstance(value, str) and name != "file"
        }
        if not isinstance(file, UploadFile) or not file.filename:
            raise WrongForm({"file": "escolha um arquivo"}, given)
        yield _validated(model, given), file


def form_of(model: type[BaseModel]) -> dict[str, Any]:
    """The description of a form's body for a route."""
    return _described("application/x-www-form-urlencoded", model.model_json_schema())


def form_with_file_of(model: type[BaseModel]) -> dict[str, Any]:
    """The description of a form with a file for a route."""
    schema = model.model_json_schema()
    schema["properties"]["file"] = {"type": "string", "format": "binary"}
    schema["required"] = [*schema.get("required", ()), "file"]
    return _described(FILE, schema)


def _described(type_: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {type_: {"schema": schema}}, "required": True}}
