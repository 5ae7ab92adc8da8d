"""The connection to a bank's API Pix, by the Central Bank's description 2.9.0: OAuth2 with client credentials over a
client certificate. A refusal is told in our own words and with the names of the fields: the bank's may repeat a
person's data."""

from __future__ import annotations

from datetime import timedelta
from ssl import SSLContext
from threading import Lock
from time import monotonic
from typing import Any, NoReturn

import httpx

from banks.bank import Unavailable
from models.errors import Refusal

TIMEOUT = timedelta(seconds=20)
EARLY = 30.0
"""Seconds by which a token is given up before it expires."""
BUSY = {408, 425, 429}
"""Statuses below 500 that say "not now"."""

WHY = {
    401: "doesn't accept REGUA_PSP_CLIENT_ID and REGUA_PSP_CLIENT_SECRET",
    403: "doesn't allow it: the client's scopes, its certificate or the key's account",
    404: "knows nothing under that address; check REGUA_PSP_URL",
}

Answer = dict[str, Any]
"""A bank's answer: a JSON object, of which what is read is looked at where it is read."""


class ApiPix:
    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        token_url: str,
        scopes: str,
        certificate: SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._token_url = token_url
        self._scopes = scopes
        self._auth = httpx.BasicAuth(client_id, client_secret)
        self._token, self._expires = "", 0.0
        self._lock = Lock()
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/",
            timeout=TIMEOUT.total_seconds(),
            verify=certificate or True,
            transport=transport,
        )

    def send(self, method: str, path: str, body: dict[str, object] | None = None) -> httpx.Response:
        """Send a request; a token that the bank gave up before its time is renewed once. Raises Unavailable."""
        token = self._bearer()
        answer = self._request(method, path, token, body)
        if answer.status_code == 401:
            answer = self._request(method, path, self._bearer(stale=token), body)
        return answer

    def _request(self, method: str, path: str, token: str, body: dict[str, object] | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = self._client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise Unavailable(f"the bank did not answer ({type(error).__name__})") from None
        return available(answer)

    def _bearer(self, stale: str | None = None) -> str:
        """The access token: one for all threads, until it expires or turns out to be `stale`."""
        with self._lock:
            if self._token in ("", stale) or monotonic() >= self._expires:
                asked = {"grant_type": "client_credentials", "scope": self._scopes}
                try:
                    answer = self._client.post(self._token_url, data=asked, auth=self._auth)
                except httpx.TransportError as error:
                    raise Unavailable(f"the bank gave no token ({type(error).__name__})") from None
                if not available(answer).is_success:
                    refuse(answer, "a token")
                granted = json_of(answer)
                self._token = str(granted.get("access_token", ""))
                if not self._token:
                    raise Refusal("the bank's token is none: its answer has no access_token")
                self._expires = monotonic() + float(granted.get("expires_in", 0)) - EARLY
            return self._token


def available(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= 500 or answer.status_code in BUSY:
        raise Unavailable(f"the bank answered {answer.status_code}")
    return answer


def refuse(answer: httpx.Response, what: str) -> NoReturn:
    """Refuse in our own words and with the names of the fields. Raises Refusal."""
    try:
        problem = answer.json()
        named = [str(fault["propriedade"]) for fault in problem.get("violacoes", [])]
        kind = str(problem.get("type", "")).rpartition("/")[2]
    except (ValueError, KeyError, TypeError, AttributeError):
        named, kind = [], ""
    why = WHY.get(answer.status_code, f"answered {answer.status_code} {kind}".strip())
    raise Refusal(f"{what}: the bank {why}" + (f" (about {', '.join(named)})" if named else ""))


def json_of(answer: httpx.Response) -> Answer:
    try:
        read = answer.json()
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Unavailable("the bank's answer is no JSON object")
    return read
