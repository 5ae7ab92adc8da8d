"""A bank that holds each request to the Central Bank's own schema, keeps charges as the standard says, and can fail."""

import json
import re
from base64 import b64decode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

import httpx
import jsonschema

from banks.api_pix import ApiPix
from banks.bank import BankAccount
from banks.pix_automatico import PixAutomatico
from banks.psp import Psp

HERE = Path(__file__).parent
COBV = json.loads((HERE / "bcb-pix-cobv.schema.json").read_text())
AUTOMATICO = json.loads((HERE / "bcb-pix-automatico.schema.json").read_text())
SCOPES = "cobv.read cobv.write rec.write solicrec.write cobr.read cobr.write"
KEY = "5f84a4c5-c5cb-4599-9f13-7eb4d419dacc"
REMOVED = "REMOVIDA_PELO_USUARIO_RECEBEDOR"

Trouble = Callable[["FakePsp", httpx.Request], httpx.Response]


def busy(bank: "FakePsp", request: httpx.Request) -> httpx.Response:
    return bank.problem(503, "ServicoIndisponivel")


def drops(bank: "FakePsp", request: httpx.Request) -> httpx.Response:
    """The request is carried out, and its answer lost."""
    bank.serve(request)
    raise httpx.ReadTimeout("timed out")


