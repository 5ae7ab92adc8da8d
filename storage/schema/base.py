"""The ground of all tables: one metadata, the names of constraints, defaults, and checked words."""

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, MetaData, func, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


OPAQUE_ID = text("substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)")


PIX_TXID = text("'RG' || upper(replace(gen_random_uuid()::text, '-', ''))")


NOW = func.clock_timestamp()


def words(of: Iterable[str]) -> str:
    """Words as SQL lists them."""
    return ", ".join(f"'{word}'" for word in of)


def one_of(column: str, known: Iterable[str]) -> CheckConstraint:
    """A CHECK that only these words stand in the column; none at all where it may be empty."""
    return CheckConstraint(f"{column} IN ({words(known)})", name=f"{column}_known")
