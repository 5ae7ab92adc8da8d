"""The life of a case as it is on record, at any moment, for the invariants that must hold of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case.evidence import Debt, Filing
from models.case.facts import CaseFacts, facts_of
from models.contact.delivery import Progress
from models.law.calendar import Clock
from models.law.grounds import INJUNCTIONS, days_without_fine
from models.law.spans import Span, joined
from models.money.accrual_table import AccrualTable
from models.money.imputation import Payment, replay
from models.money.rates import Rates
from models.ruler.schema import Hypothesis, Stage
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import claim_of
from storage.audit.one_person import PERSONS, person_of
from storage.audit.terms import ASSESSED, LISTS, SERVES, Terms
from storage.case.cases import FrozenRuler, frozen_ruler
from storage.case.prescription_events import Prescription, read_prescriptions


@dataclass(frozen=True)
class Contact:
    """One rung done: its notices on all channels."""

    step: int
    row: Hypothesis
    rung: int
    stage: Stage
    rigidity: int
    formal: bool
    at: date
    served_on: date | None
    claimed_at: datetime
    credits: frozenset[str]
    """The credits that any of its notices lists."""
    assessed: dict[str, Decimal]
    """At how much each was assessed then, where that was kept."""
    lost: bool
    """It reached nobody: the rung is taken again, at once when another address is there."""
    by: FrozenRuler

    def __str__(self) -> str:
        return f"contact {self.step} ({self.row} {self.stage})"


@dataclass(frozen=True)
class Growth:
    """The growth of a cohort's debts from one logical day to the next, where a ruler has a table of accrual."""

    clock: Clock
    rates: Rates

    def owed(
        self,
        debt: RowMapping,
        money: Iterable[RowMapping],
        on: date,
        table: AccrualTable | None,
        no_fine: Iterable[Span],
    ) -> Decimal:
        """The amount owed of one debt on a day, after these payments and reversals."""
        if table is None:
            owed: Decimal = debt["amount"] - sum((entry["amount"] for entry in money), Decimal(0))
            return max(owed, Decimal(0))
        kept: dict[tuple[int, date], Decimal] = defaultdict(Decimal)
        for entry in money:
            kept[entry["id"], entry["paid_on"]] += entry["amount"]
        payments = [Payment(number, day, amount) for (number, day), amount in kept.items() if amount > 0]
        claim = claim_of(debt, table, joined(no_fine))
        return replay([claim], payments, on, self.rates).accounts[claim.id].settled_by(on).total


