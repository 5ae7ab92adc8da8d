"""The escalation heat-map as data and as pictures: what is more rigid is darker, so it prints well in grey."""

from xml.sax.saxutils import escape

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from models.ruler.cells import Amounts, Cell, Counts, cells
from models.ruler.schema import MOST_RIGID, Hypothesis, Ruler, Stage, Tone
from models.words import STAGES, TONES

SHADES = ("#fff3ea", "#ffe1cf", "#ffcbb0", "#fdae8c", "#fb8d6a", "#d93a33", "#bf2127", "#a01220", "#7d0a19", "#570411")
"""The background of rigidity 1 to 10, ever darker."""
DARK, LIGHT = "#1d1416", "#ffffff"
MUTED = "#5c5254"


def shade(rigidity: int) -> str:
    return SHADES[rigidity - 1]


def ink(rigidity: int) -> str:
    """The colour of text on a shade: at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    return DARK if rigidity <= MOST_RIGID // 2 else LIGHT


def terminal(ruler: Ruler) -> Table:
    by_habit = ", h = by habit too" if ruler.goes_by_habit else ""
    table = Table(
        "hypothesis",
        title=f"{ruler.label}: rigidity from 1 to {MOST_RIGID} (f = formal notice{by_habit})",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_lines=True,
    )
    for heading in (stage.replace("_", " ") for stage in Stage):
        table.add_column(heading, justify="center", width=max(map(len, heading.split())))
    here = {(cell.hypothesis, cell.stage): cell for cell in cells(ruler)}
    for name, row in ruler.rows.items():
        table.add_row(Text(f"{name} {row.name}"), *(_swatch(here.get((name, stage))) for stage in Stage))
    return table


def _swatch(cell: Cell | None) -> Text:
    if cell is None:
        return Text("")
    mark = "f" if cell.formal else "h" if cell.by_habit else ""
    return Text(f"{cell.rigidity}{mark}".center(5), style=f"bold {ink(cell.rigidity)} on {shade(cell.rigidity)}")


# The picture. Lengths are units of the viewBox, which the browser scales to the width there is: 560 of them on a
# phone of 360 pixels leave a text of 16 at 10 pixels.

WIDTH, MARGIN, GAP = 560, 12, 6
COLUMN = (WIDTH - 2 * MARGIN - (len(Stage) - 1) * GAP) / len(Stage)
CELL_HEIGHT, LINE = 44, 17
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def svg(ruler: Ruler, counts: Counts | None = None, owed: Amounts | None = None) -> str:
    """The heat-map as a self-contained picture, to be a file or part of an HTML page."""
    title = f"Mapa de calor: {ruler.title}"
    heading, y = _paragraph([title], 34, size=21, weight="bold")
    headings, y = _stages(y + 14)
    rows: list[str] = []
    for name in ruler.rows:
        row, y = _row(ruler, name, y, list(cells(ruler, counts, owed)))
        rows.append(row)
    legend, y = _legend(ruler, y + 8)
    key = f"mapa-{ruler.ruler}-v{ruler.version}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" width="100%" role="img" '
        f'lang="pt-BR" aria-labelledby="{key}-titulo {key}-descricao" font-family="{FONT}" '
        f'style="max-width:48rem;height:auto">\n'
        f'<title id="{key}-titulo">{_plain(title)}</title>\n'
        f'<desc id="{key}-descricao">{_plain(_description(ruler, list(cells(ruler, counts, owed))))}</desc>\n'
        f'<rect width="{WIDTH}" height="{y:.0f}" fill="#ffffff"/>\n'
        f"{heading}{headings}{''.join(rows)}{legend}</svg>\n"
    )


def _row(ruler: Ruler, name: Hypothesis, y: float, known: list[Cell]) -> tuple[str, float]:
    """The row's name over its whole width, and its six cells under it."""
    label, y = _paragraph([f"{name} · {ruler.rows[name].name}"], y + 20, size=16)
    here = {cell.stage: cell for cell in known if cell.hypothesis == name}
    height = CELL_HEIGHT + LINE * max(len(_lines(cell)) for cell in known)
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
    if cell.by_habit:
        drawn.append(_mark(x + COLUMN - 12, y + 12, text))
    for n, line in enumerate(_lines(cell)):
        size = min(12, int(12 * (COLUMN - 6) / text_width(line, 12)))
        drawn.append(_text(line, middle, y + 50 + LINE * n, size=size, fill=text, anchor="middle"))
    return "".join(drawn) + "</g>"


