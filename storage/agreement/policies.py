"""The policies that agreements were signed on, kept with their text."""

from hashlib import sha256

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from models.agreement.policy import Policy, read_policy
from storage.schema import policies


def pin_policy(connection: Connection, policy: Policy, text: str) -> str:
    """Keep the text that an agreement is signed on; the same text is kept once."""
    digest = sha256(text.encode()).hexdigest()
    row = {"digest": digest, "label": policy.label, "source": text}
    connection.execute(insert(policies).values(row).on_conflict_do_nothing())
    return digest


_pinned: dict[str, Policy] = {}


def pinned_policy(connection: Connection, digest: str) -> Policy:
    """The policy pinned by a digest, read once a process: it never changes."""
    if digest not in _pinned:
        text = connection.execute(select(policies.c.source).where(policies.c.digest == digest)).scalar_one()
        policy, _ = read_policy(text)
        assert policy is not None  # noqa: S101 - it was checked before it was pinned
        _pinned[digest] = policy
    return _pinned[digest]
