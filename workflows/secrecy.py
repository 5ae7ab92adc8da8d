"""Secrecy of all that Temporal keeps: every payload, and the words of every failure, is encrypted here.

AES-256-GCM, with a nonce of its own for each payload. A payload names its key, so that keys can be changed: the first
encrypts, all decrypt. It names its workflow too, and neither can be exchanged: what was written for one workflow is
nothing in another.
"""

import base64
import binascii
import copy
import os
import re
from collections.abc import Mapping, Sequence
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from models.errors import Refusal
from workflows.foreign import MARKER, REFUSED, OurPayloadConverter
from workflows.names import INTAKE

VARIABLE = "REGUA_PAYLOAD_KEYS"
FORM = "write id:base64 of 32 random bytes, several with commas between them, the first encrypts"

KEY_BYTES = 32
NONCE_BYTES = 12
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

ENCODING, KEY, WORKFLOW = "encoding", "encryption-key-id", "workflow-id"
ENCRYPTED = b"binary/encrypted"

OF_A_SCHEDULE = re.compile(rb"-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
"""The suffix that a schedule adds to the id that it is given, for each workflow that it starts."""


class Unreadable(Refusal):
    """A payload that isn't ours: nobody with our keys wrote it, or for another workflow."""


class Cipher(PayloadCodec, WithSerializationContext):
    """Encrypts and decrypts; for one workflow alone where there is one. `keys` are by their ids; the first encrypts."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {name.encode(): AESGCM(key) for name, key in keys.items()}
        self._newest = next(iter(self._keys))
        self._workflow = b""

    def with_context(self, context: SerializationContext) -> Self:
        """The same for the workflow that the context names."""
        if not isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return self
        bound = copy.copy(self)
        bound._workflow = (context.workflow_id or "").encode()
        return bound

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self.encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt payloads; a marker stands for what isn't ours."""
        return [self._ours(payload) for payload in payloads]

    def _ours(self, payload: Payload) -> Payload:
        try:
            return self.decrypt(payload)
        except Unreadable:
            return MARKER

    def encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        bound = _bound(self._newest, self._workflow)
        hidden = self._keys[self._newest].encrypt(nonce, payload.SerializeToString(), bound)
        metadata = {ENCODING: ENCRYPTED, KEY: self._newest}
        if self._workflow:
            metadata[WORKFLOW] = self._workflow
        return Payload(metadata=metadata, data=nonce + hidden)

    def decrypt(self, payload: Payload) -> Payload:
        """Decrypt a payload; without a workflow of its own, the cipher goes by the one that the payload names. Raises
        Unreadable."""
        if payload.metadata.get(ENCODING) != ENCRYPTED:
            raise Unreadable("a payload was not encrypted: it is none of the product's")
        meant_for = payload.metadata.get(WORKFLOW, b"")
        if self._workflow and not _is_of(self._workflow, meant_for):
            raise Unreadable("a payload was encrypted for another workflow")
        name = payload.metadata.get(KEY, b"")
        if name not in self._keys:
            raise Unreadable(
                f"the key {_shown(name)} that a payload was encrypted with is missing: add it to {VARIABLE}"
            )
        nonce, hidden = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(self._keys[name].decrypt(nonce, hidden, _bound(name, meant_for)))
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


def _bound(key: bytes, workflow: bytes) -> bytes:
    """The data authenticated with a payload. A key's id holds no zero byte, so nothing can be read two ways."""
    return key + b"\0" + workflow if workflow else key


def _is_of(workflow: bytes, meant_for: bytes) -> bool:
    """Whether what is meant for one id is for the workflow. A schedule's is for each workflow that it starts."""
    if workflow == meant_for:
        return True
    scheduled = meant_for.startswith(INTAKE.encode()) and workflow.startswith(meant_for)
    return scheduled and OF_A_SCHEDULE.fullmatch(workflow, len(meant_for)) is not None


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


class Failures(DefaultFailureConverter):
    """Keeps the words of a failure among what is encrypted, unless it is a refusal that anybody may read."""

    def __init__(self) -> None:
        super().__init__()
        self._hidden = DefaultFailureConverterWithEncodedAttributes()

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        if isinstance(exception, ApplicationError) and exception.type == REFUSED:
            super().to_failure(exception, payload_converter, failure)
            failure.stack_trace = ""
        else:
            self._hidden.to_failure(exception, payload_converter, failure)


class OurDataConverter(DataConverter):
    """Keeps nothing outside of Temporal. The SDK would fail a worker on a payload that says it is kept elsewhere,
    before the codec sees it."""

    async def _decode_reference_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def _external_retrieve_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


def encrypting(cipher: Cipher) -> DataConverter:
    """How every process of ours turns values into payloads."""
    return OurDataConverter(
        payload_converter_class=OurPayloadConverter, payload_codec=cipher, failure_converter_class=Failures
    )
