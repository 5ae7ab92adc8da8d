"""The embedded stack, with real processes: what is stored stays, what is started ends, and homes don't meet."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from embedded import postgres, temporal
from embedded.child import REPOSITORY, Child, environment, watched
from embedded.home import (
    Home,
    Services,
    as_day_seconds,
    find_services,
    lock_holder,
    only_stack,
    publish,
    running_services,
)
from embedded.ports import Ports
from models.errors import Refusal
from workflows.names import TASK_QUEUE

SERVICES = Services(temporal="127.0.0.1:1", database="postgresql://127.0.0.1:2/regua")


@pytest.fixture
def where(tmp_path: Path) -> Home:
    made = Home(tmp_path / "a home")
    made.create()
    return made


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not within its deadline"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Ended, even when nobody has asked yet how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def is_tended(child: Child) -> bool:
    child.tend()
    return child.alive


@contextmanager
def running_postgres(where: Home) -> Iterator[tuple[Child, str]]:
    postgres.create(where)
    postgres.await_predecessor(where)
    port = Ports().settled().database
    server = postgres.server(where, port)
    try:
        server.start()
        server.until(lambda: postgres.answers(postgres.address(where, port, "postgres")))
        postgres.create_database(where, port)
        yield server, postgres.address(where, port)
    finally:
        server.stop()


@contextmanager
def python(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A program of a few lines in the repository, killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line_from(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_postgres_keeps_its_data_over_kill_9(where: Home) -> None:
    with running_postgres(where) as (server, url):
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE paid AS SELECT 42 AS cents")
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        eventually(lambda: not server.alive)
        eventually(lambda: is_tended(server) and postgres.answers(url))
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT cents FROM paid").fetchone() == (42,)
    with running_postgres(where) as (_, url), psycopg.connect(url) as connection:
        assert connection.execute("SELECT cents FROM paid").fetchone() == (42,)


def test_postgres_writes_no_row_into_its_log(where: Home) -> None:
    cpf = "529.982.247-25"
    with running_postgres(where) as (_, url), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE person (cpf text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES (%s)", [cpf])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES (%s)", [cpf])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT cpf::int FROM person")
    log = (where.logs / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert cpf not in log


def test_postgres_lets_the_application_in_as_no_owner(where: Home) -> None:
    with running_postgres(where) as (_, url):
        port = int(urlsplit(url).port or 0)
        # a second start finds the role there
        postgres.create_database(where, port)
        with psycopg.connect(postgres.app_address(where, port)) as connection:
            who = connection.execute("SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
            assert who.fetchone() == (postgres.APP_ROLE, False, False)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE own (n int)")
    assert (where.keys / "database_app").stat().st_mode & 0o777 == 0o600


def test_two_homes_do_not_meet(where: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    with running_postgres(where) as (_, url), running_postgres(other) as (_, other_url):
        assert url != other_url
        stranger = url.replace(where.secret("database"), other.secret("database"))
        with pytest.raises(Refusal, match="password"):
            postgres.answers(stranger)


def test_a_server_whose_starter_is_killed_ends_and_its_home_starts_again(where: Home) -> None:
    starter = """if True:
        import sys, time
        from embedded import postgres
        from embedded.home import Home
        from embedded.ports import Ports
        home, port = Home(sys.argv[1]), Ports().settled().database
        postgres.create(home)
        server = postgres.server(home, port)
        server.start()
        server.until(lambda: postgres.answers(postgres.address(home, port, "postgres")))
        print(server.pid, flush=True)
        time.sleep(60)
    """
    with python(starter, str(where)) as process:
        pid = int(line_from(process))
        process.kill()
    with running_postgres(where) as (server, _):
        assert server.alive
    assert is_gone(pid)


def test_the_watchdog_ends_the_child_of_a_killed_parent() -> None:
    parent = f"""if True:
        import subprocess, time
        child = subprocess.Popen({watched(["/bin/sleep", "60"], signal.SIGKILL)!r})
        print(child.pid, flush=True)
        time.sleep(60)
    """.replace(repr(str(os.getpid())), "str(__import__('os').getpid())")
    with python(parent) as process:
        pid = int(line_from(process))
        eventually(lambda: Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sleep"))
        process.kill()
        eventually(lambda: is_gone(pid))


def test_the_watchdog_starts_nothing_for_a_parent_that_is_gone() -> None:
    command = watched(["/bin/echo", "started"], signal.SIGKILL)
    command[command.index(str(os.getpid()))] = "1" if os.getppid() != 1 else "2"
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stdout == ""


def test_temporal_keeps_ten_years_of_histories(where: Home) -> None:
    ports = Ports().settled()
    server = temporal.server(
        where, ports.temporal, ports.ui, ports.temporal_http, ports.temporal_metrics, 0.5, "http://127.0.0.1:1/codec/x"
    )
    address = f"127.0.0.1:{ports.temporal}"
    # its key is for who opens the UI, not for who lists the machine's processes
    assert not any("/codec/" in word for word in server.command)
    assert stat.S_IMODE(where.temporal_settings.stat().st_mode) == 0o600
    try:
        server.start()
        server.until(lambda: temporal.answers(address))
        told = httpx.get(f"http://127.0.0.1:{ports.ui}/api/v1/settings", trust_env=False).json()
        assert told["Codec"]["Endpoint"] == "http://127.0.0.1:1/codec/x"
        assert temporal.keep_settings(address)
        assert not temporal.keep_settings(address)
        assert not temporal.has_worker(address, "regua")
        described = subprocess.run(
            [temporal.program(), "operator", "namespace", "describe", "default", "-o", "json", "--address", address],
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(described.stdout)["config"]["workflowExecutionRetentionTtl"] == f"{3650 * 86400}s"
    finally:
        server.stop()
    assert not server.alive


def test_a_failed_start_names_the_log(where: Home) -> None:
    child = Child("worker", [sys.executable, "-c", "raise SystemExit('no such queue')"], where.logs / "worker.log")
    child.start()
    with pytest.raises(Refusal, match=r"worker ended while starting \(no such queue\); its log is .*worker\.log"):
        child.until(lambda: False)


def test_a_child_that_ends_is_started_again(where: Home, capfd: pytest.CaptureFixture[str]) -> None:
    child = Child("worker", ["/bin/sleep", "60"], where.logs / "worker.log")
    child.start()
    first = child.pid
    assert first
    try:
        os.kill(first, signal.SIGKILL)
        eventually(lambda: is_tended(child) and child.pid != first)
        assert child.alive
    finally:
        child.stop()
    assert capfd.readouterr().err.count("\n") == 1


def test_one_stack_a_home(where: Home) -> None:
    with (
        only_stack(where),
        pytest.raises(Refusal, match=rf"already running in .* \(pid {os.getpid()}\)"),
        only_stack(where),
    ):
        pass


def test_a_published_stack_is_found_until_it_ends(where: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGUA_HOME", str(where))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with only_stack(where):
        assert running_services(where) is None
        publish(where, SERVICES)
        assert find_services() == SERVICES
        assert where.stack_json.stat().st_mode & 0o777 == 0o600
        assert json.loads(where.stack_json.read_text())["pid"] == os.getpid()
    with pytest.raises(Refusal, match="no stack is running in"):
        find_services()


def test_what_a_killed_stack_left_behind_is_stale(where: Home) -> None:
    stack = """if True:
        import sys, time
        from embedded.home import Home, Services, only_stack, publish
        with only_stack(Home(sys.argv[1])):
            publish(Home(sys.argv[1]), Services(temporal="127.0.0.1:1", database="postgresql://127.0.0.1:2/regua"))
            print("ready", flush=True)
            time.sleep(60)
    """
    with python(stack, str(where)) as process:
        assert line_from(process) == "ready"
        assert lock_holder(where) == process.pid
        assert running_services(where) == SERVICES
        process.kill()
        process.wait()
        assert where.stack_json.exists()
        assert running_services(where) is None
        with only_stack(where):
            assert running_services(where) is None


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/regua")
    monkeypatch.setenv("REGUA_DAY_SECONDS", "2.5")
    found = find_services()
    assert (found.temporal, found.database, found.day_seconds) == (
        "temporal.example:7233",
        "postgresql://db.example/regua",
        2.5,
    )


@pytest.mark.parametrize("given", ["", "none", "0", "-1", "86401", "nan"])
def test_impossible_days_are_refused(given: str) -> None:
    with pytest.raises(Refusal, match="a day can't last"):
        as_day_seconds(given)


def test_keys_are_private_and_stable(where: Home) -> None:
    key = where.secret("pix_webhook")
    assert where.secret("pix_webhook") == key
    assert [path.name for path in where.keys.iterdir()] == ["pix_webhook"]
    assert (where.keys / "pix_webhook").stat().st_mode & 0o777 == 0o600
    assert where.keys.stat().st_mode & 0o777 == 0o700


def test_a_port_in_use_is_refused(where: Home) -> None:
    with running_postgres(where) as (_, url):
        port = int(url.rpartition("/")[0].rpartition(":")[2])
        with pytest.raises(Refusal, match=f"port {port} is in use"):
            Ports(web=port).settled()


@contextmanager
def stack_up(where: Home) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"REGUA_HOME": str(where)}
    command = [sys.executable, "starter.py", "stack", "up", "--day-seconds", "0.5"]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not (REPOSITORY / "worker.py").exists(), reason="the worker is not written yet")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_running(where: Home, ending: signal.Signals) -> None:
    with stack_up(where) as process:
        assert line_from(process) == "ready"
        eventually(where.stack_json.exists)
        services = running_services(where)
        assert services
        assert postgres.answers(services.database)
        children = children_of(process.pid)
        assert len(children) == 4
        process.send_signal(ending)
        assert process.wait(60) == (-ending if ending == signal.SIGKILL else 0)
        eventually(lambda: all(is_gone(child) for child in children))
    assert running_services(where) is None


def test_a_stop_while_starting_leaves_nothing(where: Home) -> None:
    with stack_up(where) as process:
        eventually(lambda: len(children_of(process.pid)) == 2)
        children = children_of(process.pid)
        process.terminate()
        assert process.wait(60) == 1
        # one that was only being born is ended by its parent watchdog, an instant after the stack
        eventually(lambda: all(is_gone(child) for child in children))
    assert lock_holder(where) is None


def test_who_worked_for_a_while_is_started_again_at_once_however_often(
    where: Home, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: seconds)
    child = Child("web", ["/bin/sleep", "60"], where.logs / "web.log")
    child.start()
    try:
        for _ in range(4):
            assert child.pid
            os.kill(child.pid, signal.SIGKILL)
            eventually(lambda: not child.alive)
            seconds += 15
            child.tend()
            seconds += 0.5
            child.tend()
            assert child.alive
    finally:
        child.stop()
    assert capfd.readouterr().err.count("starting again in 0.5 s") == 4


def test_a_worker_waits_for_a_temporal_server_that_is_away(where: Home) -> None:
    ports = Ports().settled()
    address = f"127.0.0.1:{ports.temporal}"
    settings = environment(
        TEMPORAL_ADDRESS=address,
        DATABASE_URL=SERVICES.database,
        REGUA_HOME=str(where),
        REGUA_PAYLOAD_KEYS=where.payload_keys,
    )
    worker = Child("worker", [sys.executable, "worker.py"], where.logs / "worker.log", settings)
    numbers = (ports.temporal, ports.ui, ports.temporal_http, ports.temporal_metrics)
    server = temporal.server(where, *numbers, 0.5, codec="http://127.0.0.1:1/codec")
    try:
        worker.start()
        worker.until(lambda: "waiting for the Temporal server" in worker.log.read_text())
        server.start()
        worker.until(lambda: temporal.has_worker(address, TASK_QUEUE))
    finally:
        worker.stop()
        server.stop()


def test_a_worker_that_waits_can_be_told_to_stop(where: Home) -> None:
    settings = environment(
        TEMPORAL_ADDRESS="127.0.0.1:1",
        DATABASE_URL=SERVICES.database,
        REGUA_HOME=str(where),
        REGUA_PAYLOAD_KEYS=where.payload_keys,
    )
    worker = Child("worker", [sys.executable, "worker.py"], where.logs / "worker.log", settings)
    worker.start()
    worker.until(lambda: "waiting for the Temporal server" in worker.log.read_text())
    worker.stop()
    assert worker._process
    assert worker._process.returncode == 0
