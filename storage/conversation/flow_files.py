"""The flows of `flows/`, read with their faults, and those of a conversation as they were when it began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from models.conversation.check import check_flow
from models.conversation.flow import Flow, read_flow
from models.errors import Refusal
from models.yaml_file import Fault, read_keys
from storage.catalogue import ROOT, read_file

FOLDER = ROOT / "flows"


class Examined(NamedTuple):
    """A flow's file, with all that is wrong with it among its neighbours."""

    path: str
    flow: Flow | None
    flows: Mapping[str, Flow]
    """It, and the flows of its folder and the shipped ones, by name."""
    faults: tuple[Fault, ...]


def examine(named: str) -> Examined:
    """Read the file of a flow, by its path or a shipped one's name, and check it among the flows beside it. Raises
    Refusal when there is no such file."""
    shipped = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
    path = shipped.get(named, Path(named))
    text = read_file(str(path), "flow", f"a flow is a path, or one of {', '.join(shipped)}")
    read = read_flow(text)
    if read.table is None:
        return Examined(str(path), None, {}, read.faults)
    beside = {**shipped, **{each.stem: each for each in sorted(path.parent.glob("*.yaml"))}}
    flows = {found.flow: found for each in beside.values() if (found := _flow_in(each))} | {read.table.flow: read.table}
    return Examined(str(path), read.table, flows, tuple(_between(text, flows, read.table)))


def _flow_in(path: Path) -> Flow | None:
    """The flow of a neighbour, unless it is none or has faults of its own: those are told of where it is examined."""
    try:
        return read_flow(path.read_text(encoding="utf-8")).table
    except (OSError, ValueError):
        return None


def _between(text: str, flows: Mapping[str, Flow], flow: Flow) -> Iterator[Fault]:
    _, lines, _ = read_keys(text, "a flow")
    for where, what in check_flow(flows, flow.flow):
        yield Fault(where, what, lines.of(where))


@cache
def shipped_texts() -> Mapping[str, str]:
    """The texts of all shipped flows, by name. They belong to the code, as its pages do."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml"))}


def read_flows(texts: Mapping[str, str]) -> dict[str, Flow]:
    """The flows of these texts. Raises Refusal for one that can't be used."""
    flows = {}
    for name, text in texts.items():
        read = read_flow(text)
        if read.table is None:
            raise Refusal("\n".join(f"flows/{name}.yaml: {fault}" for fault in read.faults))
        flows[name] = read.table
    return flows
