"""Links in messages: signed, expiring, good for one purpose only, and telling nothing of whom they are for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.signer import HMACAlgorithm

from models.channel import Channel
from models.errors import Refusal

Purpose = Literal["pay", "agree", "unsubscribe"]

DAY = 24 * 60 * 60
VALID_DAYS = 90
"""Longer than any rung's wait: a link works until the next message brings another."""
CASE_BYTES = 8
SIGNATURE_BYTES = 12
"""An SMS pays by the letter, and 96 bits are more than anybody guesses over HTTP (RFC 2104, section 5)."""
SHORTEST_KEY = 32


class WrongLink(Exception):
    """It was never ours, was changed on the way, or is for another purpose."""


class ExpiredLink(Exception):
    """It was ours, and is too old."""


class Links:
    """Makes links and reads them back. The first of `keys` signs; the others are those of links still on their way."""

    def __init__(self, keys: Sequence[str], public_url: str, valid_days: int = VALID_DAYS) -> None:
        self._keys = tuple(reversed(keys))
        self._valid = valid_days * DAY
        self.public_url = public_url.rstrip("/")

    @property
    def pay_pages(self) -> str:
        """What every link to what is owed begins with."""
        return f"{self.public_url}/p/"

    def pay(self, case: str) -> str:
        """The page of what is owed in a case."""
        return self.pay_pages + self._signed("pay", bytes.fromhex(case))

    def read_pay(self, token: str) -> str:
        """The case. Raises WrongLink or ExpiredLink."""
        return self._content("pay", token).hex()

    def agree(self, case: str) -> str:
        """The page on which what is owed in a case is paid in instalments."""
        return f"{self.public_url}/a/{self._signed('agree', bytes.fromhex(case))}"

    def read_agree(self, token: str) -> str:
        """The case. Raises WrongLink or ExpiredLink."""
        return self._content("agree", token).hex()

    def unsubscribe(self, case: str, channel: Channel) -> str:
        """The page that stops messages on a channel, and takes a mail program's one click (RFC 8058)."""
        return f"{self.public_url}/u/{self._signed('unsubscribe', bytes.fromhex(case) + channel.encode())}"

    def read_unsubscribe(self, token: str) -> tuple[str, Channel]:
        """The case and the channel. Raises WrongLink or ExpiredLink."""
        content = self._content("unsubscribe", token)
        return content[:CASE_BYTES].hex(), cast(Channel, content[CASE_BYTES:].decode())

    def _signed(self, purpose: Purpose, content: bytes) -> str:
        return self._signer(purpose).sign(base64_encode(content)).decode()

    def _content(self, purpose: Purpose, token: str) -> bytes:
        if "+" in token or "/" in token:
            # what decodes base64 takes them for - and _
            raise WrongLink
        try:
            return base64_decode(self._signer(purpose).unsign(token, max_age=self._valid))
        except SignatureExpired:
            raise ExpiredLink from None
        except (BadSignature, UnicodeError):
            raise WrongLink from None

    def _signer(self, purpose: Purpose) -> TimestampSigner:
        """The purpose is part of the key: what is signed for one is nothing for another."""
        return TimestampSigner(self._keys, salt=f"regua.{purpose}", key_derivation="hmac", algorithm=_ShortHmac())


class _ShortHmac(HMACAlgorithm):
    default_digest_method = staticmethod(hashlib.sha256)

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:SIGNATURE_BYTES]


def links_from(environment: Mapping[str, str]) -> Links | None:
    """None: messages carry the site's address instead. Raises Refusal when only half of it is set."""
    keys, public_url = environment.get("REGUA_LINK_KEY", "").split(), environment.get("REGUA_PUBLIC_URL", "").strip()
    if not keys and not public_url:
        return None
    if not keys:
        raise Refusal("REGUA_LINK_KEY is missing: what signs the links to REGUA_PUBLIC_URL that messages carry")
    if not public_url:
        raise Refusal("REGUA_PUBLIC_URL is missing: where the links signed by REGUA_LINK_KEY lead to")
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise Refusal(f"a key in REGUA_LINK_KEY is shorter than {SHORTEST_KEY} characters; make a random one")
    return Links(keys, public_url)
