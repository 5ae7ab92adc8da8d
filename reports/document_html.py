"""A document as one HTML file: nothing is fetched, so it can be mailed, printed and filed."""

from __future__ import annotations

from xml.sax.saxutils import escape

from markupsafe import Markup

from channels.markup import markup
from reports.document import Document, Picture
from reports.drawing import HEAD, Box, Line, Shape, Words
from reports.heatmap import FONT

_environment = markup("explain")
_environment.globals.update(
    kind_of=lambda block: type(block).__name__,
    # drawn by us, its words escaped in it
    svg=lambda picture: Markup(svg(picture)),  # noqa: S704
)


def html(document: Document) -> bytes:
    return _environment.get_template("explain.html.j2").render(document=document).encode()


def svg(picture: Picture) -> str:
    drawing = picture.drawing
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:g} {drawing.height:g}" role="img" '
        f'font-family="{FONT}" aria-label="Percurso do caso no mapa de calor">\n'
        f'<defs><marker id="head" viewBox="0 0 {HEAD} {HEAD}" refX="{HEAD}" refY="{HEAD / 2:g}" markerWidth="{HEAD}" '
        f'markerHeight="{HEAD}" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0L{HEAD} {HEAD / 2:g}L0 {HEAD}z"/></marker></defs>\n'
        f"{''.join(_shape(shape) for shape in drawing.shapes)}</svg>"
    )


def _shape(shape: Shape) -> str:
    match shape:
        case Box():
            place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" rx="3"'
            return f'<rect {place} fill="{shape.fill}" stroke="{shape.stroke}" stroke-width="{shape.thick:g}"/>\n'
        case Line(start=(x1, y1), end=(x2, y2)):
            place = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            return f'<line {place} stroke="{shape.stroke}" stroke-width="1.2" marker-end="url(#head)"/>\n'
        case Words():
            weight = ' font-weight="bold"' if shape.bold else ""
            place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" text-anchor="{shape.anchor}"'
            return f'<text {place} fill="{shape.fill}"{weight}>{escape(shape.text)}</text>\n'
