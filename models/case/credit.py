"""A credit, as the law binds it: a debt, or a return with its period; notices, terms, defences and acts are of it."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

CreditId = str
"""A debt's id, or `return:` and a period."""

RETURN = "return:"


class Credit(BaseModel):
    """One line of what a formal notice lists."""

    model_config = ConfigDict(frozen=True)

    id: CreditId
    outstanding: bool
    """Whether it may be pursued: open, and neither held nor defended."""
    contested: bool = False
    """Whether its next step waits for people to answer that the taxpayer contests it; its terms run on."""
    suspended_since: date | None = None
    """The first day on which it might not be pursued; none: it may, or nobody knows since when."""

    @property
    def pursued(self) -> bool:
        """Whether the next step may be about it."""
        return self.outstanding and not self.contested

    def stopped_on(self, today: date) -> date | None:
        """The last day on which its terms ran; none: they run."""
        if self.outstanding:
            return None
        return min(self.suspended_since or today, today) - timedelta(days=1)


def return_of(period: str) -> CreditId:
    return f"{RETURN}{period}"


def is_return(credit: CreditId) -> bool:
    return credit.startswith(RETURN)
