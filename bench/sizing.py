"""`python -m bench.sizing FILE`: puts what `python -m bench --json` printed into the table of docs/sizing.md."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.figures import Figure

PAGE = Path(__file__).parent.parent / "docs" / "sizing.md"
BEGINS, ENDS = "<!-- figures: python -m bench.sizing -->\n", "<!-- /figures -->\n"
MARKS = {True: "yes", False: "**no**", None: ""}


def markdown(figures: Iterable[Figure]) -> str:
    rows = [(f.figure, readable(f.ours), readable(f.bare), f.goal, MARKS[f.met]) for f in figures]
    head = [("figure", "ours", "bare", "goal", "met"), ("---", "---:", "---:", "---", "---")]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*head, *rows])


def filled(page: str, figures: Iterable[Figure]) -> str:
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}{markdown(figures)}{ENDS}{after}"


def readable(value: float | None) -> str:
    """Three figures are as much as a measurement is good for."""
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    measured = [Figure(**row) for row in json.loads(Path(sys.argv[1]).read_text())]
    PAGE.write_text(filled(PAGE.read_text(), measured))
