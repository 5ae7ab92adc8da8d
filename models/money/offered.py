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
    """Of the instalments; the last one is less where the total doesn't divide."""


class Offered(_Value):
    """An offer at the amounts of a day, in reais."""

    name: str
    law: str
    until: datetime
    percent: Decimal
    """Of the best modality."""
    full: Decimal
    """What is owed without the offer."""
    modalities: tuple[OfferedModality, ...]
    paid_in_part: Decimal = Decimal("0.00")
    """What was paid while the offer stood, and did not reach it."""
