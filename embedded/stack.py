"""The whole product on one machine: PostgreSQL, Temporal, a worker and the web, up together and down together."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError

from channels.providers import providers_in
from embedded import postgres, temporal
from embedded.certificate import fingerprint, is_any, own_certificate
from embedded.child import Child, environment
from embedded.home import REAL_DAY, Home, Services, as_day_seconds, founding, only_stack, publish
from embedded.ports import Ports, must_have_loopback
from models.errors import Refusal
from operations.sessions import first_supervisor
from operations.tokens import recovered_supervisor
from storage import migrate
from storage.audit.interference import record_changed_settings
from storage.grants import grant_to
from workflows.names import TASK_QUEUE

PORTAL = "sao-paulo"
"""The table of the page on which registered debts are looked up, until REGUA_PORTAL names the authority's own."""

LOOK_SECONDS = 15.0
"""After which is asked again whether Temporal is set as it was told."""


@dataclass(frozen=True)
class Listening:
    """The address at which other machines reach the web process, over HTTPS alone; this machine goes on using HTTP."""

    address: str
    port: int
    certificate: Path | None = None
    """With its key, both PEM; none: one of this machine's own making."""
    key: Path | None = None

    @property
    def web(self) -> str:
        name = socket.gethostname() if is_any(self.address) else self.address
        return f"https://{f'[{name}]' if ':' in name else name}:{self.port}"


