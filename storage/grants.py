"""The grants of the application's role in the database: its work, and nothing that takes back what was recorded."""

from __future__ import annotations

import psycopg
from psycopg import sql

from models.errors import Refusal
from storage.schema import acts, assets, audit_log, decisions, policies, published, rulers, sign_ins

APPEND_ONLY = tuple(table.name for table in (decisions, audit_log, acts, sign_ins, assets, published, rulers, policies))

REFUSED = """
    SELECT rolsuper, EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND pg_has_role(pg_roles.oid, relowner, 'MEMBER'))
    FROM pg_roles WHERE rolname = %s
"""

GRANTS = """
    GRANT USAGE ON SCHEMA public TO {role};
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
    REVOKE UPDATE, DELETE ON {append_only} FROM {role};
    REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
"""


def grant_to(database: str, role: str) -> None:
    """Grant a role what the application needs, as the owner of the tables, after each migration. Raises Refusal for a
    role that isn't there, and for one that could do more than it is granted."""
    with psycopg.connect(database) as connection:
        found = connection.execute(REFUSED, [role]).fetchone()
        if found is None:
            raise Refusal(f"the database has no role {role}; CREATE ROLE {role} LOGIN PASSWORD '…' makes it")
        superuser, owner = found
        if superuser or owner:
            is_what = "is a superuser" if superuser else "owns tables, or is a member of who does"
            raise Refusal(f"role {role} {is_what}: nothing could be kept from it; choose another")
        statement = sql.SQL(GRANTS).format(
            role=sql.Identifier(role), append_only=sql.SQL(", ").join(map(sql.Identifier, APPEND_ONLY))
        )
        connection.execute(statement)
