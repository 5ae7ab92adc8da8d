"""The escalation heat-map as data and as pictures: what is more rigid is darker, so it prints well in grey."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from xml.sax.saxutils import escape

from babel.numbers import format_decimal
from rich.table import Table
from rich.text import Text

from models.ruler import MOST_RIGID, Hypothesis, Ruler, Stage, Tone, tone_of
from models.words import STAGES, TONES

Counts = Mapping[tuple[Hypothesis, Stage], tuple[int, int]]
"""Of a cell: the cases that stand on it now, and the notices sent from it so far."""

SHADES = ("#fff3ea", "#ffe1cf", "#ffcbb0", "#fdae8c", "#fb8d6a", "#d93a33", "#bf2127", "#a01220", "#7d0a19", "#570411")
"""The background of rigidity 1 to 10, ever darker."""
DARK, LIGHT = "#1d1416", "#ffffff"
MUTED = "#5c5254"


@dataclass(frozen=True)
class Cell:
    """A rung on the map. `cases` and `notices` are None when nobody counted."""

    hypothesis: Hypothesis
    stage: Stage
    rigidity: int
    formal: bool
    cases: int | None = None
    notices: int | None = None

    @property
    def tone(self) -> Tone:
        return tone_of(self.rigidity)


def cells(ruler: Ruler, counts: Counts | None = None) -> Iterator[Cell]:
    """The cells that a case can stand on, row by row; rigidity is that of the first occurrence."""
    for row, _, rung in ruler.cells():
        cases, notices = (None, None) if counts is None else counts.get((row, rung.stage), (0, 0))
        yield Cell(row, rung.stage, rung.rigidity, rung.formal, cases, notices)


def shade(rigidity: int) -> str:
    return SHADES[rigidity - 1]


def ink(rigidity: int) -> str:
    """Text on a shade: at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    return DARK if rigidity <= MOST_RIGID // 2 else LIGHT


def terminal(ruler: Ruler) -> Table:
    table = Table("", "hipótese", *STAGES.values(), title=f"{ruler.label}: rigidez de 1 a 10", title_justify="left")
    by_place = {(cell.hypothesis, cell.stage): cell for cell in cells(ruler)}
    for name, row in ruler.rows.items():
        table.add_row(name, Text(row.name), *(_swatch(by_place.get((name, stage))) for stage in Stage))
    return table


def _swatch(cell: Cell | None) -> Text:
    if cell is None:
        return Text("")
    mark = " formal" if cell.formal else ""
    return Text(f" {cell.rigidity}{mark} ", style=f"bold {ink(cell.rigidity)} on {shade(cell.rigidity)}")


# The picture. Lengths are units of the viewBox, which the browser scales to the width there is: 560 of them on a
# phone of 360 pixels leave a text of 16 at 10 pixels.

WIDTH, MARGIN, GAP = 560, 12, 6
COLUMN = (WIDTH - 2 * MARGIN - (len(Stage) - 1) * GAP) / len(Stage)
CELL_HEIGHT, CELL_HEIGHT_WITH_COUNTS = 44, 78
NAME_LETTERS, TITLE_LETTERS, STAGE_LETTERS = 58, 44, 12
"""How many letters fit a line of a row's name, of the title and of a column's heading."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def svg(ruler: Ruler, counts: Counts | None = None) -> str:
    """A self-contained picture, to be a file or part of an HTML page."""
    title = f"Mapa de calor: {ruler.title}"
    heading, y = _paragraph(wrap(title, TITLE_LETTERS), 34, size=21, weight="bold")
    headings, y = _stages(y + 14)
    rows: list[str] = []
    for name in ruler.rows:
        row, y = _row(ruler, name, y, counts)
        rows.append(row)
    legend, y = _legend(ruler, y + 8)
    key = f"mapa-{ruler.ruler}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" width="100%" role="img" '
        f'lang="pt-BR" aria-labelledby="{key}-titulo {key}-descricao" font-family="{FONT}" '
        f'style="max-width:60rem;height:auto">\n'
        f'<title id="{key}-titulo">{_plain(title)}</title>\n'
        f'<desc id="{key}-descricao">{_plain(_description(ruler, counts))}</desc>\n'
        f'<rect width="{WIDTH}" height="{y:.0f}" fill="#ffffff"/>\n'
        f"{heading}{headings}{''.join(rows)}{legend}</svg>\n"
    )


def _row(ruler: Ruler, name: Hypothesis, y: float, counts: Counts | None) -> tuple[str, float]:
    """The row's name over its whole width, and its six cells under it."""
    label, y = _paragraph(wrap(f"{name} · {ruler.rows[name].name}", NAME_LETTERS), y + 20, size=16)
    height = CELL_HEIGHT if counts is None else CELL_HEIGHT_WITH_COUNTS
    here = {cell.stage: cell for cell in cells(ruler, counts) if cell.hypothesis == name}
    drawn = [_cell(here.get(stage), _left(stage), y, height) for stage in Stage]
    return f"<g>{label}{''.join(drawn)}</g>\n", y + height + 8


