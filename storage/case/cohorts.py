"""Cohorts: the ruler they pinned, whom they take in, and the cases they opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.dialects.postgresql import insert

from models.assets import Texts, assets_of_ruler, with_calendar
from models.case.blocks import Situation, dated, hold_of
from models.case.cohort_state import CohortLifecycle, State
from models.case.evidence import classify
from models.case.facts import CaseFacts
from models.case.selection import Selection
from models.case.state import CaseState
from models.case.status import Status
from models.errors import Refusal
from models.formats import percent
from models.law.calendar import Clock
from models.proof.experiment import Experiment
from models.proof.holdout import Arm, shares_of
from models.ruler.check import read_ruler
from models.ruler.schema import Ruler
from storage.assets import keep
from storage.case.cases import FrozenRuler, Pair, frozen_ruler, lifecycle_of
from storage.case.experiments import register, registered_for
from storage.case.facts import PAIRS, about_pairs, bound, read_facts
from storage.case.selection import named_by, selecting
from storage.case.transaction import STEADY
from storage.catalogue import SHIPPED
from storage.schema import arms, cases, cohorts, rulers

PAGE = 500


AT_START = CohortLifecycle()


class OtherArm(NamedTuple):
    """An arm of another ruler than the cohort's."""

    arm: Arm
    share: Decimal
    """The part of all cases that is drawn for it."""
    frozen: FrozenRuler


@dataclass(frozen=True)
class Lot:
    """The lot by which each case is drawn for an arm, so that what a ruler brings in can be told."""

    salt: str
    """With which the draw can be repeated."""
    control: Decimal | None = None
    """The share of the cases that nobody contacts."""
    others: tuple[OtherArm, ...] = ()
    """The rulers that the cohort's is compared with."""
    standard: Decimal | None = None
    """The share that goes by the cohort's ruler without what it says by habit."""
    reads_on: date | None = None
    """The day on which its figures are to be read; none: on any, with the longer intervals that takes."""
    experiment: Experiment | None = None
    """The claim that it was registered to test; none: nothing was."""

    @property
    def shares(self) -> dict[str, Decimal]:
        beside = {each.arm: each.share for each in self.others}
        return shares_of(self.control, beside | ({Arm.STANDARD: self.standard} if self.standard else {}))

    def like(self, other: Lot | None) -> bool:
        """Whether cases are drawn for the same, by whatever salt."""
        if other is None or self.shares != other.shares:
            return False
        if (self.reads_on, self.experiment) != (other.reads_on, other.experiment):
            return False
        return all(theirs.frozen.is_as(ours.frozen) for ours, theirs in zip(self.others, other.others, strict=True))


@dataclass(frozen=True)
class Cohort:
    name: str
    frozen: FrozenRuler
    selection: Selection
    clock: Clock
    started_by: str
    budget: Decimal | None = None
    """The most its notices may cost in all, in reais; none: no limit."""
    rehearsal: bool = False
    """Every notice becomes a file."""
    unverified: bool = False
    """It goes by rules that nobody has verified, on a real clock: nothing of it may leave by a provider."""
    lot: Lot | None = None
    """None: every case is contacted by its ruler."""
    lifecycle: CohortLifecycle = AT_START


@dataclass(frozen=True)
class Candidate:
    pair: Pair
    facts: CaseFacts
    cohort: str | None
    """That of the taxpayer's open case for this tax; none: there is no such case."""

    @property
    def owed(self) -> Decimal:
        """Outside of holds or, where all is held, in all."""
        return self.facts.balance or sum((debt.balance for debt in self.facts.debts), Decimal(0))

    def takes(self, ruler: Ruler) -> bool:
        """Whether something is open, or only on hold, that the ruler's evidence reaches."""
        if self.facts.on_hold:
            return bool(self.facts.evidence)
        seen = self.facts
        found = classify(ruler, seen.debts, seen.live_evidence, seen.today, seen.known_assets, seen.elsewhere)
        return self.facts.outstanding and found is not None


def pin_ruler(
    connection: Connection, ruler: Ruler, source: str, first_year: int, texts: Texts = SHIPPED
) -> FrozenRuler:
    """Keep the ruler's text with the holidays of its jurisdiction and all else that its cases run on, as `texts` has
    it now; the same is kept once."""
    calendar = with_calendar(ruler, texts).jurisdiction.days_off(first_year)
    holidays = sorted(day.isoformat() for day in calendar.holidays)
    as_written = read_ruler(source).ruler or ruler  # with the names of its tables, where these have taken their place
    kept = keep(connection, assets_of_ruler(as_written, texts))
    digest = hashlib.sha256(json.dumps([source, holidays, kept]).encode()).hexdigest()
    row: dict[str, object] = {"digest": digest, "label": ruler.label, "source": source, "holidays": holidays}
    row |= {"offers": ruler.offer is not None, "accrues": ruler.accrual is not None}
    connection.execute(insert(rulers).values(assets=kept, **row).on_conflict_do_nothing())
    return frozen_ruler(connection, digest)


