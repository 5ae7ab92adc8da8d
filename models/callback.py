"""A callback's JSON, read strictly: what breaks the rules is refused by the field that is wrong, and not repeated."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from models.errors import Refusal


class Malformed(Refusal):
    """The callback is not what its sender promised: nothing of it is taken."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def json_of(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise Malformed("body", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Malformed("body", f"is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Malformed("body", "is nested too deeply") from None
    except ValueError:
        raise Malformed("body", "holds a number that JSON does not have, or an endless one") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
