"""The storm on a running stack: drawn from a seed before the first day, and carried out at its moments."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from embedded.home import Home
from embedded.stack import Stack
from embedded.temporal import program
from tests.providers.weather import Fault, Weather
from workflows.names import queue_of


class Blow(StrEnum):
    WEB = "kill -9 of the web"
    POSTGRES = "kill -9 of PostgreSQL"
    TEMPORAL = "kill -9 of the Temporal server"
    WORKER = "kill -9 of the worker"
    OUTBOX = "folder of messages unwritable for a while"
    PROVIDERS = "every provider's connection dropped for a while"
    STOP = "SIGTERM of the worker"
    TERMINATED = "a case's workflow terminated"
    LOST = "kill -9 of the Temporal server, and its database deleted"
    UNSERVED = "the queue of e-mail unserved for a while"
    CONNECTIONS = "PostgreSQL's connections exhausted for a while"
    FULL = "no file of any process takes another byte for a while, as on a full disk"


VICTIMS = {Blow.WEB: "web", Blow.POSTGRES: "postgres", Blow.TEMPORAL: "temporal", Blow.WORKER: "worker"}

CLOSURES = (Blow.OUTBOX, Blow.PROVIDERS)
OTHERS = (Blow.STOP, Blow.TERMINATED, Blow.LOST, Blow.UNSERVED, Blow.CONNECTIONS, Blow.FULL)

SOME = {Fault.TOO_MANY: 0.02, Fault.BROKEN: 0.02, Fault.DROPPED: 0.03}
"""The requests to providers that are struck, all through a storm."""

FIRST, LAST = 0.03, 0.8
"""The part of the city's days in which blows fall; what they delay has the rest to catch up."""


@dataclass(frozen=True)
class Strike:
    at: float
    """Seconds after the first day's beginning."""
    blow: Blow
    lasts: float
    """Seconds, of what is closed and opened again; a killed process is started again by the stack."""


def draw(seed: int, kills: int, closures: int, seconds: float, others: int = 0) -> list[Strike]:
    """So many kills, as many of each process, so many closures of the folder of messages and of the providers, and so
    many of the other faults; in any order, each somewhere in its share of the time, so that something is at work
    between them."""
    chance = Random(f"storm/{seed}")
    blows = [*islice(cycle(VICTIMS), kills), *islice(cycle(CLOSURES), closures), *islice(cycle(OTHERS), others)]
    chance.shuffle(blows)
    share = (LAST - FIRST) * seconds / max(len(blows), 1)
    return [
        Strike(FIRST * seconds + (nth + chance.random()) * share, blow, lasts=chance.uniform(1.0, 3.0))
        for nth, blow in enumerate(blows)
    ]


OPEN_CASES = "SELECT id FROM cases WHERE closed_at IS NULL AND status <> 'control' AND revision > 0 ORDER BY id"


