"""The storm on a running stack: drawn from a seed before the first day, and carried out at its moments."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path
from random import Random

from embedded.home import Home
from embedded.stack import Stack
from tests.providers.weather import Fault, Weather


class Blow(StrEnum):
    WEB = "kill -9 of the web"
    POSTGRES = "kill -9 of PostgreSQL"
    TEMPORAL = "kill -9 of the Temporal server"
    WORKER = "kill -9 of the worker"
    OUTBOX = "folder of messages unwritable for a while"
    PROVIDERS = "every provider's connection dropped for a while"


VICTIMS = {Blow.WEB: "web", Blow.POSTGRES: "postgres", Blow.TEMPORAL: "temporal", Blow.WORKER: "worker"}

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


def draw(seed: int, kills: int, closures: int, seconds: float) -> list[Strike]:
    """So many kills, as many of each process, and so many closures of the folder of messages and of the providers; in
    any order, each somewhere in its share of the time, so that something is at work between them."""
    chance = Random(f"storm/{seed}")
    blows = [*islice(cycle(VICTIMS), kills), *islice(cycle((Blow.OUTBOX, Blow.PROVIDERS)), closures)]
    chance.shuffle(blows)
    share = (LAST - FIRST) * seconds / max(len(blows), 1)
    return [
        Strike(FIRST * seconds + (nth + chance.random()) * share, blow, lasts=chance.uniform(1.0, 3.0))
        for nth, blow in enumerate(blows)
    ]


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
            self._ending.remove(ending)
            self._open(ending.blow)
        for due in [strike for strike in self._strikes if strike.at <= now]:
            if self._strike(due, now):
                self._strikes.remove(due)
                self.injected[due.blow] += 1

    def _strike(self, strike: Strike, now: float) -> bool:
        if victim := VICTIMS.get(strike.blow):
            return self._kill(victim)
        if strike.blow in {each.blow for each in self._ending}:
            return False
        self._ending.append(Strike(now, strike.blow, strike.lasts))
        if strike.blow is Blow.OUTBOX:
            self._file_transport.close()
        else:
            self._weather.transitions({Fault.DROPPED: 1.0})
        return True

    def _open(self, blow: Blow) -> None:
        if blow is Blow.OUTBOX:
            self._file_transport.open()
        else:
            self._weather.transitions(SOME)

    def _kill(self, name: str) -> bool:
        [child] = [child for child in self._stack.children if child.name == name]
        if not child.alive or child.pid is None:
            return False
        os.kill(child.pid, signal.SIGKILL)
        return True


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
