"""The promises of the cipher: what went in comes out, to whoever has the key, and to nobody else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext

from models.errors import Refusal
from tests.payloads import CIPHER, KEYS
from workflows.secrecy import Cipher, Unreadable, cipher_from, cipher_of

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
TEXT = b'{"case":"c1","reason":"declarado e n\xc3\xa3o pago"}'
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=TEXT)

payloads = st.builds(
    Payload,
    metadata=st.dictionaries(st.text(max_size=10), st.binary(max_size=20), max_size=4),
    data=st.binary(max_size=400),
)


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


@given(payloads)
def test_what_went_in_comes_out(payload: Payload) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(payload)) == payload


async def test_many_keep_their_order() -> None:
    many = [Payload(data=bytes([n])) for n in range(5)]
    assert await CIPHER.decode(await CIPHER.encode(many)) == many


@given(st.binary(min_size=8, max_size=200))
def test_nothing_of_it_can_be_read_and_the_same_twice_looks_different(data: bytes) -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=data)
    once, twice = CIPHER.encrypt(payload), CIPHER.encrypt(payload)
    assert data not in once.data
    assert b"json/plain" not in once.SerializeToString()
    assert once.data != twice.data


@given(st.data())
def test_a_changed_bit_is_found_out(data: st.DataObject) -> None:
    encrypted = CIPHER.encrypt(PLAIN)
    bit = data.draw(st.integers(0, len(encrypted.data) * 8 - 1))
    changed = bytearray(encrypted.data)
    changed[bit // 8] ^= 1 << bit % 8
    encrypted.data = bytes(changed)
    with pytest.raises(Unreadable, match="it was changed"):
        CIPHER.decrypt(encrypted)


@pytest.mark.parametrize("length", [0, 11, 12, 27])
def test_a_payload_cut_short_is_found_out(length: int) -> None:
    encrypted = CIPHER.encrypt(PLAIN)
    encrypted.data = encrypted.data[:length]
    with pytest.raises(Unreadable):
        CIPHER.decrypt(encrypted)


def test_another_key_by_the_same_id_reads_nothing() -> None:
    encrypted = Cipher({"k": OLD}).encrypt(PLAIN)
    with pytest.raises(Unreadable, match="another key by that id"):
        Cipher({"k": NEW}).decrypt(encrypted)


def test_a_payload_does_not_pass_for_one_of_another_key() -> None:
    encrypted = Cipher({"a": OLD}).encrypt(PLAIN)
    encrypted.metadata["encryption-key-id"] = b"b"
    with pytest.raises(Unreadable):
        Cipher({"a": OLD, "b": OLD}).decrypt(encrypted)


def test_a_missing_key_is_named_and_where_it_belongs() -> None:
    encrypted = Cipher({"2024": OLD}).encrypt(PLAIN)
    with pytest.raises(Unreadable, match=r"the key '2024' .* is missing: add it to REGUA_PAYLOAD_KEYS"):
        Cipher({"2026": NEW}).decrypt(encrypted)


@pytest.mark.parametrize("name", [b"", b"\xff", b"Maria das Dores", b"x" * 33, b"a\nb"])
def test_an_id_that_nobody_can_have_given_is_not_repeated(name: bytes) -> None:
    forged = Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": name}, data=b"?")
    with pytest.raises(Unreadable, match=r"the key \(of no possible id\)"):
        CIPHER.decrypt(forged)


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    before = Cipher({"old": OLD})
    turning = Cipher({"old": OLD, "new": NEW})
    after = Cipher({"new": NEW, "old": OLD})
    assert after.encrypt(PLAIN).metadata["encryption-key-id"] == b"new"
    for writer, reader in [(before, after), (before, turning), (turning, after), (after, turning)]:
        assert reader.decrypt(writer.encrypt(PLAIN)) == PLAIN
    with pytest.raises(Unreadable, match="'new'"):
        before.decrypt(after.encrypt(PLAIN))


def test_what_was_never_encrypted_is_none_of_ours() -> None:
    with pytest.raises(Unreadable, match="not encrypted"):
        CIPHER.decrypt(PLAIN)


# ---- what was written for one workflow is nothing in another


def of(workflow: str) -> Cipher:
    return CIPHER.with_context(WorkflowSerializationContext(namespace="default", workflow_id=workflow))


def of_its_activity(workflow: str) -> Cipher:
    said = dict.fromkeys(("activity_id", "activity_type", "activity_task_queue", "workflow_type"), "x")
    context = ActivitySerializationContext(namespace="default", workflow_id=workflow, is_local=False, **said)
    return CIPHER.with_context(context)


@given(st.text(min_size=1, max_size=40), st.text(max_size=40), payloads)
def test_only_the_workflow_that_it_was_written_for_reads_it(one: str, other: str, payload: Payload) -> None:
    for writer in (of(one), of_its_activity(one)):
        encrypted = writer.encrypt(payload)
        assert of(one).decrypt(encrypted) == of_its_activity(one).decrypt(encrypted) == payload
        if other != one and other:
            with pytest.raises(Unreadable, match="for another workflow"):
                of(other).decrypt(encrypted)


@pytest.mark.parametrize("claimed", [b"case-b", None])
def test_it_can_t_be_made_another_s_by_its_metadata(claimed: bytes | None) -> None:
    encrypted = of("case-a").encrypt(PLAIN)
    del encrypted.metadata["workflow-id"]
    if claimed:
        encrypted.metadata["workflow-id"] = claimed
    for reader in (of("case-b"), CIPHER):
        with pytest.raises(Unreadable):
            reader.decrypt(encrypted)


def test_what_is_kept_elsewhere_than_in_temporal_is_no_workflow_s() -> None:
    with pytest.raises(Unreadable, match="for another workflow"):
        of("case-a").decrypt(Payload.FromString(CIPHER.seal(b"{}")))


@pytest.mark.parametrize(
    ("workflow", "reads"),
    [
        ("intake-iptu", True),
        ("intake-iptu-2026-11-29T02:00:00Z", True),
        ("intake-iptu-2026-11-29T02:00:00.5Z", True),
        ("intake-iptu-2026", False),
        ("intake-iptu-2025-2026-11-29T02:00:00Z", False),
        ("intake-iptu-2026-11-29T02:00:00Z-x", False),
        ("case-a", False),
    ],
)
def test_a_schedule_s_input_is_for_the_workflows_that_it_starts(workflow: str, reads: bool) -> None:
    encrypted = of("intake-iptu").encrypt(PLAIN)
    if reads:
        assert of(workflow).decrypt(encrypted) == PLAIN
    else:
        with pytest.raises(Unreadable):
            of(workflow).decrypt(encrypted)


def test_a_case_has_no_times_of_its_own() -> None:
    with pytest.raises(Unreadable):
        of("case-a-2026-11-29T02:00:00Z").decrypt(of("case-a").encrypt(PLAIN))


@given(st.lists(payloads, max_size=4))
async def test_a_worker_never_fails_on_what_it_receives(sent: list[Payload]) -> None:
    """Whatever it is, in its place there is one that says so."""
    received = await of("case-a").decode(sent)
    assert [payload.metadata["encoding"] for payload in received] == [b"regua/foreign"] * len(sent)


@pytest.mark.parametrize(
    "keys",
    [
        f"k:{encoded(OLD)}",
        f"k:{encoded(OLD).rstrip('=')}",
        f"k:{base64.urlsafe_b64encode(OLD).decode()}",
        f" k:{encoded(OLD)} , l:{encoded(NEW)} ",
    ],
)
def test_keys_are_read_in_either_alphabet_with_or_without_padding(keys: str) -> None:
    assert Cipher({"k": OLD}).decrypt(cipher_of(keys).encrypt(PLAIN)) == PLAIN


def test_without_keys_no_process_starts() -> None:
    for environment in ({}, {"REGUA_PAYLOAD_KEYS": ""}):
        with pytest.raises(Refusal, match=r"REGUA_PAYLOAD_KEYS is missing.*id:base64"):
            cipher_from(environment)
    assert cipher_from({"REGUA_PAYLOAD_KEYS": KEYS}).decrypt(CIPHER.encrypt(PLAIN)) == PLAIN


@pytest.mark.parametrize(
    "wrong",
    [
        encoded(NEW),
        f":{encoded(NEW)}",
        f"{encoded(NEW)}:k",
        f"k:{encoded(NEW)[:-4]}",
        f"k:{encoded(NEW + b'!')}",
        f"k:{encoded(NEW)}:x",
        f"k l:{encoded(NEW)}",
        f"k:{'ç' * 43}",
        "k:",
        "k",
        "",
    ],
)
def test_a_malformed_key_is_refused_by_its_place_and_never_shown(wrong: str) -> None:
    for keys, place in [(wrong, 1), (f"first:{encoded(OLD)},{wrong}", 2)]:
        with pytest.raises(Refusal, match=f"^key {place} in REGUA_PAYLOAD_KEYS is malformed") as refused:
            cipher_of(keys)
        assert encoded(NEW)[:8] not in str(refused.value)
        assert encoded(OLD)[:8] not in str(refused.value)
        # nor in what a traceback would show of its causes
        assert refused.value.__cause__ is None


def test_two_keys_by_one_id_are_refused() -> None:
    with pytest.raises(Refusal, match="key 2 in REGUA_PAYLOAD_KEYS has the id of one before it"):
        cipher_of(f"k:{encoded(OLD)},k:{encoded(NEW)}")
