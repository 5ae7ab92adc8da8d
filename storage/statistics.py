"""Statistics taken where a bulk write ends, so that whoever asks next is not answered by a plan for empty tables."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

TAKE = text("SELECT take_statistics(:names, :written)").bindparams(bindparam("names", type_=ARRAY(Text)))


def take_statistics(connection: Connection, names: Collection[str], written: int) -> None:
    """Take the statistics of those tables of which at least a tenth is new, as the last act of a transaction: until it
    ends no other takes them."""
    if written:
        connection.execute(TAKE, {"names": list(names), "written": written})
