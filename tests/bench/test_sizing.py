"""The table of docs/sizing.md is what was measured, and nothing else of the page changes."""

from bench.figures import at_most, share_of_bare, stated
from bench.sizing import BEGINS, ENDS, PAGE, filled

FIGURES = [share_of_bare(0.85, "rungs a second", 41.234, 50), at_most(12, "events", 13, 11), stated("MiB", 1234.5)]


def test_a_figure_is_a_row() -> None:
    table = filled(f"before\n{BEGINS}old\n{ENDS}after\n", FIGURES)
    assert table.startswith(f"before\n{BEGINS}| figure | ours | bare | goal | met |\n")
    assert "| rungs a second | 41.2 | 50 | ≥ 0.85 × bare | **no** |\n" in table
    assert "| events | 13 | 11 | ≤ 12 | **no** |\n" in table
    assert "| MiB | 1,234 |  | stated |  |\n" in table
    assert table.endswith(f"{ENDS}after\n")


def test_the_page_is_filled_as_often_as_one_likes() -> None:
    once = filled(PAGE.read_text(), FIGURES)
    assert filled(once, FIGURES) == once
    assert once.count(BEGINS) == once.count(ENDS) == 1
