"""A flow: what is said and asked in a conversation with a taxpayer, step by step, as a file of `flows/` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from models.law.dated import Where
from models.law.verification import Verifiable, marking_faults
from models.scalars import Named
from models.yaml_file import ReadTable, read_table

PLACE = re.compile(r"\{([a-z_]+)\}")
"""A place in a text that something known fills: `{total}`."""

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1600)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
Step = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]

Medium = Literal["web", "sms", "whatsapp", "messenger", "voice"]
Kind = Literal["menu", "digits", "number", "date", "tax_id", "plate", "renavam", "text"]


class Do(StrEnum):
    """The closed list of what a flow may do beside talking."""

    IDENTIFY = "identify"
    """Find registered debts by the keys that were answered, or the case whose link was opened."""
    STATEMENT = "statement"
    PAY = "pay"
    CONTEST = "contest"
    HAND_OVER = "hand_over"


GIVES: Mapping[Do, frozenset[str]] = {
    Do.IDENTIFY: frozenset({"found"}),
    Do.STATEMENT: frozenset({"total", "debts"}),
    Do.PAY: frozenset({"codes"}),
}
"""The places that a text may have once something was done."""

SECRET = frozenset({"found", "total", "debts", "codes"})
"""The places that tell of a debt: none is filled before somebody is identified (CTN art. 198)."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(_Part):
    """An item of a menu, chosen by its number, by its title, or by words that mean it."""

    title: Title
    words: tuple[Word, ...] = ()
    to: Step


class Branch(_Part):
    """A way that is gone where its condition holds; one with none is gone otherwise."""

    answer: Step | None = None
    """The name under which an answer was kept; with `equals`."""
    equals: str | None = None
    identified: bool | None = None
    hours: Hours | None = None
    to: Step

    @model_validator(mode="after")
    def _whole(self) -> Branch:
        if (self.answer is None) != (self.equals is None):
            raise ValueError("an answer is compared: write `answer` and `equals` together")
        return self


class FlowStep(_Part):
    """A step: it says, asks, branches, does something or goes to another flow; exactly one of these."""

    say: Said | None = None
    ask: Kind | None = None
    branch: Annotated[tuple[Branch, ...], Field(min_length=2)] | None = None
    do: Do | None = None
    go: Named | None = None

    says: Said | None = None
    """The question, with `ask`."""
    keep: Step | None = None
    """The name under which the answer is kept."""
    options: tuple[Option, ...] = ()
    again: Said | None = None
    """The words after an answer that isn't understood; the question alone where it has none."""
    misses: Annotated[int, Field(ge=0, le=5)] = 2
    """Times that it is asked again; then it goes to `lost`."""
    lost: Step | None = None
    to: Step | None = None
    """The next step; none: the conversation ends here."""
    fails: Step | None = None
    """The next step where what is done can't be, with `do`."""

    @model_validator(mode="after")
    def _one_thing(self) -> FlowStep:
        kinds = [name for name in ("say", "ask", "branch", "do", "go") if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(f"must have exactly one of say, ask, branch, do and go, and has {len(kinds)}")
        [kind] = kinds
        allowed = {
            "say": {"to"},
            "ask": {"says", "keep", "options", "again", "misses", "lost", "to"},
            "branch": set[str](),
            "do": {"to", "fails"},
            "go": set[str](),
        }[kind]
        if strange := self.model_fields_set - allowed - {kind}:
            raise ValueError(f"has {', '.join(sorted(strange))}, which a step with `{kind}` doesn't have")
        if kind == "ask" and self.says is None:
            raise ValueError("asks, and doesn't say what: write `says`")
        if (self.ask == "menu") != bool(self.options):
            raise ValueError("a menu has options, and only a menu has")
        if kind == "ask" and self.lost is None:
            raise ValueError("says nothing of who isn't understood: write `lost`")
        if kind == "ask" and self.ask != "menu" and self.to is None:
            raise ValueError("asks, and goes nowhere with the answer: write `to`")
        return self

    @property
    def texts(self) -> list[str]:
        return [text for text in (self.say, self.says, self.again) if text]

    @property
    def ways(self) -> list[str]:
        """The steps that may follow it."""
        chosen = [option.to for option in self.options]
        branched = [branch.to for branch in self.branch or ()]
        ways = [self.to, self.fails, self.lost, *chosen, *branched]
        return list(dict.fromkeys(way for way in ways if way))


class Flow(_Part, Verifiable):
    flow: Named
    version: Annotated[int, Field(ge=1)]
    title: Title
    media: Annotated[tuple[Medium, ...], Field(min_length=1)]
    hours: Hours = "08:00-18:00"
    """When people answer, on working days."""
    start: Step
    steps: Annotated[dict[Step, FlowStep], Field(min_length=1, max_length=200)]

    @property
    def label(self) -> str:
        return f"{self.flow} v{self.version}"

    @property
    def hours_in_words(self) -> str:
        return f"de segunda a sexta, das {' às '.join(self.hours.split('-'))}"


@lru_cache(maxsize=64)
def read_flow(text: str) -> ReadTable[Flow]:
    """Read a file of `flows/`, with every fault of its own at its line; those between flows are `check_flows`'."""
    return read_table(text, "a flow", Flow, _faults)


def _faults(flow: Flow) -> Iterator[tuple[Where, str]]:
    yield from marking_faults(flow)
    if flow.start not in flow.steps:
        yield ("start",), f"there is no step {flow.start}"
    for name, step in flow.steps.items():
        for way in step.ways:
            if way not in flow.steps:
                yield ("steps", name), f"goes to {way}, and there is no such step"