def create_cohort(engine: Engine, cohort: Cohort) -> Cohort:
    """Put a cohort on record, or find it there. Raises Refusal when that name stands for something else."""
    with engine.begin() as connection:
        row = {
            "name": cohort.name,
            "ruler": cohort.frozen.digest,
            "started_by": cohort.started_by,
            "selection": cohort.selection.model_dump(mode="json"),
            "clock": cohort.clock.model_dump(mode="json"),
            "budget": cohort.budget,
            "rehearsal": cohort.rehearsal,
            "unverified": cohort.unverified,
            "control_share": cohort.lot.control if cohort.lot else None,
            "salt": cohort.lot.salt if cohort.lot else None,
            "reads_on": cohort.lot.reads_on if cohort.lot else None,
        }
        founding = insert(cohorts).values(row).on_conflict_do_nothing().returning(cohorts.c.name)
        if connection.scalars(founding).first() and cohort.lot:
            _keep_arms(connection, cohort.name, cohort.lot)
            if cohort.lot.experiment:
                register(connection, cohort.name, cohort.lot.experiment, cohort.started_by)
        known = read_cohort(connection, cohort.name)
    if not known.frozen.is_as(cohort.frozen):
        label = known.frozen.ruler.label
        raise Refusal(f"cohort {cohort.name} already runs on {label} as it was then; choose another name")
    if known.selection != cohort.selection:
        raise Refusal(f"cohort {cohort.name} was started with another selection; choose another name")
    if known.rehearsal != cohort.rehearsal:
        started = "a rehearsal" if known.rehearsal else "no rehearsal"
        raise Refusal(f"cohort {cohort.name} was started as {started}; choose another name")
    if cohort.lot and not cohort.lot.like(known.lot):
        raise Refusal(f"cohort {cohort.name} was started with {_drawn(known.lot)}; choose another name")
    if known.lifecycle.state is State.CANCELLED:
        raise Refusal(f"cohort {cohort.name} was cancelled by {known.lifecycle.by}; choose another name")
    if cohort.budget is not None and known.budget != cohort.budget:
        raise Refusal(f"cohort {cohort.name} has another budget; change it with `cohort budget {cohort.name} AMOUNT`")
    return known


def cohort_names(connection: Connection) -> list[str]:
    """All of them, the oldest first."""
    return [*connection.scalars(select(cohorts.c.name).order_by(cohorts.c.started_at, cohorts.c.name))]


def read_cohort(connection: Connection, name: str) -> Cohort:
    """Read a cohort. Raises Refusal when there is none of that name."""
    row = connection.execute(select(cohorts).where(cohorts.c.name == name)).one_or_none()
    if row is None:
        known = connection.scalars(select(cohorts.c.name).order_by(cohorts.c.started_at.desc()).limit(5)).all()
        names = f"the latest are {', '.join(known)}" if known else "none was started yet"
        raise Refusal(f"there is no cohort {name}; {names}")
    return Cohort(
        name=row.name,
        frozen=frozen_ruler(connection, row.ruler),
        selection=Selection.model_validate(row.selection),
        clock=Clock.model_validate(row.clock),
        started_by=row.started_by,
        budget=row.budget,
        rehearsal=row.rehearsal,
        unverified=row.unverified,
        lot=_lot(connection, row),
        lifecycle=lifecycle_of(row),
    )


def _lot(connection: Connection, cohort: Row[Any]) -> Lot | None:
    if cohort.salt is None:
        return None
    rows = connection.execute(select(arms).where(arms.c.cohort == cohort.name).order_by(arms.c.arm))
    of_arms = {Arm(row.arm): row for row in rows}
    standard = of_arms.pop(Arm.STANDARD, None)
    others = tuple(OtherArm(arm, row.share, frozen_ruler(connection, row.ruler)) for arm, row in of_arms.items())
    experiment = registered_for(connection, cohort.name)
    share = standard.share if standard else None
    return Lot(cohort.salt, cohort.control_share, others, share, cohort.reads_on, experiment)


def _keep_arms(connection: Connection, cohort: str, lot: Lot) -> None:
    rows = [{"arm": each.arm, "share": each.share, "ruler": each.frozen.digest} for each in lot.others]
    rows += [{"arm": Arm.STANDARD, "share": lot.standard, "ruler": None}] if lot.standard else []
    for row in rows:
        connection.execute(insert(arms).values(cohort=cohort, **row))


