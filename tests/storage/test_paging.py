"""Lists in pages, on the audit log: the simplest list there is, and on tasks, whose order is not that of their ids."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.roles import Actor
from storage.audit.log import Entry, read_log, write
from storage.case.tasks import open_tasks
from storage.paging import Page
from tests.agreement_world import contract

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def log(engine: Engine) -> Engine:
    with engine.begin() as connection:
        for n in range(5):
            write(connection, Entry(Actor("ana"), "case show", f"c{n}"))
    return engine


def subjects(engine: Engine, page: Page) -> list[str | None]:
    with engine.connect() as connection:
        return [entry["subject"] for entry in read_log(connection, page=page)]


def test_a_page_goes_on_where_the_one_before_it_ended(log: Engine) -> None:
    assert subjects(log, Page(limit=2)) == ["c0", "c1"]
    assert subjects(log, Page(limit=2, after="2")) == ["c2", "c3"]
    assert subjects(log, Page(limit=2, after="4")) == ["c4"]
    assert subjects(log, Page(after="5")) == []
    assert subjects(log, Page()) == ["c0", "c1", "c2", "c3", "c4"]


@pytest.mark.parametrize("cursor", ["6", "0", "x", "", "1; DROP TABLE audit_log"])
def test_a_cursor_that_the_list_doesnt_have_is_refused(log: Engine, cursor: str) -> None:
    with pytest.raises(Refusal, match="has no entry"):
        subjects(log, Page(after=cursor))


def test_the_order_is_the_lists_own(engine: Engine) -> None:
    case = contract(engine, "100.00").case
    with engine.begin() as connection:
        for day, kind in ((9, "call"), (3, "contact"), (6, "objection")):
            row = {"case": case, "kind": kind, "due": date(2026, 3, day)}
            query = """INSERT INTO tasks ("case", kind, reference, what, due) VALUES (:case, :kind, 'x', 'x', :due)"""
            connection.execute(text(query), row)
    with engine.connect() as connection:
        first, second = open_tasks(connection, NOW, page=Page(limit=2))
        assert (first["kind"], second["kind"]) == ("contact", "objection")
        [last] = open_tasks(connection, NOW, page=Page(limit=2, after=str(second["id"])))
        assert last["kind"] == "call"
