"""The folders of a home. Whoever writes a file there asks for one of them; a backup holds those that can't be made
again."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Folder(StrEnum):
    POSTGRES = "postgres"
    LOGS = "logs"
    OUTBOX = "outbox"
    """Notices that left by no provider."""
    DOMICILE = "domicile"
    """Publications in the electronic tax domicile."""
    REJECTS = "rejects"
    """Rows of imports that weren't taken."""
    KEYS = "keys"

    def of(self, home: Path) -> Path:
        return Path(home, self)


KEPT = (Folder.OUTBOX, Folder.DOMICILE, Folder.REJECTS, Folder.KEYS)
"""As they are; the database is dumped, and logs are no record."""
