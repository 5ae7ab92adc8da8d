"""Agreement policies on record: what a case's ruler was frozen with, and what somebody signed on."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from models.agreement.policy import Policy
from models.agreement.policy_check import read_policy
from models.assets import PolicyBundle, assets_of_policy, policy_file
from models.errors import Refusal
from storage.assets import digests_of, keep, read_assets
from storage.case.cases import FrozenRuler
from storage.schema import policies


def offered_policy(frozen: FrozenRuler) -> PolicyBundle:
    """The policy that a case's ruler lets a taxpayer sign by his link, as it was frozen with it. Raises Refusal when
    the ruler offers none."""
    rule = frozen.ruler.agreements
    source = frozen.texts.get(policy_file(rule.policy), "") if rule and rule.policy else ""
    policy = _read(source)
    if policy is None:
        raise Refusal(f"{frozen.ruler.label} lets nobody sign by his link, as it was frozen")
    return PolicyBundle(policy, source, frozen.texts)


@lru_cache(maxsize=64)
def _read(source: str) -> Policy | None:
    return read_policy(source)[0]


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
