"""How Alembic reaches the database: one transaction, so that a failed migration leaves nothing behind."""

from alembic import context
from sqlalchemy import create_engine, pool

from storage.schema import metadata

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
