"""The ground of a policy's keys: each rule names the text it comes from."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Money = Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=14)]
Share = Annotated[Decimal, Field(ge=0, lt=1)]

LAW = re.compile(r"\b(?:Lei|LC|Lei Complementar)\b[^,;]*?\d")
"""A law with its number: what a decree grants beyond it, it can't (CTN art. 97, VI; 155-A, § 1º)."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Part):
    source: Annotated[str, Field(min_length=1)]
    """The text that says so, for example `Decreto 14.346/2011`."""

    @property
    def cites_a_law(self) -> bool:
        return LAW.search(self.source) is not None