def _mark(x: float, y: float, stroke: str) -> str:
    """The ring of a rung that goes by habit."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="none" stroke="{stroke}" stroke-width="2"/>'


def _lines(cell: Cell) -> list[str]:
    """The lines under a cell's rigidity: its cases, its notices, what is owed."""
    counted = [(cell.cases, "caso"), (cell.notices, "aviso")]
    lines = [_counted(count, noun) for count, noun in counted if count is not None]
    if cell.owed is not None:
        # `R$ 1,2 mil`: loaded only where amounts are drawn
        from babel.numbers import format_compact_currency

        lines.append(format_compact_currency(cell.owed, "BRL", locale="pt_BR", fraction_digits=1).replace("\xa0", " "))
    return lines


def _stages(y: float) -> tuple[str, float]:
    """Column headings, which stand on a common base line."""
    names = {stage: _folded(STAGES[stage], 14, COLUMN + GAP) for stage in Stage}
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
        *([BY_HABIT] if ruler.goes_by_habit else []),
        _recurrence(ruler.recurrence.step),
    ]
    caption = _text("Rigidez da mensagem", MARGIN, y + 16, size=15, weight="bold")
    lines, y = _paragraph(notes, y + 94, size=14, fill=MUTED)
    return f"<g>{caption}{''.join(swatches)}{''.join(tones)}{lines}</g>\n", y + 6


BY_HABIT = "Anel no canto: outro canal, hora ou texto conforme o hábito de quem recebe."


def _recurrence(step: int) -> str:
    if step == 0:
        return "A reincidência não altera a rigidez."
    return f"Cada reincidência soma {step} à rigidez, até o máximo de {MOST_RIGID}."


def _description(ruler: Ruler, known: list[Cell]) -> str:
    rows = []
    for name, row in ruler.rows.items():
        here = "; ".join(_in_words(cell) for cell in known if cell.hypothesis == name)
        rows.append(f"{name}, {row.name}: {here}.")
    return f"Linhas: hipóteses. Colunas: etapas. Rigidez de 1 a {MOST_RIGID}. {' '.join(rows)}"


def _in_words(cell: Cell) -> str:
    kind = ", notificação formal" if cell.formal else ", também por hábito" if cell.by_habit else ""
    words = f"{STAGES[cell.stage]}, rigidez {cell.rigidity} ({TONES[cell.tone]}){kind}"
    return ", ".join([words, *_lines(cell)])


def _counted(count: int, noun: str) -> str:
    number = f"{count:,}".replace(",", ".")
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def _left(stage: Stage) -> float:
    return MARGIN + stage.severity * (COLUMN + GAP)


def _paragraph(texts: list[str], y: float, size: int, weight: str = "normal", fill: str = DARK) -> tuple[str, float]:
    """Set texts at the left margin from base line `y` on, folded to the picture's width, and the y under them."""
    step = size * 1.3
    wider = 1.1 if weight == "bold" else 1
    lines = [line for text in texts for line in _folded(text, size * wider, WIDTH - 2 * MARGIN)]
    drawn = [_text(line, MARGIN, y + step * n, size=size, weight=weight, fill=fill) for n, line in enumerate(lines)]
    return "".join(drawn), y + step * (len(lines) - 1) + size * 0.5


def _folded(text: str, size: float, room: float) -> list[str]:
    """Lines no wider than `room`: SVG text doesn't fold by itself. A word wider than that is cut."""
    lines = [""]
    for word in text.split():
        if lines[-1] and text_width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for letter in word:
            if text_width(lines[-1] + letter, size) > room:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line] or [""]


def text_width(text: str, size: float) -> float:
    """The width of a text, estimated on the wide side, since the viewer's font is unknown: DejaVu Sans, the widest
    usual one."""
    return size * sum(
        1.0 if c in "MWmw%@" else 0.36 if c in "filjrt .,;:·|" else 0.72 if c.isupper() else 0.62 for c in text
    )


def _text(
    line: str, x: float, y: float, size: int, weight: str = "normal", fill: str = DARK, anchor: str = "start"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}">{_plain(line)}</text>'


def _plain(text: str) -> str:
    """A text as XML has it, without the control characters that XML can't hold."""
    return escape("".join(c for c in text if c.isprintable()))
