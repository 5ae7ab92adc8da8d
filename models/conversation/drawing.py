"""A flow as a picture: its steps as boxes, from the first down, and the ways between them as lines. SVG, the same bytes
each time."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from models.conversation.flow import Flow, FlowStep

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 190, 54, 30, 46, 20
LETTERS = 26
"""Characters of a line in a box."""
FILLS = {"say": "#ffffff", "ask": "#fdf0d5", "branch": "#e8e8e8", "do": "#dcebf7", "go": "#e3f3e1"}


def svg(flow: Flow) -> str:
    """Draw a flow."""
    rows = _rows(flow)
    places = {
        name: (MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
        for row, names in enumerate(rows)
        for column, name in enumerate(names)
    }
    wide = 2 * MARGIN + max(map(len, rows)) * (WIDTH + GAP_X) - GAP_X
    high = 2 * MARGIN + len(rows) * (HEIGHT + GAP_Y) - GAP_Y
    shapes = [*_lines(flow, places), *(part for name in places for part in _box(name, flow.steps[name], *places[name]))]
    arrow = (
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" '
        f'role="img" aria-label="{escape(flow.title)}">{arrow}<rect width="{wide}" height="{high}" fill="#fff"/>'
        f"{''.join(shapes)}</svg>\n"
    )


def _rows(flow: Flow) -> list[list[str]]:
    """The steps by how many steps they are from the first; those that are never reached at the end."""
    rows, seen = [[flow.start]], {flow.start}
    while found := list(dict.fromkeys(way for name in rows[-1] for way in flow.steps[name].ways if way not in seen)):
        seen.update(found)
        rows.append(found)
    rest = [name for name in flow.steps if name not in seen]
    return [*rows, rest] if rest else rows


def _kind(step: FlowStep) -> str:
    return next(kind for kind in FILLS if getattr(step, kind) is not None)


def _box(name: str, step: FlowStep, x: int, y: int) -> Iterator[str]:
    kind = _kind(step)
    words = step.says or step.say or step.do or step.go or ""
    said = " ".join(str(words).split())
    yield f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{FILLS[kind]}" stroke="#333"/>'
    yield f'<text x="{x + 10}" y="{y + 21}" font-size="13" font-weight="bold">{escape(f"{kind}: {name}")}</text>'
    short = said if len(said) <= LETTERS else f"{said[: LETTERS - 1]}…"
    yield f'<text x="{x + 10}" y="{y + 41}" font-size="12" fill="#333">{escape(short)}</text>'


def _lines(flow: Flow, places: dict[str, tuple[int, int]]) -> Iterator[str]:
    for name, (x, y) in places.items():
        for way in flow.steps[name].ways:
            to_x, to_y = places[way]
            down = to_y > y
            begins = (x + WIDTH // 2, y + HEIGHT) if down else (x + WIDTH, y + HEIGHT // 2)
            ends = (to_x + WIDTH // 2, to_y) if down else (to_x + WIDTH, to_y + HEIGHT // 2)
            bend = 0 if down else 40
            yield (
                f'<path d="M{begins[0]},{begins[1]} C{begins[0] + bend},{begins[1] + (GAP_Y if down else 0)} '
                f'{ends[0] + bend},{ends[1] - (GAP_Y if down else 0)} {ends[0]},{ends[1]}" fill="none" stroke="#555" '
                'marker-end="url(#a)"/>'
            )
