"""Charts as SVG that needs nothing else and prints in grey: what is apart differs in lightness and in its stroke too.

Lengths are units of the viewBox: on a phone of 360 pixels a text of 16 is 10 pixels tall.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

from models.proof.survival import Curve
from reports.heatmap import DARK, FONT, MUTED

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 98, 14, 40, 40
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
TICKS = 4
LETTER = 8.6
"""How wide a letter of a text is, at most on the average."""
SHADES = ("#8f1420", "#b9a9a6", "#5c5254", "#d98a7a", "#1d1416", "#8d7f7c")
DASHES = ("", "7 5", "2 4", "12 4", "1 5", "9 4 2 4")
"""One for each arm that there may be."""
KEY_LINE = 22
GRID = "#ddd5d3"

Format = Callable[[float], str]


class Column(NamedTuple):
    label: str
    parts: tuple[float, ...]
    """From the bottom up."""


def bars(title: str, names: Sequence[str], columns: Sequence[Column], unit: Format) -> str:
    """Stacked bars; `names` are the parts'."""
    top = _round_up(max((sum(column.parts) for column in columns), default=0))
    wide = PLOT_WIDTH / max(len(columns), 1)
    drawn = [_grid(0, top, unit), _labels([column.label for column in columns], wide, wide / 2)]
    for n, column in enumerate(columns):
        foot = 0.0
        for part, shade in zip(column.parts, SHADES, strict=False):
            y, height = _y(foot + part, 0, top), PLOT_HEIGHT * part / top
            x, width = LEFT + wide * (n + 0.15), wide * 0.7
            drawn.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{shade}"/>')
            foot += part
    words = "; ".join(
        f"{column.label}: " + ", ".join(f"{name} {unit(part)}" for name, part in zip(names, column.parts, strict=True))
        for column in columns
    )
    return _picture(title, words, "".join(drawn), key=_key(names, filled=True))


def steps(title: str, curves: Mapping[str, Curve], last: int, unit: Format) -> str:
    """The share that has paid by each day up to `last`, with its interval as a band."""
    last = max(last, 1)
    top = _round_up(max((point.high or point.paid for curve in curves.values() for point in curve.points), default=0))
    days = [round(last * n / TICKS) for n in range(TICKS + 1)]
    drawn = [_grid(0, top, unit)]
    for day in days:
        drawn.append(_text(str(day), LEFT + PLOT_WIDTH * day / last, HEIGHT - 18, "middle"))

    def path(points: Sequence[tuple[int, float]]) -> str:
        """The path of a step curve: from nothing on the first day, level until the next point."""
        known = [(0, 0.0), *points, (last, points[-1][1] if points else 0.0)]
        corners = [place for (_, held), (day, share) in pairwise(known) for place in ((day, held), (day, share))]
        return " ".join(f"{LEFT + PLOT_WIDTH * day / last:.1f},{_y(share, 0, top):.1f}" for day, share in corners)

    for curve, shade, dash in zip(curves.values(), SHADES[: len(curves)], DASHES[: len(curves)], strict=True):
        low, high = (
            path([(point.day, bound) for point in curve.points if (bound := getattr(point, name)) is not None])
            for name in ("low", "high")
        )
        backwards = " ".join(reversed(low.split()))
        drawn.append(f'<polygon points="{high} {backwards}" fill="{shade}" opacity="0.18"/>')
        points = path([(point.day, point.paid) for point in curve.points])
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{shade}" stroke-width="3"{_dashed(dash)}/>')
    words = "; ".join(f"{name}: {unit(curve.points[-1].paid)} no fim" for name, curve in curves.items() if curve.points)
    drawn.append(_text("dias", WIDTH - RIGHT, HEIGHT - 2, "end", MUTED))
    return _picture(title, words, "".join(drawn), key=_key(list(curves)))


class Stretch(NamedTuple):
    """Months on end, with their mean."""

    name: str
    months: Sequence[tuple[str, float]]
    mean: float | None


def levels(title: str, stretches: Sequence[Stretch], unit: Format) -> str:
    """A dot a month, and a line for each stretch's mean."""
    values = [value for stretch in stretches for _, value in stretch.months]
    top, labels = _round_up(max(values, default=0)), [label for stretch in stretches for label, _ in stretch.months]
    wide = PLOT_WIDTH / max(len(labels), 1)
    drawn, place = [_grid(0, top, unit), _labels(labels, wide, wide / 2)], 0
    for stretch, shade, dash in zip(stretches, reversed(SHADES[:2]), DASHES, strict=False):
        first = place
        for _, value in stretch.months:
            x = LEFT + wide * (place + 0.5)
            drawn.append(f'<circle cx="{x:.1f}" cy="{_y(value, 0, top):.1f}" r="5" fill="{shade}" stroke="{DARK}"/>')
            place += 1
        if stretch.mean is not None:
            y, begins, ends = _y(stretch.mean, 0, top), LEFT + wide * first, LEFT + wide * place
            line = f'x1="{begins:.1f}" x2="{ends:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
            drawn.append(f'<line {line} stroke="{DARK}" stroke-width="2"{_dashed(dash)}/>')
    words = "; ".join(f"{label}: {unit(value)}" for stretch in stretches for label, value in stretch.months)
    key = [stretch.name for stretch in stretches if stretch.months]
    return _picture(title, words, "".join(drawn), key=_key(key, filled=True, shades=list(reversed(SHADES[:2]))))


class Interval(NamedTuple):
    name: str
    value: float
    low: float
    high: float


