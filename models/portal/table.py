"""The terms of an authority's pages that are open to everybody, by which keys debts are looked up: files of
`portals/`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from models.formats import tax_name
from models.law.dated import Where
from models.law.requests import RULES, RequestKind
from models.law.verification import Verifiable, marking_faults
from models.portal.keys import KINDS
from models.ruler.schema import Contact
from models.scalars import Named, Whole
from models.yaml_file import ReadTable, read_table

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120)]


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"unknown key {kind!r}; known are {', '.join(KINDS)}")
    return kind


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Asked(_Part):
    """A key that is asked for."""

    key: Annotated[str, AfterValidator(_known)]
    label: Said
    """As its field is named on the page."""
    where: Said | None = None
    """Where the taxpayer finds it: "no carnê, ao alto"."""


class Looked(_Part):
    """A kind of debt, and the keys that together find one."""

    name: Named
    title: Said
    taxes: Annotated[tuple[Annotated[str, AfterValidator(tax_name)], ...], Field(min_length=1)] | None = None
    """None: a debt of any tax that has these keys."""
    keys: Annotated[tuple[Asked, ...], Field(min_length=1, max_length=3)]


class Certificates(_Part):
    """The terms on which tax clearance certificates are issued (CTN art. 205 and 206)."""

    law: Said
    """The authority's own law on them, printed on each."""
    valid_days: Annotated[Whole, Field(ge=1, le=366)]
    stale_days: Annotated[Whole, Field(ge=0, le=60)]
    """How old what a source last said may be: beyond, nobody can say that nothing is owed."""


class RequestForm(_Part):
    """A form by which a taxpayer asks for something, behind the link of his case. What answers a formal notice or a
    finding, an appeal or a reassessment, has a procedure of its own."""

    name: Named
    title: Said
    kind: Literal[
        RequestKind.CONTEST,
        RequestKind.AUTOMATED_REVIEW,
        RequestKind.ACCESS,
        RequestKind.CORRECTION,
        RequestKind.CHARGE_REMISSION,
        RequestKind.QUESTION,
    ]
    asks: Said
    """The label of the field for his words."""
    files: bool = False
    """Whether he may add files."""

    @property
    def law(self) -> str:
        return RULES[self.kind].law


class PortalTable(_Part, Verifiable):
    """The terms of an authority's pages that are open to everybody; its kinds of debt in the order of the page."""

    portal: Named
    title: Said
    authority: Said
    contact: Contact
    ombudsman: Said
    """The ouvidoria's address: a site, an e-mail or a telephone."""
    certificates: Certificates | None = None
    """None: none are issued here."""
    debts: Annotated[tuple[Looked, ...], Field(min_length=1)]
    requests: tuple[RequestForm, ...] = ()
    """The forms of requests, in the order of the page."""

    def form(self, name: str) -> RequestForm | None:
        return next((each for each in self.requests if each.name == name), None)

    def named(self, name: str) -> Looked | None:
        return next((each for each in self.debts if each.name == name), None)


@lru_cache(maxsize=4)
def read_portal(text: str) -> ReadTable[PortalTable]:
    """Read a file of `portals/`, with every fault at its line."""
    return read_table(text, "a portal's table", PortalTable, _faults)


def _faults(table: PortalTable) -> Iterator[tuple[Where, str]]:
    yield from marking_faults(table)
    for (_, one), (place, other) in combinations(enumerate(table.debts), 2):
        if one.name == other.name:
            yield ("debts", place, "name"), f"is the name of another kind: {one.name}"
    for (_, first), (place, second) in combinations(enumerate(table.requests), 2):
        if first.name == second.name:
            yield ("requests", place, "name"), f"is the name of another form: {first.name}"
    for place, kind in enumerate(table.debts):
        keys = [asked.key for asked in kind.keys]
        if len(set(keys)) < len(keys):
            yield ("debts", place, "keys"), "asks for a key twice"
