"""Whether a value has the shape that a TypedDict declares, which mypy takes a query's word for."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict


def misfits(value: object, shape: Any, at: str = "") -> Iterator[str]:
    """The places where a value is not of its shape, each with both; a key that is lacking or one too many is one."""
    origin = get_origin(shape)
    if is_typeddict(shape):
        hints = get_type_hints(shape, include_extras=True)
        left_out = {key for key, hint in hints.items() if get_origin(hint) is NotRequired}
        keys = set(value) if isinstance(value, dict) else set()
        yield from (f"{at}.{key}: one too many" for key in keys - set(hints))
        yield from (f"{at}.{key}: lacks" for key in set(hints) - left_out - keys)
        for key in keys & set(hints):
            yield from misfits(value[key], hints[key], f"{at}.{key}")  # type: ignore[index]
    elif origin is NotRequired:
        yield from misfits(value, get_args(shape)[0], at)
    elif origin in (Union, UnionType):
        if all([*misfits(value, each)] for each in get_args(shape)):
            yield f"{at}: {value!r} is no {shape}"
    elif origin is Literal:
        if value not in get_args(shape):
            yield f"{at}: {value!r} is no {shape}"
    elif origin is list and isinstance(value, list):
        for n, each in enumerate(value):
            yield from misfits(each, get_args(shape)[0], f"{at}[{n}]")
    elif not isinstance(value, origin or (NoneType if shape is None else shape)):
        yield f"{at}: {value!r} is no {shape}"
