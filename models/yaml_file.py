"""YAML files that people write, read with every fault at its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from models.law.dated import Where


@dataclass(frozen=True)
class Fault:
    where: tuple[str | int, ...]
    """Path in the file: ("rows", "h1", "rungs", 0, "rigidity")."""
    what: str
    line: int | None = None

    def __str__(self) -> str:
        place = ".".join(str(part) for part in self.where) or "the file"
        return f"line {self.line}, {place}: {self.what}" if self.line else f"{place}: {self.what}"


class Lines:
    """The line of every key and item of a YAML document, for faults that say where."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._lines: dict[tuple[str | int, ...], int] = {}
        self._seen: set[int] = set()
        self.repeated: list[Fault] = []
        if root is not None:
            self._walk(root, ())

    def _walk(self, node: yaml.Node, path: tuple[str | int, ...]) -> None:
        self._lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:
            return  # an alias: its content was read where it is written, and may be as large as it likes
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*path, str(key.value))
                line = key.start_mark.line + 1
                if here in self._lines:
                    self.repeated.append(Fault(here, "is written twice", line))
                self._lines[here] = line
                self._walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*path, index))

    def of(self, where: tuple[str | int, ...]) -> int | None:
        """The line of `where`, or of the nearest thing around it that the file does contain."""
        while where not in self._lines and where:
            where = where[:-1]
        return self._lines.get(where)


def read_keys(text: str, kind: str) -> tuple[dict[Any, Any] | None, Lines, tuple[Fault, ...]]:
    """The keys of a YAML file, unless it has none, where they are, and what is wrong with that; `kind`: "a ruler"."""
    try:
        root = _composed(text)
        lines = Lines(root)
        written = yaml.SafeLoader("").construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        return None, Lines(None), (Fault((), f"is not YAML: {error.problem}", line),)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return None, Lines(None), (Fault((), f"is not YAML: {error}".splitlines()[0]),)
    if not isinstance(written, dict):
        return None, lines, (Fault((), f"is not {kind}: it must be a mapping of keys", 1),)
    return written, lines, tuple(lines.repeated)


def _composed(text: str) -> yaml.Node | None:
    """The text as nodes, read in C. What is wrong with it the slow reader says more plainly, and at a better line."""
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def shape_faults(invalid: ValidationError, lines: Lines) -> tuple[Fault, ...]:
    """The faults of a file's shape, without the lists that are too short only because what is in them is faulty."""
    errors = [(error["type"], key_path(error["loc"]), error["msg"]) for error in invalid.errors()]
    inner = {where[:depth] for _, where, _ in errors for depth in range(len(where))}
    return tuple(
        Fault(where, _sentence(kind, message), lines.of(where))
        for kind, where, message in errors
        if not (kind == "too_short" and where in inner)
    )


def key_path(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path of keys to a fault, without the parts in brackets, which are no keys of the file: `[key]`, `[table]`."""
    return tuple(part for part in loc if not str(part).startswith("["))


def _sentence(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "is an unknown key; check its spelling"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


Table = TypeVar("Table", bound=BaseModel)


@dataclass(frozen=True)
class ReadTable(Generic[Table]):
    """A table, unless it has faults."""

    table: Table | None
    faults: tuple[Fault, ...]


def read_table(
    text: str, kind: str, model: type[Table], meant: Callable[[Table], Iterator[tuple[Where, str]]]
) -> ReadTable[Table]:
    """Read a table from YAML: faults of shape, else those that `meant` finds, each at its line."""
    written, lines, faults = read_keys(text, kind)
    if written is None:
        return ReadTable(None, faults)
    try:
        table = model.model_validate(written)
    except ValidationError as invalid:
        return ReadTable(None, _in_reading_order((*faults, *shape_faults(invalid, lines))))
    faults += tuple(Fault(where, what, lines.of(where)) for where, what in meant(table))
    return ReadTable(None if faults else table, _in_reading_order(faults))


def _in_reading_order(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line or 0))