def intervals(title: str, found: Sequence[Interval], unit: Format) -> str:
    """Intervals, each on a line of its own, all against zero."""
    bounds = [0.0, *(bound for each in found for bound in (each.low, each.high))]
    span = (max(bounds) - min(bounds)) * 1.1 or 1.0
    start = (max(bounds) + min(bounds) - span) / 2
    said = [f"{unit(each.value)} ({unit(each.low)} a {unit(each.high)})" for each in found]
    height, rows = 80 * len(found) + 24, []

    def x(value: float) -> float:
        return RIGHT + (WIDTH - 2 * RIGHT) * (value - start) / span

    for n, (each, words) in enumerate(zip(found, said, strict=True)):
        y, low, high = 80 * n + 62, x(each.low), x(each.high)
        rows.append(_text(each.name, RIGHT, y - 42))
        rows.append(_text(words, RIGHT, y - 22, fill=MUTED))
        zero = f'x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{y - 14}" y2="{y + 18}"'
        rows.append(f'<line {zero} stroke="{MUTED}"{_dashed("4 4")}/>')
        rows.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{DARK}" stroke-width="3"/>')
        rows.append(f'<circle cx="{x(each.value):.1f}" cy="{y}" r="7" fill="{SHADES[0]}"/>')
    rows.append(_text("0", x(0), height - 4, "middle", MUTED))
    told = "; ".join(f"{each.name}: {words}" for each, words in zip(found, said, strict=True))
    return _picture(title, told, "".join(rows), height)


class Funnel(NamedTuple):
    """The rest of a whole that each stage leaves."""

    name: str
    left: Sequence[tuple[str, int]]


def funnels(title: str, found: Sequence[Funnel], unit: Format) -> str:
    """Bars that lie, a stage a line, each a share of its own funnel's first."""
    drawn, said, y = [], [], 0.0
    edge = RIGHT + LETTER * max((len(stage) for funnel in found for stage, _ in funnel.left), default=0)
    longest = (WIDTH - RIGHT - edge) * 0.75
    for funnel in found:
        whole = max(funnel.left[0][1], 1)
        drawn.append(_text(funnel.name, RIGHT, y + 24))
        for n, (stage, count) in enumerate(funnel.left):
            top, wide = y + 34 + n * 26, longest * count / whole
            drawn.append(_text(stage, edge, top + 15, "end", MUTED))
            bar = f'x="{edge + 8:.1f}" y="{top:.1f}" width="{wide:.1f}" height="20"'
            drawn.append(f'<rect {bar} fill="{SHADES[n > 0]}"/>')
            drawn.append(_text(unit(count), edge + 16 + wide, top + 15))
        said.append(f"{funnel.name}: " + ", ".join(f"{stage} {unit(count)}" for stage, count in funnel.left))
        y += 50 + 26 * len(funnel.left)
    return _picture(title, "; ".join(said), "".join(drawn), y)


# ---- what all of them have


class Key(NamedTuple):
    drawn: str
    lines: int


NO_KEY = Key("", 1)


def _picture(title: str, words: str, drawn: str, height: float = HEIGHT, key: Key = NO_KEY) -> str:
    """The SVG element. `words` says the same, for who can't see it. A key of several lines moves what is drawn down."""
    beside = KEY_LINE * (key.lines - 1)
    if beside:
        drawn, height = f'<g transform="translate(0 {beside})">{drawn}</g>', height + beside
    drawn += key.drawn
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%" role="img" lang="pt-BR" '
        f'font-family="{FONT}"><title>{escape(title)}</title><desc>{escape(words)}</desc>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{drawn}</svg>'
    )


def _y(value: float, least: float, most: float) -> float:
    return TOP + PLOT_HEIGHT * (1 - (value - least) / (most - least))


def _round_up(value: float) -> float:
    """A scale's end, rounded up to few digits, so that the quarters of it are easy to read."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 6, 8, 10) if step * power >= value)


def _grid(least: float, most: float, unit: Format) -> str:
    lines = []
    for n in range(TICKS + 1):
        value = least + (most - least) * n / TICKS
        y = _y(value, least, most)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        lines.append(_text(unit(value), LEFT - 8, y + 5, "end", MUTED))
    return "".join(lines)


def _labels(labels: Sequence[str], wide: float, shift: float) -> str:
    """The labels of an axis, as many as don't touch."""
    every = max(1, math.ceil(max((len(label) * LETTER + 8 for label in labels), default=0) / wide))
    shown = [(n, label) for n, label in enumerate(labels) if n % every == 0]
    return "".join(_text(label, LEFT + wide * n + shift, HEIGHT - 18, "middle") for n, label in shown)


def _key(names: Sequence[str], filled: bool = False, shades: Sequence[str] = SHADES) -> Key:
    """The names of what is drawn, on as many lines as they need."""
    drawn, x, y = [], float(LEFT), 10
    for name, shade, dash in zip(names, shades, DASHES, strict=False):
        wide = 22 + LETTER * len(name)
        if x > LEFT and x + wide > WIDTH - RIGHT:
            x, y = float(LEFT), y + KEY_LINE
        if filled:
            drawn.append(f'<rect x="{x:.1f}" y="{y}" width="16" height="14" fill="{shade}"/>')
        else:
            line = f'x1="{x:.1f}" x2="{x + 16:.1f}" y1="{y + 7}" y2="{y + 7}"'
            drawn.append(f'<line {line} stroke="{shade}" stroke-width="4"{_dashed(dash)}/>')
        drawn.append(_text(name, x + 22, y + 12))
        x += wide + 18
    return Key("".join(drawn), y // KEY_LINE + 1)


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _text(words: str, x: float, y: float, anchor: str = "start", fill: str = DARK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="15" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}">{escape(words)}</text>'
