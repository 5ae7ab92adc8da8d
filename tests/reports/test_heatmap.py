"""The heat-map shows every cell, darker when more rigid, in words for those who don't see it."""

from xml.etree import ElementTree

import pytest

from models.ruler.cells import cells
from models.ruler.schema import MOST_RIGID, Ruler, Stage
from models.words import STAGES, TONES
from reports.heatmap import SHADES, WIDTH, ink, shade, svg, terminal, text_width
from storage.catalogue import RULERS
from tests.builders import ICMS, REGISTERED, bundled, shipped

SVG = "{http://www.w3.org/2000/svg}"


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_shades_darken_step_by_step_so_that_grey_paper_shows_them() -> None:
    light = [luminance(shade) for shade in SHADES]
    assert len(SHADES) == MOST_RIGID
    assert light == sorted(light, reverse=True)
    assert len(set(SHADES)) == MOST_RIGID


@pytest.mark.parametrize("rigidity", range(1, MOST_RIGID + 1))
def test_text_stands_out_from_its_shade(rigidity: int) -> None:
    lighter, darker = sorted((luminance(ink(rigidity)), luminance(shade(rigidity))), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_the_picture_names_rows_stages_and_every_cell(name: str) -> None:
    ruler = shipped(name)
    root = ElementTree.fromstring(svg(ruler))
    words = " ".join(root.itertext())
    desc = root.findtext(f"{SVG}desc") or ""
    assert root.get("role") == "img"
    assert {root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")} == set(  # type: ignore[union-attr]
        (root.get("aria-labelledby") or "").split()
    )
    for row in ruler.rows.values():
        assert row.name in desc
    for stage in STAGES.values():
        assert all(word in words for word in stage.split())
    drawn = [rect.get("fill") for rect in root.iter(f"{SVG}rect") if rect.get("rx")]
    for cell in cells(ruler):
        assert shade(cell.rigidity) in drawn
    assert len(drawn) == len(ruler.rows) * len(Stage)
    assert drawn.count("none") == len(drawn) - len(list(cells(ruler)))


def test_counts_are_shown_in_singular_and_plural() -> None:
    ruler = shipped(REGISTERED)
    words = " ".join(ElementTree.fromstring(svg(ruler, {("h1", Stage.REMINDER): (1, 1234567)})).itertext())
    assert "1 caso" in words
    assert "1.234.567 avisos" in words
    assert "0 casos" in words
    assert "casos" not in svg(ruler)


def test_rungs_by_habit_are_marked_in_picture_legend_and_words() -> None:
    habit = "        channels: [email]\n        by_habit: [{opened: [sms], channels: [sms]}]\n"
    ruler = bundled(RULERS.read(REGISTERED)[1].replace("        channels: [email]\n", habit, 1)).ruler
    [only] = [cell for cell in cells(ruler) if cell.by_habit]
    root = ElementTree.fromstring(svg(ruler))
    assert len(list(root.iter(f"{SVG}circle"))) == 1
    words = " ".join(root.itertext())
    assert f"{STAGES[only.stage]}, rigidez {only.rigidity} ({TONES[only.tone]}), também por hábito" in words
    assert "Anel no canto" in words
    plain = svg(shipped(REGISTERED))
    assert "<circle" not in plain
    assert "hábito" not in plain


def renamed(ruler: Ruler, name: str) -> Ruler:
    row = ruler.rows["h1"].model_copy(update={"name": name})
    return ruler.model_copy(update={"rows": {**ruler.rows, "h1": row}, "title": name})


@pytest.mark.parametrize("name", ["W" * 400, "palavra " * 60, "<script>&\"'</script> \x0b \x00 ]]>", ""])
def test_no_name_overflows_or_breaks_the_picture(name: str) -> None:
    root = ElementTree.fromstring(svg(renamed(shipped(ICMS), name), {("h1", Stage.ALERT): (10**9, 10**12)}))
    height = float((root.get("viewBox") or "").split()[3])
    texts = list(root.iter(f"{SVG}text"))
    assert texts
    for text in texts:
        x, y, size = (float(text.get(key) or "nan") for key in ("x", "y", "font-size"))
        width = text_width(text.text or "", size)
        start = x - width / 2 if text.get("text-anchor") == "middle" else x
        assert start >= 0
        assert start + width <= WIDTH
        assert 0 < y < height


def test_the_terminal_table_has_a_row_a_hypothesis() -> None:
    table = terminal(shipped(ICMS))
    assert table.row_count == 8
    assert len(table.columns) == 1 + len(Stage)
