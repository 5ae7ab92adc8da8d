"""Cases as they are on record: found, locked, judged and saved. One transaction sees all of a case or none of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine, Row, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.types import Text

from models.accrual_table import AccrualTable
from models.calendar import Calendar, Clock
from models.case import Status
from models.channel import CHANNELS, Channel
from models.contact_caps import strictest
from models.contacts import Reach
from models.decision import decide
from models.errors import Refusal, Unreckonable
from models.evidence import Debt, Filing
from models.faults import read_ruler
from models.position import Position
from models.ruler import Ruler
from models.standing import BrokenAgreement, Defence, FormalNotice, PaymentFact, PriorStep, Standing, standing_of
from models.steering import State, Steering
from models.step import Decision, Step
from storage.accruals import accrual_of
from storage.owed import owed_of
from storage.people import Person, read_person
from storage.schema import approvals, cases, cohorts, decisions, rulers


@dataclass(frozen=True)
class FrozenRuler:
    """A ruler and its holidays as they were pinned."""

    digest: str
    ruler: Ruler
    calendar: Calendar


@dataclass(frozen=True)
class Case:
    id: str
    taxpayer: int
    tax: str
    cohort: str
    status: Status
    position: Position
    revision: int
    paused_by: str | None
    paused_on: date | None
    hardship_on: date | None
    claimed_paid_on: date | None
    rehearsal: bool
    budgeted: bool
    """Whether its cohort may spend only so much."""
    started_by: str
    """Who started its cohort."""
    steering: Steering
    opened_at: datetime
    closed_at: datetime | None
    frozen: FrozenRuler
    clock: Clock

    @property
    def ruler(self) -> Ruler:
        return self.frozen.ruler

    @property
    def pair(self) -> Pair:
        return self.taxpayer, self.tax

    def needless(self, unaddressed: Set[Channel]) -> Set[Channel]:
        """The channels that need no address of the taxpayer's: in a rehearsal none does."""
        return frozenset(CHANNELS) if self.rehearsal else unaddressed


_frozen: dict[str, FrozenRuler] = {}


def frozen_ruler(connection: Connection, digest: str) -> FrozenRuler:
    """Read once a process: a pinned ruler never changes."""
    if digest not in _frozen:
        row = connection.execute(select(rulers).where(rulers.c.digest == digest)).one()
        ruler = read_ruler(row.source).ruler
        assert ruler is not None  # noqa: S101 - it was checked before it was pinned
        _frozen[digest] = FrozenRuler(digest, ruler, Calendar.model_validate({"holidays": row.holidays}))
    return _frozen[digest]


@lru_cache(maxsize=256)
def _clock(written: str) -> Clock:
    return Clock.model_validate_json(written)


OF_COHORT = (
    cohorts.c.rehearsal,
    cohorts.c.budget.is_not(None).label("budgeted"),
    cohorts.c.started_by,
    cohorts.c.state,
    cohorts.c.steered_by,
    cohorts.c.steered_because,
    cohorts.c.steered_on,
    cohorts.c.clock.cast(Text).label("clock"),
)

CASES = select(cases, *OF_COHORT).join(cohorts, cohorts.c.name == cases.c.cohort)


def read_case(connection: Connection, case: str, lock: bool = False) -> Case:
    """Raises Refusal when there is no such case. With `lock`, nobody else writes to it until the transaction ends."""
    query = CASES.where(cases.c.id == case)
    row = connection.execute(query.with_for_update(of=cases) if lock else query).one_or_none()
    if row is None:
        raise Refusal(f"there is no case {case}; list a cohort's cases with `case list COHORT`")
    return _case(connection, row)


def lock_unseen(connection: Connection, opened: Collection[str]) -> list[Case]:
    """Those of them that no workflow has looked at, and nobody else writes to until the transaction ends."""
    unseen = CASES.where(cases.c.id.in_(opened), cases.c.revision == 0, cases.c.closed_at.is_(None))
    rows = connection.execute(unseen.order_by(cases.c.id).with_for_update(of=cases)).all()
    return [_case(connection, row) for row in rows]


