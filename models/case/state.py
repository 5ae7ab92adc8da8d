"""The state of a case: where it stands on the heat-map, how its clock runs, and what each thing done makes of that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.case.credit import CreditId
from models.case.status import Status
from models.law.calendar import Standstill, Wait
from models.ruler.schema import Hypothesis, Kind, Ruler, Stage


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DwellClock(_Value):
    """The wait between two rungs, and the days it stands still."""

    anchor: date
    """The day the current wait counts from."""
    not_before: date
    """The day evidence last moved the case: the next rung can't carry an earlier date."""
    wait: Wait | None = None
    """The dwell of the last rung done."""
    awaits_service: bool = False
    """Whether that wait counts from proof of service."""
    stopped_on: date | None = None
    """Since when the clock stands still, the last day that counted: paused, on hold, or settled."""
    stood_still: tuple[Standstill, ...] = ()
    """The times that it did so since the last rung."""

    @classmethod
    def at_start(cls, day: date) -> DwellClock:
        return cls(anchor=day, not_before=day)

    def but(self, **changes: object) -> DwellClock:
        return self.model_copy(update=changes)

    def no_earlier_than(self, on: date) -> DwellClock:
        return self.but(not_before=max(self.not_before, on))

    def go_on(self, on: date) -> DwellClock:
        """Let the clock run again: the remaining wait is left, not the whole of it and not nothing."""
        stood = (*self.stood_still, Standstill(stopped=self.stopped_on or on, resumed=on))
        return self.but(stopped_on=None, stood_still=stood).no_earlier_than(on)


class CreditClock(_Value):
    """The times that the terms of one credit stood still, all its life: suspended itself, or its case stood still."""

    stopped_on: date | None = None
    """The last day that counted; none: it runs."""
    stood_still: tuple[Standstill, ...] = ()

    def stop(self, on: date) -> CreditClock:
        return self.model_copy(update={"stopped_on": min(on, self.stopped_on or on)})

    def go_on(self, on: date) -> CreditClock:
        stood = (*self.stood_still, Standstill(stopped=self.stopped_on or on, resumed=on))
        return CreditClock(stood_still=stood)


class ApprovalRound(_Value):
    """A suspension that was asked for, and who has approved it so far."""

    asked_on: date
    approvers: tuple[str, ...] = ()
    credits: tuple[CreditId, ...] = ()
    """The credits that they approved it for."""
    on_seeing: str | None = None
    """The fingerprint of what they approved on (`models.case.gate.fingerprint`)."""

    def approved(self, by: str, credits: tuple[CreditId, ...], on_seeing: str) -> ApprovalRound:
        given = {"approvers": (*self.approvers, by), "credits": credits, "on_seeing": on_seeing}
        return self.model_copy(update=given)


class OffMap(_Value):
    """Evidence has led to no row yet, or that row is gone."""

    where: Literal["off_map"] = "off_map"


class _OnMap(_Value):
    row: Hypothesis
    kind: Kind
    """The kind of evidence the case was classified by; its climbs keep it."""
    rung: int = -1
    """Index of the last rung done in `row`; the next is one higher."""
    stands: bool = False
    """Whether `rung` is the last thing done: not one that the case was put at since, or that it takes again."""
    entered_because: str = ""
    by_thresholds: bool = False
    """Whether the thresholds of the law led there, not the ladder."""


class OnRow(_OnMap):
    """A case that climbs its row."""

    where: Literal["on_row"] = "on_row"
    approval: ApprovalRound | None = None


class Suspended(_OnMap):
    """Benefits are suspended; `rung` is the suspension's once the taxpayer was told of it."""

    where: Literal["suspended"] = "suspended"
    credits: tuple[CreditId, ...] = ()
    """The credits that the act is for; empty: of a time when that wasn't kept."""
    benefits: frozenset[str] = frozenset()
    """The benefits that people know of: those suspended, and those granted since that they were told of."""
    reassessed: bool = False
    """Whether people were told that less is owed than the law's thresholds."""


class Referred(_OnMap):
    """The case went to protest and court from that cell, of a row that its ruler may have no longer."""

    where: Literal["referred"] = "referred"
    debts: tuple[str, ...] | None = None
    """The debts that were referred; none: it was before that was kept."""


Place = Annotated[OffMap | OnRow | Suspended | Referred, Field(discriminator="where")]


