"""The report as an analyst opens it: complete, in Portuguese, safe to open, and in need of nothing else."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from models.ruler.schema import Stage
from models.words import STATUSES
from reports.page import STORIES, page
from storage.proof.report import CohortReport, Example
from tests.builders import ICMS, shipped
from tests.html import Opened

UI = "http://127.0.0.1:8233"


@pytest.fixture
def cohort() -> CohortReport:
    return CohortReport(
        name="icms-outubro",
        ruler=shipped(ICMS),
        begins=date(2026, 3, 2),
        today=date(2026, 10, 28),
        statuses={"resolved": 1155, "benefits_suspended": 20},
        counts={("h1", Stage.REMINDER): (11, 45), ("h8", Stage.SUSPENSION): (20, 35)},
        notices=870,
        cost=Decimal("4.35"),
        payments=160,
        recovered=Decimal("102932401.04"),
        outstanding=Decimal("1.50"),
        suspended=35,
        reinstated=15,
        receipts=6,
        fell_over=7,
        replies=4,
        agreements={"signed": 3, "broken": 2, "completed": 1},
        settled_by_offer=6,
        examples=tuple(Example(f"0123456789abcde{n:x}", kind) for n, kind in enumerate(STORIES)),
    )


def test_it_says_what_came_of_the_cohort_in_portuguese(cohort: CohortReport) -> None:
    html = page("Cidade", [cohort], [], UI)
    for said in ("1.175", "R$ 102.932.401,04", "870", "160", "regularizado", "02/03/2026", "28/10/2026"):
        assert said in html
    assert "Nenhuma violação" in html
    assert '<html lang="pt-BR">' in html


def test_every_status_and_story_has_its_words(cohort: CohortReport) -> None:
    html = page("Cidade", [replace(cohort, statuses=dict.fromkeys(STATUSES, 1))], [], UI)
    for words in (*STATUSES.values(), *STORIES.values()):
        assert words in html


def test_the_tags_are_closed_and_nothing_is_fetched(cohort: CohortReport) -> None:
    html = page("Cidade", [cohort, cohort], ["case 1: late"], UI)
    opened = Opened(html)
    assert opened.stack == []
    assert opened.fetched == []
    assert "<script" not in html
    assert not re.search(r"@import|url\(", html)


def test_statuses_link_to_their_filtered_list_and_examples_to_their_case(cohort: CohortReport) -> None:
    links = Opened(page("Cidade", [cohort], [], UI)).links
    queries = [parse_qs(urlsplit(link).query).get("query", [""])[0] for link in links]
    assert 'Cohort="icms-outubro" AND CaseStatus="resolved"' in queries
    assert f"{UI}/namespaces/default/workflows/case-0123456789abcde0" in links


def test_without_a_web_ui_nothing_is_linked(cohort: CohortReport) -> None:
    assert Opened(page("Cidade", [cohort], [], None)).links == []


def test_what_people_wrote_is_no_markup(cohort: CohortReport) -> None:
    evil = '<script>alert("x")</script>'
    ruler = cohort.ruler.model_copy(update={"title": evil})
    html = page(evil, [replace(cohort, name=evil, ruler=ruler)], [evil], UI)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 4


def test_violations_are_listed(cohort: CohortReport) -> None:
    html = page("Cidade", [cohort], ["case 1: contact 2 follows contact 0"], UI)
    assert "contact 2 follows contact 0" in html
    assert "Nenhuma violação" not in html


def test_a_cohort_without_cases_renders(cohort: CohortReport) -> None:
    empty = replace(cohort, statuses={}, counts={}, examples=(), notices=0)
    assert Opened(page("Cidade", [empty], [], UI)).stack == []
    assert Opened(page("Nada", [], [], UI)).stack == []
