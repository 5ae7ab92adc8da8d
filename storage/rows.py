"""Rows of a query as dicts whose type names the columns and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from sqlalchemy import MappingResult

RowT = TypeVar("RowT", bound=Mapping[str, object])
"""A TypedDict: the columns of a query that is SQL text, whose types SQLAlchemy can't know."""


def typed_rows(shape: type[RowT], found: MappingResult) -> list[RowT]:
    """All rows of a query that selects the columns of `shape`, and no others."""
    return [cast(RowT, dict(row)) for row in found]
