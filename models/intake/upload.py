"""A file that a person brings at the console: of which kind it is, and what is said of it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.intake.statement import Amounts, Statement
from models.money.accrual_table import SERIES


class Kind(StrEnum):
    TAXPAYERS = "taxpayers"
    FILINGS = "filings"
    BENEFITS = "benefits"
    CONTACTS = "contacts"
    PAYMENTS = "payments"
    RATES = "rates"


class Options(BaseModel):
    """The options of an import, as the commands have them; each kind of file heeds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    snapshot_of: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    as_of: date | None = None
    amounts: Amounts | None = None
    expect_fewer: bool = False
    accept_totals: bool = False
    accept_repeat: bool = False
    series: Annotated[str, Field(pattern=SERIES)] = "selic"

    @property
    def statement(self) -> Statement:
        return Statement(self.amounts, self.as_of, self.snapshot_of.strip() or None, self.expect_fewer)
