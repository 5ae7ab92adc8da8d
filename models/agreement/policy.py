"""The policy of instalment agreements: who may pay a debt in how many instalments, and by which source."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, model_validator

from models.agreement.charges import Charges, Correction, Interest, Late
from models.agreement.rule import Money, Part, Rule, Share
from models.law.calendar import Calendar, Unit, Wait
from models.law.jurisdiction import CALENDAR_YEARS, Jurisdiction
from models.law.verification import Verifiable

MOST_INSTALMENTS = 600
"""No policy may allow more: half a century."""


class Litigation(StrEnum):
    """How far the debt's collection has gone in court."""

    NONE = "none"
    SUIT = "suit"
    SEIZURE = "seizure"
    """Penhora, arresto."""
    RESTRICTION = "restriction"
    """Renajud, indisponibilidade de bens, leilão marcado."""
    FROZEN = "frozen"
    """Bloqueio em conta corrente."""


Portion = Literal["all", "sued", "unsued"]
"""The debts that an agreement is to be about: all, those in court, or those that aren't."""


class Regime(StrEnum):
    NORMAL = "normal"
    SIMPLES = "simples"
    SIMEI = "simei"


class Credit(StrEnum):
    """The nature of a debt, which some discounts depend on."""

    TAX = "tax"
    FISCAL = "fiscal"
    PUBLIC_PRICE = "public_price"
    OTHER = "other"


class Limits(Rule):
    """The most instalments: the first item is the agreement's, the second its first renegotiation's, and so on."""

    by_litigation: dict[Litigation, tuple[Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)], ...]]
    unlimited_renegotiations: bool = False
    """The last item holds for every further renegotiation."""

    @model_validator(mode="after")
    def _complete(self) -> Limits:
        if missing := [state for state in Litigation if state not in self.by_litigation]:
            raise ValueError(f"says nothing about {', '.join(missing)}; write [] where no agreement is possible")
        return self


class MinimumInstalment(Rule):
    amount: Annotated[Money, Field(gt=0)]
    company: Annotated[Money, Field(gt=0)] | None = None
    """A legal person's, where it is another."""

    def of(self, *, company: bool) -> Decimal:
        return self.company if company and self.company is not None else self.amount


class DownPayment(Rule):
    """The down payment, in shares of the debt, charged in the first instalment: of the agreement, its first
    renegotiation, …; the last from then on."""

    shares: Annotated[tuple[Annotated[Decimal, Field(ge=0, le=Decimal("0.5"))], ...], Field(min_length=1)]

    def share(self, renegotiation: int) -> Decimal:
        return self.shares[min(renegotiation, len(self.shares) - 1)]


class DefaultRule(Rule):
    open_instalments: Annotated[int, Field(ge=1)]
    """How many unpaid instalments break the agreement, consecutive or not."""
    until: Literal["due_date", "last_banking_day_of_next_month"]
    """The last day on which paying that instalment still prevents it."""
    overdue_paid: Literal["during", "after_the_last"]
    """When an overdue instalment can be paid: while the agreement lives, or after its last instalment."""
    new_agreement_after_days: Annotated[int, Field(ge=0, le=3650)]
    """Continuous days from the due date of the instalment that broke it."""


class Terms(Part):
    """The terms that depend on the taxpayer's regime. A term left out is one of which the source says nothing."""

    limits: Limits
    correction: Correction | None = None
    interest: Interest | None = None
    late: Late | None = None
    minimum_instalment: MinimumInstalment | None = None
    down_payment: DownPayment | None = None
    default: Annotated[DefaultRule | None, Field(validation_alias=AliasChoices("default", "breaking"))] = None
    """Policies that were signed on before the key had its present name have `breaking`."""

    @property
    def charges(self) -> Charges:
        return Charges(self.correction, self.interest, self.late)


class Discount(Rule):
    share: Share


class DiscountByDebit(Discount):
    when_it_ends: Literal["rest", "all"] = "rest"
    """The discount that is lost with the direct debit: that on what is still to be paid, or all of it."""


class DiscountAtOnce(Discount):
    credits: Annotated[tuple[Credit, ...], Field(min_length=1)] = tuple(Credit)


class Discounts(Part):
    """Discounts, which never add up: the largest that applies counts."""

    at_once: DiscountAtOnce | None = None
    direct_debit: DiscountByDebit | None = None
    early: Discount | None = None


class PunctualityBonus(Rule):
    """Instalments credited for each sequence of `every` instalments paid punctually; none after the table's end."""

    every: Annotated[int, Field(ge=1)]
    instalments: Annotated[tuple[Annotated[Decimal, Field(ge=0, decimal_places=2)], ...], Field(min_length=1)]


class Reduction(Part):
    up_to: Annotated[int, Field(ge=1)]
    share: Annotated[Decimal, Field(ge=0, le=1)]


class SlipFee(Rule):
    """The price of issuing one slip, reduced by how many instalments were chosen."""

    amount: Money
    reductions: tuple[Reduction, ...] = ()

    @model_validator(mode="after")
    def _ascending(self) -> SlipFee:
        if any(after.up_to <= before.up_to for before, after in pairwise(self.reductions)):
            raise ValueError("reductions must be in ascending order of up_to")
        return self


