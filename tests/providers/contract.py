"""The contract of SendGrid and Twilio for a request, in their own OpenAPI descriptions, and in the prose of these."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

from jsonschema import Draft202012Validator, FormatChecker

HERE = Path(__file__).parent
MAIL = "/v3/mail/send"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
CALLS = "/2010-04-01/Accounts/{AccountSid}/Calls.json"

PHONE = re.compile(r"(whatsapp:)?\+[1-9][0-9]{6,14}|messenger:[0-9A-Za-z._-]+|[0-9]{3,6}")
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
OWN_HEADERS = {"received", "to", "from", "subject", "reply-to", "cc", "bcc", "content-type", "dkim-signature"}
LONGEST_VALUES = 10_000
LONGEST_MESSAGE = 1_600
LONGEST_TWIML = 4_000
VERBS = {"Response", "Say", "Play", "Gather", "Pause", "Hangup"}


class Problem(NamedTuple):
    field: str
    """As SendGrid names it: `personalizations.0.to.0.email`."""
    message: str


def mail_problems(request: Any) -> list[Problem]:
    shape = list(_problems(_schema("sendgrid", MAIL, "post"), request))
    return shape or list(_mail_prose(request))


def form_problems(path: str, form: Mapping[str, Sequence[str]]) -> list[Problem]:
    schema = _schema("twilio", path, "post")
    request = {name: _typed(schema["properties"].get(name, {}), values) for name, values in form.items()}
    shape = list(_problems(schema, request))
    return shape or list(_form_prose(request))


def query_problems(path: str, query: Mapping[str, Sequence[str]]) -> list[Problem]:
    known = {
        p["name"]: p["schema"] for p in _described("twilio")["paths"][path]["get"]["parameters"] if p["in"] == "query"
    }
    asked = {name: _typed(known.get(name, {}), values) for name, values in query.items()}
    return list(_problems({"properties": known, "additionalProperties": False}, asked))


def answer_problems(path: str, answer: Any) -> list[Problem]:
    name = "message" if path == MESSAGES else "call"
    return list(_problems(_described("twilio")["components"]["schemas"][f"api.v2010.account.{name}"], answer))


def _mail_prose(request: Any) -> Iterator[Problem]:
    if not request["personalizations"]:
        yield Problem("personalizations", "at least one is needed")
    addresses = [to["email"] for one in request["personalizations"] for to in one["to"]]
    if len(set(addresses)) < len(addresses):
        yield Problem("personalizations", "an address may be in a request once only")
    types = [content["type"] for content in request.get("content", ())]
    if types not in (["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        yield Problem("content", "is text/plain, then text/html")
    for n, one in enumerate(request["personalizations"]):
        if not one.get("subject") and not request.get("subject"):
            yield Problem("subject", "is needed")
        for part in ("substitutions", "custom_args"):
            if len(json.dumps(one.get(part, {})).encode()) > LONGEST_VALUES:
                yield Problem(f"personalizations.{n}.{part}", f"is longer than {LONGEST_VALUES} bytes")
        if OWN_HEADERS & {name.lower() for name in one.get("headers", {})}:
            yield Problem(f"personalizations.{n}.headers", "sets a header that is SendGrid's own")


def _form_prose(request: Mapping[str, Any]) -> Iterator[Problem]:
    if "Twiml" in request:
        if len(request["Twiml"]) > LONGEST_TWIML:
            yield Problem("Twiml", f"is longer than {LONGEST_TWIML} characters")
    elif "Body" not in request and "ContentSid" not in request:
        yield Problem("Body", "is needed")
    elif len(request.get("Body", "")) > LONGEST_MESSAGE:
        yield Problem("Body", f"is longer than {LONGEST_MESSAGE} characters")
    variables = request.get("ContentVariables", "{}")
    if not all(isinstance(value, str) and value for value in json.loads(variables).values()):
        yield Problem("ContentVariables", "are strings")


def _is_email(value: Any) -> bool:
    return EMAIL.fullmatch(value) is not None


def _is_uri(value: Any) -> bool:
    address = urlsplit(value)
    return address.scheme in ("http", "https") and bool(address.hostname)


def _is_phone(value: Any) -> bool:
    return PHONE.fullmatch(value) is not None


def _is_twiml(value: Any) -> bool:
    try:
        document = ElementTree.fromstring(value)
    except ElementTree.ParseError:
        return False
    return document.tag == "Response" and {element.tag for element in document.iter()} <= VERBS


FORMATS = FormatChecker(formats=())
for name, test in {
    "email": _is_email,
    "uri": _is_uri,
    "phone-number": _is_phone,
    "endpoint": _is_phone,
    "twiml": _is_twiml,
}.items():
    FORMATS.checks(name)(test)


def _problems(schema: Any, instance: Any) -> Iterator[Problem]:
    for error in Draft202012Validator(schema, format_checker=FORMATS).iter_errors(instance):
        # the instance, which the library's message quotes, may be a person's
        yield Problem(".".join(map(str, error.absolute_path)), f"breaks the rule {error.validator}")


def _typed(schema: Any, values: Sequence[str]) -> Any:
    """A form's values as the description types them."""
    if schema.get("type") == "array":
        return list(values)
    if len(values) > 1:
        return list(values)
    return int(values[0]) if schema.get("type") == "integer" and values[0].isdecimal() else values[0]


def _schema(provider: str, path: str, method: str) -> Any:
    [content] = _described(provider)["paths"][path][method]["requestBody"]["content"].values()
    return content["schema"]


@cache
def _described(provider: str) -> Any:
    document = json.loads((HERE / f"{provider}-openapi.json").read_text())
    return _plain(document, document)


def _plain(part: Any, document: Any) -> Any:
    """As JSON Schema: references followed, `nullable` spelled out, and no name allowed that isn't described."""
    if isinstance(part, list):
        return [_plain(item, document) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return _plain(target, document)
    plain = {name: _plain(value, document) for name, value in part.items()}
    if plain.get("nullable"):
        plain["type"] = [plain["type"], "null"]
    if isinstance(plain.get("properties"), dict):
        plain.setdefault("additionalProperties", False)
    return plain
