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


MARKED = "example: true # até que a autoridade o confirme: `verified: {by, on, act}`\n"
VERIFIED = "verified: {by: Ana, on: 2026-11-20, act: Portaria 1/2026}\n"


def faults_of(text: str, tmp_path: Any) -> dict[str, int]:
    file = tmp_path / "changed.yaml"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(APP, ["ruler", "check", str(file), "--json"])
    assert done.exit_code in (0, 1)
    return {fault["what"]: fault["line"] for fault in json.loads(done.stdout)["faults"]}


def test_l13_a_verified_ruler_leaves_nothing_open(tmp_path: Any) -> None:
    source = RULERS.read(ICMS)[1]
    assert MARKED in source
    text = source.replace(MARKED, VERIFIED)
    found = faults_of(text, tmp_path)
    basis = text[: text.index("  basis: ladder")].count("\n") + 1
    assert next(line for what, line in found.items() if "a law of the authority's own" in what) == basis
    assert [line for what, line in found.items() if "leaves a question open" in what]
    assert any("prices/brasil.yaml" in what for what in found)


def test_l34_a_state_without_a_law_of_its_own_cannot_use_the_federal_one_yet(tmp_path: Any) -> None:
    text = RULERS.read(ICMS)[1].replace(MARKED, VERIFIED).replace("basis: ladder", "basis: statutory")
    before = faults_of(text, tmp_path)
    assert any("before 09/01/2027" in what for what in before)
    for change in (
        ("from: 2026-01-08", "from: 2027-01-09"),
        ("from: 2026-01-08\n", "from: 2026-01-08\n      of: own\n"),
    ):
        assert not any("before 09/01/2027" in what for what in faults_of(text.replace(*change), tmp_path))


def test_a_file_that_is_marked_twice_or_not_at_all_is_told(tmp_path: Any) -> None:
    source = RULERS.read(ICMS)[1]
    assert any("contradicts" in what for what in faults_of(source.replace(MARKED, MARKED + VERIFIED), tmp_path))
    file = tmp_path / "unmarked.yaml"
    file.write_text(source.replace(MARKED, ""), encoding="utf-8")
    done = CliRunner().invoke(APP, ["ruler", "check", str(file), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["warnings"][0]["line"]) == (0, 1)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("defence: 30 legal", "defence: 29 legal", "30 continuous days"),
        ("defence: 30 legal", "defence: 21 business", "30 continuous days"),
        ("alternate: 6", "alternate: 5", "six alternate"),
        ("thresholds: {row: h8}", "thresholds: {row: h8, amount: 1.00, consecutive: 3}", "four consecutive"),
        ("thresholds: {row: h8}", "thresholds: {row: h1}", "softens"),
        ('amount: "15000000.00"', 'amount: "14999999.99"', "R$ 15,000,000.00"),
        ('assets_share: "1.00"', 'assets_share: "0.50"', "all known assets"),
        ("wait: 15 legal", "wait: 7 business", "sooner than any law known"),
        ('voice: {weekdays: "09:00-18:00"}', 'voice: {weekdays: "09:00-20:01"}', "widens the hours"),
        ('saturdays: "08:00-14:00"', 'saturdays: "08:00-18:00"', "widens the hours"),
        ("state: AL", "state: RJ", "widens the hours"),
        ("  from: h1\n  to: h2", "  from: h7\n  to: h2", "leads down"),
        ("version: 1\n", "version: true\n", "whole number"),
        ("version: 1\n", "version: 1.0\n", "whole number"),
        ("version: 1\n", "version: 1_0\n", "whole number"),
        ("rigidity: 1\n", "rigidity: 0:01\n", "whole number"),
        ("https://cobranca", "http://cobranca", "https://"),
        ("https://cobranca.sefaz.example/consulta", "https://x@cobranca.sefaz.example/consulta", "https://"),
        ("https://cobranca.sefaz.example/consulta", "data:text/html,x", "https://"),
        ("name: Devedor contumaz", 'name: "Devedor \\u202e contumaz"', "U+202E"),
        ("credit: not_registered", "credit: registered", "can't be registered"),
        ("returns_law: Lei AL 5.900/1996", 'returns_law: ""', "at least 10 characters"),
        ("from: 2026-01-08", "from: 9999-12-31", "2200-12-31"),
        ("from: 2020-01-01", "from: 0001-01-01", "1900-01-01"),
        ("phone: 0800 000 0002", 'phone: "0800\\x1b[2J"', "U+001B"),
    ],
)
def test_l28_the_kind(tmp_path: Any, before: str, after: str, what: str) -> None:
    source = RULERS.read(ICMS)[1]
    assert before in source
    text = source.replace(before, after, 1)
    found = faults_of(text, tmp_path)
    line = source[: source.index(before)].count("\n") + 1
    assert [at for told, at in found.items() if what in told and abs(at - line) <= 8], found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("defence: 30 legal", "defence: 22 business"),
        ("dwell: 30 legal", "dwell: 31 legal"),
        ("wait: 15 legal", "wait: 10 legal"),
        ('weekdays: "08:00-20:00"', 'weekdays: "10:00-16:00"'),
        (', saturdays: "08:00-14:00"', ""),
        ('amount: "15000000.00"', 'of: own\n      amount: "1000000.00"'),
        ("version: 1\n", "version: 12\n"),
    ],
)
def test_l28_what_is_stricter_is_fine(tmp_path: Any, before: str, after: str) -> None:
    source = RULERS.read(ICMS)[1]
    assert before in source
    assert faults_of(source.replace(before, after, 1), tmp_path) == {}
