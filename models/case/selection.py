"""The selection of whom a cohort takes in, for starts and schedules alike (docs/cohorts.md has its keys)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from models.contact.channel import Channel
from models.contact.habits import DayPart
from models.proof.holdout import Habit


class Person(StrEnum):
    """The kind of taxpayer."""

    NATURAL = "natural"
    COMPANY = "company"


class Reach(StrEnum):
    """The address on record by which a taxpayer can be written to."""

    EMAIL = "email"
    PHONE = "phone"
    MESSENGER = "messenger"
    ANY = "any"
    NONE = "none"


class Selection(BaseModel):
    """A selection of taxpayers and taxes; without any key everybody whom the ruler's evidence reaches.

    Keys of debts are met together, by one open debt; keys of persons and cases by themselves.
    """

    model_config = ConfigDict(frozen=True)

    tax: str | None = None
    min_amount: Decimal = Decimal(0)
    max_amount: Decimal | None = None
    """The sum owed outside of holds, in reais; both ends are in."""
    uf: str | None = None
    municipality: str | None = None
    """In capitals, without accents; by the newest postal address."""
    postcode: tuple[str, ...] = ()
    """Beginnings of a CEP, digits alone; one of them is that of the newest postal address."""
    due_from: date | None = None
    due_until: date | None = None
    min_age: int | None = None
    max_age: int | None = None
    """Days since the due date."""
    registered_from: date | None = None
    registered_until: date | None = None
    litigation: bool | None = None
    protested: bool | None = None
    person: Person | None = None
    reach: Reach | None = None
    benefits: bool | None = None
    """Has a tax benefit on record."""
    broken_agreements: int | None = None
    """Has broken at least so many agreements."""
    habits: tuple[Habit, ...] = ()
    """Did so in the last closed case that tells anything."""
    paid_after: tuple[Channel, ...] = ()
    """Paid when the last notice before had gone by one of these channels."""
    opened: tuple[Channel, ...] = ()
    answered: tuple[Channel, ...] = ()
    """Read, or answered, on one of these channels."""
    active: DayPart | None = None
    top_share: Decimal | None = None
    """One of the largest payers, who in the last twelve months brought this share of what returns say was paid."""
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """CPF or CNPJ, without punctuation."""

    def takes(self, owed: Decimal) -> bool:
        return self.min_amount <= owed and (self.max_amount is None or owed <= self.max_amount)

    @property
    def reversed_keys(self) -> tuple[str, str] | None:
        """Two ends of one measure of which the lower lies above the upper: nobody lies between them."""
        for least, most in ENDS:
            low, high = getattr(self, least), getattr(self, most)
            if low is not None and high is not None and low > high:
                return least, most
        return None

    @property
    def asked(self) -> dict[str, Any]:
        """The keys that narrow it, with their values."""
        return {key: value for key, value in self if value != type(self).model_fields[key].default}

    @property
    def told(self) -> dict[str, str]:
        """The keys and values as a log may hold them: of a list of people only how many they are."""
        return {
            key.replace("_", "-"): str(len(value)) if key in {"only", "exclude"} else _written(value)
            for key, value in self.asked.items()
        }


ENDS = (
    ("min_amount", "max_amount"),
    ("min_age", "max_age"),
    ("due_from", "due_until"),
    ("registered_from", "registered_until"),
)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(value) if isinstance(value, tuple) else str(value)