def _drawn(lot: Lot | None) -> str:
    held = f"{percent(lot.control * 100)}% held out" if lot and lot.control else "nobody held out"
    others = lot.others if lot else ()
    told = [f"{percent(each.share * 100)}% on {each.frozen.ruler.label} as it was then" for each in others]
    told += [f"{percent(lot.standard * 100)}% on the standard rungs"] if lot and lot.standard else []
    read = f", to be read on {lot.reads_on}" if lot and lot.reads_on else ""
    asked = f", as experiment {lot.experiment.name}" if lot and lot.experiment else ""
    return f"{held}, and {', '.join(told) or 'no other ruler'} to compare with{read}{asked}"


def candidates(
    engine: Engine, ruler: Ruler, selection: Selection, today: date, after: Pair = (0, "")
) -> Generator[list[Candidate]]:
    """Pages of those whom the selection names, in a stable order, from `after` on. Raises Unreckonable when the ruler
    has a table of accrual and a rate or a rule is missing; what is owed by it, no column says, so its facts do."""
    named, asked = named_by(ruler, selection, today, after)
    query = selecting(f"SELECT taxpayer, tax FROM ({named}) AS found ORDER BY taxpayer, tax")  # noqa: S608 - of constants
    listing = engine.connect().execution_options(stream_results=True)
    with listing, listing.execute(query, asked) as rows:
        for page in rows.partitions(PAGE):
            with engine.connect() as connection:
                found = _read_page(connection, ruler, [(row.taxpayer, row.tax) for row in page], today)
            if ruler.accrual:
                found = [candidate for candidate in found if selection.takes(candidate.owed)]
            if found:
                yield found


def must_be_reckonable(engine: Engine, ruler: Ruler, selection: Selection, today: date) -> None:
    """Check, before anything is on record, that all can be reckoned. Raises Unreckonable when what somebody owes by the
    ruler's table can't be told."""
    if ruler.accrual:
        for _ in candidates(engine, ruler, selection, today):
            pass


OPEN_CASES = about_pairs(f"""
    SELECT cases.id, cases.cohort, cases.ruler, cases.status, cases.revision, cases.taxpayer, cases.tax FROM {PAIRS}
    JOIN cases ON cases.taxpayer = pair.taxpayer AND cases.tax = pair.tax AND closed_at IS NULL
""")  # noqa: S608 - PAIRS is a constant


def _read_page(connection: Connection, ruler: Ruler, pairs: list[Pair], today: date) -> list[Candidate]:
    facts_by_pair = read_facts(connection, ruler, pairs, today)
    cohorts_of = {(row.taxpayer, row.tax): row.cohort for row in connection.execute(OPEN_CASES, bound(pairs))}
    return [Candidate(pair, facts_by_pair[pair], cohorts_of.get(pair)) for pair in pairs]


def open_cases(engine: Engine, cohort: Cohort, page: list[Candidate], today: date) -> int:
    """Open a case for each candidate without one, unless the cohort is cancelled, and say for how many. Twice does it
    once. In a cohort with a lot nobody is to be contacted until it is drawn (storage/proof/holdout.py)."""
    state = CaseState.at_start(today).model_dump(mode="json")
    rows = [
        {
            "taxpayer": candidate.pair[0],
            "tax": candidate.pair[1],
            "cohort": cohort.name,
            "state": state,
            "opened_on": today,
            "owed": candidate.owed,
            **_first_seen(cohort, candidate, today),
        }
        for candidate in page
        if candidate.takes(cohort.frozen.ruler)
    ]
    if not rows:
        return 0
    with engine.begin() as connection:
        connection.execute(STEADY, {"cohort": cohort.name})
        known = read_cohort(connection, cohort.name)
        if known.lifecycle.state is State.CANCELLED:
            return 0
        opened = insert(cases).on_conflict_do_nothing().returning(cases.c.id)
        return len(list(connection.execute(opened, [{**row, "ruler": known.frozen.digest} for row in rows])))


def _first_seen(cohort: Cohort, candidate: Candidate, today: date) -> dict[str, object]:
    """The situation of a new case. Until its workflow looks at it, only a hold is known of; who is yet to be drawn is
    contacted by nobody."""
    if cohort.lot:
        return {"status": Status.CONTROL, "blocks": []}
    held = Situation(state=Status.RUNNING, blocks=dated(hold_of(candidate.facts), (), today))
    return {"status": held.status, "blocks": [block.model_dump(mode="json") for block in held.blocks]}


@dataclass(frozen=True)
class Run:
    """The cohort's open cases of a page whose workflows are to run: none of its hold-out."""

    all: int
    unseen: Mapping[str, str]
    """The cases that no workflow has looked at yet, each with the label of its ruler."""


def cases_to_run(engine: Engine, cohort: Cohort, page: list[Candidate]) -> Run:
    with engine.connect() as connection:
        found = connection.execute(OPEN_CASES, bound(candidate.pair for candidate in page)).all()
        ours = [row for row in found if row.cohort == cohort.name and row.status != Status.CONTROL]
        unseen = {row.id: frozen_ruler(connection, row.ruler).ruler.label for row in ours if not row.revision}
    return Run(len(ours), unseen)
