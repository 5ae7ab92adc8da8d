"""Forms of pages: read into the same models as the staff API's bodies, with what is wrong told beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError

from web.form_body import fields_of

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
    try:
        return model.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        wrong = [(each["loc"], each["type"]) for each in error.errors()]
        told = {str(place[0]) if place else "": WORDS.get(rule, "não serve") for place, rule in wrong}
        raise WrongForm(told, given) from None


def form_of(model: type[BaseModel]) -> dict[str, Any]:
    """The description of a form's body for a route."""
    content = {"application/x-www-form-urlencoded": {"schema": model.model_json_schema()}}
    return {"requestBody": {"content": content, "required": True}}
