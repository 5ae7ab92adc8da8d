"""Agreement policies: what a case's ruler was frozen with, a file, a name, or the text that somebody signed on."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from models.agreement.policy import Policy, read_policy
from models.assets import PolicyBundle, Texts, assets_of_policy, policy_file
from models.errors import Refusal
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.assets import digests_of, keep, read_assets
from storage.case.cases import FrozenRuler
from storage.catalogue import AGREEMENTS, SHIPPED
from storage.schema import policies


def load_policy(name_or_path: str, texts: Texts = SHIPPED) -> PolicyBundle:
    """Load a policy from a file, or by its name in `texts`. Refuses a faulty one with all its faults, one a line."""
    found = AGREEMENTS.find(name_or_path, texts)
    policy, faults = read_policy(found.text)
    if policy is None or faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise Refusal("\n".join([f"{found.shown} has {count}:", *(_placed(found.shown, fault) for fault in faults)]))
    return PolicyBundle(policy, found.text, found.texts)


def offered_policy(frozen: FrozenRuler, name: str) -> PolicyBundle:
    """The policy that a case's ruler lets a taxpayer sign by his link, as it was frozen with it. Raises Refusal when
    the ruler offers no such policy."""
    rule = frozen.ruler.agreements
    source = frozen.texts.get(policy_file(name), "") if rule and rule.policy == name else ""
    policy = _read(source)
    if policy is None:
        raise Refusal(f"{frozen.ruler.label} lets nobody sign by a policy {name}, as it was frozen")
    return PolicyBundle(policy, source, frozen.texts)


@lru_cache(maxsize=64)
def _read(source: str) -> Policy | None:
    return read_policy(source)[0]


def policy_faults(ruler: Ruler, texts: Texts) -> list[Fault]:
    """The faults of a ruler that names a policy which isn't there, or is faulty itself."""
    named = ruler.agreements.policy if ruler.agreements else None
    if named is None:
        return []
    file = policy_file(named)
    if file in texts:
        return [Fault(("agreements", "policy"), f"{file}: {fault}") for fault in read_policy(texts[file])[1]]
    known = ", ".join(AGREEMENTS.names(texts))
    return [Fault(("agreements", "policy"), f"names {named}, which is not in agreements/; known are {known}")]


def pin_policy(connection: Connection, bundle: PolicyBundle) -> str:
    """Keep what an agreement is signed on, with the templates of its messages; the same is kept once."""
    assets = assets_of_policy(bundle.texts)
    digest = sha256(json.dumps([bundle.source, digests_of(assets)]).encode()).hexdigest()
    row = {"digest": digest, "label": bundle.policy.label, "source": bundle.source, "assets": keep(connection, assets)}
    connection.execute(insert(policies).values(row).on_conflict_do_nothing())
    return digest


_pinned: dict[str, PolicyBundle] = {}


def pinned_policy(connection: Connection, digest: str) -> PolicyBundle:
    """The policy pinned by a digest, read once a process: it never changes."""
    if digest not in _pinned:
        row = connection.execute(select(policies).where(policies.c.digest == digest)).one()
        policy, _ = read_policy(row.source)
        assert policy is not None  # noqa: S101 - it was checked before it was pinned
        _pinned[digest] = PolicyBundle(policy, row.source, read_assets(connection, row.assets))
    return _pinned[digest]


def _placed(path: str, fault: Fault) -> str:
    """A fault as compilers write it, so that editors jump there: `FILE:LINE: key: what`."""
    place = f"{path}:{fault.line}" if fault.line else path
    key = ".".join(str(part) for part in fault.where)
    return f"{place}: {key}: {fault.what}" if key else f"{place}: {fault.what}"
