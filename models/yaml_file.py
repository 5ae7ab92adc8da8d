"""YAML files that people write, read with every fault at its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from models.formats import unseen_in
from models.law.dated import Where
from models.law.verification import Verifiable, open_in


@dataclass(frozen=True)
class Fault:
    where: tuple[str | int, ...]
    """Path in the file: ("rows", "h1", "rungs", 0, "rigidity")."""
    what: str
    line: int | None = None

    def __str__(self) -> str:
        place = ".".join(str(part) for part in self.where) or "the file"
        return f"line {self.line}, {place}: {self.what}" if self.line else f"{place}: {self.what}"


class _Plain:
    """Plain scalars as YAML 1.2 reads them: `1:30:00`, `017`, `1_000`, `yes` and `on` are the words that people see, no
    numbers and no truth values."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {
        first: [kept for kept in resolvers if kept[0].rpartition(":")[2] not in ("bool", "int", "float")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _Loader(_Plain, yaml.SafeLoader):
    """Reads in Python: what is wrong it says plainly, and at the right line."""


class _FastLoader(_Plain, yaml.CSafeLoader):
    """Reads in C."""


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
):
    for _loader in (_Loader, _FastLoader):
        _loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


class Lines:
    """The line of every key and item of a YAML document, for faults that say where."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._lines: dict[tuple[str | int, ...], int] = {}
        self._seen: set[int] = set()
        self.faults: list[Fault] = []
        """Keys written twice, and characters that nobody sees."""
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
                    self.faults.append(Fault(here, "is written twice", line))
                self._lines[here] = line
                self._walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*path, index))
        elif unseen := unseen_in(node.value):
            self.faults.append(Fault(path, f"holds {unseen}, which no reader sees: delete it", self._lines[path]))

    def of(self, where: tuple[str | int, ...]) -> int | None:
        """The line of `where`, or of the nearest thing around it that the file does contain."""
        while where not in self._lines and where:
            where = where[:-1]
        return self._lines.get(where)


def open_questions(file: Verifiable, text: str) -> Iterator[Fault]:
    """Find what a file leaves open, each with its line: that nobody has marked it, and each question to a lawyer."""
    return (Fault((), what, line) for line, what in open_in(file, text))


def read_keys(text: str, kind: str) -> tuple[dict[Any, Any] | None, Lines, tuple[Fault, ...]]:
    """The keys of a YAML file, unless it has none, where they are, and what is wrong with that; `kind`: "a ruler"."""
    try:
        root = compose(text)
        lines = Lines(root)
        written = _Loader("").construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        return None, Lines(None), (Fault((), f"is not YAML: {error.problem}", line),)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return None, Lines(None), (Fault((), f"is not YAML: {error}".splitlines()[0]),)
    if not isinstance(written, dict):
        return None, lines, (Fault((), f"is not {kind}: it must be a mapping of keys", 1),)
    return written, lines, tuple(lines.faults)


def compose(text: str) -> yaml.Node | None:
    """The text as nodes, read in C. What is wrong with it the slow reader says more plainly, and at a better line."""
    try:
        return yaml.compose(text, Loader=_FastLoader)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=_Loader)


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
    if isinstance(table, Verifiable) and not table.is_example:
        faults += tuple(open_questions(table, text))
    return ReadTable(None if faults else table, _in_reading_order(faults))


def _in_reading_order(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line or 0))