@dataclass
class Life:
    case: RowMapping
    pinned: Callable[[str], FrozenRuler]
    """A ruler by its digest."""
    growth: Growth
    terms: Terms
    notices: list[RowMapping] = field(default_factory=list)
    decisions: list[RowMapping] = field(default_factory=list)
    debts: list[RowMapping] = field(default_factory=list)
    holds: list[RowMapping] = field(default_factory=list)
    extinctions: list[RowMapping] = field(default_factory=list)
    prescriptions: dict[str, Prescription] = field(default_factory=dict)
    """By debt, as far as is known now."""
    money: list[RowMapping] = field(default_factory=list)
    """Payments, and reversals as negative ones; of an instalment's what each debt shares, as it is shared now; what was
    forgiven, which has no payment's id."""
    filings: list[RowMapping] = field(default_factory=list)
    suspensions: list[RowMapping] = field(default_factory=list)
    approvals: list[RowMapping] = field(default_factory=list)
    defences: list[RowMapping] = field(default_factory=list)
    contests: list[RowMapping] = field(default_factory=list)
    prior_steps: list[RowMapping] = field(default_factory=list)
    signals: list[RowMapping] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.case["id"])

    def ruler_at(self, moment: datetime | None = None) -> FrozenRuler:
        """The ruler that the case went by at that moment; now, without one. What was done is journalled with its ruler,
        right after it in the same transaction."""
        later = (d["ruler"] for d in self.decisions if moment and d["recorded_at"] >= moment)
        return self.pinned(next(later, self.case["ruler"]))

    @cached_property
    def contacts(self) -> list[Contact]:
        steps: dict[int, list[RowMapping]] = defaultdict(list)
        for notice in self.notices:
            if notice["kind"] == "rung":
                steps[notice["step"]].append(notice)
        return [self._contact(step, steps[step]) for step in sorted(steps)]

    def _contact(self, step: int, notices: Sequence[RowMapping]) -> Contact:
        first = min(notices, key=lambda notice: notice["claimed_at"])
        by = self.ruler_at(first["claimed_at"])
        stages = [rung.stage for rung in by.ruler.rows[first["hypothesis"]].rungs]
        served = [notice["served_on"] for notice in notices if notice["serves"]]
        return Contact(
            step=step,
            row=first["hypothesis"],
            rung=stages.index(Stage(first["stage"])),
            stage=Stage(first["stage"]),
            rigidity=first["rigidity"],
            formal=first["formal"],
            at=first["at"],
            served_on=min(served, default=None),
            claimed_at=first["claimed_at"],
            credits=frozenset(credit for notice in notices for credit in notice["credits"]),
            assessed={credit: Decimal(at) for notice in notices for credit, at in (notice["assessed"] or {}).items()},
            lost=all(Progress(notice["status"]).lost for notice in notices),
            by=by,
        )

    @property
    def last_day(self) -> date:
        """The logical day of what was last decided."""
        opened: date = self.case["opened_at"].date()
        return max((decision["at"] for decision in self.decisions), default=opened)

    def facts_at(self, on: date, moment: datetime | None = None) -> CaseFacts:
        """The facts of the case on a logical day, as they were known at that moment; as they are now, without one."""
        ruler = self.ruler_at(moment).ruler
        table = accrual_of(ruler)

        def until(since: datetime, ended: datetime | None = None) -> bool:
            if moment is None:
                return ended is None
            return since <= moment and (ended is None or ended > moment)

        money: dict[str, list[RowMapping]] = defaultdict(list)
        for entry in self.money:
            if until(entry["recorded_at"]):
                money[entry["debt"]].append(entry)
        grounds: dict[str, set[str]] = defaultdict(set)
        no_fine: dict[str, list[Span]] = defaultdict(list)
        for hold in self.holds:
            in_force = until(hold["placed_at"], hold["lifted_at"])
            if in_force:
                grounds[hold["debt"]].add(hold["ground"])
            if hold["ground"] in INJUNCTIONS and (moment is None or hold["placed_at"] <= moment):
                no_fine[hold["debt"]].append(_without_fine(hold, in_force))
        extinct = {
            e["debt"]
            for e in self.extinctions
            if e["state"] == "confirmed" and until(e["recorded_at"]) and not (e["undone_at"] and until(e["undone_at"]))
        }
        debts = [
            Debt.model_validate(
                {
                    **debt,
                    "balance": Decimal(0)
                    if debt["id"] in extinct
                    else self.growth.owed(debt, money[debt["id"]], on, table, no_fine[debt["id"]]),
                    "prescribes": self.prescriptions[debt["id"]].on,
                    "prescription_refuted": self.prescriptions[debt["id"]].refuted,
                    "grounds": grounds[debt["id"]],
                }
            )
            for debt in self.debts
        ]
        filings = [Filing.model_validate(f) for f in self.filings if until(f["recorded_at"], f["superseded_at"])]
        return facts_of(ruler, on, debts, filings)


def _without_fine(hold: RowMapping, in_force: bool) -> Span:
    since = hold["since"] or hold["placed_at"].date()
    if in_force:
        return days_without_fine(since, hold["until"])
    return days_without_fine(since, hold["ended_on"] or hold["until"] or hold["lifted_at"].date())


def open_debts(facts: CaseFacts) -> list[Debt]:
    """The debts that are open and not on hold."""
    return [debt for debt in facts.debts if debt.balance > 0 and not debt.grounds]


def keeps_recess(by: FrozenRuler) -> bool:
    return by.ruler.recess.waived_by is None


# ---- reading a page of cases


def read_lives(connection: Connection, cases: list[str], growth: Growth, terms: Terms) -> Iterable[Life]:
    def rows(query: Any) -> Iterator[RowMapping]:
        return iter(connection.execute(query, {"cases": cases}).mappings())

    pinned = partial(frozen_ruler, connection)
    lives = {row["id"]: Life(row, pinned, growth, terms) for row in rows(CASES)}
    for name, query in PARTS.items():
        for row in rows(query):
            getattr(lives[row["case"]], name).append(row)
    stated = {debt["id"]: debt["prescribes"] for life in lives.values() for debt in life.debts}
    # what is suspended still does not prescribe, whatever the day is on the cohort's clock
    prescriptions = read_prescriptions(connection, stated, date(2200, 1, 1))
    for life in lives.values():
        life.prescriptions = prescriptions
    return lives.values()


def of_cases(sql: str) -> Any:
    return text(sql).bindparams(bindparam("cases", type_=ARRAY(Text)))


CASES = of_cases(f"""
    {PERSONS}
    SELECT id, cases.ruler, cases.status, opened_at, closed_at, {person_of("started_by")} AS starter,
           coalesce(CAST(state->>'to_tell' AS boolean), false) AS to_tell
    FROM cases JOIN cohorts ON cohorts.name = cohort WHERE id = ANY(:cases) ORDER BY opened_at, id
""")  # noqa: S608 - constants

