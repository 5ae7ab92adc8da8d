"""One process of the stack: started under its parent's watchdog, watched, started again when it ends, stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from models.errors import Refusal

REPOSITORY = Path(__file__).parent.parent
WATCHDOG = Path(__file__).with_name("parent_watchdog.py")

STEADY_SECONDS = 10.0
"""Who has worked so long didn't fail at its start, and is started again at once however often it is killed."""
LONGEST_BACKOFF = 30.0

ERROR = re.compile(r"\b(error|fatal|panic)\b", re.IGNORECASE)


def watched(command: list[str], death_signal: Signals, unroot: Path | None = None) -> list[str]:
    """The command, ending with the thread that starts it; `unroot` is the folder it works in when it can't be root."""
    folder = str(unroot) if unroot else ""
    return [sys.executable, "-I", str(WATCHDOG), str(os.getpid()), str(int(death_signal)), folder, *command]


def environment(**settings: str) -> dict[str, str]:
    """The user's environment without what would lead PostgreSQL's or Temporal's clients somewhere else."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "TEMPORAL_"))}
    return inherited | settings


@dataclass
class Child:
    name: str
    command: list[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=environment)
    unroot: Path | None = None
    stop_signal: Signals = signal.SIGTERM
    death_signal: Signals = signal.SIGKILL
    patience: float = 10.0

    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log_start: int = field(default=0, init=False)
    _started_at: float = field(default=0.0, init=False)
    _restart_at: float | None = field(default=None, init=False)
    _backoff: float = field(default=0.25, init=False)

    def start(self) -> None:
        """Start the process in a session of its own, so that a terminal's Ctrl-C reaches the stack alone, which stops
        all in order."""
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - the commands are our own
                watched(self.command, self.death_signal, self.unroot),
                cwd=REPOSITORY,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
            )
        self._started_at = time.monotonic()
        self._restart_at = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def until(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until the process is ready; a process that ends or takes too long is refused, with its log's name."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise Refusal(
                    f"{self.name} ended while starting{last_words(self.log, self._log_start)}; its log is {self.log}"
                )
            if time.monotonic() > deadline:
                raise Refusal(f"{self.name} was not ready within {seconds:.0f} seconds; its log is {self.log}")
            time.sleep(0.05)

    def tend(self) -> None:
        """Start it again when it ended: soon the first time, later and later while it keeps ending."""
        if self.alive:
            return
        now = time.monotonic()
        if self._restart_at is None:
            steady = now - self._started_at > STEADY_SECONDS
            self._backoff = 0.5 if steady else min(self._backoff * 2, LONGEST_BACKOFF)
            self._restart_at = now + self._backoff
            notice = (
                f"{self.name} ended{self._exit_code()}, starting again in {self._backoff:g} s; its log is {self.log}"
            )
            # a full disk may have no room for it
            with suppress(OSError):
                print(notice, file=sys.stderr, flush=True)
        elif now >= self._restart_at:
            self.start()

    def stop(self) -> None:
        """Stop the process: ask, wait as long as its patience, and insist."""
        if self._process is None or not self.alive:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(self.patience)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _exit_code(self) -> str:
        return f" (exit code {self._process.returncode})" if self._process else ""


def last_words(log: Path, since: int) -> str:
    """The last error that a process wrote to its log, or its last line, for the sentence that says it failed."""
    lines = log.read_bytes()[since:].decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    said = [line for line in said if ERROR.search(line)] or said
    return f" ({said[-1][:300]})" if said else ""
