"""An offer as a message states it on its day."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OfferedModality(_Value):
    instalments: int
    percent: Decimal
    total: Decimal
    each: Decimal
    """The amount of an instalment; the last one is less where the total doesn't divide."""


class Offered(_Value):
    """An offer at the amounts of a day, in reais."""

    name: str
    law: str
    until: datetime
    percent: Decimal
    """The percentage of the best modality."""
    full: Decimal
    """The amount owed without the offer."""
    modalities: tuple[OfferedModality, ...]
    paid_in_part: Decimal = Decimal("0.00")
    """The amount paid while the offer stood that did not reach it."""
