"""Callers of the product from outside: in no order, some calls twice, and each until it is taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any

import httpx
from sqlalchemy import Engine

from rehearsal.bank import Bank
from tests.providers.callbacks import Callbacks, play_events
from tests.providers.fake import FakeProviders, Taken

AGAIN = timedelta(seconds=0.5)
TWICE = 0.25
"""The share of calls that are made twice."""

Call = Callable[[], bool]
"""Whether it was taken."""


class Callers:
    def __init__(self, seed: int, latest: timedelta) -> None:
        self.made = 0
        self._chance = Random(f"callers/{seed}")
        self._latest = latest
        self._waiting: list[tuple[datetime, Call]] = []

    @property
    def idle(self) -> bool:
        return not self._waiting

    def ask(self, call: Call, now: datetime) -> None:
        for _ in range(2 if self._chance.random() < TWICE else 1):
            self._waiting.append((now + self._chance.random() * self._latest, call))

    def live(self, now: datetime) -> None:
        due = [(at, call) for at, call in self._waiting if at <= now]
        self._waiting = [(at, call) for at, call in self._waiting if at > now]
        for _, call in sorted(due, key=lambda each: each[0]):
            self.made += 1
            if not call():
                self._waiting.append((now + AGAIN, call))


class StubbornBank(Bank):
    """Its callbacks go through the callers; what was answered with 200 it remembers."""

    def __init__(self, engine: Engine, folder: Path, webhook: str, callers: Callers) -> None:
        super().__init__(engine, folder, webhook)
        self.payments: dict[str, str] = {}
        """The amount of each accepted one, by its endToEndId."""
        self.refunds: dict[str, str] = {}
        """The amount of each accepted one, by its id."""
        self._callers = callers

    def live(self, today: date) -> bool:
        """Also while a call is still to be made."""
        self._callers.live(datetime.now(UTC))
        return super().live(today) or not self._callers.idle

    def call(self, payments: list[dict[str, Any]]) -> None:
        self._callers.ask(lambda: self._post(payments), datetime.now(UTC))

    def _post(self, payments: list[dict[str, Any]]) -> bool:
        try:
            super().call(payments)
        except (OSError, HTTPException):
            return False
        for payment in payments:
            self.payments[payment["endToEndId"]] = payment["valor"]
            self.refunds |= {refund["id"]: refund["valor"] for refund in payment.get("devolucoes", ())}
        return True


class ProvidersReports:
    """The reports on what the providers took: delivered at once, and reported by the callers."""

    def __init__(self, providers: FakeProviders, callbacks: Callbacks, callers: Callers) -> None:
        self._providers = providers
        self._callbacks = callbacks
        self._callers = callers
        self._seen = 0

    def live(self, now: datetime) -> bool:
        """Whether anything was taken."""
        taken = self._providers.taken[self._seen :]
        self._seen += len(taken)
        for each in taken:
            self._callers.ask(self._report(each), now)
        return bool(taken)

    def _report(self, taken: Taken) -> Call:
        def report() -> bool:
            try:
                return all(answer.is_success for answer in play_events(self._callbacks, [taken], "delivered"))
            except httpx.TransportError:
                return False

        return report
