"""A stack in one file, and a stack made from such a file.

Temporal's file is copied first, then PostgreSQL, then the folders. So the record is never behind the will: what it
knows and no workflow does, a payment of that minute for instance, is found when the cases look at their record again,
which a restored stack makes them all do. A workflow that knew more than its record would wait for what nobody knows.
For the same reason no notice on record lacks its file.
"""

import hashlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from pydantic import BaseModel, ValidationError

from embedded import postgres
from embedded.home import Home, lock_holder, only_stack, running_services
from models.errors import Refusal
from models.folders import KEPT
from storage import migrate
from storage.case.recovery import Recovered, look_again
from storage.engine import connect

WILL, RECORD, MANIFEST = "temporal.db", "record.dump", "manifest.json"


class Manifest(BaseModel):
    """The last thing in the file: a copy that was cut short has none."""

    taken_at: datetime
    """Before anything was copied."""
    digests: dict[str, str]
    """name -> SHA-256"""


def back_up(home: Home, target: Path) -> Path:
    """Back a stack up, whether it runs or not. Gives the file made: `target`, or one named after this moment in the
    folder `target`. Whether the stack runs or not."""
    taken_at = datetime.now(UTC)
    file = target / f"regua-{taken_at:%Y%m%dT%H%M%SZ}.tar.gz" if target.is_dir() else target
    if file.exists():
        raise Refusal(f"{file} exists already; a backup never replaces another")
    if not (home.temporal_db.exists() and postgres.data(home).exists()):
        raise Refusal(f"there is nothing to back up in {home}: no stack has run there")
    try:
        with _record_of(home) as database, tempfile.TemporaryDirectory(dir=home, prefix="backup-") as folder:
            staged = Path(folder)
            copy_will(home.temporal_db, staged / WILL)
            postgres.dump(database, staged / RECORD)
            files = {name: staged / name for name in (WILL, RECORD)} | dict(_files_of(home))
            _pack(files, taken_at, file)
    except OSError as error:
        raise Refusal(f"the backup failed: {error.strerror} ({error.filename or home}); no file was made") from None
    except sqlite3.Error as error:
        raise Refusal(f"the backup failed: Temporal's database can't be copied ({error}); no file was made") from None
    return file


def restore(archive: Path, home: Home) -> Recovered:
    """Restore a backup into a home that is empty or not there yet: all, or nothing. Every case is told to look at its
    record once more, those included that were closed since the copy began, whose workflows may not know it."""
    if holder := lock_holder(home):
        raise Refusal(
            f"a stack runs in {home} (pid {holder}); stop it with `stack down`, and restore into another home"
        )
    if home.exists() and any(home.iterdir()):
        raise Refusal(f"{home} is not empty; name another with --into, or move it away first")
    draft = Home(home.with_name(f"{home.name}.restoring"))
    with only_stack(draft):
        try:
            _clear(draft)
            draft.create()
            taken_at = _unpack(archive, draft)
            recovered = _load_record(draft, taken_at)
            draft.rename(home)
        except BaseException:
            shutil.rmtree(draft)
            raise
    return recovered


@contextmanager
def _record_of(home: Home) -> Iterator[str]:
    """The owner's address of its database: of the running stack's, or of a server while no stack can start."""
    services = running_services(home)
    if services:
        yield postgres.address(home, postgres.port_of(services.database))
    else:
        with only_stack(home), postgres.running(home) as database:
            yield database


def copy_will(source: Path, target: Path) -> None:
    """Copy Temporal's file as it is at one moment, also while the server writes."""
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as written,
        closing(sqlite3.connect(target)) as copy,
    ):
        written.backup(copy)


def _files_of(home: Home) -> Iterator[tuple[str, Path]]:
    """The files of a home that are whole: one that is only being written has another name until it is."""
    for folder in KEPT:
        for path in sorted(folder.of(home).rglob("*")):
            if path.is_file() and not _is_draft(path):
                yield str(path.relative_to(home)), path


def _is_draft(path: Path) -> bool:
    return path.name.startswith(".") or path.suffix == ".draft" or path.suffix[1:].isdigit()


def _pack(files: dict[str, Path], taken_at: datetime, target: Path) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw,
            tarfile.open(fileobj=raw, mode="w:gz") as archive,
        ):
            digests = {name: _add(archive, name, path) for name, path in files.items()}
            _add_manifest(archive, Manifest(taken_at=taken_at, digests=digests))
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, name: str, path: Path) -> str:
    """Add a file to the archive and give the digest of the very content that was added, whatever replaces the file
    meanwhile."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        member = tarfile.TarInfo(name)
        member.size, member.mode = file.tell(), 0o600
        file.seek(0)
        archive.addfile(member, file)
    return digest


def _add_manifest(archive: tarfile.TarFile, manifest: Manifest) -> None:
    written = manifest.model_dump_json(indent=2).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size, member.mode = len(written), 0o600
    archive.addfile(member, BytesIO(written))


def _clear(draft: Home) -> None:
    """Clear a draft of what a restore that was killed left; the lock is ours."""
    for left in draft.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left != draft.lock:
            left.unlink()


def _unpack(archive: Path, draft: Home) -> datetime:
    """Unpack a backup and give the moment it was taken at. Refuses what is not exactly what was packed."""
    digests: dict[str, str] = {}
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                digests[member.name] = _extract(packed, member, draft)
        manifest = Manifest.model_validate_json(Path(draft, MANIFEST).read_bytes())
        Path(draft, MANIFEST).unlink()
        del digests[MANIFEST]
    except FileNotFoundError:
        raise Refusal(f"{archive} does not exist, or is no whole backup of a stack; nothing was restored") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValidationError):
        raise Refusal(f"{archive} is damaged, or is no backup of a stack; nothing was restored") from None
    if digests != manifest.digests:
        wrong = sorted(name for name, _ in digests.items() ^ manifest.digests.items())
        raise Refusal(f"{archive} is damaged: {wrong[0]} is not what was backed up; nothing was restored")
    return manifest.taken_at


def _extract(packed: tarfile.TarFile, member: tarfile.TarInfo, draft: Home) -> str:
    source, target = packed.extractfile(member), Path(draft, member.name)
    if source is None or ".." in target.parts or not target.is_relative_to(draft):
        raise tarfile.ReadError
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        shutil.copyfileobj(source, file)
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load_record(draft: Home, taken_at: datetime) -> Recovered:
    """Load the record. One of an older version is brought to this one's schema; one of a newer version is refused."""
    dumped = Path(draft, RECORD)
    postgres.create(draft)
    with postgres.running(draft) as database:
        postgres.load(database, dumped)
        migrate.upgrade(database)
        engine = connect(database)
        with engine.begin() as connection:
            recovered = look_again(connection, closed_since=taken_at)
        engine.dispose()
    dumped.unlink()
    return recovered