def _cell(cell: Cell | None, x: float, y: float, height: float) -> str:
    box = f'x="{x:.1f}" y="{y:.1f}" width="{COLUMN:.1f}" height="{height}" rx="6"'
    if cell is None:
        return f'<rect {box} fill="none" stroke="#cfc8c9" stroke-dasharray="3 4"/>'
    fill, text = shade(cell.rigidity), ink(cell.rigidity)
    border = f' stroke="{DARK}" stroke-width="2.5"' if cell.formal else ' stroke="#b9a9a6"'
    middle = x + COLUMN / 2
    drawn = [
        f"<g><title>{_plain(_in_words(cell))}</title>",
        f'<rect {box} fill="{fill}"{border}/>',
        _text(str(cell.rigidity), middle, y + 30, size=22, weight="bold", fill=text, anchor="middle"),
    ]
    if cell.cases is not None and cell.notices is not None:
        for line, count in enumerate((_counted(cell.cases, "caso"), _counted(cell.notices, "aviso"))):
            drawn.append(_text(count, middle, y + 50 + 17 * line, size=12, fill=text, anchor="middle"))
    return "".join(drawn) + "</g>"


def _stages(y: float) -> tuple[str, float]:
    """Column headings, which stand on a common base line."""
    names = {stage: wrap(STAGES[stage], STAGE_LETTERS) for stage in Stage}
    tallest = max(map(len, names.values()))
    drawn = [
        _text(line, _left(stage) + COLUMN / 2, y + 16 * (tallest - len(lines) + n + 1), size=14, anchor="middle")
        for stage, lines in names.items()
        for n, line in enumerate(lines)
    ]
    return "".join(drawn) + "\n", y + 16 * tallest + 8


def _legend(ruler: Ruler, y: float) -> tuple[str, float]:
    width = (WIDTH - 2 * MARGIN) / MOST_RIGID
    swatches = [
        f'<rect x="{MARGIN + width * n:.1f}" y="{y + 26:.1f}" width="{width:.1f}" height="24" fill="{shade(n + 1)}"/>'
        + _text(str(n + 1), MARGIN + width * (n + 0.5), y + 43, size=14, fill=ink(n + 1), anchor="middle")
        for n in range(MOST_RIGID)
    ]
    tones = [
        _text(TONES[tone], MARGIN + width * (2 * n + 1), y + 68, size=14, anchor="middle")
        for n, tone in enumerate(Tone)
    ]
    notes = [
        "Borda grossa: notificação formal, cujo prazo corre da ciência.",
        "Borda tracejada: a régua não tem esse degrau.",
        _recurrence(ruler.recurrence.step),
    ]
    caption = _text("Rigidez da mensagem", MARGIN, y + 16, size=15, weight="bold")
    lines, y = _paragraph(
        [line for note in notes for line in wrap(note, NAME_LETTERS + 4)], y + 94, size=14, fill=MUTED
    )
    return f"<g>{caption}{''.join(swatches)}{''.join(tones)}{lines}</g>\n", y + 6


def _recurrence(step: int) -> str:
    if step == 0:
        return "A reincidência não altera a rigidez."
    return f"Cada reincidência soma {step} à rigidez, até o máximo de {MOST_RIGID}."


def _description(ruler: Ruler, counts: Counts | None) -> str:
    rows = []
    for name, row in ruler.rows.items():
        here = "; ".join(_in_words(cell) for cell in cells(ruler, counts) if cell.hypothesis == name)
        rows.append(f"{name}, {row.name}: {here}.")
    return f"Linhas: hipóteses. Colunas: etapas. Rigidez de 1 a {MOST_RIGID}. {' '.join(rows)}"


def _in_words(cell: Cell) -> str:
    formal = ", notificação formal" if cell.formal else ""
    words = f"{STAGES[cell.stage]}, rigidez {cell.rigidity} ({TONES[cell.tone]}){formal}"
    if cell.cases is None or cell.notices is None:
        return words
    return f"{words}, {_counted(cell.cases, 'caso')}, {_counted(cell.notices, 'aviso')}"


def _counted(count: int, noun: str) -> str:
    number: str = format_decimal(count, locale="pt_BR")
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def _left(stage: Stage) -> float:
    return MARGIN + stage.severity * (COLUMN + GAP)


def _paragraph(lines: list[str], y: float, size: int, weight: str = "normal", fill: str = DARK) -> tuple[str, float]:
    """Lines at the left margin from base line `y` on, and the y under them."""
    step = size * 1.3
    drawn = [_text(line, MARGIN, y + step * n, size=size, weight=weight, fill=fill) for n, line in enumerate(lines)]
    return "".join(drawn), y + step * (len(lines) - 1) + size * 0.5


def _text(
    line: str, x: float, y: float, size: int, weight: str = "normal", fill: str = DARK, anchor: str = "start"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}">{_plain(line)}</text>'


def _plain(text: str) -> str:
    """As XML text, without the control characters that XML can't hold."""
    return escape("".join(c for c in text if c.isprintable()))
