"""The database itself knows the words of its columns and finds what is searched by."""

import re

import pytest
from sqlalchemy import CheckConstraint, Connection, Engine, Table, text
from sqlalchemy.exc import IntegrityError

from storage.schema import metadata

UNSEARCHED = {
    ("agreements", "policy"): "a pinned policy is never deleted, and nobody asks who signed on it",
    ("cases", "ruler"): "a pinned ruler is never deleted; its cases are found by their cohort",
    ("arms", "ruler"): "there are as many as people start cohorts on",
    ("cohorts", "ruler"): "there are as many cohorts as people start",
    ("decisions", "ruler"): "the journal is read by case, and written at each step",
    ("suppressed_contacts", "taxpayer"): "only those in force are searched, and they have an index",
    ("intakes", "cohort"): "there are as many as people start, and few at a time are open",
    ("outbox", "case"): "the relay reads what is due in its order, and each event writes a row",
}
"""Foreign keys without an index, and why."""

CHECKED = [
    (table, constraint)
    for table in metadata.sorted_tables
    # in the same order for each worker of the suite: a set has none
    for constraint in sorted(table.constraints, key=lambda each: str(each.name))
    if isinstance(constraint, CheckConstraint) and str(constraint.name).endswith("_known")
]


@pytest.mark.parametrize(("table", "constraint"), CHECKED, ids=lambda each: str(each.name))
def test_the_database_checks_the_same_words(table: Table, constraint: CheckConstraint, engine: Engine) -> None:
    asked = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
    with engine.connect() as connection:
        written = connection.execute(text(asked), {"name": constraint.name}).scalar_one()
    assert words_of(written) == words_of(str(constraint.sqltext))


def words_of(condition: str) -> set[str]:
    return set(re.findall(r"'([a-z0-9_]+)'", condition))


def test_an_unknown_word_is_refused_by_the_database(engine: Engine) -> None:
    query = "INSERT INTO tokens (name, role, digest, issued_by) VALUES ('ana', 'queen', '', 'bia')"
    with pytest.raises(IntegrityError, match="ck_tokens_role_known"), engine.begin() as connection:
        connection.execute(text(query))


def test_what_is_searched_by_a_foreign_key_has_its_index(owner: Engine) -> None:
    with owner.connect() as connection:
        assert without_index(connection) == set(UNSEARCHED)


def without_index(connection: Connection) -> set[tuple[str, str]]:
    """Foreign keys of one column that no whole index begins with, as PostgreSQL's own catalogue has them."""
    rows = connection.execute(
        text("""
            SELECT conrelid::regclass::text, attname FROM pg_constraint
            JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
            WHERE contype = 'f' AND NOT EXISTS (
                SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1] AND indpred IS NULL)
        """)
    )
    return {(table, column) for table, column in rows}