class Storm:
    """`rage()` often: it does what is due. A process that is down already is killed once it is up again."""

    def __init__(self, strikes: Sequence[Strike], stack: Stack, outbox: FileTransport, weather: Weather) -> None:
        self.injected: Counter[Blow] = Counter()
        self._strikes = list(strikes)
        self._ending: list[Strike] = []
        self._stack = stack
        self._file_transport = outbox
        self._weather = weather
        self._begins: datetime | None = None
        self._held: list[psycopg.Connection[Any]] = []

    @property
    def over(self) -> bool:
        return not self._strikes and not self._ending

    def begin(self, at: datetime) -> None:
        self._begins = at

    def rage(self) -> None:
        if self._begins is None:
            return
        now = (datetime.now(UTC) - self._begins).total_seconds()
        for ending in [strike for strike in self._ending if strike.at + strike.lasts <= now]:
            if self._open(ending.blow):
                self._ending.remove(ending)
        for due in [strike for strike in self._strikes if strike.at <= now]:
            if self._strike(due, now):
                self._strikes.remove(due)
                self.injected[due.blow] += 1

    def _strike(self, strike: Strike, now: float) -> bool:
        if victim := VICTIMS.get(strike.blow):
            return self._kill(victim)
        match strike.blow:
            case Blow.STOP:
                return self._kill("worker", signal.SIGTERM)
            case Blow.TERMINATED:
                return self._terminate()
            case Blow.LOST:
                return self._lose()
        if strike.blow in {each.blow for each in self._ending} or not self._close(strike.blow):
            return False
        self._ending.append(Strike(now, strike.blow, strike.lasts))
        return True

    def _close(self, blow: Blow) -> bool:
        match blow:
            case Blow.OUTBOX:
                self._file_transport.close()
            case Blow.PROVIDERS:
                self._weather.transitions({Fault.DROPPED: 1.0})
            case Blow.UNSERVED:
                return self._served("0")
            case Blow.CONNECTIONS:
                self._held = take_all_connections(self._stack.services.database)
            case Blow.FULL:
                self._limit_files(0)
        return True

    def _open(self, blow: Blow) -> bool:
        match blow:
            case Blow.OUTBOX:
                self._file_transport.open()
            case Blow.PROVIDERS:
                self._weather.transitions(SOME)
            case Blow.UNSERVED:
                return self._served("default")
            case Blow.CONNECTIONS:
                while self._held:
                    self._held.pop().close()
            case Blow.FULL:
                self._limit_files(resource.RLIM_INFINITY)
        return True

    def _kill(self, name: str, sign: signal.Signals = signal.SIGKILL) -> bool:
        [child] = [child for child in self._stack.children if child.name == name]
        if not child.alive or child.pid is None:
            return False
        os.kill(child.pid, sign)
        return True

    def _limit_files(self, size: int) -> None:
        """Who is started again meanwhile has no limit: somebody has made room."""
        for child in self._stack.children:
            if child.alive and child.pid is not None:
                limit_files(child.pid, size)

    def _lose(self) -> bool:
        if not self._kill("temporal"):
            return False
        for file in self._stack.home.glob("temporal.db*"):
            file.unlink()
        return True

    def _terminate(self) -> bool:
        """Terminate a case's workflow, as whoever reaches Temporal can."""
        try:
            with psycopg.connect(self._stack.services.database) as connection:
                found = connection.execute(OPEN_CASES).fetchall()
        except psycopg.OperationalError:
            return False
        return bool(found) and self._ask("workflow", "terminate", "--workflow-id", f"case-{found[len(found) // 2][0]}")

    def _served(self, rate: str) -> bool:
        queue = ("--task-queue", queue_of("sendgrid"), "--task-queue-type", "activity")
        limit = ("--queue-rps-limit", rate, "--queue-rps-limit-reason", "storm")
        return self._ask("task-queue", "config", "set", *queue, *limit)

    def _ask(self, *words: str) -> bool:
        """Whether Temporal's own command was carried out; not while the server is away."""
        command = [program(), *words, "--address", self._stack.services.temporal, "--command-timeout", "5s"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def take_all_connections(database: str) -> list[psycopg.Connection[Any]]:
    """Connect as often as the server lets one."""
    held: list[psycopg.Connection[Any]] = []
    with suppress(psycopg.OperationalError):
        while True:
            held.append(psycopg.connect(database))
    return held


def limit_files(process: int, size: int) -> None:
    """Let a process and those that it started write nothing beyond that size into any file."""
    with suppress(ProcessLookupError, FileNotFoundError):
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            limit_files(int(child), size)


class FileTransport:
    """A home's folder of messages that can be closed in one stroke: its name is a link to the folder, or to no folder.

    Permissions would not stop a worker that is root.
    """

    def __init__(self, home: Home) -> None:
        self.folder = Path(home, "letters")
        self._name = Path(home, "outbox")
        self._nowhere = Path(home, "nowhere")
        self.folder.mkdir(mode=0o700)
        self._nowhere.touch()
        self._name.rmdir()
        self._name.symlink_to(self.folder)

    def close(self) -> None:
        self._point_to(self._nowhere)

    def open(self) -> None:
        self._point_to(self.folder)

    def _point_to(self, target: Path) -> None:
        draft = self._name.with_suffix(".new")
        draft.symlink_to(target)
        draft.replace(self._name)

    @property
    def notices(self) -> Counter[str]:
        """The notices whose file is there."""
        return Counter(path.stem for path in self.folder.iterdir() if path.suffix in (".eml", ".txt"))
