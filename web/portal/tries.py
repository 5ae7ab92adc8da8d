"""The slowing down of who tries keys at the pages open to everybody: by the subscriber who asks, and by the key."""

from __future__ import annotations

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from web.security.throttle import subscriber

MISSES, WINDOW_MINUTES = 60, 10
"""Keys that find nothing, tried by one subscriber within so many minutes: behind one address of a mobile carrier are
thousands of telephones, of whom few mistype."""

OF_ONE_KEY = 20
"""Times that one key is asked for within these minutes, by whomever."""

TOO_MANY = "Houve consultas demais em pouco tempo. Tente de novo em alguns minutos."


class Tries:
    """The tries of each subscriber and of each key, counted in this process alone."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._misses = RateLimitItemPerMinute(MISSES, WINDOW_MINUTES, namespace="misses")
        self._of_key = RateLimitItemPerMinute(OF_ONE_KEY, WINDOW_MINUTES, namespace="key")

    def admit(self, host: str, key: str) -> bool:
        """Tell whether a key may be tried, and count it as asked for."""
        return self._limiter.test(self._misses, subscriber(host)) and self._limiter.hit(self._of_key, key)

    def miss(self, host: str) -> None:
        """Count a key that found nothing."""
        self._limiter.hit(self._misses, subscriber(host))


def caller(request: Request) -> str:
    """The address that a request comes from."""
    return request.client.host if request.client else "unknown"
