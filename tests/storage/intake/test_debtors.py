"""Who owes is on record, and so is what is owed, though no foreign key says so; and statistics follow a bulk write."""

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage.statistics import take_statistics

KEYED = "FROM unnest(CAST(:keys AS text[])) AS n"
PEOPLE = f"INSERT INTO taxpayers (key, tax_id, name, is_company) SELECT n, n, 'Pessoa', false {KEYED}"
DEBTS = f"INSERT INTO debts (id, tax, inscription, due, amount) SELECT n, 'IPTU', n, now(), 1 {KEYED}"
OWED = "INSERT INTO debtors (debt, taxpayer) SELECT debts.id, taxpayers.id FROM debts JOIN taxpayers ON key = debts.id"
KEYS = {"keys": ["a", "b", "c"]}


@pytest.fixture
def record(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(text(PEOPLE), KEYS)
        connection.execute(text(DEBTS), KEYS)
        connection.execute(text(OWED))
    return engine


@pytest.mark.parametrize(
    "unknown",
    [
        "INSERT INTO debtors (debt, taxpayer) SELECT 'nothing', id FROM taxpayers WHERE key = 'a'",
        "INSERT INTO debtors (debt, taxpayer) VALUES ('a', -1)",
        "INSERT INTO debtors (debt, taxpayer) SELECT n, t.id FROM unnest(ARRAY['a', 'x']) AS n, taxpayers AS t"
        " WHERE t.key = 'b'",
    ],
)
def test_nobody_owes_what_is_not_on_record(record: Engine, unknown: str) -> None:
    with pytest.raises(IntegrityError, match="not on record"), record.begin() as connection:
        connection.execute(text(unknown))


def test_a_debtors_row_stays_of_its_debt_and_taxpayer(record: Engine) -> None:
    with pytest.raises(DBAPIError), record.begin() as connection:
        connection.execute(text("UPDATE debtors SET debt = 'b' WHERE debt = 'a'"))
    with record.begin() as connection:
        assert connection.execute(text("UPDATE debtors SET uf = 'AL'")).rowcount == 3


@pytest.mark.parametrize("table", ["debts", "taxpayers"])
def test_what_has_debtors_stays_even_for_the_owner(owner: Engine, record: Engine, table: str) -> None:
    with pytest.raises(IntegrityError, match="has debtors"), owner.begin() as connection:
        connection.execute(text(f"DELETE FROM {table}"))


def test_statistics_are_taken_by_who_may_not_and_only_of_what_grew(record: Engine) -> None:
    """pg_class.reltuples is what the planner goes by: -1 for a table that nobody has looked at."""
    with record.begin() as connection:
        take_statistics(connection, ("debts",), 3)
        assert rows_known(connection) == 3
        connection.execute(text(DEBTS), {"keys": [f"d{n}" for n in range(97)]})
        take_statistics(connection, ("debts",), 97)
        assert rows_known(connection) == 100
        connection.execute(text(DEBTS), {"keys": ["one", "more"]})
        take_statistics(connection, ("debts",), 2)
        assert rows_known(connection) == 100


def rows_known(connection: Connection) -> int:
    return int(connection.execute(text("SELECT reltuples FROM pg_class WHERE oid = 'debts'::regclass")).scalar_one())
