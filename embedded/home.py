"""The home of a stack, where it keeps its things, and by which everything else finds the running services."""

import fcntl
import os
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PosixPath
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from channels.providers import providers_in
from models.errors import Refusal
from models.folders import Folder

REAL_DAY = 86_400.0

PAYLOAD_KEY = "payload-"
KEY = re.compile(rb"[A-Za-z0-9+/_-]{43}=?\n?")
"""The 32 bytes of a key, in either alphabet of base64."""

POSTGRESQL = "18"
"""The version whose databases are opened here."""

OF_A_DATABASE = ("PG_VERSION", "global/pg_control", "pg_wal", "base")
"""Some of what lies in each database of PostgreSQL's."""

LONGEST_PATH = 800
"""Bytes of a home's path; PostgreSQL takes up to 1,024 with what it puts behind it."""


class Home(PosixPath):
    """The folder of one stack. What lies in it is about people or is secret, so each folder is its owner's alone."""

    @property
    def postgres(self) -> Path:
        return self._folder(Folder.POSTGRES)

    @property
    def temporal_db(self) -> Path:
        return Path(self, "temporal.db")

    @property
    def temporal_settings(self) -> Path:
        return self.keys / "temporal.yaml"

    @property
    def outbox(self) -> Path:
        return self._folder(Folder.OUTBOX)

    @property
    def rejects(self) -> Path:
        return self._folder(Folder.REJECTS)

    @property
    def logs(self) -> Path:
        return self._folder(Folder.LOGS)

    @property
    def keys(self) -> Path:
        return self._folder(Folder.KEYS)

    @property
    def stack_json(self) -> Path:
        return Path(self, "stack.json")

    @property
    def lock(self) -> Path:
        return Path(self, "lock")

    def create(self) -> None:
        for folder in Folder:
            self._folder(folder)

    def _folder(self, folder: Folder) -> Path:
        path = folder.of(self)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def secret(self, name: str) -> str:
        """The key of that name, made when first asked for and the same ever after."""
        path = self.keys / name
        if not path.exists():
            draft = self.keys / f".{name}.{os.getpid()}"
            write_private(draft, secrets.token_urlsafe(32))
            # whoever links first decides the key, also between two processes that make it at the same time
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text()

    @property
    def payload_keys(self) -> str:
        """The payload keys as REGUA_PAYLOAD_KEYS has them: the newest first, and the first made when first asked
        for."""
        numbers = {int(key.name.removeprefix(PAYLOAD_KEY)) for key in _payload_keys_in(self.keys)} or {1}
        return ",".join(f"{n}:{self.secret(f'{PAYLOAD_KEY}{n}')}" for n in sorted(numbers, reverse=True))

    def add_payload_key(self) -> str:
        """Add a payload key and give its id. Processes that run have the keys they were started with."""
        newest = str(int(self.payload_keys.partition(":")[0]) + 1)
        self.secret(f"{PAYLOAD_KEY}{newest}")
        return newest


def home() -> Home:
    """REGUA_HOME, or `.regua` in the current directory."""
    return place(Path(os.environ.get("REGUA_HOME") or ".regua"))


def place(path: Path) -> Home:
    """The home at a path. Raises Refusal where no sentence, log or setting could name it: a control character is in
    it, or bytes that are no text."""
    where = Home(path.absolute())
    if not str(where).isprintable():
        raise Refusal(f"no stack can be in {ascii(str(where))[:80]}: its path has characters that can't be shown")
    return where


def demo_home() -> Home:
    """The demo's home, apart so that a city hall's own home never gets its people."""
    return home() if os.environ.get("REGUA_HOME") else Home(home(), "demo")


def write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


class Services(BaseModel):
    """The addresses of a stack, embedded or not."""

    model_config = ConfigDict(frozen=True)

    temporal: str
    database: str
    ui: str | None = None
    temporal_metrics: str | None = None
    worker_metrics: str | None = None
    web_metrics: str | None = None
    web: str | None = None
    console: str | None = None
    https: str | None = None
    """The web's address for other machines, where it listens to them."""
    portal: str | None = None
    pix_webhook_url: str | None = None
    day_seconds: float = REAL_DAY
    providers: tuple[str, ...] = ()
    """The providers by which messages truly leave."""


def find_services() -> Services:
    """The services that the environment names, else those of the stack that runs in this home."""
    temporal, database = os.environ.get("TEMPORAL_ADDRESS"), os.environ.get("DATABASE_URL")
    if temporal and database:
        day_seconds = as_day_seconds(os.environ.get("REGUA_DAY_SECONDS") or REAL_DAY)
        providers = providers_in(os.environ)
        return Services(temporal=temporal, database=database, day_seconds=day_seconds, providers=providers)
    return running_stack()[1]


def running_stack() -> tuple[Home, Services]:
    """The stack of this home, else the demo's."""
    for where in (home(), demo_home()):
        if services := running_services(where):
            return where, services
    raise Refusal(f"no stack is running in {home()}; start one with `python starter.py stack up`")


def as_day_seconds(given: str | float) -> float:
    """How long a day lasts: 86400 seconds, or fewer in a rehearsal."""
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= REAL_DAY:
        raise Refusal(f"a day can't last {given} seconds (REGUA_DAY_SECONDS, --day-seconds): above 0, up to 86400")
    return seconds


