"""Which bank issues charges, and who is paid by slips: as the environment says, or nobody."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping

import httpx

from banks.api_pix import ApiPix
from banks.bank import Bank, BankAccount
from banks.pix_automatico import SCOPES as SCOPES_OF_DEBITS
from banks.pix_automatico import PixAutomatico
from banks.pix_key import PixKey
from banks.psp import SCOPES, Psp
from models.errors import Refusal
from models.payment.brcode import LONGEST_KEY
from models.payment.our_numbers import SLIP_BANKS, Account
from models.payment.slip import Beneficiary

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
ACCOUNT = "REGUA_PSP_ACCOUNT"
"""The account that debits are paid to, where the bank has Pix Automático."""

CNPJ_DIGITS = 14
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
    receiver = account_from(given[ACCOUNT], ACCOUNT) if ACCOUNT in given else None
    api = ApiPix(
        url=_url(given, "REGUA_PSP_URL"),
        client_id=given["REGUA_PSP_CLIENT_ID"],
        client_secret=given["REGUA_PSP_CLIENT_SECRET"],
        token_url=_url(given, TOKEN_URL) if TOKEN_URL in given else str(_host(given).join("/oauth/token")),
        scopes=f"{SCOPES} {SCOPES_OF_DEBITS}" if receiver else SCOPES,
        certificate=_certificate(given["REGUA_PSP_CERT"], given["REGUA_PSP_KEY_FILE"]),
    )
    return Psp(api, given["REGUA_PIX_KEY"], PixAutomatico(api, receiver) if receiver else None)


def account_from(written: str, what: str) -> BankAccount:
    """The account written as AGENCY/NUMBER, or its number alone. Raises Refusal."""
    agency, _, number = written.replace("-", "").rpartition("/")
    if not (re.fullmatch("[0-9]{0,4}", agency) and re.fullmatch("[0-9A-Za-z]{1,20}", number)):
        raise Refusal(f"{what} is an account as AGENCY/NUMBER, the agency of up to 4 digits, the number of up to 20")
    return BankAccount(agency, number)


SLIP_FIELDS = {
    "agency": "REGUA_SLIP_AGENCY",
    "account": "REGUA_SLIP_ACCOUNT",
    "agreement": "REGUA_SLIP_AGREEMENT",
    "wallet": "REGUA_SLIP_WALLET",
}


def beneficiary_from(environment: Mapping[str, str]) -> Beneficiary:
    """Who is paid by slips. Raises Refusal when that is configured by half, or a field is not as its bank has it."""
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    code, segment = given.get("REGUA_SLIP_FEBRABAN", ""), given.get("REGUA_SLIP_SEGMENT", "1")
    if not re.fullmatch("([0-9]{4})?", code):
        raise Refusal("REGUA_SLIP_FEBRABAN is the code of four digits by which FEBRABAN knows the authority")
    if not re.fullmatch("[1-79]", segment):
        raise Refusal("REGUA_SLIP_SEGMENT is the segment of collection slips: 1 a city, 5 a government, 7 traffic")
    tax_id = re.sub("[./-]", "", given.get("REGUA_SLIP_CNPJ", ""))
    bank = given.get("REGUA_SLIP_BANK")
    if bank is None:
        return Beneficiary(tax_id, None, code, segment)
    if bank not in SLIP_BANKS:
        raise Refusal(f"REGUA_SLIP_BANK is none of {', '.join(SLIP_BANKS)}")
    if len(tax_id) != CNPJ_DIGITS:
        raise Refusal("REGUA_SLIP_CNPJ is missing or no CNPJ: a bank registers slips for whom it can name")
    written = {field: given.get(name, "").partition("-") for field, name in SLIP_FIELDS.items()}
    account = Account(
        bank=bank,
        **{field: parts[0] for field, parts in written.items()},
        agency_digit=written["agency"][2],
        account_digit=written["account"][2],
    )
    SLIP_BANKS[bank].checked(account)
    return Beneficiary(tax_id, account, code, segment)


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