def _case(connection: Connection, row: Row[Any]) -> Case:
    return Case(
        id=row.id,
        taxpayer=row.taxpayer,
        tax=row.tax,
        cohort=row.cohort,
        status=Status(row.status),
        position=Position.model_validate(row.position),
        revision=row.revision,
        paused_by=row.paused_by,
        paused_on=row.paused_on,
        hardship_on=row.hardship_on,
        claimed_paid_on=row.claimed_paid_on,
        rehearsal=row.rehearsal,
        budgeted=row.budgeted,
        started_by=row.started_by,
        steering=steering_of(row),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        frozen=frozen_ruler(connection, row.ruler),
        clock=_clock(row.clock),
    )


def steering_of(cohort: Row[Any]) -> Steering:
    return Steering(
        state=State(cohort.state), by=cohort.steered_by, reason=cohort.steered_because, on=cohort.steered_on
    )


# whoever steers a cohort takes this lock alone: a sitting is over before, or sees what was said. No row is written.
STEADY = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:cohort, 0))")

# and whoever contacts the same person queues until the transaction ends: contacts are counted over all of his cases
QUEUED = text("""
    SELECT pg_advisory_xact_lock_shared(hashtextextended(cohort, 0)), pg_advisory_xact_lock(taxpayer)
    FROM cases WHERE id = :case
""")

Pair = tuple[int, str]
"""A taxpayer and a tax."""

PAIRS = "unnest(CAST(:taxpayers AS bigint[]), CAST(:taxes AS text[])) AS pair (taxpayer, tax)"


def about_pairs(sql: str) -> Any:
    """A query with PAIRS in it; `bound` gives it the pairs."""
    pairs = (bindparam("taxpayers", type_=ARRAY(BIGINT)), bindparam("taxes", type_=ARRAY(Text)))
    return text(sql).bindparams(*pairs)


def bound(pairs: Iterable[Pair]) -> dict[str, Any]:
    pairs = list(pairs)
    return {"taxpayers": [taxpayer for taxpayer, _ in pairs], "taxes": [tax for _, tax in pairs]}


DEBTS = about_pairs(f"""
    SELECT debtors.taxpayer, debts.tax, debts.id, inscription, period, due, balance, balance AS ledger, litigation,
           protested, prescribes, held.grounds, held.since AS held_since, held.until AS held_until
    FROM {PAIRS}
    JOIN debtors ON debtors.taxpayer = pair.taxpayer
    JOIN debts ON debts.id = debtors.debt AND debts.tax = pair.tax
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT ground ORDER BY ground), '{{}}') AS grounds, min(since) AS since,
               CASE WHEN bool_and(until IS NOT NULL) THEN max(until) END AS until
        FROM holds WHERE holds.debt = debts.id AND lifted_at IS NULL AND coalesce(until >= :today, true)) AS held
    ORDER BY debts.id
""")  # noqa: S608 - PAIRS is a constant

FILINGS = about_pairs(f"""
    SELECT filings.* FROM {PAIRS}
    JOIN filings ON filings.taxpayer = pair.taxpayer AND filings.tax = pair.tax AND superseded_at IS NULL
    ORDER BY filings.due
""")  # noqa: S608 - PAIRS is a constant

OWNED = about_pairs(f"""
    SELECT pair.taxpayer, pair.tax, known_assets, EXISTS (
        SELECT FROM benefits WHERE benefits.taxpayer = pair.taxpayer AND coalesce(benefits.tax, pair.tax) = pair.tax
    ) AS relieved
    FROM {PAIRS} JOIN taxpayers ON taxpayers.id = pair.taxpayer
""")  # noqa: S608 - PAIRS is a constant

