"""Which bank issues charges: the one whose keys the environment has, a Pix key alone, or none."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import httpx

from banks.bank import Bank
from banks.pix_key import PixKey
from banks.psp import Psp
from models.errors import Refusal
from models.payment.brcode import LONGEST_KEY

NEEDED = {
    "REGUA_PSP_URL": "the address of its API Pix",
    "REGUA_PSP_CLIENT_ID": "the client's id",
    "REGUA_PSP_CLIENT_SECRET": "the client's secret",
    "REGUA_PSP_CERT": "the file of the client certificate",
    "REGUA_PSP_KEY_FILE": "the file of the certificate's private key",
    "REGUA_PIX_KEY": "the Pix key that is paid to",
}
TOKEN_URL = "REGUA_PSP_TOKEN_URL"  # noqa: S105 - a setting's name
"""For banks that give tokens elsewhere than under /oauth/token of the API's host."""

LOOPBACK = ("127.0.0.1", "localhost")


def bank_from(environment: Mapping[str, str]) -> Bank | None:
    """The bank that the environment configures; None when no charges are issued. Raises Refusal when a bank is
    configured by half."""
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    key = given.get("REGUA_PIX_KEY")
    if key and not (len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Refusal(f"REGUA_PIX_KEY is no Pix key: those have up to {LONGEST_KEY} characters of ASCII")
    if not any(name.startswith("REGUA_PSP_") for name in given):
        return PixKey(key) if key else None
    if missing := [f"{name} ({what})" for name, what in NEEDED.items() if name not in given]:
        raise Refusal(f"the bank is configured by half; set {', '.join(missing)}")
    return Psp(
        url=_url(given, "REGUA_PSP_URL"),
        client_id=given["REGUA_PSP_CLIENT_ID"],
        client_secret=given["REGUA_PSP_CLIENT_SECRET"],
        key=given["REGUA_PIX_KEY"],
        token_url=_url(given, TOKEN_URL) if TOKEN_URL in given else str(_host(given).join("/oauth/token")),
        certificate=_certificate(given["REGUA_PSP_CERT"], given["REGUA_PSP_KEY_FILE"]),
    )


def _host(given: Mapping[str, str]) -> httpx.URL:
    return httpx.URL(_url(given, "REGUA_PSP_URL"))


def _url(given: Mapping[str, str], name: str) -> str:
    try:
        url = httpx.URL(given[name])
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme != "https" and url.host not in LOOPBACK:
        raise Refusal(f"{name} is no address that begins with https://")
    return given[name]


def _certificate(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        # an encrypted key fails here, where without a password it would ask for one
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise Refusal(f"REGUA_PSP_CERT and REGUA_PSP_KEY_FILE are no certificate and its key: {why}") from None
    return context
