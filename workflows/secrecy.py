"""Secrecy of all that Temporal keeps: every payload, and the words of every failure, is encrypted here.

AES-256-GCM, with a nonce of its own for each payload. A payload names its key, so that keys can be changed: the first
encrypts, all decrypt. Payloads written before there were keys stay readable.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from models.errors import Refusal

VARIABLE = "REGUA_PAYLOAD_KEYS"
FORM = "write id:base64 of 32 random bytes, several with commas between them, the first encrypts"

KEY_BYTES = 32
NONCE_BYTES = 12
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

ENCODING, KEY = "encoding", "encryption-key-id"
ENCRYPTED = b"binary/encrypted"


class Unreadable(Refusal):
    """A payload that our keys don't decrypt. Temporal tries again what fails by it, until a process has the key."""


class Cipher(PayloadCodec):
    """Encrypts and decrypts. `keys` are by their ids; the first encrypts."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {name.encode(): AESGCM(key) for name, key in keys.items()}
        self._newest = next(iter(self._keys))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self.encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt payloads. Raises Unreadable."""
        return [self.decrypt(payload) for payload in payloads]

    def encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        hidden = self._keys[self._newest].encrypt(nonce, payload.SerializeToString(), self._newest)
        return Payload(metadata={ENCODING: ENCRYPTED, KEY: self._newest}, data=nonce + hidden)

    def decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get(ENCODING) != ENCRYPTED:
            return payload
        name = payload.metadata.get(KEY, b"")
        if name not in self._keys:
            raise Unreadable(
                f"the key {_shown(name)} that a payload was encrypted with is missing: add it to {VARIABLE}"
            )
        nonce, hidden = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(self._keys[name].decrypt(nonce, hidden, name))
        except (InvalidTag, ValueError):
            raise Unreadable(
                f"a payload can't be decrypted with the key {_shown(name)}: it was changed, "
                f"or {VARIABLE} has another key by that id"
            ) from None

    def seal(self, content: bytes) -> bytes:
        """Bytes that are kept elsewhere than in Temporal, encrypted as its payloads are."""
        return self.encrypt(Payload(data=content)).SerializeToString()

    def unseal(self, sealed: bytes) -> bytes:
        """Raises Unreadable."""
        return self.decrypt(Payload.FromString(sealed)).data


def _shown(name: bytes) -> str:
    """A text as a sentence may repeat it, whoever wrote it."""
    text = name.decode(errors="replace")
    return repr(text) if NAME.fullmatch(text) else "(of no possible id)"


def cipher_from(environment: Mapping[str, str]) -> Cipher:
    keys = environment.get(VARIABLE)
    if not keys:
        raise Refusal(f"the variable {VARIABLE} is missing, by which all that Temporal keeps is encrypted: {FORM}")
    return cipher_of(keys)


def cipher_of(keys: str) -> Cipher:
    """Make a cipher from `id:base64,id:base64`. Nothing of it is ever repeated in an error."""
    read: dict[str, bytes] = {}
    for place, entry in enumerate(keys.split(","), start=1):
        name, _, encoded = entry.strip().partition(":")
        key = _bytes_of(encoded)
        if not NAME.fullmatch(name) or len(key) != KEY_BYTES:
            raise Refusal(f"key {place} in {VARIABLE} is malformed: {FORM}")
        if name in read:
            raise Refusal(f"key {place} in {VARIABLE} has the id of one before it: each needs its own")
        read[name] = key
    return Cipher(read)


def _bytes_of(encoded: str) -> bytes:
    """The bytes of either base64 alphabet, with or without its padding; none when it is neither."""
    plain = encoded.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def encrypting(cipher: Cipher) -> DataConverter:
    """How every process of ours turns values into payloads."""
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        payload_codec=cipher,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