class CaseState(_Value):
    started: date
    clock: DwellClock
    place: Place = OffMap()
    kinds: tuple[Kind, ...] = ()
    """The kinds of evidence seen open so far."""
    steps: int = 0
    """How many contacts were made in all: the number of the next step, and its idempotency key."""
    occurrences: int = 1
    """The most that any of its rows was entered with."""
    last_rigidity: int = 0
    hardship_used: bool = False
    rejected_on: date | None = None
    """The day a suspension was last refused: it is not asked for again before the gate's wait."""
    payment_judged: int = 0
    """The newest payment (`PaymentFact.id`) that was judged: its share is of what was owed then, and never another."""
    to_tell: bool = False
    """Benefits were given back, and the taxpayer has not been told yet."""
    resumed_after: str | None = None
    """The broken agreement that last moved the case."""
    credits: dict[CreditId, CreditClock] = {}
    """The clocks of the credits that ever stood still."""

    @classmethod
    def at_start(cls, day: date) -> CaseState:
        return cls(started=day, clock=DwellClock.at_start(day))

    @property
    def row(self) -> Hypothesis | None:
        return None if isinstance(self.place, OffMap) else self.place.row

    @property
    def rung(self) -> int:
        """Index of the last rung done in its row, -1 before the first and off the map."""
        return -1 if isinstance(self.place, OffMap) else self.place.rung

    @property
    def stands(self) -> bool:
        """Whether that rung is the last thing done."""
        return not isinstance(self.place, OffMap) and self.place.stands

    @property
    def climbs(self) -> bool:
        """Whether its rungs are ahead of it still: neither suspended nor referred."""
        return isinstance(self.place, OffMap | OnRow)

    @property
    def approval(self) -> ApprovalRound | None:
        return self.place.approval if isinstance(self.place, OnRow) else None

    @property
    def approvers(self) -> tuple[str, ...]:
        return self.approval.approvers if self.approval else ()

    @property
    def status(self) -> Status:
        """The status of the case when nothing blocks it."""
        match self.place:
            case Suspended():
                return Status.BENEFITS_SUSPENDED
            case Referred():
                return Status.REFERRED
            case _:
                return Status.RUNNING

    def _but(self, **changes: Any) -> CaseState:
        return self.model_copy(update=changes)

    def _placed(self, **changes: Any) -> CaseState:
        """The case elsewhere on the map. Raises ValueError off it: nothing that was never on it can be done, suspended,
        …"""
        if isinstance(self.place, OffMap):
            raise ValueError("the case is on no row")
        return self._but(place=self.place.model_copy(update=changes))

    def _becomes(self, place: type[OnRow] | type[Suspended] | type[Referred], **changes: Any) -> CaseState:
        if isinstance(self.place, OffMap):
            raise ValueError("the case is on no row")
        cell = self.place.model_dump(include=set(_OnMap.model_fields))
        return self._but(place=place(**(cell | changes)))

    def stood_still(self, credit: CreditId) -> tuple[Standstill, ...]:
        """When the terms of that credit stood still."""
        known = self.credits.get(credit)
        return known.stood_still if known else ()

    def timed(self, clocks: dict[CreditId, CreditClock]) -> CaseState:
        return self._but(credits=self.credits | clocks)

    def stop(self, on: date) -> CaseState:
        return self.lapsed()._but(clock=self.clock.but(stopped_on=on))

    def go_on(self, on: date) -> CaseState:
        return self._but(clock=self.clock.go_on(on))

    def enter(
        self,
        ruler: Ruler,
        row: Hypothesis,
        kind: Kind,
        occurrences: int,
        on: date,
        because: str,
        by_thresholds: bool = False,
    ) -> CaseState:
        """Stand before the first rung of `row`, or of a row above it, that is no softer than the last notice sent."""
        hottest = max(self.occurrences, occurrences)
        row, index = first_no_softer(ruler, row, hottest, self.last_rigidity)
        there = {"rung": index - 1, "entered_because": because, "by_thresholds": by_thresholds}
        place = OnRow.model_validate({"row": row, "kind": kind, **there})
        return self._but(place=place, occurrences=hottest, clock=self.clock.no_earlier_than(on))

    def resume(self, ruler: Ruler, row: Hypothesis, stage: Stage, on: date, agreement: str) -> CaseState:
        """Stand before that cell, or before a harder one if the last notice was harder than it. The days on hold count
        as waiting, so that the rung is due at once unless the notice before it was sent shortly before; but a term that
        a formal notice gave has only its rest left."""
        clock = self.clock if self.clock.awaits_service else self.clock.but(stood_still=())
        since = self._but(resumed_after=agreement, clock=clock.no_earlier_than(on))
        index = next(n for n, rung in enumerate(ruler.rows[row].rungs) if rung.stage is stage)
        if self.row in [*ruler.climb(row)] or (self.row == row and self.rung >= index):
            return since
        row, index = first_no_softer(ruler, row, self.occurrences, self.last_rigidity, index)
        return since.lapsed().before(row, index)

    def reanchor(self, on: date) -> CaseState:
        """Begin the wait anew on `on`; days that the clock stood still since are not lost to it."""
        return self.lapsed()._but(clock=self.clock.but(anchor=on))

    def done(self, ruler: Ruler, row: Hypothesis, index: int, rigidity: int, at: date) -> CaseState:
        """The state after a rung carried out on the logical day `at`."""
        rung = ruler.rung(row, index)
        formal = rung.formal and rung.stage is not Stage.SUSPENSION
        clock = DwellClock(
            anchor=at, not_before=at, wait=rung.wait, awaits_service=formal, stopped_on=self.clock.stopped_on
        )
        there = self._placed(row=row, rung=index, stands=True)
        return there._but(steps=self.steps + 1, last_rigidity=rigidity, clock=clock)

    def took_back(self, at_once: bool) -> CaseState:
        """Put the case before the last rung again, which reached nobody: due as soon as somebody can be reached, or
        after its dwell when an address is there and it was the sending that failed."""
        wait = None if at_once else self.clock.wait
        before = self._placed(rung=self.rung - 1, stands=False)
        return before._but(clock=self.clock.but(wait=wait, awaits_service=False))

    def asked(self, on: date) -> CaseState:
        return self._becomes(OnRow, approval=ApprovalRound(asked_on=on))

    def approved(self, by: str, credits: tuple[CreditId, ...], on_seeing: str) -> CaseState:
        """Add an approval. Raises ValueError where nobody asked."""
        if self.approval is None:
            raise ValueError("no approval was asked for")
        return self._placed(approval=self.approval.approved(by, credits, on_seeing))

    def lapsed(self) -> CaseState:
        """The state with neither a request nor an approval."""
        return self._placed(approval=None) if self.approval else self

    def rejected(self, on: date) -> CaseState:
        return self.lapsed()._but(rejected_on=on)

    def suspended_now(self, on: date, credits: tuple[CreditId, ...], benefits: frozenset[str]) -> CaseState:
        there = self._becomes(Suspended, credits=credits, benefits=benefits)
        return there._but(to_tell=False, clock=self.clock.but(not_before=on))

    def reassessed(self, benefits: frozenset[str], below: bool) -> CaseState:
        """The state once people were told of what has changed under the suspension."""
        return self._placed(benefits=benefits, reassessed=below)

    def reinstated(self, ruler: Ruler, on: date, tell: bool = True) -> CaseState:
        """Put the case back before the suspension, with the whole wait before it to run again should the cause come
        back. `tell`: the taxpayer has a benefit back."""
        there = self._becomes(OnRow, stands=False)
        assert there.row is not None  # noqa: S101 - on a row
        before = len(ruler.rows[there.row].rungs) - 2
        dwell = ruler.rung(there.row, before).dwell
        clock = self.clock.but(wait=dwell, anchor=on, not_before=on)
        return there._placed(rung=before)._but(to_tell=tell, clock=clock)

    def informed(self) -> CaseState:
        """The state once the taxpayer was told that benefits are back. It is a contact, and no rung."""
        return self._placed(stands=False)._but(to_tell=False, steps=self.steps + 1)

    def referred_now(self, debts: Iterable[str]) -> CaseState:
        before = self.place.debts or () if isinstance(self.place, Referred) else ()
        return self._becomes(Referred, debts=tuple(sorted({*before, *debts})))

    def begun_anew(self, on: date) -> CaseState:
        """The state at the beginning of a new matter: only how many contacts there were is kept."""
        return CaseState.at_start(on)._but(steps=self.steps)

    def before(self, row: Hypothesis, index: int) -> CaseState:
        """Put the case before that rung, the one below it not being the last thing done."""
        return self._placed(row=row, rung=index - 1, stands=False)

    def stands_on(self, index: int, wait: Wait | None, awaits_service: bool) -> CaseState:
        """Put the case on another map, where the last rung done has that index, and the wait since it is such a one."""
        there = self._placed(rung=index)
        return there._but(clock=self.clock.but(wait=wait, awaits_service=awaits_service))

    def off_the_map(self) -> CaseState:
        """Take the case off the map: its evidence says anew where it belongs; what was sent and waited still counts."""
        return self._but(place=OffMap())


Cell = tuple[Hypothesis | None, Stage | None]


def cell_reached(ruler: Ruler, state: CaseState) -> Cell:
    """The row and the stage that a case stands on; no stage before the first rung, and where its ruler has no such
    row any more."""
    if state.row is None or state.rung < 0 or state.row not in ruler.rows:
        return state.row, None
    return state.row, ruler.rung(state.row, state.rung).stage


def first_no_softer(
    ruler: Ruler, row: Hypothesis, occurrences: int, rigidity: int, first: int = 0
) -> tuple[Hypothesis, int]:
    """The first cell no softer than the last notice, from the `first` rung of `row` on; of the rows above it any."""
    hardest = (row, first)
    for name in (row, *ruler.climb(row)):
        for index, rung in enumerate(ruler.rows[name].rungs):
            if rung.stage is Stage.SUSPENSION or (name == row and index < first):
                continue
            if ruler.rigidity(name, index, occurrences) >= rigidity:
                return name, index
            hardest = (name, index)
    return hardest
