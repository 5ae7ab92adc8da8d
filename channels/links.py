"""Links in messages: sealed, expiring, good for one purpose only, and telling nothing of whom they are for.

A token is the day it was made on and the case, encrypted and authenticated at once (AES-SIV, RFC 5297): who finds one
that has expired learns neither the protocol number nor when the taxpayer was written to. The day is the wall's, also
where the case lives on a compressed clock: its reader doesn't.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Literal, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from channels.rotation import newest_first
from models.contact.channel import Channel
from models.errors import Refusal

Purpose = Literal["pay", "agree", "unsubscribe"]

DAY = 24 * 60 * 60
VALID_DAYS = 90
"""Longer than any rung's wait: a link works until the next message brings another."""
DAY_BYTES = 2
CASE_BYTES = 8
SHORTEST_KEY = 32


class WrongLink(Exception):
    """The link was never ours, was changed since, or is for another purpose."""


class ExpiredLink(Exception):
    """The link was ours, and is too old."""


class Links:
    """Makes links and reads them back. The first of `keys` encrypts; the others are those of links that were sent
    before."""

    def __init__(
        self,
        keys: Sequence[str],
        public_url: str,
        valid_days: int = VALID_DAYS,
        now: Callable[[], float] = time,
    ) -> None:
        self._ciphers = [AESSIV(hmac.digest(key.encode(), b"regua.links", "sha512")) for key in keys]
        self._valid_days = valid_days
        self._now = now
        self.public_url = public_url.rstrip("/")

    @property
    def pay_pages(self) -> str:
        """The address that every link to a payment page begins with."""
        return f"{self.public_url}/p/"

    def pay(self, case: str) -> str:
        """The address of the page that shows what is owed in a case."""
        return self.pay_pages + self._sealed("pay", bytes.fromhex(case))

    def read_pay(self, token: str) -> str:
        """Read the case from a link. Raises WrongLink or ExpiredLink."""
        return self._content("pay", token).hex()

    def agree(self, case: str) -> str:
        """The address of the page on which what is owed in a case is paid in instalments."""
        return f"{self.public_url}/a/{self._sealed('agree', bytes.fromhex(case))}"

    def read_agree(self, token: str) -> str:
        """Read the case from a link. Raises WrongLink or ExpiredLink."""
        return self._content("agree", token).hex()

    def unsubscribe(self, case: str, channel: Channel) -> str:
        """The address of the page that stops messages on a channel, and takes a mail program's one click (RFC 8058)."""
        return f"{self.public_url}/u/{self._sealed('unsubscribe', bytes.fromhex(case) + channel.encode())}"

    def read_unsubscribe(self, token: str) -> tuple[str, Channel]:
        """Read the case and the channel from a link. Raises WrongLink or ExpiredLink."""
        content = self._content("unsubscribe", token)
        return content[:CASE_BYTES].hex(), cast(Channel, content[CASE_BYTES:].decode())

    def _sealed(self, purpose: Purpose, content: bytes) -> str:
        made = self._today().to_bytes(DAY_BYTES)
        return _text(self._ciphers[0].encrypt(made + content, [purpose.encode()]))

    def _content(self, purpose: Purpose, token: str) -> bytes:
        opened = self._opened(purpose, token)
        if self._today() - int.from_bytes(opened[:DAY_BYTES]) > self._valid_days:
            raise ExpiredLink
        return opened[DAY_BYTES:]

    def _opened(self, purpose: Purpose, token: str) -> bytes:
        """Decrypt a token by the first key that fits. The purpose is sealed in: what is made for one is nothing for
        another."""
        sealed = _bytes(token)
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed, [purpose.encode()])
            except InvalidTag:
                continue
        raise WrongLink

    def _today(self) -> int:
        return int(self._now()) // DAY


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _bytes(token: str) -> bytes:
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise WrongLink from None
    # base64 can be written in more than one way, a link in one only
    if _text(sealed) != token:
        raise WrongLink
    return sealed


def links_from(environment: Mapping[str, str]) -> Links | None:
    """The maker of links, from the environment; None when messages carry the site's address instead. Raises Refusal
    when only half of it is set."""
    keys = newest_first(environment.get("REGUA_LINK_KEY", ""))
    public_url = environment.get("REGUA_PUBLIC_URL", "").strip()
    if not keys and not public_url:
        return None
    if not keys:
        raise Refusal("REGUA_LINK_KEY is missing: what signs the links to REGUA_PUBLIC_URL that messages carry")
    if not public_url:
        raise Refusal("REGUA_PUBLIC_URL is missing: where the links signed by REGUA_LINK_KEY lead to")
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise Refusal(f"a key in REGUA_LINK_KEY is shorter than {SHORTEST_KEY} characters; make a random one")
    return Links(keys, public_url)
