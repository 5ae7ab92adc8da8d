"""The offer of a settlement campaign (REFIS, amnesty): so much off what delay has added, until a day and an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from models.law.calendar import Calendar, Wait
from models.money.accrual_table import Discount

MINUTE = timedelta(minutes=1)
HOW = "write the day and the hour, for example 2023-06-23 16:00"


def _day_and_hour(written: Any) -> Any:
    if isinstance(written, datetime):
        if written.tzinfo is not None:
            raise ValueError(f"is an hour of the jurisdiction's own zone: {HOW}, without an offset")
        return written
    try:
        return datetime.strptime(str(written).strip(), "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the jurisdiction's zone
    except ValueError:
        what = "says no hour" if isinstance(written, date) else "is no day with an hour"
        raise ValueError(f"{what}: {HOW}") from None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Modality(_Part):
    """One of the offer's forms of payment, and the percentage it takes off."""

    instalments: Annotated[int, Field(ge=1, le=1000)]
    percent: Annotated[Decimal, Field(gt=0, le=100, decimal_places=2)]


class Offer(_Part):
    name: str
    law: Annotated[str, Field(min_length=1)]
    from_: Annotated[date, Field(alias="from")]
    until: Annotated[datetime, BeforeValidator(_day_and_hour)]
    """In the jurisdiction's zone; what is paid within that minute is in time."""
    of: Annotated[tuple[Literal["fine", "interest"], ...], Field(min_length=1)]
    modalities: Annotated[tuple[Modality, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Offer:
        if not (self.from_.year >= 1900 and self.until.year <= 2200):
            raise ValueError("names a day before 1900 or after 2200")
        if self.until.date() <= self.from_:
            raise ValueError(f"ends on {self.until:%Y-%m-%d}, which is not after it begins, on {self.from_}")
        counts = [modality.instalments for modality in self.modalities]
        if len(set(counts)) < len(counts):
            raise ValueError("names two modalities of as many instalments")
        if 1 not in counts:
            raise ValueError("has no modality of 1 instalment, and so no amount that settles a debt in one payment")
        return self

    @property
    def one_payment(self) -> Modality:
        return next(modality for modality in self.modalities if modality.instalments == 1)

    @property
    def deadline_day(self) -> date:
        return self.until.date()

    def discount(self, modality: Modality) -> Discount:
        return Discount.model_validate(
            {
                "from": self.from_,
                "to": self.deadline_day,
                "source": self.law,
                "name": self.name,
                "percent": modality.percent,
                "of": self.of,
            }
        )

    def deadline(self, timezone: str) -> datetime:
        """The instant after which a payment is late. Of an hour that a change of the clocks repeats or leaves out, the
        later reading counts: no doubt is held against who pays."""
        zone = ZoneInfo(timezone)
        readings = (self.until.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return max(readings).replace(second=0, microsecond=0) + MINUTE

    def in_time(self, paid_on: date, paid_at: datetime | None, timezone: str) -> bool:
        """Whether a payment is in time. `paid_at` is None where no more than the day is known: then the deadline's
        whole day is in time."""
        if paid_at is None:
            return self.from_ <= paid_on <= self.deadline_day
        return self.from_ <= paid_on and paid_at < self.deadline(timezone)

    def day_of(self, calendar: Calendar, before: Wait) -> date:
        """The day of a rung so long before the deadline."""
        return max(calendar.before(self.deadline_day, before), calendar.working(self.from_))

    def over_on(self, calendar: Calendar, processing: Wait) -> date:
        """The day after the bank's last one to report a payment that was made in time."""
        return calendar.working(calendar.after(self.deadline_day, processing) + timedelta(days=1))
