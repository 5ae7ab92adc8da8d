"""Rulers that `ruler check` must not let through (L13, L28), each a shipped one with one thing changed."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from commands.ruler import register
from storage.catalogue import RULERS
from tests.builders import ICMS
from tests.casebook.book import wrong

Check = Callable[[tuple[str, ...]], dict[str, Any]]

APP = typer.Typer()
register(APP)

CHANGES = {
    "a defence of one day": ("defence: 30 legal", "defence: 1 legal"),
    "one period is consecutive": ("consecutive: 4", "consecutive: 1"),
    "silence serves after a day": ("wait: 15 legal", "wait: 1 legal"),
    "called at any hour": ('weekdays: "08:00-20:00"', 'weekdays: "00:00-23:59"'),
    "hardship leads down": ("from: h1\n  to: h2", "from: h7\n  to: h1"),
    "a version in sixties": ("version: 1\n", "version: 1:30:00\n"),
    "a site that is a script": ("https://cobranca.sefaz.example/consulta", "javascript:alert(1)"),
    "half a character": ("title: ICMS Alagoas – do lembrete à suspensão de benefícios", 'title: "ICMS \\ud800"'),
    "a character that ends texts": ("title: ICMS Alagoas – do lembrete à suspensão de benefícios", 'title: "ICMS \\0"'),
    "more promised than waited": ("dwell: 30 legal", "dwell: 10 legal"),
}


UNREADABLE = ("half a character", "a character that ends texts")
TOGETHER = tuple(change for change in CHANGES if change not in UNREADABLE)
"""The faults that spoil no other line: all are to be found in one go."""


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The answer of `ruler check` to the ruler for ICMS with these changes."""
    folder = tmp_path_factory.mktemp("rulers")

    @cache
    def checked(changes: tuple[str, ...]) -> dict[str, Any]:
        source = RULERS.read(ICMS)[1]
        for before, after in map(CHANGES.__getitem__, changes):
            if before not in source:
                raise RuntimeError(f"the ruler for ICMS has no {before!r} any more")
            source = source.replace(before, after, 1)
        file = folder / "changed.yaml"
        file.write_text(source, encoding="utf-8")
        done = CliRunner().invoke(APP, ["ruler", "check", str(file), "--json"])
        told: dict[str, Any] = json.loads(done.stdout)
        if (done.exit_code == 0) is not told["ok"]:
            raise RuntimeError(f"exit {done.exit_code} and {told}")
        return told

    return checked


@wrong("L28", "`ruler check` lets it through")
@pytest.mark.parametrize("change", CHANGES)
def test_l28_no_ruler_says_what_no_law_allows(check: Check, change: str) -> None:
    source = RULERS.read(ICMS)[1]
    line = source[: source.index(CHANGES[change][0])].count("\n") + 1
    told = check((change,) if change in UNREADABLE else TOGETHER)
    # a fault between two keys stands at either, and one of a rung at its first
    assert any(abs((fault["line"] or 0) - line) <= 4 for fault in told["faults"])


def test_l28_the_shipped_ruler_is_fine(check: Check) -> None:
    assert check(())["ok"]


def test_l13_an_example_that_suspends_by_its_ladder_alone_is_warned_of(check: Check) -> None:
    assert any("basis" in warning["where"] for warning in check(())["warnings"])
