"""The form of a ruler: rows of rungs, the evidence that leads to a row, and the rules between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Tag, ValidationInfo, field_validator, model_validator

from models.contact.channel import Channel
from models.contact.habits import ContactHabits, DayPart
from models.law.calendar import Unit, Wait, Window
from models.law.contact_caps import Limits
from models.law.dated import EARLIEST, Dated, entry_on
from models.law.jurisdiction import Jurisdiction, PersistentDefaulter
from models.law.term import RECESS, Recess
from models.law.verification import Verifiable
from models.money.accrual_table import AccrualTable
from models.money.offer import Offer
from models.money.prices import PriceTable
from models.scalars import Named, NameOrTable, Whole

Hypothesis = Literal["h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"]
Credit = Literal["registered", "not_registered"]
"""Whether a ruler's debts are registered as dívida ativa."""
MOST_RIGID = 10


class Stage(StrEnum):
    """The columns of the heat-map, from mild to severe."""

    REMINDER = "reminder"
    ALERT = "alert"
    WARNING = "warning"
    NOTICE = "notice"
    FINAL_NOTICE = "final_notice"
    SUSPENSION = "suspension"

    @property
    def severity(self) -> int:
        return list(Stage).index(self)


class Tone(StrEnum):
    FRIENDLY = "friendly"
    GUIDING = "guiding"
    FIRM = "firm"
    FORMAL = "formal"
    FINAL = "final"


def tone_of(rigidity: int) -> Tone:
    """The tone of a rigidity: friendly 1–2, guiding 3–4, firm 5–6, formal 7–8, final 9–10."""
    return list(Tone)[(rigidity - 1) // 2]


class Kind(StrEnum):
    """The kinds of evidence, each judged on what was true by the due date."""

    NON_PAYMENT = "non_payment"
    RETURN = "return"
    DIVERGENCE = "divergence"
    ASSESSED = "assessed"
    """Assessed by the authority itself (lançamento de ofício), as IPTU and IPVA are, and unpaid: no return is due."""
    REGISTERED_DEBT = "registered_debt"


RECURRING = (Kind.NON_PAYMENT, Kind.RETURN, Kind.DIVERGENCE, Kind.ASSESSED)
"""The kinds that lead to a row by how often they occurred."""
OF_RETURNS = (Kind.NON_PAYMENT, Kind.RETURN, Kind.DIVERGENCE)
"""The kinds that are judged by a return."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


TemplateName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/_-]*$")]
ContentSid = Annotated[str, Field(pattern=r"^HX[0-9a-fA-F]{32}$")]
NEVER_BY_HABIT = {"stage", "rigidity", "dwell", "before", "formal", "fallback", "by_habit"}


class ByHabit(_Part):
    """A rung for people of some habits: the same message by another channel, at another hour or in other words."""

    paid_after: tuple[Channel, ...] = ()
    opened: tuple[Channel, ...] = ()
    answered: tuple[Channel, ...] = ()
    active: DayPart | None = None
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] | None = None
    hours: Window | None = None
    template: TemplateName | None = None
    content: ContentSid | None = None

    @model_validator(mode="before")
    @classmethod
    def _never_softer_or_harsher(cls, written: Any) -> Any:
        if isinstance(written, dict) and (wrong := sorted(NEVER_BY_HABIT & written.keys())):
            raise ValueError(
                f"would change {' and '.join(wrong)} by habit: people of other habits get another channel, hour or"
                " wording, and never a softer or harsher rung"
            )
        return written

    @property
    def of(self) -> ContactHabits:
        """The habits that it is for."""
        return ContactHabits(paid_after=self.paid_after, opened=self.opened, answered=self.answered, active=self.active)

    @property
    def changes(self) -> dict[str, Any]:
        """The keys of the rung that it puts in place of the standard ones."""
        named = {"channels": self.channels, "hours": self.hours, "template": self.template, "content": self.content}
        return {key: value for key, value in named.items() if value is not None}


class Rung(_Part):
    """One contact: a cell of the heat-map that a case can stand on."""

    stage: Stage
    rigidity: Annotated[Whole, Field(ge=1, le=MOST_RIGID)]
    dwell: Wait | None = None
    """Minimum stay here before the next rung; counted from service when the rung is formal."""
    before: Wait | None = None
    """How long before the deadline of the ruler's offer, at the latest; the rungs of such a ruler lead up to it."""
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)] = ("email",)
    fallback: dict[Channel, tuple[Channel, ...]] | None = None
    """Where the notice of a channel goes when it can't reach the taxpayer there, in order; none: as the ruler says."""
    formal: bool = False
    """A notice whose clock starts at proof of service, and without which nothing is suspended."""
    template: TemplateName
    content: ContentSid | None = None
    """The template that WhatsApp approved for it; its variables are the taxpayer's name, the authority and the link."""
    hours: Window | None = None
    """Within the contact hours of its channels; none: all of these."""
    by_habit: tuple[ByHabit, ...] = ()
    """The same rung for people of some habits, the first that fits; drawn against the standard one."""

    def for_habit(self, habit: ByHabit) -> Rung:
        return self.model_copy(update=habit.changes)

    def kept_to(self, habits: ContactHabits) -> Rung:
        """The rung for somebody of these habits."""
        fitting = next((each for each in self.by_habit if habits.include(each.of)), None)
        return self.for_habit(fitting) if fitting else self

    @property
    def wait(self) -> Wait | None:
        """The wait after the rung: its dwell, or in a campaign a day, so that who is contacted late gets what is left
        of it on days of their own."""
        return self.dwell or (Wait(days=1, unit=Unit.BUSINESS) if self.before else None)


