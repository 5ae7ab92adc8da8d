"""Nothing that a user may write goes undocumented: commands, keys of the YAML files, environment variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, RootModel

from models.agreement.policy import Policy
from models.conversation.flow import Flow
from models.law.calendar import Wait, Window
from models.money.accrual_table import AccrualTable
from models.portal.table import PortalTable
from models.ruler.schema import Ruler
from tests.operations.test_doors import LEAVES

ROOT = Path(__file__).parents[2]
PAGES = {file.name: file.read_text() for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
EVERYTHING = "\n".join(PAGES.values())

VARIABLE = re.compile(r"(REGUA|SENDGRID|TWILIO|TEMPORAL|DATABASE|FORWARDED)_[A-Z_]*[A-Z]")

FILES: dict[str, tuple[type[BaseModel], set[str]]] = {
    "rulers.md": (Ruler, {"accrual"}),
    "accrual.md": (AccrualTable, {"jurisdiction"}),
    "agreements.md": (Policy, {"jurisdiction"}),
    "portal.md": (PortalTable, set()),
    "conversations.md": (Flow, set()),
}
"""The page that explains a file's keys, and those of them whose own keys another page explains."""

WRITTEN_AS_TEXT = (Wait, Window)
"""Parts that are no keys but one text each, such as `10 business` or `08:00-20:00`."""


def keys(model: type[BaseModel], elsewhere: set[str]) -> Iterator[str]:
    """Each key that may be written in a file of that form, those of its parts included."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        if not issubclass(model, RootModel):
            yield key
        if key not in elsewhere:
            for part in parts(field.annotation):
                yield from keys(part, elsewhere)


def parts(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type such as `tuple[Rung, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in WRITTEN_AS_TEXT:
        yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


def variables() -> set[str]:
    """Each environment variable that the product's code names in a text."""
    folders = [init.parent for init in ROOT.glob("*/__init__.py") if init.parent.name not in ("tests", "bench")]
    found = set()
    for file in [*ROOT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and VARIABLE.fullmatch(node.value):
                found.add(node.value)
    return found


@pytest.mark.parametrize("command", sorted(LEAVES))
def test_each_command_is_documented(command: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(command)}(?![\w-])", EVERYTHING)


@pytest.mark.parametrize("page", FILES)
def test_each_key_of_a_file_is_documented(page: str) -> None:
    model, elsewhere = FILES[page]
    written = set(re.findall(r"\w+", PAGES[page]))
    assert sorted({*keys(model, elsewhere)} - written) == []


def test_each_environment_variable_is_documented() -> None:
    example = (ROOT / "deploy" / ".env.example").read_text()
    assert sorted(name for name in variables() if not re.search(rf"\b{name}\b", EVERYTHING + example)) == []


def test_each_file_that_a_document_names_is_there() -> None:
    missing = []
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        text = page.read_text()
        linked = [page.parent / name for name in re.findall(r"\]\(([^)#:]+)\)", text)]
        named = [ROOT / name for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|yaml))`", text)]
        missing += [f"{page.name}: {file}" for file in [*linked, *named] if not file.exists()]
    assert missing == []


def test_decision_records_have_a_number_each() -> None:
    numbers = [file.name[:4] for file in sorted((ROOT / "docs" / "decisions").iterdir())]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]


def test_what_is_missing_would_be_found() -> None:
    assert {"rows", "dwell", "window_months", "from"} <= {*keys(Ruler, set())}
    assert {"REGUA_HOME", "DATABASE_URL", "TWILIO_AUTH_TOKEN"} <= variables()
