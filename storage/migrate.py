"""Brings a database to the schema this code expects, or back: Alembic, configured here and nowhere else."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg import sql
from sqlalchemy.engine import make_url

from models.errors import Refusal

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(database: str) -> None:
    """Bring a database to the newest schema, all of the way or not at all. Raises Refusal when the database is ahead of
    this code."""
    try:
        command.upgrade(_config(database), "head")
    except CommandError:
        newest = revisions()[-1]
        raise Refusal(
            f"the database has a newer schema than {newest}, the newest of this code; run newer code"
        ) from None
    _validate(database)


UNCHECKED = """
    SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint
    WHERE NOT convalidated AND connamespace = 'public'::regnamespace
"""


def _validate(database: str) -> None:
    """Have the database check what was only checked from then on: on a way down words stay on record that an older
    schema doesn't know, and the newest knows all of them."""
    with psycopg.connect(database) as connection:
        for table, name in connection.execute(UNCHECKED).fetchall():
            connection.execute(sql.SQL(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))


def downgrade(database: str, revision: str) -> None:
    """Take a database back to an older schema. What that can't hold is lost; it is refused where that is money. Each
    script says which is which."""
    try:
        command.downgrade(_config(database), revision)
    except CommandError:
        known = ", ".join(revisions())
        raise Refusal(f"the database can't go back to {revision}; the schemas of this code are {known}") from None


def check(database: str) -> None:
    """Check the scripts. Raises an error of Alembic's when the scripts make another schema than `storage/schema/`
    says."""
    command.check(_config(database))


def revisions() -> list[str]:
    """The schemas that this code knows, the oldest first."""
    return [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()][::-1]


def _config(database: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    url = make_url(database).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
