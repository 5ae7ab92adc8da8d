"""A picture as a few shapes, so that HTML and PDF show the same one. Units are points; y grows downwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from models.formats import day
from models.ruler.schema import Hypothesis, Ruler, Stage
from models.words import STAGES
from reports.heatmap import DARK, MUTED, ink, shade

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str
    thick: float = 0.75


@dataclass(frozen=True)
class Line:
    """A line, with an arrow's head at its end."""

    start: Point
    end: Point
    stroke: str


@dataclass(frozen=True)
class Words:
    x: float
    y: float
    text: str
    size: float
    fill: str
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"


Shape = Box | Line | Words


@dataclass(frozen=True)
class Drawing:
    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Stop:
    """A rung that a case has stood on: the how-manieth contact, its day, and its cell."""

    number: int
    on: date
    row: Hypothesis
    stage: Stage
    rigidity: int


WIDTH, LABEL, GAP, LINE = 500.0, 22.0, 11.0, 10.0
ROW_GAP = 8.0
COLUMN = (WIDTH - LABEL - GAP * len(Stage)) / len(Stage)
HEAD = 5
"""Length and breadth of an arrow's head."""
SHOWN = 4
"""Visits of a cell that are written out; of more only the number is."""


def path(ruler: Ruler, stops: tuple[Stop, ...]) -> Drawing:
    """A case's path: the heat-map's cells, the days on which it came to them, and the lines between."""
    rigidities = {(row, rung.stage): rung.rigidity for row, _, rung in ruler.cells()}
    visits = {cell: [stop for stop in stops if (stop.row, stop.stage) == cell] for cell in rigidities}
    shapes: list[Shape] = [
        Words(_left(stage) + COLUMN / 2, 12, STAGES[stage].split(" de ")[0], 8, DARK, anchor="middle")
        for stage in Stage
    ]
    y, places = 20.0, dict[tuple[Hypothesis, Stage], Box]()
    for row in ruler.rows:
        tallest = max(len(visits.get((row, stage), [])) for stage in Stage)
        height = 24 + LINE * max(0, min(tallest, SHOWN + 1) - 1)
        shapes.append(Words(0, y + height / 2 + 4, row.upper(), 10, DARK, bold=True))
        for stage in Stage:
            place, words = _cell(_left(stage), y, height, rigidities.get((row, stage)), visits.get((row, stage), []))
            places[row, stage] = place
            shapes += [place, *words]
        y += height + ROW_GAP
    rung_channel = [places[stop.row, stop.stage] for stop in stops if (stop.row, stop.stage) in places]
    shapes += [Line(_border(a, b), _border(b, a), DARK) for a, b in pairwise(rung_channel) if a is not b]
    note = "Número do contato e data; a cor é a rigidez da mensagem, de 1 (clara) a 10 (escura)."
    return Drawing(WIDTH, y + 14, (*shapes, Words(LABEL, y + 10, note, 7.5, MUTED)))


def _left(stage: Stage) -> float:
    return LABEL + stage.severity * (COLUMN + GAP)


def _cell(x: float, y: float, height: float, rigidity: int | None, visits: list[Stop]) -> tuple[Box, list[Words]]:
    if rigidity is None:
        return Box(x, y, COLUMN, height, "#ffffff", "#e6e0e0", 0.5), []
    middle = x + COLUMN / 2
    if not visits:
        number = Words(middle, y + height / 2 + 3, str(rigidity), 8, MUTED, anchor="middle")
        return Box(x, y, COLUMN, height, "#faf7f6", "#cfc8c9", 0.5), [number]
    hottest = max(stop.rigidity for stop in visits)
    lines = [f"{stop.number} · {day(stop.on)}" for stop in visits[:SHOWN]]
    if len(visits) > SHOWN:
        lines.append(f"e mais {len(visits) - SHOWN}")
    top = y + (height - LINE * len(lines)) / 2 + 8
    written = [
        Words(middle, top + LINE * n, line, 7.5, ink(hottest), bold=True, anchor="middle")
        for n, line in enumerate(lines)
    ]
    return Box(x, y, COLUMN, height, shade(hottest), DARK, 1), written


def _border(cell: Box, towards: Box) -> Point:
    """The point where the line from the middle of a cell to that of another leaves it: not across its words."""
    x, y = cell.x + cell.width / 2, cell.y + cell.height / 2
    across = towards.x + towards.width / 2 - x
    down = towards.y + towards.height / 2 - y
    share = min(cell.width / 2 / abs(across or 1e-9), cell.height / 2 / abs(down or 1e-9))
    return round(x + share * across, 2), round(y + share * down, 2)