class Row(_Part):
    name: str
    climbs_to: Hypothesis | None = None
    ends_in: Literal["referral", "deadline"] | None = None
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]


class RegisteredDebtEntry(_Part):
    """Entry by a debt list alone, which says only how many inscriptions there are, how old, and whether they are in
    litigation."""

    single: Hypothesis
    older: Hypothesis
    several: Hypothesis
    litigation: Hypothesis


class Thresholds(_Part):
    """The row of persistent defaulters by law: the jurisdiction's, or by the amount written here."""

    row: Hypothesis
    amount: Annotated[Decimal | None, Field(gt=0, decimal_places=2)] = None
    consecutive: Annotated[Whole, Field(ge=1)] = 4
    alternate: Annotated[Whole, Field(ge=1)] = 6


ByOccurrence = Annotated[tuple[Hypothesis, ...], Field(min_length=1)]


class Entry(_Part):
    """The evidence the ruler takes, and the row each leads to: the first time, the second, …, the last from then on."""

    non_payment: ByOccurrence | None = None
    return_: Annotated[ByOccurrence | None, Field(alias="return")] = None
    divergence: ByOccurrence | None = None
    assessed: ByOccurrence | None = None
    registered_debt: RegisteredDebtEntry | None = None
    thresholds: Thresholds | None = None

    def by_occurrence(self, kind: Kind) -> tuple[Hypothesis, ...] | None:
        rows: dict[Kind, tuple[Hypothesis, ...] | None] = {
            Kind.NON_PAYMENT: self.non_payment,
            Kind.RETURN: self.return_,
            Kind.DIVERGENCE: self.divergence,
            Kind.ASSESSED: self.assessed,
        }
        return rows.get(kind)

    def takes(self, kind: Kind) -> bool:
        return self.registered_debt is not None if kind is Kind.REGISTERED_DEBT else bool(self.by_occurrence(kind))

    @property
    def reads_returns(self) -> bool:
        """Whether any of its evidence is judged by a return."""
        return any(self.by_occurrence(kind) for kind in OF_RETURNS)

    @property
    def credit(self) -> Credit:
        """The kind of credit that is safe to assume of the ruler's debts: registered only when nothing else is
        taken."""
        takes_more = any(self.takes(kind) for kind in Kind if kind is not Kind.REGISTERED_DEBT)
        return "not_registered" if takes_more else "registered"


class Hardship(_Part):
    """A declared hardship moves a case from one row to another, once per case."""

    from_row: Annotated[Hypothesis, Field(alias="from")]
    to_row: Annotated[Hypothesis, Field(alias="to")]


class Recurrence(_Part):
    window_months: Annotated[Whole, Field(ge=1, le=120)] = 12
    step: Whole = 1


class Payments(_Part):
    tolerance: Annotated[Decimal, Field(ge=0, decimal_places=2)] = Decimal("1.00")
    """Differences up to this are no divergence."""
    minimum_balance: Annotated[Decimal, Field(ge=0, decimal_places=2)] = Decimal("10.00")
    """Under this the case resolves and the remainder is left to the ledger."""
    reanchor_share: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.30")
    """A partial payment of at least this share of what was owed starts the current wait anew."""
    processing: Wait = Wait(days=3, unit=Unit.BUSINESS)
    """How long a bank may take to report a payment: the next rung waits for one that the taxpayer speaks of."""


class Promises(_Part):
    """The promises to pay that are taken of a taxpayer: how much at least, and how far ahead."""

    minimum: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.30")
    """The share of what is owed and not on hold."""
    longest: Wait = Wait(days=10, unit=Unit.BUSINESS)
    """From the day on which it is made."""


class Resume(_Part):
    """The cell at which a case goes on when its instalment agreement was broken."""

    row: Hypothesis
    stage: Stage


class Agreements(_Part):
    resume: Resume
    policy: Named | None = None
    """The policy a taxpayer may sign by his link; none: nothing."""


Basis = Literal["statutory", "ladder"]


