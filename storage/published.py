"""An authority's own published texts: versions of rulers, policies, tables and sets of templates, never changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, Row, insert, select, text

from models.assets import PublishedKind, Texts, published_as
from storage.assets import digests_of, keep, read_assets
from storage.schema import published

ALONE = text("SELECT pg_advisory_xact_lock(hashtext('regua published'))")
"""Versions are numbered without gaps, whoever publishes meanwhile."""

NEWEST = select(published).distinct(published.c.kind, published.c.name)
NEWEST = NEWEST.order_by(published.c.kind, published.c.name, published.c.version.desc())


@dataclass(frozen=True)
class Version:
    kind: PublishedKind
    name: str
    version: int
    digest: str
    published_by: str
    published_at: datetime
    note: str


@dataclass(frozen=True)
class Publication:
    version: Version
    is_new: bool
    """False: the newest version said the same already."""


def publish(connection: Connection, texts: Texts, by: str, note: str) -> list[Publication]:
    """One new version of each kind and name that the texts make up, unless its newest one is the same."""
    connection.execute(ALONE)
    parts: dict[tuple[PublishedKind, str], dict[str, str]] = defaultdict(dict)
    for file, content in texts.items():
        if of := published_as(file):
            parts[of][file] = content
    return [_publish(connection, kind, name, mine, by, note) for (kind, name), mine in sorted(parts.items())]


def _publish(connection: Connection, kind: PublishedKind, name: str, texts: Texts, by: str, note: str) -> Publication:
    newest = next(iter(_rows(connection, name, kind)), None)
    digest = sha256(json.dumps(digests_of(texts)).encode()).hexdigest()
    if newest is not None and newest.digest == digest:
        return Publication(_version(newest), is_new=False)
    row = {"kind": kind, "name": name, "version": newest.version + 1 if newest else 1, "digest": digest}
    row |= {"assets": keep(connection, texts), "published_by": by, "note": note}
    made = connection.execute(insert(published).values(row).returning(published)).one()
    return Publication(_version(made), is_new=True)


def published_texts(connection: Connection) -> dict[str, str]:
    """The texts of the newest version of all that was published, by name."""
    digests: dict[str, str] = {}
    for row in connection.execute(NEWEST):
        digests |= row.assets
    return read_assets(connection, digests)


def newest_versions(connection: Connection, kind: PublishedKind | None = None) -> list[Version]:
    """The newest versions of all that was published, or of one kind."""
    query = NEWEST if kind is None else NEWEST.where(published.c.kind == kind)
    return [_version(row) for row in connection.execute(query)]


def versions_of(connection: Connection, name: str, kind: PublishedKind | None = None) -> list[tuple[Version, Texts]]:
    """The versions by that name, whatever their kind, the newest of each kind first."""
    return [(_version(row), read_assets(connection, row.assets)) for row in _rows(connection, name, kind)]


def _rows(connection: Connection, name: str, kind: PublishedKind | None) -> Sequence[Row[tuple[object, ...]]]:
    query = select(published).where(published.c.name == name)
    if kind is not None:
        query = query.where(published.c.kind == kind)
    return connection.execute(query.order_by(published.c.kind, published.c.version.desc())).all()


def _version(row: Row[tuple[object, ...]]) -> Version:
    return Version(row.kind, row.name, row.version, row.digest, row.published_by, row.published_at, row.note)
