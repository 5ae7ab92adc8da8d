"""Cases as they are on record: found, locked, judged and saved. One transaction sees all of a case or none of it."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.assets import Texts, with_tables
from models.case.blocks import Block, Situation
from models.case.cohort_state import CohortLifecycle, State
from models.case.facts import (
    CaseFacts,
    Pause,
)
from models.case.state import CaseState
from models.case.status import Status
from models.case.view import View
from models.contact.channel import CHANNELS, Channel
from models.contact.habits import ContactHabits
from models.errors import Refusal
from models.law.calendar import Calendar, Clock
from models.proof.holdout import Arm
from models.ruler.check import read_ruler
from models.ruler.schema import Ruler
from storage.assets import read_assets
from storage.schema import cases, cohorts, rulers


@dataclass(frozen=True)
class FrozenRuler:
    """A ruler with its tables, its holidays and its templates as they were pinned."""

    digest: str
    ruler: Ruler
    calendar: Calendar
    texts: Texts = field(default_factory=dict, repr=False)
    """All that it was frozen with, by name (models/assets.py)."""

    def is_as(self, other: FrozenRuler) -> bool:
        """Whether whoever goes by the other one would decide, say and count the same by this one."""
        same = (self.ruler, self.calendar) == (other.ruler, other.calendar)
        return same and other.texts.items() <= self.texts.items()


@dataclass(frozen=True)
class Case:
    id: str
    taxpayer: int
    tax: str
    cohort: str
    status: Status
    blocks: tuple[Block, ...]
    state: CaseState
    revision: int
    paused_by: str | None
    paused_on: date | None
    hardship_on: date | None
    claimed_paid_on: date | None
    rehearsal: bool
    unverified: bool
    """Whether its cohort goes by rules that nobody has verified, so that nothing of it may leave by a provider."""
    budgeted: bool
    """Whether its cohort may spend only so much."""
    started_by: str
    """Who started its cohort."""
    lifecycle: CohortLifecycle
    opened_at: datetime
    closed_at: datetime | None
    arm: Arm | None
    habits: ContactHabits | None
    """By which its ruler tells it apart; none: it has no other rungs for it."""
    frozen: FrozenRuler
    """As it goes for these habits, unless the case was drawn for the standard rungs."""
    clock: Clock

    @property
    def ruler(self) -> Ruler:
        return self.frozen.ruler

    @property
    def paused(self) -> bool:
        """Whether a person has paused it, or its whole cohort."""
        return self.paused_by is not None or self.lifecycle.state is State.PAUSED

    def view(self, state: CaseState, facts: CaseFacts) -> View:
        """The case as it is judged, on its own ruler and calendar."""
        return View(self.ruler, self.frozen.calendar, state, facts)

    @property
    def situation(self) -> Situation:
        """The case's situation, as it was last judged."""
        unclimbed = self.closed_at is not None or self.status is Status.CONTROL
        return Situation(state=self.status if unclimbed else self.state.status, blocks=self.blocks)

    @property
    def pair(self) -> Pair:
        return self.taxpayer, self.tax

    def needless(self, unaddressed: Set[Channel]) -> Set[Channel]:
        """The channels that need no address of the taxpayer's: in a rehearsal none does."""
        return frozenset(CHANNELS) if self.rehearsal else unaddressed


_frozen: dict[str, FrozenRuler] = {}


def frozen_ruler(connection: Connection, digest: str) -> FrozenRuler:
    """A pinned ruler by its digest, read once a process: it never changes."""
    if digest not in _frozen:
        row = connection.execute(select(rulers).where(rulers.c.digest == digest)).one()
        ruler = read_ruler(row.source).ruler
        assert ruler is not None  # noqa: S101 - it was checked before it was pinned
        texts = read_assets(connection, row.assets)
        ruler = with_tables(ruler, texts)
        calendar = Calendar.model_validate({"holidays": row.holidays, "listed_to": ruler.jurisdiction.listed_to})
        _frozen[digest] = FrozenRuler(digest, ruler, calendar, texts)
    return _frozen[digest]


def _kept_to(frozen: FrozenRuler, arm: Arm | None, habits: ContactHabits | None) -> FrozenRuler:
    """A ruler as it goes for a case; by habit for those alone that were drawn for the cohort's own."""
    if habits is None or arm is not Arm.RULER:
        return frozen
    return replace(frozen, ruler=frozen.ruler.kept_to(habits))


