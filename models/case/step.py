"""The next step of a case: an action, the day it is due, the cell it stands for, and the reason in words."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from models.case.blocks import Situation
from models.case.journal import EntryKind
from models.case.state import CaseState
from models.case.status import Status
from models.case.view import View
from models.contact.delivery import Route
from models.ruler.schema import Hypothesis, Stage


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Action(StrEnum):
    NOTIFY = "notify"
    ASK_APPROVAL = "ask_approval"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    INFORM = "inform"
    """Tell the taxpayer that benefits were given back."""
    DEEM_SERVED = "deem_served"
    """The law takes a notice as served by silence (ciência tácita)."""
    REFER = "refer"
    RESOLVE = "resolve"
    END = "end"
    """The campaign is over for a case that was not settled in it."""
    CANCEL = "cancel"
    """Its cohort is over, whatever the case owes."""
    WAIT = "wait"
    """Nothing to do until something happens to the case, or until the day to look again."""

    @property
    def at_once(self) -> bool:
        """Whether it waits for no day: it is done the moment it is decided."""
        return self in (Action.SUSPEND, Action.REINSTATE, Action.RESOLVE, Action.CANCEL)

    @property
    def contacts(self) -> bool:
        """Whether notices leave by it."""
        return self in (Action.NOTIFY, Action.INFORM)


class Step(_Value):
    action: Action
    status: Status
    """How the case is seen until the step is done."""
    on: date | None
    """The logical day the step is due; none: only an event can bring it."""
    number: int
    reason: str
    row: Hypothesis | None = None
    rung: int | None = None
    stage: Stage | None = None
    rigidity: int | None = None
    routes: tuple[Route, ...] = ()
    """The notices of a rung, one a channel."""


class Transition(_Value):
    """Something that happened to the case and moved it, for the journal."""

    kind: EntryKind
    reason: str
    on: date | None = None
    """Its logical day, where that isn't today's."""


class Decision(_Value):
    """The state that the facts have moved a case to, the step that is next there, and what blocks it."""

    state: CaseState
    step: Step
    situation: Situation
    transitions: tuple[Transition, ...] = ()


def wait(view: View, why: str, until: date | None = None, blocked: Status = Status.RUNNING) -> Step:
    """A wait. Nothing is done, on that day neither: then the case only looks again. `blocked`: by what of the map's
    own."""
    return Step(action=Action.WAIT, status=blocked, on=until, number=view.state.steps, reason=why)


def act(view: View, action: Action, on: date, why: str) -> Step:
    """A step that stands for no cell."""
    return Step(action=action, status=Status.RUNNING, on=on, number=view.state.steps, reason=why)


def at_once(view: View, action: Action, why: str) -> Step:
    return act(view, action, view.facts.today, why)


def cell(view: View, action: Action, row: Hypothesis, index: int, on: date, why: str) -> Step:
    """A step that stands for a rung."""
    return act(view, action, on, why).model_copy(
        update={
            "row": row,
            "rung": index,
            "stage": view.ruler.rung(row, index).stage,
            "rigidity": view.ruler.rigidity(row, index, view.state.occurrences),
        }
    )
