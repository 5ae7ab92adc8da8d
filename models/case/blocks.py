"""The blocks on a case: facts side by side, each with its day and its reason; the first of them is the status shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import BaseModel, ConfigDict

from models.case.facts import CaseFacts
from models.case.state import Referred
from models.case.status import Status
from models.case.view import View
from models.formats import day
from models.law.grounds import PRESCRIBED
from models.words import GROUNDS, REQUESTS


class Block(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: Status
    reason: str
    """In pt-BR."""
    since: date | None = None
    """The logical day it began; none: the facts don't say."""
    until: date | None = None
    """Its last day; none: nobody has said."""
    whole_cohort: bool = False
    """For a pause, whether it is that of the cohort, not the case's own."""


class Situation(BaseModel):
    """The state that a case is in and what blocks it there, in the order of `Status`."""

    model_config = ConfigDict(frozen=True)

    state: Status
    """Running, benefits suspended, referred, held out, or what it was closed as."""
    blocks: tuple[Block, ...] = ()

    @property
    def status(self) -> Status:
        return self.blocks[0].kind if self.blocks else self.state

    def has(self, kind: Status, whole_cohort: bool = False) -> bool:
        return any(block.kind is kind and block.whole_cohort is whole_cohort for block in self.blocks)


def in_order(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Sort blocks as the words of `Status` stand; of two pauses the case's own first."""
    words = list(Status)
    return tuple(sorted(blocks, key=lambda block: (words.index(block.kind), block.whole_cohort)))


def stops_of(view: View) -> Iterator[Block]:
    """The blocks that stop the clock, or all judgement. A referred case has no clock that a pause could stop."""
    yield from hold_of(view.facts)
    if not isinstance(view.state.place, Referred):
        for pause in view.facts.pauses:
            why = f"pausado por {pause.who}"
            yield Block(kind=Status.PAUSED, since=pause.on, whole_cohort=pause.whole_cohort, reason=why)
    if view.facts.under_defence and view.facts.open_defence:
        filed_on = view.facts.open_defence.filed_on
        why = f"defesa apresentada em {day(filed_on)} aguarda decisão"
        yield Block(kind=Status.UNDER_DEFENCE, since=filed_on, reason=why)
    for request in view.facts.under_review[:1]:
        why = f"{REQUESTS[request.kind]} de {day(request.made_on)} aguarda resposta até {day(request.due)}"
        yield Block(kind=Status.UNDER_REVIEW, since=request.made_on, reason=why)
    if view.facts.lacks:
        why = f"não se pode dizer quanto é devido: falta {view.facts.lacks}"
        yield Block(kind=Status.AMOUNT_UNKNOWN, reason=why)


def hold_of(facts: CaseFacts) -> Iterator[Block]:
    """The hold on a case, only where all that is owed is held: the rest of a case goes on."""
    if facts.on_hold:
        until = facts.hold_ends_on
        why = what_holds(facts) + (f", até {day(until)}" if until else "")
        yield Block(kind=Status.ON_HOLD, since=facts.held_since, until=until, reason=why)


def what_holds(facts: CaseFacts) -> str:
    """The grounds on which all is held, in pt-BR; what seems prescribed is set apart, and not suspended."""
    grounds = ", ".join(GROUNDS.get(ground, ground) for ground in facts.grounds)
    return f"não se cobra: {grounds}" if PRESCRIBED in facts.grounds else f"exigibilidade suspensa: {grounds}"


def dated(blocks: Iterable[Block], former: Iterable[Block], today: date) -> tuple[Block, ...]:
    """Date the blocks, each with its first day: a block whose facts don't say it began when it was first seen."""
    known = {(block.kind, block.whole_cohort): block.since for block in former}

    def since(block: Block) -> date:
        return block.since or known.get((block.kind, block.whole_cohort)) or today

    return tuple(block.model_copy(update={"since": since(block)}) for block in blocks)