# no broken agreement while another lives, or once one was completed; a payment at once that was not made breaks nothing
PROCESS = text("""
    SELECT cases.id,
           (SELECT jsonb_build_object('filed_on', filed_on, 'state', state, 'decided_on', decided_on)
            FROM defences WHERE "case" = cases.id ORDER BY id DESC LIMIT 1) AS defence,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'on', "on") ORDER BY kind), '[]')
            FROM prior_steps WHERE "case" = cases.id) AS prior_steps,
           (SELECT jsonb_build_object('id', id, 'state', state, 'on', broken_on)
            FROM agreements WHERE "case" = cases.id AND terms -> 'request' ->> 'pay' <> 'cash'
            ORDER BY recorded_at DESC LIMIT 1) AS agreement,
           (SELECT coalesce(jsonb_agg(to_jsonb(served) - 'step' ORDER BY step), '[]')
            FROM (SELECT min(id) AS id, at, min(served_on) AS served_on, min(deemed_on) AS deemed_on,
                         min(deemed_by) AS deemed_by, step
                  FROM notices WHERE "case" = cases.id AND formal AND stage <> 'suspension' GROUP BY step, at) AS served
           ) AS formal_notices,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('on', paid_on, 'amount', CAST(net AS text)) ORDER BY id), '[]')
            FROM (SELECT payments.id, paid_on, payments.amount - coalesce((
                             SELECT sum(amount) FROM reversals WHERE payment = payments.id), 0) AS net
                  FROM debtors JOIN debts ON debts.id = debtors.debt JOIN payments ON payments.debt = debts.id
                  WHERE debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax
                    AND coalesce(payments.matched_at, payments.recorded_at) >= cases.opened_at
                  UNION ALL
                  SELECT payments.id, paid_on, sum(allocations.amount)
                  FROM debtors JOIN debts ON debts.id = debtors.debt
                  JOIN allocations ON allocations.debt = debts.id JOIN payments ON payments.id = allocations.payment
                  WHERE debtors.taxpayer = cases.taxpayer AND debts.tax = cases.tax
                    AND payments.recorded_at >= cases.opened_at
                  GROUP BY payments.id) AS paid) AS payments
    FROM cases WHERE cases.id = ANY(:cases)
""").bindparams(bindparam("cases", type_=ARRAY(Text)))
"""One query, since it is asked at every sitting."""


def read_standings(connection: Connection, ruler: Ruler, pairs: Iterable[Pair], today: date) -> dict[Pair, Standing]:
    """How each taxpayer and tax stands before it has a case. Raises Unreckonable when a rate or a rule that says what
    is owed is missing."""
    return _standings(connection, ruler, list(pairs), today, accrual_of(ruler))


def _standings(
    connection: Connection, ruler: Ruler, pairs: list[Pair], today: date, table: AccrualTable | None
) -> dict[Pair, Standing]:
    wanted = bound(pairs)
    debts: dict[Pair, list[Debt]] = {pair: [] for pair in pairs}
    filings: dict[Pair, list[Filing]] = {pair: [] for pair in pairs}
    rows = connection.execute(DEBTS, {**wanted, "today": today}).mappings().all()
    owed = owed_of(connection, {row["id"] for row in rows}, table, today) if table else {}
    for row in rows:
        balance = owed[row["id"]].total if table else row["balance"]
        debt = Debt.model_construct(**{**_without_pair(row), "balance": balance})
        debts[row["taxpayer"], row["tax"]].append(debt)
    if ruler.entry.reads_returns:
        for row in connection.execute(FILINGS, wanted).mappings():
            filings[row["taxpayer"], row["tax"]].append(Filing.model_validate(_without_pair(row)))
    owned = {(row.taxpayer, row.tax): row for row in connection.execute(OWNED, wanted)}
    return {
        pair: standing_of(
            ruler,
            today,
            debts[pair],
            filings[pair],
            has_benefits=owned[pair].relieved,
            known_assets=owned[pair].known_assets if ruler.entry.thresholds else None,
        )
        for pair in pairs
    }


def _without_pair(row: Any) -> dict[str, Any]:
    return {
        key: tuple(value) if key == "grounds" else value for key, value in row.items() if key not in ("taxpayer", "tax")
    }


def read_standing(connection: Connection, case: Case, today: date, person: Person, reach: Reach) -> Standing:
    """How a case stands.

    Where what is owed can't be told, the standing says what it lacks: the case waits, for it must not fail.
    """
    try:
        before = read_standings(connection, case.ruler, [case.pair], today)[case.pair]
    except Unreckonable as unknown:
        imported = _standings(connection, case.ruler, [case.pair], today, None)[case.pair]
        before = imported.model_copy(update={"lacks": unknown.lacks})
    process = connection.execute(PROCESS, {"cases": [case.id]}).one()
    return standing_in(connection, case, before, process, person, reach)


def standing_in(
    connection: Connection, case: Case, before: Standing, process: Row[Any], person: Person, reach: Reach
) -> Standing:
    """How a case stands, given how its taxpayer did before it, and its row of PROCESS."""
    return before.model_copy(
        update={
            "hardship_on": case.hardship_on,
            "paused_by": case.paused_by or case.steering.paused_by,
            "paused_on": case.paused_on if case.paused_by else case.steering.paused_on,
            "cancelled_because": case.steering.cancelled_because,
            "claimed_paid_on": case.claimed_paid_on,
            "reach": reach,
            "deliveries": person.deliveries,
            "contacted_on": tuple(contact.on for contact in person.contacted),
            "limits": strictest(
                [case.ruler.limits, *(frozen_ruler(connection, made.ruler).ruler.limits for made in person.contacted)]
            ),
            **process_facts(process),
        }
    )


