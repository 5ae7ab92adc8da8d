"""An edit of a YAML file changes what it is for, and no other line."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Refusal
from models.yaml_edit import in_yaml, value_at, with_value
from tests.chance import examples

RULERS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path("rulers").glob("*.yaml"))}
ALAGOAS = RULERS["alagoas-icms"]
RUNG = ("rows", "h1", "rungs", 0)

SMALL = """\
# of the file
a: 1 # of a
list:
- x
- y # of y
map: {one: 1, two: [2]}
rows:
  - first: 1
    second: two # of second

  # above the next
  - first: 2
last: end
"""


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@pytest.mark.parametrize(
    ("where", "written", "lines"),
    [
        (("a",), "2", ["- a: 1 # of a", "+ a: 2 # of a"]),
        (("list",), "[z]", ["- list:", "- - x", "- - y # of y", "+ list: [z] # of y"]),
        (("map", "one"), "3", ["- map: {one: 1, two: [2]}", "+ map: {one: 3, two: [2]}"]),
        (("map", "one"), None, ["- map: {one: 1, two: [2]}", "+ map: {two: [2]}"]),
        (("map", "two"), None, ["- map: {one: 1, two: [2]}", "+ map: {one: 1}"]),
        (("map", "new"), "4", ["- map: {one: 1, two: [2]}", "+ map: {one: 1, two: [2], new: 4}"]),
        (("rows", 0, "second"), "three", ["-     second: two # of second", "+     second: three # of second"]),
        (("rows", 0, "second"), None, ["-     second: two # of second"]),
        (
            ("rows", 0, "first"),
            None,
            ["-   - first: 1", "-     second: two # of second", "+   - second: two # of second"],
        ),
        (("rows", 0, "third"), "3", ["+     third: 3"]),
        (("rows", 1, "third"), "3", ["+     third: 3"]),
        (("new",), "5", ["+ new: 5"]),
        (("absent",), None, []),
    ],
)
def test_an_edit_changes_its_own_lines(where: tuple[str | int, ...], written: str | None, lines: list[str]) -> None:
    assert sorted(changed_lines(SMALL, with_value(SMALL, where, written))) == sorted(lines)


def test_what_has_no_mapping_or_no_other_key_is_refused() -> None:
    for where, written in ((("nowhere", "key"), "1"), (("rows", 7, "first"), "1"), (("rows", 1, "first"), None)):
        with pytest.raises(Refusal):
            with_value(SMALL, where, written)


def test_a_file_without_a_last_line_break_is_added_to() -> None:
    assert with_value("a: 1", ("b",), "2") == "a: 1\nb: 2\n"


def scalars(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The places of the keys whose values are no collections."""
    if isinstance(value, dict):
        return [
            place
            for key, inner in value.items()
            if isinstance(key, str)
            for place in (scalars(inner, (*above, key)) if isinstance(inner, dict | list) else [(*above, key)])
        ]
    if isinstance(value, list):
        return [place for n, inner in enumerate(value) for place in scalars(inner, (*above, n))]
    return []


PLACES = [(name, where) for name, text in RULERS.items() for where in scalars(yaml.safe_load(text))]


@settings(max_examples=examples(30))
@given(data=st.data())
def test_any_key_of_any_ruler_is_replaced_and_nothing_else(data: st.DataObject) -> None:
    """By another reader: PyYAML reads the same file but for that key."""
    name, where = data.draw(st.sampled_from(PLACES))
    text = RULERS[name]
    value = data.draw(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12))
    after = with_value(text, where, in_yaml(value))
    expected = yaml.safe_load(text)
    target = expected
    for part in where[:-1]:
        target = target[part]
    target[where[-1]] = value
    assert yaml.safe_load(after) == expected
    assert comments(after) == comments(text)
    assert len(changed_lines(text, after)) <= 2


def comments(text: str) -> list[str]:
    return [line.partition(" #")[2] for line in text.splitlines() if " #" in line and '"' not in line]


@pytest.mark.parametrize("value", ["true", "1", "2026-01-01", "null", "a: b", "a # b", "- x", "Régua – um", "", "é"])
def test_a_text_is_read_back_as_it_is(value: str) -> None:
    assert yaml.safe_load(f"key: {in_yaml(value)}") == {"key": value}


def test_a_cell_of_a_ruler_is_read_and_written() -> None:
    assert value_at(ALAGOAS, (*RUNG, "dwell")) == "5 business"
    assert value_at(ALAGOAS, ("rows", "h1")) is None
    after = with_value(ALAGOAS, (*RUNG, "channels"), in_yaml(("email", "sms")))
    assert changed_lines(ALAGOAS, after) == ["-         channels: [email]", "+         channels: [email, sms]"]