OWED = """
    SELECT cases.id AS "case", debts.* FROM cases
    JOIN debtors ON debtors.taxpayer = cases.taxpayer JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
    WHERE cases.id = ANY(:cases)
"""

PARTS = {
    "notices": of_cases(f"""
        SELECT notices.*, formal AND {SERVES} AS serves, {LISTS} AS credits, {ASSESSED} AS assessed, left_on
        FROM notices LEFT JOIN batched_notices ON batched_notices.notice = notices.id
        WHERE "case" = ANY(:cases) ORDER BY step, communication, channel
    """),  # noqa: S608 - constants
    "decisions": of_cases("""
        SELECT "case", at, kind, reason, ruler, recorded_at, CAST(evidence->>'payment' AS bigint) AS payment,
               evidence->'referred' AS referred
        FROM decisions WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "debts": of_cases(f"{OWED} ORDER BY debts.id"),
    "holds": of_cases(f"""
        SELECT owed."case", holds.* FROM ({OWED}) AS owed JOIN holds ON holds.debt = owed.id
    """),  # noqa: S608 - OWED is a constant
    "extinctions": of_cases(f"""
        SELECT owed."case", extinctions.* FROM ({OWED}) AS owed JOIN extinctions ON extinctions.debt = owed.id
    """),  # noqa: S608 - OWED is a constant
    "money": of_cases(f"""
        SELECT owed."case", owed.id AS debt, payments.id, payments.amount, paid_on,
               coalesce(payments.matched_at, payments.recorded_at) AS recorded_at
        FROM ({OWED}) AS owed JOIN payments ON payments.debt = owed.id
        UNION ALL
        SELECT owed."case", owed.id, payments.id, -reversals.amount, paid_on,
               greatest(payments.matched_at, reversals.recorded_at)
        FROM ({OWED}) AS owed JOIN payments ON payments.debt = owed.id
        JOIN reversals ON reversals.payment = payments.id
        UNION ALL
        SELECT owed."case", owed.id, payments.id, allocations.amount, payments.paid_on, payments.recorded_at
        FROM ({OWED}) AS owed JOIN allocations ON allocations.debt = owed.id
        JOIN payments ON payments.id = allocations.payment
        UNION ALL
        SELECT owed."case", owed.id, 0, remissions.amount, remitted_on, remissions.recorded_at
        FROM ({OWED}) AS owed JOIN remissions ON remissions.debt = owed.id
        ORDER BY recorded_at
    """),  # noqa: S608 - OWED is a constant
    "filings": of_cases("""
        SELECT cases.id AS "case", filings.* FROM cases
        JOIN filings ON filings.taxpayer = cases.taxpayer AND filings.tax = cases.tax
        WHERE cases.id = ANY(:cases) ORDER BY filings.id
    """),
    "suspensions": of_cases("""
        SELECT suspensions.*, EXISTS (
            SELECT FROM suspensions AS other WHERE other.benefit = suspensions.benefit AND other.id <> suspensions.id
              AND other.recorded_at < suspensions.reinstated_at
              AND coalesce(other.reinstated_at > suspensions.reinstated_at, true)) AS kept
        FROM suspensions WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "approvals": of_cases(f"""
        {PERSONS} SELECT *, {person_of("given_by")} AS person FROM approvals WHERE "case" = ANY(:cases) ORDER BY id
    """),  # noqa: S608 - constants
    "defences": of_cases("""
        SELECT defences.*, ARRAY(SELECT credit FROM defence_credits WHERE defence = defences.id) AS credits
        FROM defences WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "contests": of_cases("""
        SELECT "case", recorded_at, answered_at,
               ARRAY(SELECT credit FROM request_credits WHERE request = requests.id) AS credits
        FROM requests WHERE "case" = ANY(:cases) AND kind = 'contest' ORDER BY id
    """),
    "prior_steps": of_cases("""
        SELECT *, ARRAY(SELECT debt FROM prior_step_debts WHERE prior_step = prior_steps.id) AS debts,
               (SELECT min(recorded_at) FROM annulments
                WHERE annulments.kind = 'step' AND entry = CAST(prior_steps.id AS text)) AS annulled_at
        FROM prior_steps WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "signals": of_cases("""
        SELECT id, "case", CAST(payload->>'payment' AS bigint) AS payment, delivered_at FROM outbox
        WHERE name = 'payment_received' AND "case" = ANY(:cases) ORDER BY id
    """),
}
