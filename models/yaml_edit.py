"""Edits of a YAML file that people write: one key changes, and every other line stays as it is, comments too."""

from __future__ import annotations

import json
import re

import yaml

from models.errors import Refusal
from models.yaml_file import compose

Where = tuple[str | int, ...]

PLAIN = re.compile(r"[A-Za-zÀ-ÿ0-9_][A-Za-zÀ-ÿ0-9_./@-]*(?: [A-Za-zÀ-ÿ0-9_./@–-]+)*")
"""A text that YAML reads as it stands, if it is no number, truth value or date."""


def with_value(text: str, where: Where, written: str | None) -> str:
    """The text with the value of a key as `written`, which is YAML on one line; None: without the key. A key that is
    not there is written after the last one of its mapping. Raises Refusal where there is no such mapping."""
    *above, key = where
    mapping = _found(compose(text), tuple(above))
    if not isinstance(mapping, yaml.MappingNode):
        raise Refusal(f"the file has no {'.'.join(map(str, above))} to write {key} in")
    for at, (name, value) in enumerate(mapping.value):
        if name.value != key:
            continue
        if written is None:
            return _without(text, mapping, at)
        return text if _same(value, written) else _replaced(text, name, value, written)
    return text if written is None else _added(text, mapping, str(key), written)


def value_at(text: str, where: Where) -> str | None:
    """The value of a key as it stands in the text; None: there is none, or it is more than a line."""
    node = _found(compose(text), where)
    if node is None or (isinstance(node, yaml.CollectionNode) and not node.flow_style):
        return None
    return text[node.start_mark.index : node.end_mark.index]


def in_yaml(value: str | int | bool | tuple[str, ...]) -> str:
    """A value as it is written on one line of YAML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case tuple():
            return f"[{', '.join(map(in_yaml, value))}]"
    known = yaml.safe_load(value) if PLAIN.fullmatch(value) else None
    return value if known == value else json.dumps(value, ensure_ascii=False)


def _found(node: yaml.Node | None, where: Where) -> yaml.Node | None:
    for part in where:
        match node, part:
            case yaml.SequenceNode(), int() if part < len(node.value):
                node = node.value[part]
            case yaml.MappingNode(), str():
                node = next((value for key, value in node.value if key.value == part), None)
            case _:
                return None
    return node


def _end(node: yaml.Node) -> int:
    """The place behind a node's last character; a block's own mark lies behind the comments and blanks after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _same(value: yaml.Node, written: str) -> bool:
    """Whether what is written stands there already, in whatever style."""
    return bool(yaml.safe_load(yaml.serialize(value)) == yaml.safe_load(written))


def _replaced(text: str, key: yaml.Node, value: yaml.Node, written: str) -> str:
    block = isinstance(value, yaml.CollectionNode) and not value.flow_style
    start = text.index(":", key.end_mark.index) + 1 if block or value.start_mark.index == value.end_mark.index else None
    if start is None:
        return text[: value.start_mark.index] + written + text[_end(value) :]
    return f"{text[:start]} {written}{text[max(start, _end(value)) :]}"


def _without(text: str, mapping: yaml.MappingNode, at: int) -> str:
    key, value = mapping.value[at]
    if len(mapping.value) == 1:
        raise Refusal(f"{key.value} is the only key of its mapping; it can't be left out")
    if mapping.flow_style:
        after = at + 1 < len(mapping.value)
        start = key.start_mark.index if after else _end(mapping.value[at - 1][1])
        end = mapping.value[at + 1][0].start_mark.index if after else _end(value)
        return text[:start] + text[end:]
    begin, end = _line_start(text, key.start_mark.index), _line_end(text, _end(value))
    dash = text[begin : key.start_mark.index]
    if not dash.strip():
        return text[:begin] + text[end:]
    # the first key of an item of a list: the next one takes its place after the dash
    following = mapping.value[at + 1][0].start_mark.index
    return text[: key.start_mark.index] + text[following:]


def _added(text: str, mapping: yaml.MappingNode, key: str, written: str) -> str:
    last = _end(mapping.value[-1][1])
    if mapping.flow_style:
        return f"{text[:last]}, {key}: {written}{text[last:]}"
    end = _line_end(text, last)
    head = text[:end] if text[:end].endswith("\n") else f"{text[:end]}\n"
    return f"{head}{' ' * mapping.value[0][0].start_mark.column}{key}: {written}\n{text[end:]}"


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    """The beginning of the next line."""
    return text.find("\n", index) + 1 or len(text)