class RecessRule(_Part):
    """The recess from 20/12 to 20/01, in which processual terms stand still (CTN art. 208-D § 5º)."""

    waived_by: Annotated[str, Field(min_length=10)] | None = None
    """The legal opinion by which this authority's terms run on; none: they stand still."""


class Gate(_Part):
    """The conditions that must be met before benefits are suspended."""

    defence: Wait
    appeal: Wait = Wait(days=30, unit=Unit.LEGAL)
    """The time for an appeal against a rejected defence (LC 225/2026 art. 4º, VII)."""
    ask_again: Wait
    basis: Basis = "ladder"
    """Whose benefits are suspended: `statutory`, of who meets the thresholds of the law; `ladder`, of who has come to
    the end of the map as well."""
    law: Dated | None = None
    """The authority's own law by which its ladder may end in a suspension."""
    second_above: Annotated[Decimal | None, Field(ge=0, decimal_places=2)] = None
    """Above so many reais two people must approve; none: one always does."""
    returns_law: Annotated[str, Field(min_length=10)] | None = None
    """The law that lets an outstanding return alone suspend benefits; without it only a debt does."""


class LeastAmount(Dated):
    """The least amount that is sued for, by the law of its days."""

    amount: Annotated[Decimal, Field(gt=0, decimal_places=2)]


class Referral(_Part):
    """The conditions for referring a case to protest and enforcement, beside the steps of CNJ 547/2024."""

    cadin: Wait | None = Wait(days=30, unit=Unit.LEGAL)
    """From the notice of CADIN on (Lei 14.973/2024); none: the authority doesn't use it."""
    minimum: tuple[LeastAmount, ...] = ()
    """Below so many reais, of all that is registered in the case, nobody is sued; empty: there is no such law."""


class ServiceByLaw(_Part):
    """The law by which a means serves, and the time after which it does so though nobody can say on which day."""

    law: Annotated[str, Field(min_length=10)]
    after: Wait = Wait(days=15, unit=Unit.LEGAL)
    """From posting on, where a letter's receipt has no date (Decreto 70.235/1972, art. 23, § 2º, II); from publication
    on (§ 2º, IV)."""


class ServiceRule(_Part):
    """By what a formal notice may be served, beside the electronic domicile."""

    email_law: Annotated[str, Field(min_length=10)] | None = None
    """The law by which an e-mail is service; none: it only announces."""
    letter: ServiceByLaw | None = None
    """A letter with a return receipt (AR) serves on the date of receipt; none: it only announces."""
    gazette: ServiceByLaw | None = None
    """A published notice (edital), after a personal means has failed; none: nothing is published."""


class BeforeDue(_Part):
    """A courtesy notice some days before something falls due: no evidence, no rung, no service."""

    days: Annotated[Whole, Field(ge=1, le=60)]
    """Continuous days before the due date."""


class Sms(_Part):
    gsm7: bool = False
    """Written without what GSM-7 lacks (most accents): 160 characters a segment instead of 70."""


class Contact(_Part):
    """The contact printed in every message: how a taxpayer looks the debt up, pays it and reaches a person. Printed in
    every message."""

    site: str
    phone: str


AccrualKey = Annotated[Annotated[Named, Tag("[name]")] | Annotated[AccrualTable, Tag("[table]")], NameOrTable]
"""A table written in the ruler itself, or the name of one in `accruals/`."""
PricesKey = Annotated[Annotated[Named, Tag("[name]")] | Annotated[PriceTable, Tag("[table]")], NameOrTable]
"""A table written in the ruler itself, or the name of one in `prices/`."""


