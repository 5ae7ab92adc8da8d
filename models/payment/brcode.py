"""Pix as text that is copied and pasted, and as a QR code: EMV's tags as the Central Bank's BR Code uses them.

Each field is a tag of two digits, a length of two digits and so many characters, of ASCII only. The source is the
Manual de Padrões para Iniciação do Pix.
"""

from __future__ import annotations

import re
import unicodedata
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import segno

from models.errors import Refusal

DOMAIN = "br.gov.bcb.pix"
NO_TXID = "***"
STATIC_TXID = r"[a-zA-Z0-9]{1,25}"
LONGEST_KEY = LONGEST_LOCATION = 77
LONGEST_NAME, LONGEST_CITY = 25, 15
LARGEST = Decimal("9999999999.99")

FORMAT, ONCE, PIX, CATEGORY, CURRENCY, AMOUNT, COUNTRY, NAME, CITY, MORE, CRC = (
    *("00", "01", "26", "52", "53", "54", "58", "59", "60", "62", "63"),
)
PIX_DOMAIN, PIX_KEY, PIX_LOCATION = "00", "01", "25"
MORE_TXID = "05"
REAL, BRAZIL = "986", "BR"


@dataclass(frozen=True)
class Receiver:
    """The payee, as a wallet may show him; what counts is what the bank knows of the key."""

    name: str
    city: str


@dataclass(frozen=True)
class BrCode:
    receiver: Receiver
    txid: str | None = None
    key: str | None = None
    location: str | None = None
    amount: Decimal | None = None


def dynamic(location: str, receiver: Receiver) -> str:
    """The code of a charge that is at the bank, `location` being its address there without a scheme. It is paid
    once."""
    if not (location.isascii() and location.isprintable() and 0 < len(location) <= LONGEST_LOCATION):
        raise Refusal(f"a charge's location has 1 to {LONGEST_LOCATION} characters of ASCII, and no scheme")
    return _text(receiver, {PIX_LOCATION: location}, NO_TXID, once=True)


def static(key: str, receiver: Receiver, amount: Decimal, txid: str) -> str:
    """The code of a charge that no bank knows of: anybody may pay it at any time, and the payment brings `txid`
    back."""
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        raise Refusal(f"a Pix key has 1 to {LONGEST_KEY} characters of ASCII")
    if not re.fullmatch(STATIC_TXID, txid):
        raise Refusal("the txid of a static Pix has 1 to 25 letters and digits")
    if not 0 < amount <= LARGEST or amount != round(amount, 2):
        raise Refusal("the amount of a Pix is above zero, in whole cents, of at most ten digits before the comma")
    return _text(receiver, {PIX_KEY: key}, txid, amount=f"{amount:.2f}")


def read_brcode(text: str) -> BrCode:
    """Read a code. Refuses what is no BR Code of a Pix, or was damaged on its way."""
    fields = _fields(text)
    if text[-8:-4] != "6304" or text[-4:] != _crc(text[:-4]):
        raise Refusal("the BR Code's check characters don't agree with it: it was damaged")
    pix = _fields(fields.get(PIX, ""))
    if pix.get(PIX_DOMAIN, "").lower() != DOMAIN or (PIX_KEY in pix) == (PIX_LOCATION in pix):
        raise Refusal("the BR Code is not of a Pix with either a key or a location")
    if fields.get(FORMAT) != "01" or fields.get(CURRENCY) != REAL or not {NAME, CITY} <= fields.keys():
        raise Refusal("the BR Code lacks its version, the real as its currency, or who is paid")
    written = fields.get(AMOUNT)
    if written is not None and not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,2})?", written):
        raise Refusal("the BR Code's amount is none")
    txid = _fields(fields.get(MORE, "")).get(MORE_TXID)
    return BrCode(
        receiver=Receiver(fields[NAME], fields[CITY]),
        txid=None if txid == NO_TXID else txid,
        key=pix.get(PIX_KEY),
        location=pix.get(PIX_LOCATION),
        amount=None if written is None else Decimal(written),
    )


def qr_svg(text: str) -> str:
    """The QR code as an `<svg>` element, for a page."""
    return segno.make_qr(text, error="m").svg_inline(scale=4)


def _text(receiver: Receiver, pix: Mapping[str, str], txid: str, *, amount: str = "", once: bool = False) -> str:
    fields = {
        FORMAT: "01",
        ONCE: "12" if once else "",
        PIX: _tagged({PIX_DOMAIN: DOMAIN, **pix}),
        CATEGORY: "0000",
        CURRENCY: REAL,
        AMOUNT: amount,
        COUNTRY: BRAZIL,
        NAME: _plain(receiver.name, LONGEST_NAME),
        CITY: _plain(receiver.city, LONGEST_CITY),
        MORE: _tagged({MORE_TXID: txid}),
    }
    text = f"{_tagged(fields)}{CRC}04"
    return text + _crc(text)


def _tagged(fields: Mapping[str, str]) -> str:
    return "".join(f"{tag}{len(value):02}{value}" for tag, value in fields.items() if value)


def _plain(name: str, longest: int) -> str:
    """The text in ASCII, with single spaces; never empty, since the field must be there."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = " ".join(re.sub(r"[^\x20-\x7e]", " ", folded).split())
    return words[:longest].strip() or "-"


def _crc(text: str) -> str:
    """The checksum, CRC-16/CCITT-FALSE."""
    return f"{crc_hqx(text.encode(), 0xFFFF):04X}"


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        head = re.match(r"([0-9]{2})([0-9]{2})", text[at : at + 4], re.ASCII)
        value = text[at + 4 : at + 4 + int(head[2])] if head else ""
        if head is None or not text.isascii() or len(value) != int(head[2]) or head[1] in found:
            raise Refusal(f"this is no BR Code: no field begins at character {at + 1}")
        found[head[1]] = value
        at += 4 + len(value)
    return found
