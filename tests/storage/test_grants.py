"""The application's role, where a database administrator made it; and what was recorded before there were chains."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text

from embedded.postgres import APP_ROLE
from models.errors import Refusal
from storage import migrate
from storage.audit.chains import broken_decisions
from storage.engine import connect
from storage.grants import grant_to
from tests.conftest import for_app, of_database
from tests.delivery_world import DeliveryWorld


@pytest.fixture
def apart(postgres: str) -> Iterator[str]:
    """A migrated database for one test alone, as its owner connects."""
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("CREATE DATABASE apart TEMPLATE migrated")
        yield of_database(postgres, "apart")
        admin.execute("DROP DATABASE apart WITH (FORCE)")


def engine_on(url: str) -> Engine:
    return connect(url, pool=1)


@pytest.mark.parametrize(
    ("role", "complaint"), [("nobody_here", "has no role nobody_here"), ("regua", "role regua is a superuser")]
)
def test_a_role_from_which_nothing_is_kept_is_refused(owned: str, role: str, complaint: str) -> None:
    with pytest.raises(Refusal, match=complaint):
        grant_to(owned, role)


def test_an_owner_of_tables_is_refused(apart: str) -> None:
    with psycopg.connect(apart) as connection:
        connection.execute("CREATE ROLE half_owner")
        connection.execute("ALTER TABLE tokens OWNER TO half_owner")
    try:
        with pytest.raises(Refusal, match="role half_owner owns tables"):
            grant_to(apart, "half_owner")
    finally:
        with psycopg.connect(apart) as connection:
            connection.execute("REASSIGN OWNED BY half_owner TO regua")
            connection.execute("DROP OWNED BY half_owner")
            connection.execute("DROP ROLE half_owner")


def test_what_was_granted_too_much_is_taken_back(apart: str) -> None:
    with psycopg.connect(apart) as connection:
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {APP_ROLE}")
    grant_to(apart, APP_ROLE)
    with psycopg.connect(for_app(apart)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("TRUNCATE audit_log")


def test_decisions_from_before_are_chained_by_the_migration(apart: str) -> None:
    engine = engine_on(apart)
    world = DeliveryWorld(engine)
    cases = [world.case(world.taxpayer()) for _ in range(2)]
    migrate.downgrade(apart, "0006")
    with engine.begin() as connection:
        for reason in ("a", "b"):
            connection.execute(
                text("""
                    INSERT INTO decisions ("case", at, kind, reason, ruler, evidence)
                    SELECT id, '2026-11-20', 'classified', :reason, 'delivery', '{"balance": "1.00"}' FROM cases
                """),
                {"reason": reason},
            )
    engine.dispose()
    migrate.upgrade(apart)
    engine = engine_on(apart)
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO decisions ("case", at, kind, reason, ruler, evidence)
                SELECT id, '2026-11-21', 'classified', 'c', 'delivery', '{}' FROM cases
            """)
        )
        assert list(broken_decisions(connection, cases)) == []
        connection.execute(text("ALTER TABLE decisions DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE decisions SET reason = 'z' WHERE reason = 'a'"))
        assert len(list(broken_decisions(connection, cases))) == 2
    engine.dispose()