class Imputation(Rule):
    """To which instalments a payment goes that names none, or that pays more than the one it names."""

    order: Literal["oldest_first", "last_first"]


class Separate(Rule):
    """Debts in court and debts that aren't can't be in one agreement."""


class Reserve(Part):
    up_to: Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)]
    share: Annotated[Decimal, Field(gt=0, le=Decimal("0.5"))]


class Extraordinary(Rule):
    """More instalments than the limit for a debt that isn't in court, when a body grants them, with a down payment by
    their number."""

    granted_by: str
    down_payment: Annotated[tuple[Reserve, ...], Field(min_length=1)]

    @property
    def limit(self) -> int:
        return self.down_payment[-1].up_to

    def share(self, count: int) -> Decimal:
        return next(step.share for step in self.down_payment if count <= step.up_to)

    @model_validator(mode="after")
    def _ascending(self) -> Extraordinary:
        if any(after.up_to <= before.up_to for before, after in pairwise(self.down_payment)):
            raise ValueError("down_payment must be in ascending order of up_to")
        return self


class Replaced(Part):
    """The text that rules instead of this policy's, and since when."""

    by: Annotated[str, Field(min_length=1)]
    """The other text."""
    policy: str | None = None
    """The policy that says it."""
    since: date


class DueDates(Rule):
    """The due dates of instalments: monthly, on the day of the month of the agreement, or on the month's last day where
    there is no such day."""

    first_after_months: Annotated[int, Field(ge=0, le=12)]
    rolled_to_banking_day: bool


class Identity(Rule):
    strong_above: Money
    means: str


class PrecatorioOffset(Rule):
    """The authority's own precatórios may offset debt and fees incurred before a day."""

    incurred_before: date
    share: Annotated[Decimal, Field(gt=0, le=1)] = Decimal(1)
    """The largest part of a debt that may be offset."""


class Enforceability(Rule):
    suspended_from: Literal["signature", "first_payment"]


class Aftermath(Rule):
    """The consequences of paying the first instalment."""

    processing: Wait
    registers: tuple[str, ...]
    registers_removed: Wait
    """Counted from the end of `processing`."""
    protest_costs: Wait
    suit_suspension: bool


class Notices(Part):
    """The days on which the taxpayer is written to about an instalment. No source asks for it: the authority's own
    choice."""

    remind_before: Wait = Wait(days=3, unit=Unit.BUSINESS)
    """Working days before the due date, in either unit."""
    alert_after: Wait = Wait(days=3, unit=Unit.BUSINESS)
    """After the due date: no shorter than the bank takes, or those who paid are alarmed."""


class DebtKind(Part):
    name: str
    credit: Credit
    access_key: str | None = None
    """The key the taxpayer finds the debt by, in pt-BR."""
    regimes: Annotated[tuple[Regime, ...], Field(min_length=1)] = tuple(Regime)
    """The regimes such a debt can be of; the first is taken when none is said."""


class Policy(Part, Verifiable):
    agreement: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    version: Annotated[int, Field(ge=1)]
    title: str
    authority: str
    replaced: Replaced | None = None
    jurisdiction: Jurisdiction
    """Its working days are the banks' too: `observes` and `municipal` list all days on which either is closed."""
    terms: dict[Regime, Terms]
    discounts: Discounts = Discounts()
    punctuality_bonus: PunctualityBonus | None = None
    slip_fee: SlipFee | None = None
    due_dates: DueDates
    imputation: Imputation | None = None
    """None: CTN art. 163, the oldest due first."""
    separate_litigation: Separate | None = None
    extraordinary: Extraordinary | None = None
    deduction_of_paid: Rule
    """A new agreement is about what is left of the debt."""
    identity: Identity | None = None
    precatorio_offset: PrecatorioOffset | None = None
    enforceability: Enforceability
    aftermath: Aftermath | None = None
    notices: Notices = Notices()
    debt_kinds: Annotated[dict[str, DebtKind], Field(min_length=1)]
    """The first is taken when none is said."""

    @model_validator(mode="after")
    def _goes_by_the_banks_days(self) -> Policy:
        if self.jurisdiction.calendar:
            raise ValueError("names a calendar: instalments go by the banks' days, by observes and municipal")
        return self

    @model_validator(mode="after")
    def _has_normal_terms(self) -> Policy:
        if Regime.NORMAL not in self.terms:
            raise ValueError("terms must hold `normal`, which counts where a regime has none of its own")
        return self

    @property
    def label(self) -> str:
        return f"{self.agreement} v{self.version}"

    def terms_of(self, regime: Regime) -> Terms:
        return self.terms.get(regime, self.terms[Regime.NORMAL])

    def calendar(self, first_year: int) -> Calendar:
        """Working and banking days from `first_year` on, for as long as an agreement may run."""
        return _calendar(self.jurisdiction, first_year)


@lru_cache(maxsize=256)
def _calendar(jurisdiction: Jurisdiction, first_year: int) -> Calendar:
    starts = range(first_year, first_year + MOST_INSTALMENTS // 12 + 2, CALENDAR_YEARS)
    return Calendar(holidays=frozenset().union(*(jurisdiction.days_off(start).holidays for start in starts)))
