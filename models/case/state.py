"""Where a case stands on the heat-map, and what each thing done to it makes of that."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from models.law.calendar import Standstill, Wait
from models.ruler.schema import Hypothesis, Kind, Ruler, Stage


class CaseState(BaseModel):
    model_config = ConfigDict(frozen=True)

    started: date
    anchor: date
    """The day the current wait counts from."""
    not_before: date
    """The day evidence last moved the case: the next rung can't carry an earlier date."""
    row: Hypothesis | None = None
    kind: Kind | None = None
    """The kind of evidence the case was classified by; its climbs keep it."""
    kinds: tuple[Kind, ...] = ()
    """The kinds of evidence seen open so far."""
    entered_because: str = ""
    rung: int = -1
    """Index of the last rung done in `row`; the next is one higher."""
    steps: int = 0
    """How many rungs were done in all: the number of the next step, and its idempotency key."""
    occurrences: int = 1
    last_rigidity: int = 0
    wait: Wait | None = None
    """The dwell of the last rung done."""
    awaits_service: bool = False
    """Whether that wait counts from proof of service."""
    stopped_on: date | None = None
    """Since when the clock stands still: paused, on hold, or settled."""
    stood_still: tuple[Standstill, ...] = ()
    """The times that it did so since the last rung."""
    hardship_used: bool = False
    asked_on: date | None = None
    rejected_on: date | None = None
    approvers: tuple[str, ...] = ()
    approved_on_seeing: str | None = None
    """The fingerprint of what they approved on (`CaseFacts.fingerprint`)."""
    suspended: bool = False
    to_tell: bool = False
    """Benefits were given back, and the taxpayer has not been told yet."""
    referred: bool = False
    resumed_after: str | None = None
    """The broken agreement that last moved the case."""
    stands: bool = False
    """Whether `rung` is the last thing done: not one that the case was put at since, or that it takes again."""

    @classmethod
    def at_start(cls, day: date) -> CaseState:
        return cls(started=day, anchor=day, not_before=day)

    def _but(self, **changes: object) -> CaseState:
        return self.model_copy(update=changes)

    def stop(self, on: date) -> CaseState:
        return self.lapsed()._but(stopped_on=on)

    def go_on(self, on: date) -> CaseState:
        """The clock runs again: the remaining wait is left, not the whole of it and not nothing."""
        stood = (*self.stood_still, Standstill(stopped=self.stopped_on or on, resumed=on))
        return self._but(stopped_on=None, stood_still=stood, not_before=max(self.not_before, on))

    def enter(self, ruler: Ruler, row: Hypothesis, kind: Kind, occurrences: int, on: date, because: str) -> CaseState:
        """Stand before the first rung of `row`, or of a row above it, that is no softer than the last notice sent."""
        hottest = max(self.occurrences, occurrences)
        row, index = first_no_softer(ruler, row, hottest, self.last_rigidity)
        return self._but(
            row=row,
            rung=index - 1,
            stands=False,
            kind=kind,
            occurrences=hottest,
            not_before=max(self.not_before, on),
            entered_because=because,
        ).lapsed()

    def resume(self, ruler: Ruler, row: Hypothesis, stage: Stage, on: date, agreement: str) -> CaseState:
        """Stand before that cell, or before a harder one if the last notice was harder than it. The days on hold count
        as waiting, so that the rung is due at once unless the notice before it was sent shortly before."""
        since = self._but(resumed_after=agreement, stood_still=(), not_before=max(self.not_before, on))
        index = next(n for n, rung in enumerate(ruler.rows[row].rungs) if rung.stage is stage)
        if self.row in [*ruler.climb(row)] or (self.row == row and self.rung >= index):
            return since
        row, index = first_no_softer(ruler, row, self.occurrences, self.last_rigidity, index)
        return since.lapsed()._but(row=row, rung=index - 1, stands=False)

    def reanchor(self, on: date) -> CaseState:
        """The wait begins anew on `on`; days that the clock stood still since are not lost to it."""
        return self._but(anchor=on).lapsed()

    def done(self, ruler: Ruler, row: Hypothesis, index: int, rigidity: int, at: date) -> CaseState:
        """The rung was carried out on the logical day `at`."""
        rung = ruler.rung(row, index)
        return self._but(
            row=row,
            rung=index,
            steps=self.steps + 1,
            last_rigidity=rigidity,
            anchor=at,
            not_before=at,
            wait=rung.wait,
            awaits_service=rung.formal and rung.stage is not Stage.SUSPENSION,
            stood_still=(),
            stands=True,
        )

    def took_back(self, at_once: bool) -> CaseState:
        """Before the last rung again, which reached nobody: due as soon as somebody can be reached, or after its dwell
        when an address is there and it was the sending that failed."""
        wait = None if at_once else self.wait
        return self._but(rung=self.rung - 1, wait=wait, awaits_service=False, stands=False)

    def asked(self, on: date) -> CaseState:
        return self._but(asked_on=on)

    def approved(self, by: str, on_seeing: str) -> CaseState:
        return self._but(approvers=(*self.approvers, by), approved_on_seeing=on_seeing)

    def lapsed(self) -> CaseState:
        """Neither asked nor approved."""
        return self._but(asked_on=None, approvers=(), approved_on_seeing=None)

    def rejected(self, on: date) -> CaseState:
        return self.lapsed()._but(rejected_on=on)

    def suspended_now(self, on: date) -> CaseState:
        return self.lapsed()._but(suspended=True, not_before=on)

    def reinstated(self, ruler: Ruler, on: date) -> CaseState:
        """Back before the suspension, with the whole wait before it to run again should the cause come back."""
        assert self.row is not None  # noqa: S101 - only a case on the map was ever suspended
        before = len(ruler.rows[self.row].rungs) - 2
        return self._but(
            suspended=False,
            to_tell=True,
            rung=before,
            stands=False,
            wait=ruler.rung(self.row, before).dwell,
            anchor=on,
            not_before=on,
        )

    def told(self) -> CaseState:
        """That the benefits are back. It is a contact, and no rung."""
        return self._but(to_tell=False, steps=self.steps + 1, stands=False)

    def referred_now(self) -> CaseState:
        return self._but(referred=True)

    def before(self, row: Hypothesis, index: int) -> CaseState:
        """On another map, with that rung to come, and the one below it not the last thing done."""
        return self._but(row=row, rung=index - 1, stands=False)

    def stands_on(self, index: int, wait: Wait | None, awaits_service: bool) -> CaseState:
        """On another map, where the last rung done has that index, and the wait since it is such a one."""
        return self._but(rung=index, wait=wait, awaits_service=awaits_service)

    def off_the_map(self) -> CaseState:
        """Its evidence says anew where it belongs; what was sent and waited still counts."""
        return self._but(row=None, kind=None, rung=-1, stands=False)


def first_no_softer(
    ruler: Ruler, row: Hypothesis, occurrences: int, rigidity: int, first: int = 0
) -> tuple[Hypothesis, int]:
    """The cell from the `first` rung of `row` on; of the rows above it any."""
    hardest = (row, first)
    for name in (row, *ruler.climb(row)):
        for index, rung in enumerate(ruler.rows[name].rungs):
            if rung.stage is Stage.SUSPENSION or (name == row and index < first):
                continue
            if ruler.rigidity(name, index, occurrences) >= rigidity:
                return name, index
            hardest = (name, index)
    return hardest
