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
    "desk": "staff API, or dependencies",
    "errand": "dispatch",
    "leg": "route",
    "hearing": "evaluation request",
    "wish": "request",
    "bury": "suppress",
    "buried": "suppressed",
    "dead": "suppressed, or ended",
    "revive": "recover",
    "revived": "recovered",
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
"""Each word that meant something here, and what says it now."""

GONE_AS_A_NAME = {
    "Turn": "Transition",
    "Ways": "Fallbacks",
    "Company": "Coalescing",
    "Told": "what it carries",
    "Folders": "what it carries",
    "Position": "CaseState",
    "owed_signals": "outbox",
    "dead_contacts": "suppressed_contacts",
    "found_cohort": "create_cohort",
}
"""Names whose words are plain English in a sentence."""

ALLOWED = {
    "seal": "the log's name of a checkpoint, and a key of `audit --json`",
    "seals": "a key of `audit --json`",
    "sealed_now": "the same",
    "steers": "a name that moves somebody's cursor",
    "STEERS": "the same",
    "legs": "a key before migration 0016",
    "test_s8_no_reason_steers_another_person_s_terminal": "the terminal's own word",
    "test_s8_no_name_steers_another_person_s_terminal": "the same",
}
"""Names that hold such a word for a reason."""

LEANS = re.compile(r"(Of|What|Those|Whoever)\b")
"""The openings by which a docstring leans on its caller's text."""

BEFORE = re.compile(rf"\b(?:{'|'.join(GONE)})s?\b", re.IGNORECASE)
QUOTED = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def code() -> list[Path]:
    """Each file of the product and its tests but for old migrations, which speak as they did, and this one."""
    folders = [init.parent for init in ROOT.glob("*/__init__.py")]
    found = [*ROOT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))]
    return sorted(file for file in found if "versions" not in file.parts and file != Path(__file__))


def documents() -> list[Path]:
    """Each page that people read, but for the changelog, which says what the words were."""
    return sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - {ROOT / "CHANGELOG.md"})


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


def docstrings(source: str) -> Iterator[str]:
    """The docstrings of modules, classes and functions, and of the constants and fields that have one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value.strip()


def prose(source: str) -> Iterator[str]:
    """The comments, and the strings that stand alone: docstrings, those under a constant or a field included."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def names(source: str) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def has_gone(name: str) -> bool:
    """Whether one of a name's words, of `OldWord` and of `old_word` alike, has gone."""
    if name in ALLOWED:
        return False
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    return name.strip("_") in GONE_AS_A_NAME or any({word, word.removesuffix("s")} & GONE.keys() for word in words)


def gone_names(source: str) -> set[str]:
    """The names that hold a word that has gone; only a suspect text is read as Python, which takes long."""
    suspects = set(filter(has_gone, re.findall(r"[A-Za-z_]\w*", source)))
    return suspects & names(source) if suspects else set()


def gone_words(source: str) -> list[str]:
    """The words that have gone, in comments and docstrings and not in backticks."""
    if not BEFORE.search(source):
        return []
    return [found for text in prose(source) for found in BEFORE.findall(QUOTED.sub("", text))]


def test_each_docstring_stands_alone() -> None:
    leaning = [
        f"{shown(file)}: {text}" for file in code() for text in docstrings(file.read_text()) if LEANS.match(text)
    ]
    assert not leaning


def test_words_that_have_gone_stay_away_from_the_code() -> None:
    sources = {shown(file): file.read_text() for file in code()}
    back = {file: [*gone_names(source), *gone_words(source)] for file, source in sources.items()}
    assert not {file: words for file, words in back.items() if words}


@pytest.mark.parametrize("file", documents(), ids=shown)
def test_words_that_have_gone_stay_away_from_the_documents(file: Path) -> None:
    assert BEFORE.findall(QUOTED.sub("", file.read_text())) == []


def test_the_glossary_says_each_word_once() -> None:
    rows = re.findall(r"^\| (?!word)([^|]+?) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    words = [word.strip() for row in rows for word in re.split(r"[,;]", re.sub(r"[*`]", "", row))]
    assert len(words) > 100
    assert sorted(word for word in set(words) if words.count(word) > 1) == []


def test_a_word_that_comes_back_would_be_found() -> None:
    assert all(map(has_gone, ("_take_stock", "CaseStanding", "LEGS_OF_A_RUNG", "Turn", "test_a_dead_contact")))
    assert not any(map(has_gone, ("turn", "steersman", "deadline", "standstill", "seals", "is_company")))
    assert BEFORE.search("# taken from the Shelf")
    assert not BEFORE.search(QUOTED.sub("", "`case revive` asks them"))
    assert LEANS.match("What a case owes.")
    assert not LEANS.match("Offers made to a debt.")
