"""Where agreement policies are read from: a shipped one by its name, or a file of the analyst's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import Refusal
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import AGREEMENTS

if TYPE_CHECKING:
    from models.agreement.policy import Policy


def load_policy(name_or_path: str) -> tuple[Policy, str]:
    """The policy and its text. Refuses a faulty one with all its faults, one a line."""
    # a ruler only asks which there are
    from models.agreement.policy import read_policy

    path, text = AGREEMENTS.read(name_or_path)
    policy, faults = read_policy(text)
    if policy is None or faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise Refusal("\n".join([f"{path} has {count}:", *(_placed(path, fault) for fault in faults)]))
    return policy, text


def shipped_policy(name: str) -> tuple[Policy, str]:
    """Where a name comes from outside: it never opens a file that isn't shipped."""
    if name not in AGREEMENTS.names():
        raise Refusal(f"there is no policy {name!r}; there are {', '.join(AGREEMENTS.names())}")
    return load_policy(name)


def policy_faults(ruler: Ruler) -> list[Fault]:
    """A ruler may only name a shipped policy: its name must mean the same wherever the ruler is read."""
    named = ruler.agreements.policy if ruler.agreements else None
    if named is None or named in AGREEMENTS.names():
        return []
    known = ", ".join(AGREEMENTS.names())
    return [Fault(("agreements", "policy"), f"names {named}, which is not in agreements/; known are {known}")]


def _placed(path: str, fault: Fault) -> str:
    """As compilers write it, so that editors jump there: `FILE:LINE: key: what`."""
    place = f"{path}:{fault.line}" if fault.line else path
    key = ".".join(str(part) for part in fault.where)
    return f"{place}: {key}: {fault.what}" if key else f"{place}: {fault.what}"
