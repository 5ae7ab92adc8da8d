"""Connections that ask for something and never finish asking: they are closed, so that a bank always finds room.

A request's headers are awaited for so long and then its body, however slowly they trickle; of those that are awaited
there are at most so many, and one more closes the one that has been awaited longest. What has been asked whole is
answered, however many there are: no limit here refuses a payment.
"""

from __future__ import annotations

import asyncio
import resource
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 5.0
BODY_SECONDS = 20.0
READ_SECONDS = 20.0
"""For a caller to take an answer whose beginning it let lie."""

SPARE = 256
"""Files that are kept for the database, Temporal and logs."""
MOST = 10_000
"""Connections that are awaited at the same time, where the system would allow more."""


def raise_file_limit() -> None:
    """Let this process open as many files as the system lets it; each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def room() -> int:
    """The connections that may be awaited at the same time."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else max(1, min(MOST, files - SPARE))


class Patient(H11Protocol):
    """A connection of uvicorn's that waits for a request as long as is said here."""

    awaited: ClassVar[dict[Patient, asyncio.TimerHandle]] = {}
    """The connections that are awaited, with the timers that give them up; the longest awaited first."""

    _phase: object = None
    """The part of a request that is awaited."""
    _answered: int = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        while len(Patient.awaited) >= room():
            next(iter(Patient.awaited))._give_up()
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._answered += 1
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await("read", READ_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Await what is missing. The time runs from when the former part was whole, not from the last byte."""
        their = self.conn.their_state
        if self.transport.is_closing():
            # an answer that nobody takes would keep it open
            self._await("read", READ_SECONDS)
        elif their is h11.IDLE:
            self._await(("headers", self._answered), HEADER_SECONDS)
        elif their is h11.SEND_BODY:
            self._await(self.cycle, BODY_SECONDS)
        else:
            self._forget()

    def _await(self, phase: object, seconds: float) -> None:
        if phase == self._phase:
            return
        self._forget()
        self._phase = phase
        Patient.awaited[self] = self.loop.call_later(seconds, self._give_up)

    def _forget(self) -> None:
        self._phase = None
        if (timer := Patient.awaited.pop(self, None)) is not None:
            timer.cancel()

    def _give_up(self) -> None:
        self._forget()
        self.transport.abort()