def publish(where: Home, services: Services) -> None:
    """Let others find the services: a whole file or none, for its owner's eyes, since it holds passwords."""
    draft = Path(where, "stack.json.new")
    write_private(draft, Published(**services.model_dump(), pid=os.getpid()).model_dump_json(indent=2) + "\n")
    draft.replace(where.stack_json)


class Published(Services):
    pid: int


def running_services(where: Home) -> Services | None:
    """The services that stack.json names, unless it was left behind by a stack that was killed."""
    holder = lock_holder(where)
    if holder is None:
        return None
    try:
        published = Published.model_validate_json(where.stack_json.read_text())
    except (FileNotFoundError, ValidationError):
        return None
    return Services(**published.model_dump(exclude={"pid"})) if published.pid == holder else None


def _payload_keys_in(keys: Path) -> list[Path]:
    """The files of payload keys; a copy that somebody made beside one has another name."""
    return sorted(key for key in keys.glob(f"{PAYLOAD_KEY}*") if key.name.removeprefix(PAYLOAD_KEY).isdecimal())


def _damage(where: Home) -> str | None:
    """The reason why a home can't be what a stack left. Without temporal.db it may be: the record is what counts."""
    folders = {folder: folder.of(where) for folder in Folder}
    if blocked := [path for path in folders.values() if path.exists() and not path.is_dir()]:
        return f"{blocked[0].name} is no folder"
    keys, data = folders[Folder.KEYS], Path(folders[Folder.POSTGRES], "data")
    return _damage_of_record(data, keys) or _damage_of_will(where.temporal_db, data, keys)


def _damage_of_record(data: Path, keys: Path) -> str | None:
    if not data.exists():
        return None
    if not all(Path(data, name).exists() for name in OF_A_DATABASE):
        return "postgres/data is no database of PostgreSQL's"
    version = Path(data, "PG_VERSION").read_bytes().strip().decode(errors="replace")
    if version != POSTGRESQL:
        return f"postgres/data is of PostgreSQL {version[:8]!r}, and {POSTGRESQL} is what opens it here"
    if not Path(keys, "database").is_file():
        return "keys/database is gone, without which nobody opens its database"
    return None


def _damage_of_will(temporal_db: Path, data: Path, keys: Path) -> str | None:
    known = _payload_keys_in(keys)
    if empty := [key.name for key in known if not (key.is_file() and KEY.fullmatch(key.read_bytes()))]:
        return f"keys/{empty[0]} holds no key"
    if not temporal_db.exists():
        return None
    if not _is_temporal_s(temporal_db):
        return "temporal.db is no database of Temporal's; move it away, and the cases go on from the record"
    if not data.exists():
        return "its database postgres/data is gone, and temporal.db goes on from it"
    if not known:
        return f"keys/{PAYLOAD_KEY}1 is gone, without which nobody reads temporal.db"
    return None


def _is_temporal_s(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as opened:
            opened.execute("SELECT count(*) FROM namespaces").fetchone()
    except sqlite3.Error:
        return False
    return True


@contextmanager
def founding(where: Home) -> Iterator[None]:
    """Make what a home needs, all of it or nothing. Raises Refusal where it can't be made, and in a damaged home: what
    is left of it would be taken for new."""
    if damage := _damage(where):
        raise Refusal(f"{where} is damaged: {damage}; restore a backup into another home with `stack restore --into`")
    there = set(where.iterdir()) - {where.lock}
    try:
        yield
    except BaseException as error:
        for entry in set(where.iterdir()) - there:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if isinstance(error, OSError):
            raise Refusal(f"no stack can be in {where}: {error.filename}: {error.strerror}") from None
        raise


@contextmanager
def only_stack(where: Home) -> Iterator[None]:
    """One stack a home: the kernel holds the lock, and lets go of it however the process ends."""
    with _opened(where) as lock:
        # a moment's patience, since whoever looks for a holder holds the lock for an instant
        if not _locked_within(lock, seconds=1.0):
            pid = where.lock.read_text().strip()
            raise Refusal(f"a stack is already running in {where} (pid {pid}); stop it with `stack down`")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _opened(where: Home) -> IO[str]:
    """The lock of a home, which is made. Raises Refusal where none can be."""
    if len(os.fsencode(where)) > LONGEST_PATH:
        raise Refusal(f"{str(where)[:60]}… is too long a path for a stack: up to {LONGEST_PATH} bytes; set REGUA_HOME")
    try:
        where.mkdir(parents=True, exist_ok=True)
        return where.lock.open("a+")
    except OSError as error:
        raise Refusal(f"no stack can be in {where}: {error.strerror}; set REGUA_HOME to another folder") from None


def _locked_within(lock: IO[str], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _try_lock(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _try_lock(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_holder(where: Home) -> int | None:
    """The process that runs, starts or stops a stack in this home."""
    try:
        with where.lock.open() as lock:
            if _try_lock(lock, fcntl.LOCK_SH):
                return None
            pid = lock.read().strip()
            return int(pid) if pid.isdecimal() else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Refusal(f"no stack can be in {where}: {error.strerror}; set REGUA_HOME to another folder") from None
