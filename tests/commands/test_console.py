"""No terminal obeys what a command shows, and its JSON holds all that there is."""

import json
from collections.abc import Iterator

import pytest
from rich.text import Text

from commands import console

SENT = "Padaria \x1b[2J\x9b31m\x07\x7f \u202efim\u2066 \ud800"


@pytest.fixture(autouse=True)
def fresh_consoles() -> Iterator[None]:
    console._console.cache_clear()
    yield
    console._console.cache_clear()


@pytest.mark.parametrize("width", ["20", "200"])
def test_no_text_is_obeyed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    console.say(SENT)
    console.complain(SENT)
    console.table(["who", SENT], [[SENT, 1]], title=SENT)
    console.draw(Text(SENT, "bold"))
    console.fail(SENT)
    said = "".join(capsys.readouterr())
    assert not [letter for letter in said if not letter.isprintable() and letter != "\n"], said
    assert said.count("Padaria") >= 6


def test_a_terminal_gets_rich_s_own_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    console.draw(Text(SENT, "bold"))
    said = capsys.readouterr().out
    assert said.startswith("\x1b[1m")
    assert "\x1b[2J" not in said
    assert "\x9b" not in said


@pytest.mark.parametrize("indent", [None, 2])
def test_json_says_the_same_and_shows_nothing_to_obey(indent: int | None) -> None:
    said = console.as_harmless_json({"name": SENT}, indent)
    assert json.loads(said) == {"name": SENT}
    assert not [letter for letter in said if not letter.isprintable() and letter != "\n"]


def test_an_error_repeats_no_word_that_is_longer_than_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/" + "d" * 800
    console.fail(f"there is no cohort {'a' * 3000} in {path}")
    assert capsys.readouterr().err == f"error: there is no cohort {'a' * 60}… in {path}\n"