def process_facts(process: Row[Any]) -> dict[str, Any]:
    """What a row of PROCESS says of a standing."""
    return {
        "payments": tuple(PaymentFact.model_validate(payment) for payment in process.payments),
        "broken_agreement": _broken_agreement(process.agreement),
        "formal_notices": tuple(FormalNotice.model_validate(notice) for notice in process.formal_notices),
        "defence": Defence.model_validate(process.defence) if process.defence else None,
        "prior_steps": tuple(PriorStep.model_validate(step) for step in process.prior_steps),
    }


def _broken_agreement(last: dict[str, Any] | None) -> BrokenAgreement | None:
    return BrokenAgreement(id=last["id"], on=last["on"]) if last and last["state"] == "broken" else None


@dataclass
class Sitting:
    """A case locked and judged: what it decides is saved, with its reasons, when the sitting ends."""

    connection: Connection
    case: Case
    standing: Standing
    decision: Decision
    status: Status
    person: Person
    unaddressed: Set[Channel]
    closes: bool = False
    entries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.standing.today

    @property
    def step(self) -> Step:
        return self.decision.step

    @property
    def due(self) -> bool:
        return self.step.on is not None and self.step.on <= self.today

    @property
    def position(self) -> Position:
        return self.decision.position

    def judge(self, position: Position) -> None:
        """Decides anew from `position`."""
        self.adopt(decide(self.case.ruler, self.case.frozen.calendar, position, self.standing))

    def adopt(self, decision: Decision) -> None:
        """What moved the case on the way is journalled."""
        self.decision = decision
        self.status = self.step.status
        for turn in self.decision.turns:
            self.journal(turn.kind, turn.reason, turn.on)
            if turn.kind == "approval_lapsed":
                end_approvals(self.connection, self.case.id, "lapsed")

    def look_again(self) -> None:
        """Judges on the record as this transaction has changed it."""
        self.case = read_case(self.connection, self.case.id)
        self.person, self.standing = _read_facts(
            self.connection, self.case, self.position, self.today, self.unaddressed
        )
        self.judge(self.position)

    def contacted(self, on: date, counts: bool) -> None:
        """A rung was begun: nothing is known yet of its notices; it `counts` against the person's limits."""
        contacted = (*self.standing.contacted_on, on) if counts else self.standing.contacted_on
        self.standing = self.standing.model_copy(update={"deliveries": (), "contacted_on": contacted})

    def over_budget(self) -> None:
        """Judges on what only the sending found out: the cohort's money doesn't pay for the rung."""
        self.standing = self.standing.model_copy(update={"over_budget": True})
        self.judge(self.position)

    def journal(self, kind: str, reason: str, at: date | None = None, step: Step | None = None) -> None:
        """Adds a decision with the cell it is about: that of `step`, else the one the case stands on."""
        position = self.position
        cell: dict[str, Any] = {"hypothesis": position.row, "stage": None, "rigidity": position.last_rigidity or None}
        if step is not None and step.stage is not None:
            cell = {"hypothesis": step.row, "stage": str(step.stage), "rigidity": step.rigidity}
        elif position.row is not None and position.rung >= 0:
            cell["stage"] = str(self.case.ruler.rung(position.row, position.rung).stage)
        self.entries.append(
            {
                "case": self.case.id,
                "at": at or self.today,
                "kind": kind,
                "reason": reason,
                **cell,
                "occurrences": position.occurrences,
                "ruler": self.case.frozen.digest,
                "evidence": _evidence(self.standing),
            }
        )

    def close(self, status: Status) -> None:
        self.status, self.closes = status, True

    @property
    def values(self) -> dict[str, Any]:
        """What its row says of the decision."""
        return {
            "status": self.status,
            "position": self.position.model_dump(mode="json"),
            "next_step": None if self.closes else self.step.model_dump(mode="json"),
        }

    def save(self) -> None:
        closed_at = func.clock_timestamp() if self.closes else None
        self.connection.execute(
            update(cases)
            .where(cases.c.id == self.case.id)
            .values(revision=self.case.revision + 1, closed_at=closed_at, **self.values)
        )
        if self.entries:
            self.connection.execute(insert(decisions), self.entries)


