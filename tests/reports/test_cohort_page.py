"""The page on what a cohort brought in: complete, in Portuguese, and honest about what it can't tell."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from sqlalchemy import Engine

from models.proof.outcome import Assumptions
from models.proof.survival import Curve, Point
from reports.charts import Funnel, funnels, steps
from reports.cohort import page
from storage.proof.figures import FIGURES
from storage.proof.results import read_results
from tests.html import Opened
from tests.ledger import COHORT, NOTIFIED, UNTIL, Ledger

LATER = NOTIFIED + timedelta(days=30)

Scene = Callable[[Ledger], None]

ASSUMED = Assumptions(goal=Decimal(50_000), letter_cost=Decimal("2.95"), counter_share=Decimal("0.5"))


def everything(ledger: Ledger) -> None:
    ledger.cases("n", 900, "90000.00")
    ledger.cases("c", 300, "30000.00", arm="control")
    ledger.notified("n")
    ledger.notified("n1", channel="voice", status="delivered")
    ledger.paid("n", 300, "30000.00", LATER)
    ledger.paid("c", 50, "5000.00", LATER)
    for month in (4, 5, 6, 7):
        ledger.returned(date(2026, month, 1), "1000.00", "950.00")


def nobody(ledger: Ledger) -> None:
    pass


def nobody_paid(ledger: Ledger) -> None:
    ledger.cases("n", 9, "900.00")
    ledger.cases("c", 3, "300.00", arm="control")
    ledger.notified("n")


def nobody_was_held_out(ledger: Ledger) -> None:
    ledger.without_holdout()
    ledger.cases("n", 9, "900.00", arm=None)
    ledger.paid("n", 9, "900.00", LATER)


def nobody_was_drawn(ledger: Ledger) -> None:
    ledger.cases("n", 2, "200.00")
    ledger.paid("n", 1, "100.00", LATER)


def two_rulers(ledger: Ledger) -> None:
    ledger.with_a_rival()
    everything(ledger)
    ledger.cases("b", 900, "90000.00", arm="rival")
    ledger.notified("b", channel="sms")
    ledger.paid("b", 400, "40000.00", LATER)


def two_rulers_for_nobody(ledger: Ledger) -> None:
    ledger.with_a_rival()
    ledger.run("UPDATE cohorts SET control_share = NULL")


SCENES = [
    everything,
    nobody,
    nobody_paid,
    nobody_was_held_out,
    nobody_was_drawn,
    two_rulers,
    two_rulers_for_nobody,
]


@pytest.fixture(scope="module")
def pages() -> dict[Scene, str]:
    return {}


@pytest.fixture
def page_of(engine: Engine, pages: dict[Scene, str]) -> Callable[[Scene], str]:
    """Draws the page of each scene once."""

    def drawn(scene: Scene) -> str:
        if scene not in pages:
            ledger = Ledger(engine)
            scene(ledger)
            pages[scene] = page(
                read_results(engine, COHORT, UNTIL, ASSUMED) if scene is everything else ledger.results()
            )
        return pages[scene]

    return drawn


@pytest.mark.parametrize("scene", SCENES)
def test_it_is_whole_and_shows_no_number_that_is_none(page_of: Callable[[Scene], str], scene: Scene) -> None:
    html = page_of(scene)
    opened = Opened(html)
    assert (opened.stack, opened.fetched) == ([], [])
    assert not re.search(r"@import|url\(|<script", html)
    shown = opened.text[opened.text.index("De 01/06/2026") :]
    assert not re.search(r"\b(nan|None|inf|Decimal)\b", shown, re.IGNORECASE)


def test_every_figure_leads_to_its_query(page_of: Callable[[Scene], str]) -> None:
    html = page_of(everything)
    links = {link for link in Opened(html).links if link.startswith("#")}
    assert links == {f"#consulta-{figure}" for figure in FIGURES}
    for figure in FIGURES:
        assert f'id="consulta-{figure}"' in html


def test_it_says_what_was_found_and_how_sure_that_is(page_of: Callable[[Scene], str]) -> None:
    text = " ".join(Opened(page_of(everything)).text.split())
    for words in (
        "1.200 casos, 300 deles no grupo de controle",
        "+16,67 pp",
        "além do acaso, com 95 % de confiança",
        "p < 0,001",
        "Indício, não prova",
        "85,7 % do total",
        "111 iniciadas, 111 atendidas (100,0 %)",
        "média de 5,00 %",
        "R$ 35.000,00 da meta de R$ 50.000,00: 70,0 %",
        "R$ 35.000,00 de R$ 35.000,00 recebidos em 2026",
        "900 avisos escritos no lugar de cartas: R$ 2.655,00",
        "150 atendimentos a menos",
    ):
        assert words in text


def test_it_says_which_of_two_rulers_brought_more_and_what_each_cost(page_of: Callable[[Scene], str]) -> None:
    html = page_of(two_rulers)
    text = " ".join(Opened(html).text.split())
    for words in (
        "e, em comparação, ICMS Alagoas – do lembrete à suspensão de benefícios (alagoas-icms v2)",
        "Qual das réguas",
        "régua A (alagoas-icms v1): 11,11 pontos percentuais de pagantes a menos que régua B (alagoas-icms v2)",
        "régua B (alagoas-icms v2): 27,78 pontos percentuais de pagantes a mais que grupo de controle",
        "notificados: 22,22 pontos percentuais de pagantes a mais que grupo de controle",
        "régua B (alagoas-icms v2)900 900R$ 90,00 R$ 40.000,00 R$ 0,0022",
        "Teste log-rank entre régua A (alagoas-icms v1) e régua B (alagoas-icms v2): p < 0,001",
    ):
        assert words in text
    maps = "Mapa de calor: ICMS Alagoas"
    assert html.count(maps) == 2 * page_of(everything).count(maps) > 0


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (nobody, "nenhum caso a cobrar"),
        (nobody, "nada entrou até 31/08/2026"),
        (nobody, "nenhum aviso até 31/08/2026"),
        (nobody, "sem declarações deste tributo"),
        (nobody_paid, "ninguém quitou até 31/08/2026"),
        (nobody_paid, "nenhuma chamada foi feita"),
        (nobody_was_held_out, "a coorte foi iniciada sem --control"),
        (nobody_was_drawn, "grupo de controle: nenhum caso, e por isso não há com o que comparar"),
        (nobody, "sem meta: informe --goal"),
        (nobody_paid, "sem custo da carta: informe --letter-cost"),
        (everything, "o dia do relatório já passou"),
    ],
)
def test_what_can_not_be_told_is_a_dash_with_its_reason(
    page_of: Callable[[Scene], str], scene: Scene, reason: str
) -> None:
    assert reason in Opened(page_of(scene)).text


def test_a_chart_names_each_of_six_arms_on_as_many_lines_as_that_takes() -> None:
    names = ["régua A por hábito", "régua A padrão", "régua B", "régua C", "régua D", "grupo de controle"]
    curves = {name: Curve((Point(10, 0.1 * n, None, None),), None) for n, name in enumerate(names, start=1)}
    drawn = ElementTree.fromstring(steps("Parte que já quitou, por dia", curves, 30, str))
    lines = drawn.findall(".//{*}polyline")
    assert len({(line.get("stroke"), line.get("stroke-dasharray")) for line in lines}) == 6
    placed = {text.text: (float(text.get("x") or 0), text.get("y")) for text in drawn.findall("{*}text")}
    assert [name for name in placed if name in names] == names
    assert len({y for _, y in placed.values()}) > 1
    assert all(x + 8.6 * len(name or "") <= 560 for name, (x, _) in placed.items())


def test_a_funnels_stages_are_written_whole() -> None:
    drawn = ElementTree.fromstring(
        funnels("Canais", [Funnel("e-mail", [("enviados", 10), ("pagos em 365 d", 2)])], str)
    )
    texts = [text for text in drawn.iter() if text.get("text-anchor") == "end"]
    assert [text.text for text in texts] == ["enviados", "pagos em 365 d"]
    assert all(float(text.get("x") or 0) >= 8.6 * len(text.text or "") for text in texts)
