"""Agreement policies: a shipped one by its name, a file, or the text that somebody signed on."""

from hashlib import sha256

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from models.agreement.policy import Policy, read_policy
from models.errors import Refusal
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import AGREEMENTS
from storage.schema import policies


def load_policy(name_or_path: str) -> tuple[Policy, str]:
    """Load a policy and its text. Refuses a faulty one with all its faults, one a line."""
    path, text = AGREEMENTS.read(name_or_path)
    policy, faults = read_policy(text)
    if policy is None or faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise Refusal("\n".join([f"{path} has {count}:", *(_placed(path, fault) for fault in faults)]))
    return policy, text


def shipped_policy(name: str) -> tuple[Policy, str]:
    """Load a policy whose name comes from outside: it never opens a file that isn't shipped."""
    if name not in AGREEMENTS.names():
        raise Refusal(f"there is no policy {name!r}; there are {', '.join(AGREEMENTS.names())}")
    return load_policy(name)


def policy_faults(ruler: Ruler) -> list[Fault]:
    """The faults of a ruler that names a policy which isn't shipped: its name must mean the same wherever the ruler is
    read."""
    named = ruler.agreements.policy if ruler.agreements else None
    if named is None or named in AGREEMENTS.names():
        return []
    known = ", ".join(AGREEMENTS.names())
    return [Fault(("agreements", "policy"), f"names {named}, which is not in agreements/; known are {known}")]


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


def _placed(path: str, fault: Fault) -> str:
    """A fault as compilers write it, so that editors jump there: `FILE:LINE: key: what`."""
    place = f"{path}:{fault.line}" if fault.line else path
    key = ".".join(str(part) for part in fault.where)
    return f"{place}: {key}: {fault.what}" if key else f"{place}: {fault.what}"
