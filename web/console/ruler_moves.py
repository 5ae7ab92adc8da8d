"""The cases that a draft of a ruler would move, if their cohorts went over to it: nothing is changed by asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Engine

from models.assets import RulerBundle, Texts, with_tables
from models.case.ruler_change import Outcome
from models.case.state import Cell
from models.errors import Refusal, Unreckonable
from models.ruler.check import read_ruler
from models.words import STAGES
from storage.case.ruler_change import cohorts_on, foresee_migration

MOST = 5_000
"""Open cases of a cohort that are foreseen while somebody waits; a larger one is for the command line."""

OUTCOMES = {
    Outcome.MOVES: "outro passo, ou antes",
    Outcome.WAITS: "mais tarde",
    Outcome.REPEATS: "a mesma célula de novo",
}


@dataclass(frozen=True)
class Move:
    """Cases of which the next step would be another."""

    ahead: str
    then: str
    what: str
    cases: int
    owed: Decimal


@dataclass(frozen=True)
class Moves:
    """The cases of one cohort."""

    cohort: str
    cases: int
    unchanged: int = 0
    moves: tuple[Move, ...] = ()
    refusal: str = ""
    """The reason why the cohort can't go over."""
    too_many: bool = False


def moves_of(engine: Engine, ruler: str, text: str, texts: Texts) -> list[Moves]:
    """Foresee the open cases of each cohort on a ruler. Raises Refusal when the text is no ruler yet."""
    read = read_ruler(text)
    if read.ruler is None:
        raise Refusal(str(read.faults[0]))
    bundle = RulerBundle(with_tables(read.ruler, texts), text, texts)
    with engine.connect() as connection:
        found = cohorts_on(connection, ruler)
    return [_of_cohort(engine, each["cohort"], each["cases"], bundle) for each in found]


def _of_cohort(engine: Engine, cohort: str, cases: int, to: RulerBundle) -> Moves:
    if cases > MOST:
        return Moves(cohort, cases, too_many=True)
    try:
        foreseen = foresee_migration(engine, cohort, to, datetime.now(UTC), lambda seen: None)
    except (Refusal, Unreckonable) as refusal:
        return Moves(cohort, cases, refusal=str(refusal))
    moves = tuple(
        Move(_cell(alike.ahead), _cell(alike.then), OUTCOMES[alike.outcome], count, foreseen.owed[alike])
        for alike, count in foreseen.cases.most_common()
        if alike.outcome is not Outcome.UNCHANGED
    )
    return Moves(cohort, cases, foreseen.total(Outcome.UNCHANGED), moves)


def _cell(cell: Cell) -> str:
    row, stage = cell
    return " ".join(filter(None, (row and row.upper(), stage and STAGES[stage]))) or "fora do mapa"
