"""Brings a database to the schema this code expects, or back: Alembic, configured here and nowhere else."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
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
