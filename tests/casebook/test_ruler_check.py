"""Rulers that `ruler check` must not let through (L13, L28), each a shipped one with one thing changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from commands.ruler import register
from storage.catalogue import RULERS
from tests.builders import ICMS
from tests.casebook.book import wrong

Check = Callable[..., dict[str, Any]]


APP = typer.Typer()
register(APP)


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """The answer of `ruler check` to the ruler for ICMS with these changes."""

    def checked(before: str = "", after: str = "") -> dict[str, Any]:
        source = RULERS.read(ICMS)[1]
        if source.count(before) < 1:
            raise RuntimeError(f"the ruler for ICMS has no {before!r} any more")
        file = tmp_path / "changed.yaml"
        file.write_text(source.replace(before, after, 1) if before else source, encoding="utf-8")
        done = CliRunner().invoke(APP, ["ruler", "check", str(file), "--json"])
        told: dict[str, Any] = json.loads(done.stdout)
        if (done.exit_code == 0) is not told["ok"]:
            raise RuntimeError(f"exit {done.exit_code} and {told}")
        told["line"] = source[: source.index(before)].count("\n") + 1
        return told

    return checked


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


@wrong("L28", "`ruler check` lets it through")
@pytest.mark.parametrize("change", CHANGES)
def test_l28_no_ruler_says_what_no_law_allows(check: Check, change: str) -> None:
    told = check(*CHANGES[change])
    assert not told["ok"]
    # a fault between two keys stands at either
    assert any(0 <= fault["line"] - told["line"] <= 4 for fault in told["faults"])


def test_l28_the_shipped_ruler_is_fine(check: Check) -> None:
    assert check()["ok"]


@wrong("L13", "that whoever comes to the end of the map is suspended, without a law of the authority's, is not told")
def test_l13_an_example_that_suspends_by_its_ladder_alone_is_warned_of(check: Check) -> None:
    told = check()
    assert any("basis" in warning["where"] for warning in told["warnings"])
