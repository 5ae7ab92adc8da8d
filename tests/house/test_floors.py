"""The house stands: no import goes up a floor, and no two folders of one floor need each other.

The graph is read from the code's own import statements, those inside functions and `TYPE_CHECKING` included.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FLOORS = (
    ("models",),
    ("storage", "channels", "banks", "workflows"),
    ("activities", "operations", "reports"),
    ("web", "embedded"),
    ("rehearsal",),
    ("commands", "worker"),
    ("starter", "bench"),
)
"""Lowest first. Folders that share a floor don't know each other; each may use every floor below.

Workflows lie low: they know the domain and the names and types of activities (`workflows/effects.py`), never how an
activity does its work.
"""


def modules() -> dict[str, Path]:
    """Each module of the product by its dotted name."""
    named = {}
    for room in (name for floor in FLOORS for name in floor):
        files = [ROOT / f"{room}.py"] if (ROOT / f"{room}.py").exists() else (ROOT / room).rglob("*.py")
        for file in files:
            if "versions" not in file.parts:
                name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                named[name] = file
    return named


MODULES = modules()


def imported(file: Path) -> set[str]:
    """The modules of ours that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {part if part in MODULES else node.module for part in parts}
    return found & MODULES.keys()


ARROWS = [(name, target) for name, file in MODULES.items() for target in sorted(imported(file))]


def floor(module: str) -> int:
    return next(n for n, rooms in enumerate(FLOORS) if top(module) in rooms)


def top(module: str) -> str:
    return module.split(".")[0]


def room(module: str) -> str:
    """The folder a module lies in; a file that lies directly in a top-level folder is a room of its own."""
    folder = MODULES[module].relative_to(ROOT).parent
    return ".".join(folder.parts) if len(folder.parts) > 1 else module


def test_every_folder_of_code_has_a_floor() -> None:
    named = {name for rooms in FLOORS for name in rooms}
    folders = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests"}
    assert folders | {file.stem for file in ROOT.glob("*.py")} == named & (folders | {"worker", "starter"})


@pytest.mark.parametrize("rooms", FLOORS, ids=lambda rooms: rooms[0])
def test_no_arrow_goes_up_or_to_a_neighbour(rooms: tuple[str, ...]) -> None:
    wrong = [
        f"{module} imports {target}"
        for module, target in ARROWS
        if top(module) in rooms and top(module) != top(target) and floor(target) >= floor(module)
    ]
    assert not wrong


def test_no_circle_between_rooms() -> None:
    needs: dict[str, set[str]] = defaultdict(set)
    for module, target in ARROWS:
        if room(module) != room(target):
            needs[room(module)].add(room(target))
    try:
        list(TopologicalSorter(needs).static_order())
    except CycleError as found:
        circle = found.args[1]
        around = set(pairwise(circle))
        arrows = [arrow for arrow in ARROWS if (room(arrow[1]), room(arrow[0])) in around]
        pytest.fail(f"{' → '.join(reversed(circle))}: {arrows}")


def test_a_circle_would_be_found() -> None:
    assert imported(ROOT / "workflows" / "taxpayer_ruler.py") >= {"workflows.effects", "models.case.step"}
    with pytest.raises(CycleError):
        list(TopologicalSorter({"models.law": {"models.case"}, "models.case": {"models.law"}}).static_order())
