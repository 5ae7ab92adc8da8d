"""Agreement policies as people hand them in: a file of the analyst's, or what a name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import Refusal
from models.ruler.schema import Ruler
from models.yaml_file import Fault
from storage.catalogue import AGREEMENTS, SHIPPED

if TYPE_CHECKING:
    from models.assets import PolicyBundle, Texts


def load_policy(name_or_path: str, texts: Texts = SHIPPED) -> PolicyBundle:
    """Load a policy from a file, or by its name in `texts`. Refuses a faulty one with all its faults, one a line."""
    from models.agreement.policy_check import read_policy
    from models.assets import PolicyBundle

    found = AGREEMENTS.find(name_or_path, texts)
    policy, faults = read_policy(found.text)
    if policy is None or faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise Refusal("\n".join([f"{found.shown} has {count}:", *(_placed(found.shown, fault) for fault in faults)]))
    return PolicyBundle(policy, found.text, found.texts)


def policy_faults(ruler: Ruler, texts: Texts) -> list[Fault]:
    """The faults of a ruler that names a policy which isn't there, or is faulty itself."""
    named = ruler.agreements.policy if ruler.agreements else None
    if named is None:
        return []
    # most rulers name none
    from models.agreement.policy_check import read_policy
    from models.assets import policy_file

    file = policy_file(named)
    if file in texts:
        return [Fault(("agreements", "policy"), f"{file}: {fault}") for fault in read_policy(texts[file])[1]]
    known = ", ".join(AGREEMENTS.names(texts))
    return [Fault(("agreements", "policy"), f"names {named}, which is not in agreements/; known are {known}")]


def _placed(path: str, fault: Fault) -> str:
    """A fault as compilers write it, so that editors jump there: `FILE:LINE: key: what`."""
    place = f"{path}:{fault.line}" if fault.line else path
    key = ".".join(str(part) for part in fault.where)
    return f"{place}: {key}: {fault.what}" if key else f"{place}: {fault.what}"