def unheard(bank: "FakePsp", request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def forgets_tokens(bank: "FakePsp", request: httpx.Request) -> httpx.Response:
    bank.tokens.clear()
    return bank.serve(request)


def refuses(bank: "FakePsp", request: httpx.Request) -> httpx.Response:
    return bank.problem(422, "CobVOperacaoInvalida")


@dataclass
class FakePsp:
    today: date = date(2026, 1, 1)
    expires_in: int = 3600
    copies: bool = True
    """Whether its answers carry the text to copy."""
    charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    recurrences: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    """The requests made of payers."""
    debits: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    trouble: deque[Trouble] = field(default_factory=deque)
    """The trouble that meets the next requests about charges."""
    lock: Lock = field(default_factory=Lock)

    def client(self, secret: str = "s") -> Psp:
        api = ApiPix(
            "https://pix.example.com/api",
            "c",
            secret,
            "https://pix.example.com/oauth/token",
            SCOPES,
            transport=httpx.MockTransport(self._answer),
        )
        return Psp(api, KEY, PixAutomatico(api, BankAccount("1234", "55667")))

    @property
    def open(self) -> list[dict[str, Any]]:
        return [charge for charge in self.charges.values() if charge["status"] == "ATIVA"]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if request.url.path == "/oauth/token":
                return self._grant(request)
            self.asked.append(f"{request.method} {request.url.path}")
            return self.trouble.popleft()(self, request) if self.trouble else self.serve(request)

    def _grant(self, request: httpx.Request) -> httpx.Response:
        asked = parse_qs(request.content.decode())
        assert asked["grant_type"] == ["client_credentials"]
        assert {"cobv.read", "cobv.write"} <= set(asked["scope"][0].split())
        if b64decode(request.headers["Authorization"].removeprefix("Basic ")) != b"c:s":
            return httpx.Response(401, json={"error": "invalid_client"})
        self.asked.append("token")
        token = f"token-{len(self.asked)}"
        self.tokens.add(token)
        return httpx.Response(200, json={"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in})

    def serve(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.tokens:
            return httpx.Response(401)
        if not request.url.path.startswith("/api/cobv/"):
            return self._automatico(request)
        path = re.fullmatch(r"/api/cobv/([a-zA-Z0-9]{26,35})", request.url.path)
        assert path, request.url.path
        txid, known = path[1], self.charges.get(path[1])
        if request.method == "PUT":
            return self._put(txid, known, json.loads(request.content))
        if known is None:
            return self.problem(404, "CobVNaoEncontrada")
        return (
            httpx.Response(200, json=known)
            if request.method == "GET"
            else self._patch(known, json.loads(request.content))
        )

    def _put(self, txid: str, known: dict[str, Any] | None, body: dict[str, Any]) -> httpx.Response:
        _hold_to(COBV, "CobVSolicitada", body)
        if refused := self._refuses(known, body):
            return refused
        if known is None:
            location = f"pix.example.com/qr/v2/cobv/{txid.lower()}"
            known = {"txid": txid, "revisao": -1, "status": "ATIVA", "loc": {"id": 1, "location": location}}
            self.charges[txid] = known
        _revise(known, body)
        return httpx.Response(201, json=known)

    def _patch(self, known: dict[str, Any], body: dict[str, Any]) -> httpx.Response:
        _hold_to(COBV, "CobVRevisada", body)
        if refused := self._refuses(known, body):
            return refused
        _revise(known, body)
        return httpx.Response(200, json=known)

    def _refuses(self, known: dict[str, Any] | None, body: dict[str, Any]) -> httpx.Response | None:
        due = body.get("calendario", {}).get("dataDeVencimento")
        if known is not None and known["status"] != "ATIVA":
            return self.problem(400, "CobVOperacaoInvalida")
        if due and date.fromisoformat(due) < self.today:
            return self.problem(400, "CobVOperacaoInvalida", "cobv.calendario.dataDeVencimento")
        if body.get("chave", KEY) != KEY:
            return self.problem(400, "CobVOperacaoInvalida", "cobv.chave")
        return None

    def _automatico(self, request: httpx.Request) -> httpx.Response:
        what, _, name = request.url.path.removeprefix("/api/").partition("/")
        body = json.loads(request.content) if request.content else {}
        if (request.method, what, name) == ("POST", "rec", ""):
            _hold_to(AUTOMATICO, "RecSolicitada", body)
            if date.fromisoformat(body["calendario"]["dataInicial"]) < self.today:
                return self.problem(400, "RecOperacaoInvalida", "rec.calendario.dataInicial")
            recurrence = f"RN12345678{self.today:%Y%m%d}{len(self.recurrences):011}"
            self.recurrences[recurrence] = {"idRec": recurrence, "status": "CRIADA", **body}
            return httpx.Response(201, json=self.recurrences[recurrence])
        if (request.method, what) == ("POST", "solicrec"):
            _hold_to(AUTOMATICO, "SolicRecSolicitada", body)
            self.requests.append(body)
            return httpx.Response(201, json={"idSolicRec": "SC" + "0" * 27, "status": "CRIADA", **body})
        if (request.method, what) == ("PATCH", "rec"):
            _hold_to(AUTOMATICO, "RecRevisada", body)
            if self.recurrences[name]["status"] not in ("CRIADA", "APROVADA"):
                return self.problem(400, "RecOperacaoInvalida", "rec.status")
            self.recurrences[name] |= body
            return httpx.Response(200, json=self.recurrences[name])
        assert what == "cobr"
        assert re.fullmatch("[a-zA-Z0-9]{26,35}", name)
        return self._cobr(request.method, name, body)

    def _cobr(self, method: str, txid: str, body: dict[str, Any]) -> httpx.Response:
        known = self.debits.get(txid)
        if method == "PUT":
            _hold_to(AUTOMATICO, "CobRSolicitada", body)
            if known or self.recurrences[body["idRec"]]["status"] != "APROVADA":
                return self.problem(400, "CobROperacaoInvalida", "cobr.txid" if known else "cobr.idRec")
            if any(self._same_cycle(each, body) for each in self.debits.values()):
                return self.problem(400, "CobROperacaoInvalida", "cobr.calendario.dataDeVencimento")
            self.debits[txid] = {"txid": txid, "status": "CRIADA", **body}
            return httpx.Response(201, json=self.debits[txid])
        if known is None:
            return self.problem(404, "CobRNaoEncontrado")
        if method == "PATCH":
            _hold_to(AUTOMATICO, "CobRRevisada", body)
            if known["status"] not in ("CRIADA", "ATIVA"):
                return self.problem(400, "CobROperacaoInvalida", "cobr.status")
            known |= body
        return httpx.Response(200, json=known)

    def _same_cycle(self, known: dict[str, Any], body: dict[str, Any]) -> bool:
        month = known["calendario"]["dataDeVencimento"][:7]
        over = known["status"] in ("REJEITADA", "CANCELADA")
        return not over and (known["idRec"], month) == (body["idRec"], body["calendario"]["dataDeVencimento"][:7])

    def problem(self, status: int, kind: str, *fields: str) -> httpx.Response:
        said = {"type": f"https://pix.bcb.gov.br/api/v2/error/{kind}", "title": kind, "status": status}
        faults = [{"razao": "sobre 11222333000181", "propriedade": name, "valor": "11222333000181"} for name in fields]
        return httpx.Response(status, json={**said, "violacoes": faults})


def _hold_to(schema: dict[str, Any], name: str, body: dict[str, Any]) -> None:
    jsonschema.validate(body, {**schema, "$ref": f"#/definitions/{name}"})


def _revise(known: dict[str, Any], body: dict[str, Any]) -> None:
    """A revision more where anything is another now."""
    if any(known.get(name) != value for name, value in body.items()):
        known.update(body)
        known["revisao"] += 1
