"""Scalars of the files that people write, where pydantic would take more than is meant."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Discriminator, Field


def _in_digits(written: Any) -> Any:
    if isinstance(written, bool | float) or (isinstance(written, str) and not re.fullmatch(r"[-+]?[0-9]+", written)):
        raise ValueError(f"must be a whole number in digits, not {written}")
    return written


Whole = Annotated[int, BeforeValidator(_in_digits)]
"""An int for which neither `true` nor `1.0` nor `1_000` is taken."""

Named = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""The name of a file of rules."""

NameOrTable = Discriminator(lambda written: "[table]" if isinstance(written, dict | BaseModel) else "[name]")
"""Tells a table that is written in its place from the name of one."""
