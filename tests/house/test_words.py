"""The words of the house: those that have gone stay away, and each docstring stands alone (`docs/glossary.md`)."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GONE = {
    "sitting": "case transaction",
    "stocktaking": "first evaluation",
    "stock": "evaluation",
    "outlook": "next action",
    "standing": "facts",
    "position": "state",
    "desk": "staff API, or dependencies",
    "errand": "dispatch",
    "leg": "route",
    "hearing": "evaluation request",
    "wish": "request",
    "bury": "suppress",
    "buried": "suppressed",
    "dead": "suppressed, or ended",
    "revive": "recover",
    "veil": "redaction",
    "seal": "checkpoint, or encrypt",
    "leash": "parent watchdog",
    "shelf": "catalogue",
    "steer": "lifecycle",
    "steered": "lifecycle",
    "steering": "lifecycle",
    "spell": "batch",
    "pace": "rate limit",
    "skeleton": "merge template",
    "breaking": "default",
}
"""Each word that meant something here, and what it is called now."""

ONLY_NAMES = {"turn": "transition", "way": "rung channel, or route", "company": "coalescing", "owed_signal": "outbox"}
"""Words that are plain English in a sentence and went as names only."""

ALLOWED = {
    "steers": "what a name does to somebody's terminal",
    "is_company": "a taxpayer that is no person",
    "companies": "the same",
    "under_way": "plain English",
    "in_its_way": "plain English",
    "by_way": "plain English",
    "the_other_way": "plain English",
    "halfway": "plain English",
    "company": "a taxpayer that is no person",
    "seals": "a key of `audit --json`",
    "seal": "a key of `audit --json`, and the log's name of a checkpoint",
    "breaking": "a key of policies that were signed on before",
    "position": "a column before the migration",
    "legs": "a key before the migration",
}
"""Names that hold such a word and mean something else."""

ALONE = re.compile(r"(Of|What|Those|Whoever)\b")
"""The openings by which a docstring would lean on its caller's text."""


def files() -> list[Path]:
    folders = [init.parent for init in ROOT.glob("*/__init__.py")]
    found = [*ROOT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))]
    return sorted(file for file in found if "versions" not in file.parts and file != Path(__file__))


FILES = files()


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the text of each docstring, those under a constant or a field included."""
    for node in ast.walk(tree):
        for statement in getattr(node, "body", []) if not isinstance(node, ast.Lambda | ast.IfExp) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                if isinstance(statement.value.value, str):
                    yield statement.lineno, statement.value.value


def of_definitions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Docstrings and comments, without what stands in backticks."""
    yield from docstrings(ast.parse(source))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def names(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def gone_in(name: str) -> list[str]:
    """The words of a name, `OldWord` and `old_word` alike, that have gone."""
    bare = name.strip("_").lower()
    if any(allowed in bare for allowed in ALLOWED if len(allowed) > 8) or bare in ALLOWED:
        return []
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return [low for word in words for low in (word.lower(), word.lower().removesuffix("s")) if low in GONE | ONLY_NAMES]


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_no_docstring_leans_on_its_caller(file: Path) -> None:
    leaning = [
        f"{shown(file)}:{line}: {text[:60]}"
        for line, text in of_definitions(ast.parse(file.read_text()))
        if ALONE.match(text)
    ]
    assert not leaning


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_words_that_have_gone_stay_away(file: Path) -> None:
    source = file.read_text()
    back = [f"{shown(file)}:{line}: {name}" for line, name in names(source) if gone_in(name)]
    words = re.compile(rf"\b({'|'.join(GONE)})s?\b", re.IGNORECASE)
    for line, text in prose(source):
        back += [f"{shown(file)}:{line}: {found[0]}" for found in words.finditer(re.sub(r"`[^`]*`", "", text))]
    assert not back


@pytest.mark.parametrize("file", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=shown)
def test_words_that_have_gone_stay_away_from_the_documents(file: Path) -> None:
    if file.name == "CHANGELOG.md":
        pytest.skip("says what the words were")
    text = re.sub(r"```.*?```|`[^`]*`", "", file.read_text(), flags=re.DOTALL)
    assert not re.findall(rf"\b(?:{'|'.join(GONE)})s?\b", text, re.IGNORECASE)


def test_a_word_would_be_found() -> None:
    assert gone_in("_take_stock") == ["stock"]
    assert gone_in("CaseStanding") == ["standing"]
    assert gone_in("LEGS_OF_RUNG") == ["leg"]
    assert not gone_in("steersman")
    assert ALONE.match("What a case owes.")
    assert not ALONE.match("Offers made to a debt.")
