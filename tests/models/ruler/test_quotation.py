"""A quotation of a ruler is what is written there, whole and nothing besides."""

import textwrap

import pytest
import yaml

from models.ruler.quotation import quoted
from storage.catalogue import RULERS


@pytest.mark.parametrize("name", RULERS.names())
def test_every_rung_is_quoted_whole_and_alone(name: str) -> None:
    source = RULERS.read(name)[1]
    for row, written in yaml.safe_load(source)["rows"].items():
        for index, rung in enumerate(written["rungs"]):
            found = quoted(source, ("rows", row, "rungs", index))
            assert found
            assert yaml.safe_load(textwrap.dedent("\n".join(found.lines))) == [rung]
            assert source.splitlines()[found.first - 1 : found.last] == list(found.lines)


@pytest.mark.parametrize("name", RULERS.names())
def test_every_key_is_quoted_whole_and_alone(name: str) -> None:
    source = RULERS.read(name)[1]
    for key, value in yaml.safe_load(source).items():
        found = quoted(source, (key,))
        assert found
        assert yaml.safe_load("\n".join(found.lines)) == {key: value}


@pytest.mark.parametrize("where", [("gate",), ("rows", "h9"), ("rows", "h1", "rungs", 9), ("title", "x")])
def test_what_is_not_written_is_not_quoted(where: tuple[str | int, ...]) -> None:
    assert quoted("title: t\nrows:\n  h1:\n    rungs: [{stage: alert}]\n", where) is None
    assert quoted("", where) is None


def test_a_ruler_on_few_lines_is_quoted_with_what_shares_them() -> None:
    source = "rows: {h1: {rungs: [{stage: alert},\n  {stage: notice}]}}\n"
    found = quoted(source, ("rows", "h1", "rungs", 1))
    assert found
    assert (found.first, found.lines) == (2, ("  {stage: notice}]}}",))
