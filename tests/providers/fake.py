"""SendGrid and Twilio on this machine: they check every request, remember what they took, and fail when told to."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.providers.contract import (
    CALLS,
    MAIL,
    MESSAGES,
    Problem,
    answer_problems,
    form_problems,
    mail_problems,
    query_problems,
)
from tests.providers.weather import Fault, Weather

KEY = "SG.a-key-of-the-fake"
ACCOUNT = "AC" + "0f" * 16
TOKEN = "a-token-of-the-fake"
NUMBERED = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/(?P<kind>Messages|Calls)\.json")

UNFIT = re.compile(r"personalizations\.\d+\.to\.0\.email")

Kind = Literal["mail", "message", "call"]


@dataclass(frozen=True)
class Taken:
    """One message that a provider has and will deliver."""

    kind: Kind
    id: str
    notice: str
    to: str
    sender: str
    text: str
    """With every substitution made."""
    at: datetime
    asked: dict[str, Any]
    """The request; of a mail its personalization."""
    html: str = ""


class Drop(Exception):
    """The connection ends here."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class FakeProviders:
    """Both providers at one address. `problems` is what would have been refused: tests hold it empty."""

    def __init__(self, weather: Weather | None = None, port: int = 0, largest: int = 30_000_000) -> None:
        self.weather = weather or Weather()
        self.retry_after = 1
        self.largest = largest
        """Bytes of a mail request, beyond which SendGrid answers 413."""
        self.invalid: dict[str, int] = {}
        """Addresses and numbers that are refused, with Twilio's error code."""
        self.taken: list[Taken] = []
        self.requests: list[str] = []
        """`POST /v3/mail/send`, …: all that came, whatever became of it."""
        self.problems: list[Problem] = []
        self._ids = count(1)
        self._lock = Lock()
        self._server = Server(("127.0.0.1", port), partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeProviders:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which the product uses these providers. `REGUA_PUBLIC_URL` is the product's own."""
        return {
            "SENDGRID_API_KEY": KEY,
            "REGUA_SENDGRID_URL": self.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "REGUA_TWILIO_URL": self.url,
            "REGUA_SMS_FROM": "28471",
            "REGUA_WHATSAPP_FROM": "+558233150000",
            "REGUA_MESSENGER_FROM": "104857600",
            "REGUA_VOICE_FROM": "+558233150000",
        }

    def of(self, notice: str) -> list[Taken]:
        return [taken for taken in self.taken if taken.notice == notice]

    def answer(self, method: str, target: str, authorization: str, body: bytes) -> Answer:
        """Raises Drop when the caller gets none."""
        address = urlsplit(target)
        with self._lock:
            self.requests.append(f"{method} {address.path}")
            fault = self.weather.next()
            if fault is Fault.SILENT:
                raise Drop("silently")
            mails = address.path == MAIL
            if fault in FAILURES:
                return self._failure(int(fault), mails)
            if mails:
                answer = self._mail(authorization, body)
            else:
                answer = self._numbered(method, address.path, address.query, authorization, body)
            if fault is Fault.DROPPED:
                raise Drop
            return answer

    def _failure(self, status: int, mails: bool) -> Answer:
        headers = {"Retry-After": str(self.retry_after)} if status == 429 else {}
        body = _sendgrid_errors(Problem("", "told to fail")) if mails else _twilio_error(status, 20000 + status)
        return Answer(status, body, headers)

    def _mail(self, authorization: str, body: bytes) -> Answer:
        if authorization != f"Bearer {KEY}":
            return Answer(401, _sendgrid_errors(Problem("", "authorization required")))
        if len(body) > self.largest:
            return Answer(413, _sendgrid_errors(Problem("", "content too large")))
        request = json.loads(body)
        problems = mail_problems(request)
        unfit = [problem for problem in problems if UNFIT.fullmatch(problem.field)]
        # an unfit address is the taxpayer's, anything else is our fault
        self.problems += [problem for problem in problems if problem not in unfit]
        problems += self._invalid_addresses(request) if not problems else []
        if problems:
            return Answer(400, _sendgrid_errors(*problems))
        id = f"{next(self._ids):022}"
        if not request.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            self.taken += [_mail_taken(request, one, id) for one in request["personalizations"]]
        return Answer(202, headers={"X-Message-Id": id})

    def _invalid_addresses(self, request: Any) -> list[Problem]:
        return [
            Problem(f"personalizations.{n}.to.0.email", "Does not contain a valid address.")
            for n, one in enumerate(request["personalizations"])
            if one["to"][0]["email"] in self.invalid
        ]

    def _numbered(self, method: str, path: str, query: str, authorization: str, body: bytes) -> Answer:
        match = NUMBERED.fullmatch(path)
        if match is None:
            return Answer(404, _twilio_error(404, 20404))
        basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if authorization != f"Basic {basic}" or match["account"] != ACCOUNT:
            return Answer(401, _twilio_error(401, 20003))
        described = MESSAGES if match["kind"] == "Messages" else CALLS
        if method == "GET":
            return self._list(described, parse_qs(query))
        return self._place(described, parse_qs(body.decode(), keep_blank_values=True))

    def _place(self, path: str, form: dict[str, list[str]]) -> Answer:
        if problems := form_problems(path, form):
            unfit = all(problem.field == "To" for problem in problems)
            self.problems += [] if unfit else problems
            return Answer(400, _twilio_error(400, 21211 if unfit else 20001))
        to = form["To"][0]
        if code := self.invalid.get(to):
            return Answer(400, _twilio_error(400, code))
        kind: Kind = "message" if path == MESSAGES else "call"
        asked: dict[str, Any] = {name: values if len(values) > 1 else values[0] for name, values in form.items()}
        made = Taken(
            kind=kind,
            id=f"{'SM' if kind == 'message' else 'CA'}{next(self._ids):032x}",
            notice=parse_qs(urlsplit(asked["StatusCallback"]).query)["notice"][0],
            to=to,
            sender=asked["From"],
            text=asked.get("Body") or asked.get("Twiml") or _filled(asked["ContentVariables"]),
            at=datetime.now(UTC),
            asked=asked,
        )
        self.taken.append(made)
        return Answer(201, self._resource(path, made))

    def _list(self, path: str, query: dict[str, list[str]]) -> Answer:
        self.problems += query_problems(path, query)
        kind = "message" if path == MESSAGES else "call"
        wanted = {name: query[name][0] for name in ("To", "From") if name in query}
        found = [
            self._resource(path, taken)
            for taken in reversed(self.taken)
            if taken.kind == kind and all(taken.asked[name] == value for name, value in wanted.items())
        ]
        page = found[: int(query.get("PageSize", ["50"])[0])]
        return Answer(200, {f"{kind}s": page, "page": 0, "page_size": len(page), "next_page_uri": None})

    def _resource(self, path: str, taken: Taken) -> dict[str, Any]:
        instant = format_datetime(taken.at)
        resource: dict[str, Any] = {
            "sid": taken.id,
            "account_sid": ACCOUNT,
            "date_created": instant,
            "date_updated": instant,
            "direction": "outbound-api",
            "from": taken.sender,
            "to": taken.to,
            "status": "queued",
            "uri": path.format(AccountSid=ACCOUNT),
        }
        if taken.kind == "message":
            resource |= {"body": taken.text, "date_sent": None, "error_code": None, "num_segments": "1"}
        self.problems += answer_problems(path, resource)
        return resource


FAILURES = (Fault.REFUSED, Fault.UNAUTHORIZED, Fault.TOO_LARGE, Fault.TOO_MANY, Fault.BROKEN)


def _mail_taken(request: Any, one: Any, id: str) -> Taken:
    parts = {content["type"]: content["value"] for content in request["content"]}
    for tag, value in one.get("substitutions", {}).items():
        parts = {kind: text.replace(tag, value) for kind, text in parts.items()}
    return Taken(
        kind="mail",
        id=id,
        notice=one["custom_args"]["notice"],
        to=one["to"][0]["email"],
        sender=request["from"]["email"],
        text=parts["text/plain"],
        at=datetime.now(UTC),
        asked=one,
        html=parts.get("text/html", ""),
    )


def _filled(variables: str) -> str:
    """The text that an approved WhatsApp template makes of its variables."""
    return f"Modelo aprovado: {'; '.join(json.loads(variables).values())}."


def _sendgrid_errors(*problems: Problem) -> dict[str, Any]:
    return {"errors": [{"message": p.message, "field": p.field or None, "help": None} for p in problems]}


def _twilio_error(status: int, code: int) -> dict[str, Any]:
    return {"status": status, "code": code, "message": "told to fail", "more_info": ""}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that lost patience is nothing to write about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, providers: FakeProviders, *args: Any) -> None:
        self._providers = providers
        super().__init__(*args)

    def do_POST(self) -> None:
        self._handle("POST")

    def do_GET(self) -> None:
        self._handle("GET")

    def _handle(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            answer = self._providers.answer(method, self.path, self.headers.get("Authorization", ""), body)
        except Drop as drop:
            if drop.args:
                # until the caller hangs up
                self.rfile.read(1)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def duplicates(taken: Sequence[Taken]) -> list[str]:
    """The notices that were taken more than once."""
    notices = [each.notice for each in taken]
    return sorted({notice for notice in notices if notices.count(notice) > 1})
