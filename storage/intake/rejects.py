"""The rows that were not taken, or not as they stand, kept with line and reason for the analyst; personal data, so for
the owner alone."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Rejects:
    """`with Rejects(path) as rejects`: the file is there afterwards if rows were rejected and the import went through.

    An earlier import of the same content left its rejects under the same name; they are replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f"{path.name}.{os.getpid()}")
        self._file: IO[str] | None = None
        self.count = 0
        self.remarks = 0

    def add(self, line: int, reason: str, row: str) -> None:
        """Keep a row that is not taken."""
        self._write(line, reason, row)
        self.count += 1

    def remark(self, line: int, reason: str, row: str) -> None:
        """Keep a row that is taken, though not as it stands."""
        self._write(line, reason, row)
        self.remarks += 1

    def _write(self, line: int, reason: str, row: str) -> None:
        if self._file is None:
            self._file = os.fdopen(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline="")
            self._rows = csv.writer(self._file)
            self._rows.writerow(("line", "reason", "row"))
        self._rows.writerow((line, reason, row.rstrip("\r\n")))

    @property
    def path(self) -> Path | None:
        return self._path if self.count + self.remarks else None

    def __enter__(self) -> Self:
        # an import that was killed could not take its draft away, and nobody else knows of it
        for draft in self._path.parent.glob(f"{self._path.name}.*"):
            if not _is_running(int(draft.suffix[1:])):
                draft.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
        if error is not None:
            self._draft.unlink(missing_ok=True)
        elif self._file is not None:
            self._draft.replace(self._path)
        else:
            self._path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