class Stack:
    """A running stack. `with Stack(home) as stack`: ready inside, gone outside. To be entered from the main thread.

    Whatever ends this process ends its children too, kill -9 included; `tend()` starts again those that end alone.
    """

    services: Services
    recovered: tuple[str, str] | None = None
    """The supervisor to whom a token was issued since none was in force any more, and the token."""
    sign_in: str = ""
    """The address at which somebody signs in at the console."""

    fingerprint: str = ""
    """The SHA-256 of the certificate, where it is of this machine's own making."""

    def __init__(
        self,
        home: Home,
        day_seconds: float = REAL_DAY,
        ports: Ports | None = None,
        listening: Listening | None = None,
        workers: int = 1,
    ) -> None:
        self.home = home
        self.listening = listening
        self.workers = workers
        self.day_seconds = as_day_seconds(day_seconds)
        self.ports = ports or Ports()
        self.children: list[Child] = []
        self._undo = ExitStack()
        self._told: int | None = None
        """The server that was told what it must know, by its process."""
        self._looked_at = -inf

    def __enter__(self) -> Self:
        if sys.platform != "linux":
            raise Refusal("the embedded stack needs Linux; elsewhere set TEMPORAL_ADDRESS and DATABASE_URL")
        must_have_loopback()
        with ExitStack() as self._undo:
            self._undo.enter_context(only_stack(self.home))
            with founding(self.home):
                ports = self.ports.settled()
                self.home.create()
                self.home.stack_json.unlink(missing_ok=True)
                self.services = self._addresses(ports)
                postgres.create(self.home)
                self._payload_keys = self.home.payload_keys
            self._start(ports)
            self._undo = self._undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._undo.close()

    def publish(self) -> None:
        """Write stack.json, by which every other command finds this stack until it begins to stop."""
        publish(self.home, self.services)
        self._undo.callback(self.home.stack_json.unlink, missing_ok=True)

    def tend(self) -> None:
        for child in self.children:
            child.tend()
        if self._server.pid != self._told or time.monotonic() > self._looked_at + LOOK_SECONDS:
            self._looked_at = time.monotonic()
            # it is told at the next round, if not now
            with suppress(RPCError, RuntimeError):
                self._tell_temporal()

    def _tell_temporal(self) -> None:
        """Tell the Temporal server what no command line does: one that was started again may have lost its database,
        and whoever reaches it may have set it otherwise, which is on record."""
        knew = self._server.pid == self._told
        changed = temporal.keep_settings(self.services.temporal)
        self._told = self._server.pid
        if changed and knew:
            # a database that is away says so itself, and what was changed is mended all the same
            with suppress(OperationalError):
                record_changed_settings(postgres.address(self.home, postgres.port_of(self.services.database)))

    def _start(self, ports: Ports) -> None:
        """Start the processes in the order of need; `_undo` stops them in the reverse."""
        services = self.services
        postgres.await_predecessor(self.home)
        database = self._launch(postgres.server(self.home, ports.database))
        self._server = self._launch(
            temporal.server(
                self.home,
                ports.temporal,
                ports.ui,
                ports.temporal_http,
                ports.temporal_metrics,
                self.day_seconds,
                codec=f"{services.web}/codec/{self.home.secret('codec')}",
            )
        )
        database.until(lambda: postgres.answers(postgres.address(self.home, ports.database, "postgres")))
        postgres.create_database(self.home, ports.database)
        as_owner = postgres.address(self.home, ports.database)
        migrate.upgrade(as_owner)
        grant_to(as_owner, postgres.APP_ROLE)
        self.recovered = recovered_supervisor(as_owner, "stack up")
        self.sign_in = sign_in_address(as_owner, services, "stack up")
        self._server.until(lambda: temporal.answers(services.temporal))
        self._tell_temporal()

        worker = self._launch(self._program("worker", ports.worker_metrics, "worker.py"))
        for number in range(2, self.workers + 1):
            self._launch(self._program(f"worker-{number}", None, "worker.py"))
        web = self._launch(self._program("web", ports.web_metrics, "starter.py", "web", "--port", str(ports.web)))
        https = self._launch(self._served_to_others(ports, self.listening)) if self.listening else None
        worker.until(lambda: temporal.has_worker(services.temporal, TASK_QUEUE))
        web.until(lambda: is_healthy(f"{services.web}/health"))
        if https and self.listening:
            where, port = self.listening.address, self.listening.port
            https.until(lambda: takes_connections(where, port))

    def _served_to_others(self, ports: Ports, listening: Listening) -> Child:
        """A web process that answers other machines and leaves the work in the background to the first."""
        certificate, key = listening.certificate, listening.key
        if certificate is None:
            certificate, key = own_certificate(self.home, listening.address)
            self.fingerprint = fingerprint(certificate)
        where = ("--host", listening.address, "--port", str(listening.port))
        proof = ("--ssl-certfile", str(certificate), *(("--ssl-keyfile", str(key)) if key else ()))
        return self._program(
            "web-https", ports.https_metrics, "starter.py", "web", *where, *proof, REGUA_BACKGROUND="elsewhere"
        )

    def _addresses(self, ports: Ports) -> Services:
        web = f"http://127.0.0.1:{ports.web}"
        return Services(
            temporal=f"127.0.0.1:{ports.temporal}",
            database=postgres.app_address(self.home, ports.database),
            ui=f"http://127.0.0.1:{ports.ui}",
            temporal_metrics=f"http://127.0.0.1:{ports.temporal_metrics}/metrics",
            worker_metrics=f"http://127.0.0.1:{ports.worker_metrics}/metrics",
            web_metrics=f"http://127.0.0.1:{ports.web_metrics}/metrics",
            web=web,
            console=f"{web}/console",
            https=self.listening.web if self.listening else None,
            portal=f"{web}/consulta",
            pix_webhook_url=f"{web}/webhooks/pix/{self.home.secret('pix_webhook')}",
            day_seconds=self.day_seconds,
            providers=providers_in(os.environ),
        )

    def _launch(self, child: Child) -> Child:
        self._undo.callback(child.stop)
        child.start()
        self.children.append(child)
        return child

    def _program(self, name: str, metrics: int | None, *arguments: str, **more: str) -> Child:
        """One of our own processes, which finds its services in its environment; `metrics` is the port of its own, if
        it has any, and `more` are variables for it alone."""
        ui = str(self.services.ui)
        env = environment(
            TEMPORAL_ADDRESS=self.services.temporal,
            DATABASE_URL=self.services.database,
            REGUA_HOME=str(self.home),
            REGUA_DAY_SECONDS=f"{self.day_seconds:g}",
            REGUA_METRICS=f"127.0.0.1:{metrics}" if metrics else "",
            REGUA_PIX_SECRET=self.home.secret("pix_webhook"),
            REGUA_PAYLOAD_KEYS=self._payload_keys,
            REGUA_CODEC_KEY=self.home.secret("codec"),
            REGUA_UI_ORIGINS=f"{ui},{ui.replace('127.0.0.1', 'localhost')}",
            REGUA_LINK_KEY=os.environ.get("REGUA_LINK_KEY") or self.home.secret("link"),
            REGUA_PORTAL=os.environ.get("REGUA_PORTAL") or PORTAL,
            REGUA_PUBLIC_URL=os.environ.get("REGUA_PUBLIC_URL") or str(self.services.https or self.services.web),
            PYTHONUNBUFFERED="1",
            **more,
        )
        return Child(name, [sys.executable, *arguments], self.home.logs / f"{name}.log", env)


def sign_in_address(owner: str, services: Services, command: str) -> str:
    """The address at which somebody signs in at the console: once and as a supervisor while no token was ever issued to
    one, else with a token. `owner` is the address of the database's owner."""
    once = first_supervisor(owner, command)
    return f"{services.console}/sign-in" + (f"?once={once}" if once else "")


def takes_connections(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - only compared
    try:
        socket.create_connection((near, port), timeout=2).close()
    except OSError:
        return False
    return True


def is_healthy(url: str) -> bool:
    # our own address on this machine: no proxy of the environment's knows it
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C, a SIGTERM or a closed terminal becomes a KeyboardInterrupt; a second one doesn't disturb the stopping."""
    # a process under nohup stays deaf to its terminal's end
    heard = [s for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if not _is_nohup(s)]

    def stop(number: int, frame: FrameType | None) -> None:
        for sign in heard:
            signal.signal(sign, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {sign: signal.signal(sign, stop) for sign in heard}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _is_nohup(sign: signal.Signals) -> bool:
    return sign == signal.SIGHUP and signal.getsignal(sign) == signal.SIG_IGN
