"""Brings a database to the schema this code expects, or back: Alembic, configured here and nowhere else."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(database: str, revision: str = "head") -> None:
    command.upgrade(_config(database), revision)


def downgrade(database: str, revision: str) -> None:
    command.downgrade(_config(database), revision)


def _config(database: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    url = make_url(database).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
