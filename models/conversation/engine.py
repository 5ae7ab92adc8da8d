"""The course of a conversation: a pure function of its flows, of where it is, and of what was heard or done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from models.conversation.flow import PLACE, Branch, Do, Flow, FlowStep
from models.conversation.understanding import chosen, read_answer
from models.formats import fold

MOST_STEPS = 60
"""Steps between two answers. A flow that was checked has no loop without a question, so it is a guard."""

STOP = frozenset({"SAIR", "PARAR", "TCHAU", "ENCERRAR"})
PERSON = frozenset({"ATENDENTE", "HUMANO", "PESSOA"})


class Place(BaseModel):
    """Where a conversation is, and what is known in it. As JSON it is what a record keeps."""

    model_config = ConfigDict(frozen=True)

    flow: str
    step: str
    answers: Mapping[str, str] = {}
    told: Mapping[str, str] = {}
    """The words that acts have given, by the places of texts that they fill."""
    misses: int = 0
    identified: bool = False
    asked: bool = False
    """The question of its step was asked, so what is heard answers it."""
    ended: bool = False


@dataclass(frozen=True)
class Reaction:
    """The conversation after something was heard or done."""

    place: Place
    said: tuple[str, ...] = ()
    do: Do | None = None
    """To be done now; its outcome is given to `done`."""
    unclear: bool = False
    """Whether the answer wasn't understood."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of an act: whether it was done, and the words it gives."""

    well: bool
    told: Mapping[str, str] = field(default_factory=dict)


def begin(flows: Mapping[str, Flow], flow: str, now: datetime, *, identified: bool = False) -> Reaction:
    """Begin a conversation with a flow. `now` is on the authority's clock."""
    return _run(flows, Place(flow=flow, step=flows[flow].start, identified=identified), now)


def heard(flows: Mapping[str, Flow], place: Place, written: str, now: datetime) -> Reaction:
    """Go on with an answer."""
    step = flows[place.flow].steps[place.step]
    if fold(written) in STOP:
        return Reaction(place.model_copy(update={"ended": True}), ("Até logo.",))
    if fold(written) in PERSON:
        return Reaction(place, do=Do.HAND_OVER)
    way, kept = _answered(step, written, now)
    if way is None:
        return _missed(flows, place, step, now)
    answers = {**place.answers, step.keep: kept} if step.keep else place.answers
    return _run(flows, place.model_copy(update={"step": way, "answers": answers, "misses": 0, "asked": False}), now)


def done(flows: Mapping[str, Flow], place: Place, what: Do, outcome: Outcome, now: datetime) -> Reaction:
    """Go on after something was done, or couldn't be."""
    step = flows[place.flow].steps[place.step]
    identified = place.identified or (what is Do.IDENTIFY and outcome.well)
    known = place.model_copy(update={"told": {**place.told, **outcome.told}, "identified": identified})
    if step.do is not what:
        # asked for out of place: afterwards it is where it was
        return Reaction(known, (filled(question(step), known),) if step.ask else ())
    return _run(flows, _to(known, step.to if outcome.well else step.fails), now)


def _answered(step: FlowStep, written: str, now: datetime) -> tuple[str | None, str]:
    """The way that an answer goes, and what is kept of it."""
    if step.ask == "menu":
        option = chosen(step.options, written)
        return (option.to, option.title) if option else (None, "")
    answer = read_answer(step.ask or "text", written, now.date())
    return (step.to, answer) if answer is not None else (None, "")


def _missed(flows: Mapping[str, Flow], place: Place, step: FlowStep, now: datetime) -> Reaction:
    if place.misses >= step.misses:
        lost = _to(place, step.lost).model_copy(update={"misses": 0})
        return replace(_run(flows, lost, now), unclear=True)
    again = tuple(filled(text, place) for text in (step.again, question(step)) if text)
    return Reaction(place.model_copy(update={"misses": place.misses + 1}), again, unclear=True)


def _to(place: Place, step: str | None) -> Place:
    """At that step; at an end where there is none."""
    return place.model_copy(update={"step": step or place.step, "asked": False, "ended": step is None})


def _run(flows: Mapping[str, Flow], place: Place, now: datetime) -> Reaction:
    """Go on until something is asked, is to be done, or is over."""
    said: list[str] = []
    for _ in range(MOST_STEPS):
        if place.ended:
            return Reaction(place, tuple(said))
        step = flows[place.flow].steps[place.step]
        if step.ask:
            said.append(filled(question(step), place))
            return Reaction(place.model_copy(update={"asked": True}), tuple(said))
        if step.do:
            return Reaction(place, tuple(said), step.do)
        if step.go:
            place = _to(place.model_copy(update={"flow": step.go}), flows[step.go].start)
        elif step.branch:
            place = _to(place, next((each.to for each in step.branch if _holds(each, place, now)), None))
        else:
            said.append(filled(step.say or "", place))
            place = _to(place, step.to)
    return Reaction(place.model_copy(update={"ended": True}), tuple(said))


def _holds(branch: Branch, place: Place, now: datetime) -> bool:
    if branch.answer is not None and place.answers.get(branch.answer) != branch.equals:
        return False
    if branch.identified is not None and place.identified is not branch.identified:
        return False
    return branch.hours is None or within(branch.hours, now)


def within(hours: str, now: datetime) -> bool:
    """Whether it is between two times of a working day: `08:00-18:00`."""
    begins, ends = hours.split("-")
    return now.weekday() < 5 and begins <= f"{now:%H:%M}" < ends


def question(step: FlowStep) -> str:
    """The words of a question; those of a menu with a number for each item."""
    items = [f"{number} {option.title}" for number, option in enumerate(step.options, start=1)]
    return "\n".join([step.says or "", *items])


def filled(text: str, place: Place) -> str:
    """A text with what is known in its places; what isn't known is left out."""
    known = {**place.answers, **place.told}
    return PLACE.sub(lambda found: known.get(found[1], ""), text)
