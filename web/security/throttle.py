"""The throttle on calls from one address. They are counted in this process alone: each further `web` process takes as
much again."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import Scope

from web.webhooks.webhook import Refused

PROGRAMS = ("/webhooks/", "/codec/")
"""The beginnings of the addresses that programs call; people open the others."""

PROGRAM_CALLS = 30_000
"""A minute. A bank posts a whole city's payments from a few addresses, thousands at once after an outage, and may never
repeat what is refused: this only ends what no process could write down anyhow, 500 a second."""

PEOPLES_CALLS = 600
"""A minute. Behind one address of a mobile carrier are thousands of telephones (CGNAT), which may get a campaign's
messages all at the same time; ten pages a second still leave the database time for everybody else."""


class Throttle:
    def __init__(self) -> None:
        # not the library's asynchronous one, which looks through all callers at each call: 3 ms with 20,000 of them
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._programs = RateLimitItemPerMinute(PROGRAM_CALLS, namespace="programs")
        self._people = RateLimitItemPerMinute(PEOPLES_CALLS, namespace="people")

    def admit(self, scope: Scope) -> None:
        """Admit a call, or raise Refused."""
        rate = self._programs if scope["path"].startswith(PROGRAMS) else self._people
        caller = subscriber(scope["client"][0]) if scope["client"] else "unknown"
        if not self._limiter.hit(rate, caller):
            over = self._limiter.get_window_stats(rate, caller).reset_time
            seconds = max(1, ceil(over - time()))
            raise Refused(429, "too many requests; try again later", {"Retry-After": str(seconds)})


def subscriber(host: str) -> str:
    """The subscriber whom an address is counted for: of IPv6 each subscriber has 2^64 and more."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
