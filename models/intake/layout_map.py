"""A layout of an authority's own: a YAML file that says which of its columns is which of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from models.errors import Refusal
from models.intake.columns import in_order
from models.intake.debts import (
    TAXPAYERS_OPTIONAL,
    TAXPAYERS_REQUIRED,
    About,
    DebtReader,
    DebtRow,
    about_row,
    regua_reader,
)
from models.intake.fields import ContactRefused, Rejected
from models.intake.situation import UNKNOWN, situation_of
from models.intake.statement import Amounts
from models.law.dated import Where
from models.yaml_file import ReadTable, read_table

OURS = (*TAXPAYERS_REQUIRED, *TAXPAYERS_OPTIONAL)


class LayoutMap(BaseModel):
    """The map of a layout."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, str]
    """The authority's column by ours."""
    fixed: dict[str, str] = {}
    """Values that the file doesn't have, since they are always the same, by our column."""
    situations: dict[str, str] = {}
    """Our situation by the authority's own word for it."""
    amounts: Amounts | None = None
    snapshot_of: str | None = None


def read_map(text: str) -> ReadTable[LayoutMap]:
    """Read a map, with every fault at its line."""
    return read_table(text, "a map of a layout", LayoutMap, _faults)


def _faults(layout: LayoutMap) -> Iterator[tuple[Where, str]]:
    for part in ("columns", "fixed"):
        for ours in getattr(layout, part):
            if ours not in OURS:
                yield (part, ours), f"is no column of ours; there are {', '.join(OURS)}"
    for ours in layout.fixed.keys() & layout.columns.keys():
        yield ("fixed", ours), "has a column already: delete one of the two"
    for ours in (each for each in TAXPAYERS_REQUIRED if each not in {*layout.columns, *layout.fixed}):
        yield ("columns",), f"lacks {ours}: name its column, or give a value in `fixed`"
    twice = [theirs for theirs in layout.columns.values() if [*layout.columns.values()].count(theirs) > 1]
    for ours, theirs in layout.columns.items():
        if theirs in twice:
            yield ("columns", ours), f"is {theirs}, and so is another: a column says one thing"
    for theirs, situation in layout.situations.items():
        if situation_of(situation).hold == UNKNOWN:
            yield ("situations", theirs), f"{situation!r} is no situation known here; docs/data.md lists them"


def mapped_reader(header: Sequence[str], layout: LayoutMap) -> DebtReader:
    """The reader for a file with that header. Raises Refusal when a column that the map names isn't in it."""
    names = [name.strip().casefold() for name in header]
    theirs = [column.strip().casefold() for column in layout.columns.values()]
    for name, column in layout.columns.items():
        if column.strip().casefold() not in names:
            raise Refusal(f"the header lacks {column}, which the map names for {name}")
    fields_of = in_order(names, theirs)
    ours = [*layout.columns, *layout.fixed]
    constants = list(layout.fixed.values())
    situation = ours.index("situation") if "situation" in ours else None
    own = regua_reader(ours)
    words = {word.strip().casefold(): said for word, said in layout.situations.items()}

    def translated(fields: list[str]) -> list[str]:
        found = [*(fields_of(fields) if len(theirs) > 1 else (fields_of(fields),)), *constants]
        if situation is not None:
            found[situation] = words.get(found[situation].strip().casefold(), found[situation])
        return found

    def read(fields: list[str]) -> DebtRow:
        try:
            return own.read(translated(fields))
        except ContactRefused:
            raise
        except Rejected as rejected:
            raise type(rejected)(_in_their_words(str(rejected), layout)) from None

    def about(fields: list[str]) -> About:
        whole = fields[: len(names)]
        if len(whole) == len(names) and not any(fields[len(names) :]):
            return own.about(translated(whole))
        return about_row([*fields, *constants], len(fields) + len(constants) + 1, (), 0)

    return DebtReader(read, about, amounts=layout.amounts or "lodged")


def _in_their_words(reason: str, layout: LayoutMap) -> str:
    column, _, rest = reason.partition(" ")
    return f"{layout.columns[column]} ({column}) {rest}" if column in layout.columns else reason
