"""Lists by pages on the command line: JSON with a cursor, a table with a hint, a wrong cursor refused in a sentence."""

import pytest
from sqlalchemy import Engine

from models.roles import Actor
from storage.audit.log import Entry, write
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line


@pytest.fixture
def logged(engine: Engine) -> None:
    with engine.begin() as connection:
        for n in range(3):
            write(connection, Entry(Actor("ana"), "case pause", f"c{n}"))


@pytest.mark.usefixtures("logged")
def test_json_tells_where_the_next_page_begins(line: Line) -> None:
    whole = line.json("audit-log")
    assert ([entry["subject"] for entry in whole["entries"]], whole["next"]) == (["c0", "c1", "c2"], None)
    first = line.json("audit-log", "--limit", "2")
    assert [entry["subject"] for entry in first["entries"]] == ["c0", "c1"]
    second = line.json("audit-log", "--limit", "2", "--after", first["next"])
    assert ([entry["subject"] for entry in second["entries"]], second["next"]) == (["c2"], None)


def test_an_empty_list_is_whole(line: Line) -> None:
    assert line.json("audit-log") == {"entries": [], "next": None}


@pytest.mark.usefixtures("logged")
def test_a_table_says_how_to_go_on(line: Line) -> None:
    code, said, complained = line("audit-log", "--limit", "2")
    assert (code, "c1" in said, "c2" in said) == (0, True, False)
    assert complained == "2 of more are shown; --after 2 shows the next\n"


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_cursor_that_is_none_is_refused(line: Line, form: tuple[str, ...]) -> None:
    code, said, complained = line("audit-log", "--after", "nowhere", *form)
    assert (code, said) == (1, "")
    assert complained == ("error: the list has no entry 'nowhere' to go on after; leave --after out to begin anew\n")