@lru_cache(maxsize=256)
def _clock(written: str) -> Clock:
    return Clock.model_validate_json(written)


OF_COHORT = (
    cohorts.c.rehearsal,
    cohorts.c.unverified,
    cohorts.c.budget.is_not(None).label("budgeted"),
    cohorts.c.started_by,
    cohorts.c.lifecycle,
    cohorts.c.lifecycle_set_by,
    cohorts.c.lifecycle_reason,
    cohorts.c.lifecycle_since,
    cohorts.c.clock.cast(Text).label("clock"),
)

CASES = select(cases, *OF_COHORT).join(cohorts, cohorts.c.name == cases.c.cohort)


def read_case(connection: Connection, case: str, lock: bool = False) -> Case:
    """Read a case. Raises Refusal when there is none of that id. With `lock`, nobody else writes to it until the
    transaction ends."""
    query = CASES.where(cases.c.id == case)
    row = connection.execute(query.with_for_update(of=cases) if lock else query).one_or_none()
    if row is None:
        raise _no_case(case)
    return _case(connection, row)


def _no_case(case: str) -> Refusal:
    return Refusal(f"there is no case {case}; list a cohort's cases with `case list COHORT`")


LOCKED = (
    CASES.where(cases.c.id == func.any(bindparam("cases", type_=ARRAY(Text))))
    .order_by(cases.c.id)
    .with_for_update(of=cases)
)
"""As a statement that is made once, since it is asked at every case transaction."""


def lock_cases(connection: Connection, which: Collection[str]) -> dict[str, Case]:
    """Lock cases, by id, and read them; nobody else writes to them until the transaction ends. Raises Refusal when
    there is none of one of these ids."""
    found = {row.id: _case(connection, row) for row in connection.execute(LOCKED, {"cases": [*which]})}
    if missing := sorted(set(which) - found.keys()):
        raise _no_case(missing[0])
    return found


def lock_open(connection: Connection, *which: ColumnElement[bool]) -> list[Case]:
    """Lock open cases, by id, and read them; nobody else writes to them until the transaction ends."""
    found = CASES.where(cases.c.closed_at.is_(None), *which).order_by(cases.c.id)
    return [_case(connection, row) for row in connection.execute(found.with_for_update(of=cases))]


def _case(connection: Connection, row: Row[Any]) -> Case:
    arm = Arm(row.arm) if row.arm else None
    habits = ContactHabits.model_validate(row.contact_habits) if row.contact_habits else None
    return Case(
        id=row.id,
        taxpayer=row.taxpayer,
        tax=row.tax,
        cohort=row.cohort,
        status=Status(row.status),
        blocks=tuple(Block.model_validate(block) for block in row.blocks),
        state=CaseState.model_validate(row.state),
        revision=row.revision,
        paused_by=row.paused_by,
        paused_on=row.paused_on,
        hardship_on=row.hardship_on,
        claimed_paid_on=row.claimed_paid_on,
        rehearsal=row.rehearsal,
        unverified=row.unverified,
        budgeted=row.budgeted,
        started_by=row.started_by,
        lifecycle=lifecycle_of(row),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        arm=arm,
        habits=habits,
        frozen=_kept_to(frozen_ruler(connection, row.ruler), arm, habits),
        clock=_clock(row.clock),
    )


def lifecycle_of(cohort: Row[Any]) -> CohortLifecycle:
    return CohortLifecycle(
        state=State(cohort.lifecycle),
        by=cohort.lifecycle_set_by,
        reason=cohort.lifecycle_reason,
        on=cohort.lifecycle_since,
    )


Pair = tuple[int, str]
"""A taxpayer and a tax."""


def pauses_of(paused_by: str | None, paused_on: date | None, lifecycle: CohortLifecycle) -> tuple[Pause, ...]:
    """The pauses of a case: its own, and that of its cohort."""
    own = Pause(by=paused_by, on=paused_on) if paused_by else None
    return tuple(pause for pause in (own, lifecycle.pause) if pause)


def case_ids(connection: Connection, cohort: str) -> list[tuple[str, str]]:
    """The cases of a cohort and their statuses, in the order they were opened."""
    rows = connection.execute(
        select(cases.c.id, cases.c.status).where(cases.c.cohort == cohort).order_by(cases.c.opened_at, cases.c.id)
    )
    return [cast(tuple[str, str], tuple(row)) for row in rows]
