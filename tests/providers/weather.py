"""The weather between us and a provider: what goes wrong, as scripted, then by seeded shares."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from threading import Lock


class Fault(StrEnum):
    REFUSED = "400"
    UNAUTHORIZED = "401"
    TOO_LARGE = "413"
    TOO_MANY = "429"
    BROKEN = "500"
    SILENT = "silent"
    """Nothing is taken and nothing answered: the caller's patience ends first."""
    DROPPED = "dropped"
    """It is taken, and the connection is closed before the answer."""


class Weather:
    def __init__(self, seed: int = 0, shares: Mapping[Fault, float] | None = None) -> None:
        self._chance = random.Random(seed)
        self._shares = dict(shares or {})
        self._script: deque[Fault | None] = deque()
        self._lock = Lock()

    def transitions(self, shares: Mapping[Fault, float]) -> None:
        """From now on."""
        with self._lock:
            self._shares = dict(shares)

    def comes(self, *faults: Fault | None) -> None:
        """For the next requests, one each; None is fair."""
        self._script.extend(faults)

    def next(self) -> Fault | None:
        with self._lock:
            if self._script:
                return self._script.popleft()
            drawn = self._chance.random()
            for fault, share in self._shares.items():
                drawn -= share
                if drawn < 0:
                    return fault
            return None
