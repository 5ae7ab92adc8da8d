"""How a case went, as its journal tells it, and why it went otherwise than on an undisturbed day.

A compressed clock goes on while processes are down, so what people do reaches a case later, after other rungs or not at
all. That explains a difference, and nothing else does: where two stories of one person part, one of them must go on
with something that came from outside, or have heard it on another day before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from storage.audit.invariants.contacts import MOVES

FROM_OUTSIDE = {
    "payment",
    "payment_reversed",
    "reopened",
    "filing",
    "hardship_declared",
    "notice_lost",
    "served",
    "payment_claimed",
    "contact_given",
    "opted_out",
    "approved",
    "rejected",
    "prior_step_taken",
    "ended",
    "interference",
}
"""Kinds of entries that a bank, a provider, a taxpayer, an import, a supervisor or a clerk brought about; the end of a
campaign, whose deadline waits for nobody; and a workflow that somebody ended in Temporal, so that the case stood still
until it was taken up again."""


@dataclass(frozen=True)
class Entry:
    kind: str
    cell: str
    """`h1 reminder`; empty where the entry is about none."""
    at: date
    """Its logical day."""

    @property
    def is_from_outside(self) -> bool:
        return self.kind in FROM_OUTSIDE

    def __str__(self) -> str:
        return f"{self.kind} {self.cell}".strip() + f" of {self.at}"


@dataclass(frozen=True)
class Story:
    person: int
    """The same one in two runs, unlike the case's id."""
    case: str
    status: str
    cell: str
    """Where it stands at the end."""
    entries: tuple[Entry, ...]

    @property
    def told(self) -> list[Entry]:
        """The entries that can be compared: of a rung's notices and their service only the first, since its channels
        have no order."""
        told: list[Entry] = []
        rung: set[tuple[str, str]] = set()
        for entry in self.entries:
            by_channel = entry.kind in ("notice", "served")
            if entry.kind in MOVES or (entry.kind == "notice" and ("notice", entry.cell) not in rung):
                rung.clear()
            key = (entry.kind, entry.cell if entry.kind == "notice" else "")
            if not (by_channel and key in rung):
                told.append(entry)
            if by_channel:
                rung.add(key)
        return told

    @property
    def rungs(self) -> list[str]:
        return [entry.cell for entry in self.told if entry.kind == "notice"]

    @property
    def ends(self) -> str:
        return f"{self.status} at {self.cell}" if self.cell else self.status


@dataclass(frozen=True)
class Difference:
    person: int
    calm: str
    stormy: str
    """How it ended, and the rungs it took."""
    same_status: bool
    """It took other rungs, and came to the same."""
    because: str | None
    """None: nothing explains it."""

    def __str__(self) -> str:
        because = self.because or "nothing explains it"
        return f"person {self.person}: {self.stormy}, and undisturbed {self.calm}: {because}"


def differences(calm: Mapping[int, Story], stormy: Mapping[int, Story]) -> list[Difference]:
    people = sorted(calm.keys() | stormy.keys())
    return [found for number in people if (found := _difference(number, calm.get(number), stormy.get(number)))]


def _difference(number: int, calm: Story | None, stormy: Story | None) -> Difference | None:
    if calm is None or stormy is None:
        return Difference(number, calm.ends if calm else "no case", stormy.ends if stormy else "no case", False, None)
    if (calm.ends, calm.rungs) == (stormy.ends, stormy.rungs):
        return None
    same_status = calm.status == stormy.status
    return Difference(number, _in_short(calm), _in_short(stormy), same_status, _reason(calm, stormy))


def _in_short(story: Story) -> str:
    return f"{story.ends} after {len(story.rungs)} rungs"


def _reason(calm: Story, stormy: Story) -> str | None:
    heard_otherwise = None
    for before, after in zip_longest(calm.told, stormy.told):
        if before is None or after is None or (before.kind, before.cell) != (after.kind, after.cell):
            if any(entry is not None and entry.is_from_outside for entry in (before, after)):
                return f"{_said(after)} came where the calm day had {_said(before)}"
            return heard_otherwise
        if before.is_from_outside and before.at != after.at and heard_otherwise is None:
            heard_otherwise = f"{after} came on another day than the calm day's, {before.at}"
    return heard_otherwise


def _said(entry: Entry | None) -> str:
    return str(entry) if entry else "the end"