class Ruler(_Part, Verifiable):
    ruler: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    version: Annotated[Whole, Field(ge=1)]
    title: str
    authority: str
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    taxes: tuple[str, ...] = ()
    """The taxes it is for; empty: any."""
    jurisdiction: Jurisdiction
    contact: Contact
    sms: Sms = Sms()
    limits: Limits = Limits()
    entry: Entry
    credit: Annotated[Credit, Field(default_factory=lambda given: given["entry"].credit if "entry" in given else None)]
    """Before registration a message over an open channel states no debt detail (CTN art. 198)."""
    hardship: Hardship | None = None
    recurrence: Recurrence = Recurrence()
    payments: Payments = Payments()
    promises: Promises = Promises()
    gate: Gate | None = None
    recess: RecessRule = RecessRule()
    before_due: BeforeDue | None = None
    """None: nobody is told before a due date."""
    contests: Wait = Wait(days=5, unit=Unit.BUSINESS)
    """The time in which people look at what a taxpayer contests; the next step waits for it."""
    service: ServiceRule = ServiceRule()
    referral: Referral = Referral()
    agreements: Agreements | None = None
    """None: after a broken agreement a case goes on where it stood."""
    accrual: AccrualKey | None = None
    """The table of what delay adds to a debt; none: the amounts that were imported are what is owed."""
    prices: PricesKey = "brasil"
    offer: Offer | None = None
    """Makes it a settlement campaign: its rungs are counted back from the offer's deadline."""
    fallback: dict[Channel, tuple[Channel, ...]] = {}
    """For every rung that has none of its own."""
    rows: Annotated[dict[Hypothesis, Row], Field(min_length=1)]

    @field_validator("accrual")
    @classmethod
    def _counts_by_its_own_days(
        cls, table: AccrualTable | str | None, read: ValidationInfo
    ) -> AccrualTable | str | None:
        """A table written in the ruler goes by the days of the ruler's jurisdiction unless it says others."""
        place: Jurisdiction | None = read.data.get("jurisdiction")
        if not isinstance(table, AccrualTable) or table.jurisdiction or place is None:
            return table
        return table.model_copy(update={"jurisdiction": place.model_copy(update={"calendar": None})})

    @property
    def label(self) -> str:
        return f"{self.ruler} v{self.version}"

    def defaulter_law(self, on: date) -> PersistentDefaulter | None:
        """The law of that day on persistent defaulters; none: nobody is one."""
        rule = self.entry.thresholds
        if rule is None or rule.amount is None:
            return entry_on(self.jurisdiction.persistent_defaulter, on) if rule else None
        return PersistentDefaulter(
            **{"from": EARLIEST},
            source="LC 225/2026, arts. 11 a 13",
            amount=rule.amount,
            consecutive=rule.consecutive,
            alternate=rule.alternate,
        )

    def serves(self, channel: Channel) -> bool:
        """Whether a notice on that channel carries the whole act, each credit listed, and its law takes it as service:
        SMS, WhatsApp, Messenger and voice announce, and never serve."""
        match channel:
            case "email":
                return self.service.email_law is not None and self.credit == "registered"
            case "letter":
                return self.service.letter is not None
            case "gazette":
                return self.service.gazette is not None
        return channel == "domicile"

    @property
    def kept_recess(self) -> Recess | None:
        """The recess in which its processual terms stand still."""
        return RECESS if self.recess.waived_by is None else None

    def rung(self, row: Hypothesis, index: int) -> Rung:
        return self.rows[row].rungs[index]

    @property
    def goes_by_habit(self) -> bool:
        return any(rung.by_habit for _, _, rung in self.cells())

    def kept_to(self, habits: ContactHabits) -> Ruler:
        """The ruler for somebody of these habits."""
        rows = {
            name: row.model_copy(update={"rungs": tuple(rung.kept_to(habits) for rung in row.rungs)})
            for name, row in self.rows.items()
        }
        return self.model_copy(update={"rows": rows})

    def tells_apart(self, habits: ContactHabits) -> bool:
        """Whether some rung is another one for somebody of these habits."""
        return any(habits.include(each.of) for _, _, rung in self.cells() for each in rung.by_habit)

    def fallbacks(self, row: Hypothesis, index: int) -> dict[Channel, tuple[Channel, ...]]:
        """Each channel of a rung, and those that its notice may leave by: the channel itself, then its fallbacks."""
        return self.ways(self.rung(row, index))

    def ways(self, rung: Rung) -> dict[Channel, tuple[Channel, ...]]:
        """The same of any rung that goes by this ruler's fallbacks."""
        fallback = self.fallback if rung.fallback is None else rung.fallback
        return {
            channel: (channel, *(other for other in fallback.get(channel, ()) if other not in rung.channels))
            for channel in rung.channels
        }

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that a notice of the rung may leave by."""
        return frozenset(c for _, _, rung, _ in self.variants() for ways in self.ways(rung).values() for c in ways)

    def rigidity(self, row: Hypothesis, index: int, occurrences: int) -> int:
        """The effective rigidity: recurrence makes every cell hotter."""
        base = self.rung(row, index).rigidity
        return max(1, min(MOST_RIGID, base + self.recurrence.step * (occurrences - 1)))

    def cells(self) -> Iterator[tuple[Hypothesis, int, Rung]]:
        for name, row in self.rows.items():
            for index, rung in enumerate(row.rungs):
                yield name, index, rung

    def variants(self) -> Iterator[tuple[Hypothesis, int, Rung, ByHabit | None]]:
        """Each cell as it is for everybody, then as it is by each habit."""
        for row, index, rung in self.cells():
            yield row, index, rung, None
            for habit in rung.by_habit:
                yield row, index, rung.for_habit(habit), habit

    def climb(self, row: Hypothesis) -> Iterator[Hypothesis]:
        """The rows above `row`, in climbing order; stops at a row already seen."""
        seen = {row}
        above = self.rows[row].climbs_to
        while above is not None and above in self.rows and above not in seen:
            yield above
            seen.add(above)
            above = self.rows[above].climbs_to
