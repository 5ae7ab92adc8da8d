"""The codec server, which decrypts payloads in the Web UI for people who may see them, as Temporal's tools call one.

Who may is told by a key in the address (the embedded stack, on loopback) or by a bearer token (elsewhere). It encrypts
nothing: the Web UI shows, and what is written there is none of ours.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.common.v1 import Payload, Payloads

from models.callback import Malformed, json_of
from models.errors import Refusal
from web.webhooks.webhook import Refused, Webhook
from workflows.secrecy import Cipher, Unreadable

log = structlog.get_logger()

DIGEST = re.compile("[0-9a-f]{64}")
PREFLIGHT_SECONDS = 3600

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""The names of this machine itself."""


@dataclass(frozen=True)
class Readers:
    """The readers: who may have payloads decrypted, and on which pages."""

    origins: tuple[str, ...]
    address_key: str | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each token, in hexadecimal, by its reader's name."""
    hosts: tuple[str, ...] = LOOPBACK
    """By which an address with a key is asked for: a page whose own name was made to lead here has another."""

    def by_address(self, given: str, request: Request) -> str:
        """Admit who knows the key in the address, from the Web UI's pages or none. Raises Refused, as for an address
        that isn't there."""
        known = self.address_key is not None and hmac.compare_digest(given.encode(), self.address_key.encode())
        origin = request.headers.get("Origin")
        if not known or request.url.hostname not in self.hosts or origin not in (None, *self.origins):
            raise Refused(404, "there is nothing here")
        return "address"

    def by_token(self, authorization: str) -> str:
        """The reader's name. Raises Refused."""
        scheme, _, token = authorization.partition(" ")
        digest = sha256(token.strip().encode()).hexdigest()
        # all are compared, so that the time taken says nothing
        names = [name for name, known in self.tokens.items() if hmac.compare_digest(known, digest)]
        if scheme.lower() != "bearer" or not names:
            raise Refused(401, "a token that may read payloads is needed: Authorization: Bearer …")
        return names[0]


def readers_from(environment: Mapping[str, str]) -> Readers | None:
    """The readers that the environment names; None for nobody, and no endpoint."""
    key, tokens = environment.get("REGUA_CODEC_KEY"), environment.get("REGUA_CODEC_TOKENS")
    if not key and not tokens:
        return None
    origins = tuple(
        origin.strip().rstrip("/") for origin in environment.get("REGUA_UI_ORIGINS", "").split(",") if origin
    )
    if not origins:
        raise Refusal("the variable REGUA_UI_ORIGINS is missing: the Web UI's address, https://temporal.example")
    if "*" in origins:
        raise Refusal("REGUA_UI_ORIGINS names the Web UI's address; * would let every page read payloads")
    public = urlsplit(environment.get("REGUA_PUBLIC_URL", "")).hostname
    return Readers(origins, key, read_tokens(tokens) if tokens else {}, (*LOOPBACK, *([public] if public else [])))


def read_tokens(text: str) -> dict[str, str]:
    """Read the tokens' digests from `name:digest,name:digest`."""
    tokens = {}
    for place, entry in enumerate(text.split(","), start=1):
        name, _, digest = entry.strip().partition(":")
        if not name or not DIGEST.fullmatch(digest):
            raise Refusal(
                f"token {place} in REGUA_CODEC_TOKENS is malformed: write name:digest, the token's SHA-256 in hex"
            )
        if name in tokens:
            raise Refusal(f"token {place} in REGUA_CODEC_TOKENS has the name of one before it: each needs its own")
        tokens[name] = digest
    return tokens


def codec_app(cipher: Cipher, readers: Readers) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=readers.origins,
        allow_methods=["POST"],
        allow_headers=["Authorization", "Content-Type", "X-Namespace"],
        max_age=PREFLIGHT_SECONDS,
    )
    app.include_router(codec_routes(cipher, readers))
    return app


def codec_routes(cipher: Cipher, readers: Readers) -> APIRouter:
    router = APIRouter(route_class=Webhook)

    @router.post("/decode")
    async def decode(request: Request) -> dict[str, Any]:
        return await answer(request, readers.by_token(authorization_of(request)), cipher)

    @router.post("/{key}/decode")
    async def decode_by_address(key: str, request: Request) -> dict[str, Any]:
        return await answer(request, readers.by_address(key, request), cipher)

    return router


async def answer(request: Request, reader: str, cipher: Cipher) -> dict[str, Any]:
    """Logged with who asked and how much, never with what it was."""
    read = [readable(cipher, payload) for payload in payloads_of(await request.body())]
    log.info("payloads decoded", reader=reader, payloads=len(read))
    return MessageToDict(Payloads(payloads=read))


def readable(cipher: Cipher, payload: Payload) -> Payload:
    """A payload decrypted. What isn't ours is shown as such, beside what is."""
    try:
        return cipher.decrypt(payload)
    except Unreadable as error:
        return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps({"notOurs": str(error)}).encode())


def authorization_of(request: Request) -> str:
    return request.headers.get("Authorization", "")


def payloads_of(body: bytes) -> Sequence[Payload]:
    """Protobuf's own JSON."""
    read = json_of(body)
    try:
        if isinstance(read, dict):
            return ParseDict(read, Payloads(), ignore_unknown_fields=True).payloads
    except ParseError:
        pass
    raise Malformed("body", "is not the JSON of temporal.api.common.v1.Payloads")