def end_approvals(connection: Connection, case: str, state: Literal["lapsed", "carried_out"]) -> None:
    given = (approvals.c.case == case) & (approvals.c.state == "given")
    connection.execute(update(approvals).where(given).values(state=state, ended_at=func.clock_timestamp()))


def _evidence(standing: Standing) -> dict[str, Any]:
    """What the decision saw, without anything that names a person."""
    return {
        "balance": f"{standing.balance:.2f}",
        "grounds": list(standing.grounds),
        "debts": {debt.id: f"{debt.balance:.2f}" for debt in standing.debts},
        "open": [f"{e.kind} {e.period}" for e in standing.evidence if e.open],
    }


def _read_facts(
    connection: Connection, case: Case, position: Position, today: date, unaddressed: Set[Channel]
) -> tuple[Person, Standing]:
    person = read_person(connection, case.id, position.steps - 1, case.clock, today)
    return person, read_standing(connection, case, today, person, person.contacts.reach(unaddressed))


@contextmanager
def sitting(
    engine: Engine,
    case: str,
    now: datetime,
    not_before: date | None = None,
    unaddressed: Set[Channel] = frozenset(CHANNELS),
) -> Iterator[Sitting]:
    """One transaction over one case: locked, judged on today's facts, and saved with all that happened in it.

    `not_before` is the logical day of the step being carried out, should the clock be a little behind it;
    `unaddressed` are the channels that need no address of the taxpayer's.
    """
    with engine.begin() as connection:
        connection.execute(QUEUED, {"case": case})
        locked = read_case(connection, case, lock=True)
        today = locked.clock.day_at(now)
        needless = locked.needless(unaddressed)
        day = max(today, not_before or today)
        steady_debts(connection, [locked.pair], day)
        person, standing = _read_facts(connection, locked, locked.position, day, needless)
        held = seated(connection, locked, standing, person, needless)
        yield held
        if locked.closed_at is None:
            held.save()


def seated(connection: Connection, case: Case, standing: Standing, person: Person, needless: Set[Channel]) -> Sitting:
    """A sitting on a case that is locked; a closed one is only looked at."""
    decision = decide(case.ruler, case.frozen.calendar, case.position, standing)
    sat = Sitting(connection, case, standing, decision, case.status, person, needless)
    if case.closed_at is None:
        sat.adopt(decision)
    return sat


STEADY_DEBTS = about_pairs(f"""
    WITH ended AS (
        UPDATE holds SET lifted_at = clock_timestamp(), lifted_by = 'calendar', lifted_because = 'fim do prazo'
        FROM {PAIRS} JOIN debtors ON debtors.taxpayer = pair.taxpayer
        JOIN debts ON debts.id = debtors.debt AND debts.tax = pair.tax
        WHERE holds.debt = debts.id AND lifted_at IS NULL AND until < :today)
    SELECT debts.id FROM {PAIRS} JOIN debtors ON debtors.taxpayer = pair.taxpayer
    JOIN debts ON debts.id = debtors.debt AND debts.tax = pair.tax ORDER BY debts.id FOR SHARE OF debts
""")  # noqa: S608 - PAIRS is a constant


def steady_debts(connection: Connection, pairs: Iterable[Pair], today: date) -> None:
    """They stay as they are until the transaction ends: a payment queues behind it. Holds that have run out end."""
    connection.execute(STEADY_DEBTS, {**bound(pairs), "today": today})


def record_decision(connection: Connection, case: Case, kind: str, reason: str, at: date) -> None:
    """Adds to the journal what a person did to a case outside of its workflow."""
    row = {"case": case.id, "at": at, "kind": kind, "reason": reason, "ruler": case.frozen.digest, "evidence": {}}
    connection.execute(insert(decisions).values(hypothesis=case.position.row, **row))


def case_ids(connection: Connection, cohort: str) -> list[tuple[str, str]]:
    """The cases of a cohort and their statuses, in the order they were opened."""
    rows = connection.execute(
        select(cases.c.id, cases.c.status).where(cases.c.cohort == cohort).order_by(cases.c.opened_at, cases.c.id)
    )
    return [cast(tuple[str, str], tuple(row)) for row in rows]
