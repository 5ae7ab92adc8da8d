"""The commands of deploy/compose.yaml, with its environment, on a PostgreSQL and a Temporal server that are here."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy.engine import make_url

from embedded import postgres as postgres_program
from embedded import temporal
from embedded.child import REPOSITORY, Child, environment
from embedded.home import Home
from embedded.ports import free_ports
from tests.conftest import APP_PASSWORD
from tests.deploy.compose import services
from tests.payloads import KEYS
from workflows.names import TASK_QUEUE

SECRET = "x" * 40


@dataclass
class Machine:
    """Does what Docker would, but for the images: each service's command with its environment."""

    folder: Path
    database: str
    temporal: int
    web: int

    def service(self, name: str) -> dict[str, Any]:
        """With its neighbours' names being addresses of this machine."""
        variables = {
            "REGUA_DB_PASSWORD": str(make_url(self.database).password),
            "REGUA_APP_PASSWORD": APP_PASSWORD,
            "TEMPORAL_DB_PASSWORD": SECRET,
            "REGUA_PIX_SECRET": SECRET,
            "REGUA_PAYLOAD_KEYS": KEYS,
            "REGUA_LINK_KEY": SECRET,
            "REGUA_PUBLIC_URL": f"http://127.0.0.1:{self.web}",
            "REGUA_UI_ORIGINS": "http://127.0.0.1:8080",
            "REGUA_OIDC_URL": "http://127.0.0.1:1",
            "REGUA_OIDC_CLIENT_ID": "regua",
            "REGUA_OIDC_CLIENT_SECRET": SECRET,
            "REGUA_CODEC_KEY": SECRET,
        }
        at = make_url(self.database)
        written = json.dumps(services(**variables)[name])
        for neighbour, address in (
            ("database:5432", f"{at.host}:{at.port}"),
            ('"PGHOST": "database"', f'"PGHOST": "{at.host}", "PGPORT": "{at.port}"'),
            ("temporal:7233", f"127.0.0.1:{self.temporal}"),
            ("localhost:8000", f"127.0.0.1:{self.web}"),
            ('"8000"', f'"{self.web}"'),
        ):
            written = written.replace(neighbour, address)
        service: dict[str, Any] = json.loads(written)
        return service

    def environment_of(self, service: dict[str, Any]) -> dict[str, str]:
        programs = (Path(sys.executable).parent, Path(postgres_program.program("psql")).parent)
        path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        return environment(**service["environment"], PATH=path, REGUA_HOME=str(self.folder / "home"))

    def command(self, service: dict[str, Any]) -> list[str]:
        return [*service.get("entrypoint", ["python"]), *service.get("command", [])]

    def run(self, name: str, *more: str) -> str:
        service = self.service(name)
        done = subprocess.run(
            [*self.command(service), *more],
            cwd=REPOSITORY,
            env=self.environment_of(service),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self, name: str, number: int, ready: Callable[[], bool]) -> Iterator[Child]:
        service = self.service(name)
        log = self.folder / f"{name}-{number}.log"
        program = [sys.executable, *self.command(service)[1:]]
        child = Child(f"{name}-{number}", program, log, self.environment_of(service))
        try:
            child.start()
            child.until(ready)
            yield child
        finally:
            child.stop()

    def has_worker(self) -> bool:
        return temporal.has_worker(f"127.0.0.1:{self.temporal}", TASK_QUEUE)

    def has_relay(self) -> bool:
        """Whether somebody leads what is done beside the web, which does none of it here."""
        with psycopg.connect(self.database, dbname="regua", autocommit=True) as admin:
            leaders = admin.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted").fetchone()
        return leaders is not None and leaders[0] >= 2

    def is_healthy(self, name: str) -> bool:
        service = self.service(name)
        [kind, *test] = service["healthcheck"]["test"]
        assert kind == "CMD"
        return subprocess.run(test, env=self.environment_of(service), capture_output=True).returncode == 0


@pytest.fixture
def machine(postgres: str, tmp_path: Path) -> Iterator[Machine]:
    [temporal_port, ui, http, metrics, web] = free_ports(5, besides=set())
    home = Home(tmp_path / "temporal")
    home.create()
    server = temporal.server(home, temporal_port, ui, http, metrics, 86_400, codec="http://127.0.0.1:1/codec")
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("CREATE DATABASE regua")
        try:
            server.start()
            server.until(lambda: temporal.answers(f"127.0.0.1:{temporal_port}"))
            yield Machine(tmp_path, postgres, temporal_port, web)
        finally:
            server.stop()
            admin.execute("DROP DATABASE regua WITH (FORCE)")


def test_up_and_up_again(machine: Machine) -> None:
    """Run twice what ends by itself; then a cohort is started by as many workers as the file says."""
    for _ in range(2):
        machine.run("database-role")
        machine.run("temporal-namespace")
        machine.run("migrate")
    with ExitStack() as up:
        for number in range(int(machine.service("worker")["deploy"]["replicas"])):
            up.enter_context(machine.serving("worker", number, machine.has_worker))
        up.enter_context(machine.serving("background", 0, machine.has_relay))
        up.enter_context(machine.serving("web", 0, lambda: machine.is_healthy("web")))
        sample = json.loads(machine.run("commands", "sample", f"{machine.folder}/sample", "--json"))
        machine.run("commands", "taxpayers", "import", sample["files"]["taxpayers"])
        start = ("cohort", "start", "city", "--ruler", "divida-ativa", "--rehearse", "--json")
        started = json.loads(machine.run("commands", *start))
        assert started["started"] == started["cases"] > 0
        decoder = machine.service("temporal-ui")["environment"]["TEMPORAL_CODEC_ENDPOINT"]
        ui = machine.service("web")["environment"]["REGUA_UI_ORIGINS"]
        decoded = httpx.post(f"{decoder}/decode", json={"payloads": []}, headers={"Origin": ui}, trust_env=False)
        assert (decoded.status_code, decoded.headers["access-control-allow-origin"]) == (200, ui)
