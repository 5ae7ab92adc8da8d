"""Requests coalesced of many threads' items: the first of a kind waits a moment for others, and each learns its
outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Event, Lock
from typing import Generic, TypeVar

from channels.mail_gateway import Receipt, Unanswered

Item = TypeVar("Item")


class Coalescing(Generic[Item]):
    """Gathers items into requests. `send` tells one outcome an item, in their order; `patience` is in seconds; `most`
    items go together."""

    def __init__(
        self, send: Callable[[Sequence[Item]], Sequence[Receipt | Exception]], patience: float, most: int
    ) -> None:
        self._send = send
        self._patience = patience
        self._most = most
        self._lock = Lock()
        self._gathering: dict[str, _Group[Item]] = {}

    def join(self, item: Item, kind: str, key: str) -> Receipt:
        """Send `item` with others of its `kind`, never with another of its `key`. Raises its outcome, where that is an
        error; for the others, when the thread that sends for all is stopped, Unanswered."""
        with self._lock:
            group = self._gathering.get(kind)
            if group and key in group.keys:
                self._close(kind, group)
                group = None
            leads = group is None
            group = group or self._gathering.setdefault(kind, _Group())
            outcome = group.add(item, key)
            if len(group.items) == self._most:
                self._close(kind, group)
        if leads:
            try:
                group.full.wait(self._patience)
            finally:
                with self._lock:
                    self._close(kind, group)
                group.settle(self._send)
        return outcome.result()

    def _close(self, kind: str, group: _Group[Item]) -> None:
        group.full.set()
        if self._gathering.get(kind) is group:
            del self._gathering[kind]


class _Group(Generic[Item]):
    def __init__(self) -> None:
        self.items: list[Item] = []
        self.keys: set[str] = set()
        self.outcomes: list[Future[Receipt]] = []
        self.full = Event()

    def add(self, item: Item, key: str) -> Future[Receipt]:
        self.items.append(item)
        self.keys.add(key)
        self.outcomes.append(Future())
        return self.outcomes[-1]

    def settle(self, send: Callable[[Sequence[Item]], Sequence[Receipt | Exception]]) -> None:
        outcomes: Sequence[Receipt | Exception] = [Unanswered()] * len(self.items)
        try:
            outcomes = send(self.items)
        finally:
            for waiting, outcome in zip(self.outcomes, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    waiting.set_exception(outcome)
                else:
                    waiting.set_result(outcome)
