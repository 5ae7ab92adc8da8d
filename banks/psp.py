"""Charges with a due date (cobv) at the authority's bank, by the Central Bank's API Pix 2.9.0.

OAuth2 with client credentials over a client certificate. A charge is put under our own txid: the API takes a repeated
PUT of an open charge as a revision of it, so a request whose answer was lost is simply made again.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from ssl import SSLContext
from threading import Lock
from time import monotonic
from typing import Any, NoReturn

import httpx

from banks.bank import Charge, Closed, Issued, State, Unavailable
from models.errors import Refusal
from models.payment.brcode import LARGEST, Receiver, dynamic, read_brcode

TIMEOUT = timedelta(seconds=20)
SCOPES = "cobv.read cobv.write"
EARLY = 30.0
"""Seconds by which a token is given up before it expires."""
BUSY = {408, 425, 429}
"""Statuses below 500 that say "not now"."""
LONGEST_NAME = 200

STATES = {
    "ATIVA": State.OPEN,
    "CONCLUIDA": State.PAID,
    "REMOVIDA_PELO_USUARIO_RECEBEDOR": State.REMOVED,
    "REMOVIDA_PELO_PSP": State.REMOVED,
}

WHY = {
    401: "doesn't accept REGUA_PSP_CLIENT_ID and REGUA_PSP_CLIENT_SECRET",
    403: "doesn't allow it: the client's scopes, its certificate or the key's account",
    404: "knows nothing under that address; check REGUA_PSP_URL",
}

Answer = dict[str, Any]
"""A bank's answer: a JSON object, of which what is read is looked at where it is read."""


class Psp:
    paid_once = True

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        key: str,
        token_url: str,
        certificate: SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._key = key
        self._token_url = token_url
        self._auth = httpx.BasicAuth(client_id, client_secret)
        self._token, self._expires = "", 0.0
        self._lock = Lock()
        self._client = httpx.Client(
            base_url=url.rstrip("/") + "/",
            timeout=TIMEOUT.total_seconds(),
            verify=certificate or True,
            transport=transport,
        )

    def new_txid(self) -> str:
        return f"RG{secrets.token_hex(16).upper()}"

    def issue(self, charge: Charge) -> Issued:
        body = {**_terms(charge), "devedor": _debtor(charge), "chave": self._key}
        return self._issued(self._ask("PUT", charge.txid, body), charge)

    def revise(self, charge: Charge, revision: int) -> Issued:
        return self._issued(self._ask("PATCH", charge.txid, _terms(charge)), charge)

    def remove(self, txid: str) -> None:
        self._ask("PATCH", txid, {"status": "REMOVIDA_PELO_USUARIO_RECEBEDOR"})

    def _ask(self, method: str, txid: str, body: dict[str, object]) -> Answer:
        answer = self._send(method, txid, body)
        if answer.status_code == 404 and method == "PATCH":
            # never issued, or at the bank that was used before this one
            raise Closed(State.REMOVED)
        if answer.status_code == 400 and (state := self._state(txid)) not in (None, State.OPEN):
            raise Closed(state)
        if not answer.is_success:
            _refuse(answer, f"charge {txid}")
        return _json(answer)

    def _state(self, txid: str) -> State | None:
        """The charge's state at the bank; None when the bank doesn't know it."""
        answer = self._send("GET", txid)
        return STATES.get(_json(answer).get("status", "")) if answer.is_success else None

    def _send(self, method: str, txid: str, body: dict[str, object] | None = None) -> httpx.Response:
        """Send a request; a token that the bank gave up before its time is renewed once."""
        token = self._bearer()
        answer = self._request(method, f"cobv/{txid}", token, body)
        if answer.status_code == 401:
            answer = self._request(method, f"cobv/{txid}", self._bearer(stale=token), body)
        return answer

    def _request(self, method: str, path: str, token: str, body: dict[str, object] | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = self._client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise Unavailable(f"the bank did not answer ({type(error).__name__})") from None
        return _available(answer)

    def _bearer(self, stale: str | None = None) -> str:
        """The access token: one for all threads, until it expires or turns out to be `stale`."""
        with self._lock:
            if self._token in ("", stale) or monotonic() >= self._expires:
                asked = {"grant_type": "client_credentials", "scope": SCOPES}
                try:
                    answer = self._client.post(self._token_url, data=asked, auth=self._auth)
                except httpx.TransportError as error:
                    raise Unavailable(f"the bank gave no token ({type(error).__name__})") from None
                if not _available(answer).is_success:
                    _refuse(answer, "a token")
                granted = _json(answer)
                self._token = str(granted.get("access_token", ""))
                if not self._token:
                    raise Refusal("the bank's token is none: its answer has no access_token")
                self._expires = monotonic() + float(granted.get("expires_in", 0)) - EARLY
            return self._token

    def _issued(self, answer: Answer, charge: Charge) -> Issued:
        # the standard's schema has the location in `loc`, its list of required fields beside it
        location = answer.get("location") or (answer.get("loc") or {}).get("location")
        if not isinstance(location, str) or not isinstance(answer.get("revisao"), int):
            raise Refusal(f"the bank's answer about charge {charge.txid} has no location or no revision")
        location = re.sub(r"^https?://", "", location)
        brcode = _brcode(answer.get("pixCopiaECola"), location, charge.receiver)
        return Issued(brcode, answer["revisao"], location)


def _terms(charge: Charge) -> dict[str, object]:
    """The day and amount of a charge, which a revision may change. It is never paid after its day, on which another
    amount is owed."""
    if not 0 < charge.amount <= LARGEST:
        raise Refusal(f"charge {charge.txid} is of more than a Pix can be, or of nothing")
    return {
        "calendario": {"dataDeVencimento": charge.due.isoformat(), "validadeAposVencimento": 0},
        "valor": {"original": f"{charge.amount:.2f}"},
    }


def _debtor(charge: Charge) -> dict[str, str]:
    """The payer as the API wants him. Raises Refusal for a masked CPF: a bank charges only whom it can name."""
    if re.fullmatch(r"[0-9]{11}", charge.tax_id):
        return {"cpf": charge.tax_id, "nome": charge.name[:LONGEST_NAME]}
    if re.fullmatch(r"[0-9A-Z]{14}", charge.tax_id):
        return {"cnpj": charge.tax_id, "nome": charge.name[:LONGEST_NAME]}
    raise Refusal(f"charge {charge.txid} can't be issued: the debtor's tax id is masked")


def _brcode(given: Any, location: str, receiver: Receiver) -> str:
    """The Pix code to copy: the bank's own text where it is of this charge, else made of the location."""
    try:
        if isinstance(given, str) and read_brcode(given).location == location:
            return given
    except Refusal:
        pass
    return dynamic(location, receiver)


def _available(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= 500 or answer.status_code in BUSY:
        raise Unavailable(f"the bank answered {answer.status_code}")
    return answer


def _refuse(answer: httpx.Response, what: str) -> NoReturn:
    """Refuse in our own words and with the names of the fields: the bank's may repeat a person's data."""
    try:
        problem = answer.json()
        named = [str(fault["propriedade"]) for fault in problem.get("violacoes", [])]
        kind = str(problem.get("type", "")).rpartition("/")[2]
    except (ValueError, KeyError, TypeError, AttributeError):
        named, kind = [], ""
    why = WHY.get(answer.status_code, f"answered {answer.status_code} {kind}".strip())
    raise Refusal(f"{what}: the bank {why}" + (f" (about {', '.join(named)})" if named else ""))


def _json(answer: httpx.Response) -> Answer:
    try:
        read = answer.json()
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Unavailable("the bank's answer is no JSON object")
    return read
