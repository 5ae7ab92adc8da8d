"""The explanation of a case: complete, the same each time, nobody named unless asked, and safe to open."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO, StringIO
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import Destination
from rich.console import Console
from sqlalchemy import Engine

from reports.document import Document, Entry, Verbatim, as_data
from reports.document_html import html
from reports.document_pdf import pdf
from reports.document_terminal import show
from reports.explanation import explain
from storage.read_models.dossier import read_dossier
from storage.read_models.dossier_parts import Decision
from tests.chance import examples
from tests.channels.test_letter_pdf import elements
from tests.explained_world import FORMATTED, NAME, PERSONAL, Recorder, begun, with_everything
from tests.html import Opened

FACTS = (
    "fim da régua",
    "I-2025-12",
    "liminar concedida & juntada",
    "autos 0700",
    "liminar cassada",
    "E2E-1",
    "DEV-1",
    "declarado & não pago: leva a H8",
    "permanência mínima de 15 dias corridos (CTN art. 210); linhas 226 a 231 da régua alagoas-icms v1",
    "template: alagoas-icms/h8-notice",
    "ciência tácita em 17/03/2026 (Decreto 70.235/1972, art. 23)",
    "Aprovação de Bia em 02/03/2026: conferido & de acordo.",
    "saldo de R$ 1.234,56",
    "até 16/04/2026; ato a partir de 17/04/2026",  # served on Tue 17/03/2026, thirty continuous days
    "P1 suspenso em 02/03/2026, aprovado por Bia",
    "recurso até 01/04/2026; ato a partir de 02/04/2026",  # rejected on Mon 02/03/2026, thirty continuous days
    "Benefício suspenso: PRODESIN (P1)",
    "Benefício devolvido: PRODESIN (P1)",
    "processo 77",
    "cartório 3",
    "protesto do título (CNJ 547/2024, art. 3º)",
    "contesta",
    "LC 225/2026, arts. 11 a 13",
)
"""A word of each part of the record."""


@pytest.fixture
def case(engine: Engine) -> str:
    return with_everything(engine)


def blocks(document: Document) -> Iterator[object]:
    return (block for section in document.sections for block in section.blocks)


def on_terminal(document: Document) -> str:
    written = StringIO()
    show(document, Console(file=written, width=400))
    return written.getvalue()


def text_of(made: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages)


def plain(text: str) -> str:
    """Without what folding lines makes of it, or a table's borders."""
    return re.sub(r"[\s│]+", "", text)


def everywhere(document: Document) -> dict[str, str]:
    made = pdf(document)
    return {
        "html": Opened(html(document).decode()).text,
        "pdf": text_of(made),
        "raw": made.decode("latin-1"),
        "json": json.dumps(as_data(document), ensure_ascii=False),
        "terminal": on_terminal(document),
    }


def test_each_part_of_the_record_is_in_each_form(engine: Engine, case: str) -> None:
    forms = everywhere(explain(read_dossier(engine, case), reveal=False))
    del forms["raw"]
    lacking = {(form, fact) for form, text in forms.items() for fact in FACTS if plain(fact) not in plain(text)}
    assert lacking == set()


def test_nobody_is_named_unless_asked(engine: Engine, case: str) -> None:
    hidden = everywhere(explain(read_dossier(engine, case), reveal=False))
    telling = {(form, secret) for form, text in hidden.items() for secret in PERSONAL if plain(secret) in plain(text)}
    assert telling == set()
    assert "**.***.345/01DE-**" in hidden["html"]
    shown = everywhere(explain(read_dossier(engine, case), reveal=True))
    for form in ("html", "pdf", "terminal"):
        assert plain(NAME) in plain(shown[form])
        assert FORMATTED in shown[form]
        assert "minha sócia" in shown[form]


def test_what_a_taxpayer_or_an_official_wrote_is_no_markup(engine: Engine, case: str) -> None:
    page = html(explain(read_dossier(engine, case), reveal=True)).decode()
    opened = Opened(page)
    assert (opened.stack, opened.fetched) == ([], [])
    assert "script" not in opened.tags
    assert not re.search(r"@import|url\((?!#)", page)


def test_the_pdf_says_its_language_its_pages_and_its_parts(engine: Engine, case: str) -> None:
    document = explain(read_dossier(engine, case), reveal=False)
    read = PdfReader(BytesIO(pdf(document)))
    catalog: Any = read.root_object
    assert (str(catalog["/Lang"]), bool(catalog["/MarkInfo"]["/Marked"])) == ("pt-BR", True)
    roles = {role for role, _ in elements(catalog["/StructTreeRoot"]["/K"].get_object())}
    assert {"H1", "H2", "H3", "Table", "TR", "TH", "TD", "Figure"} <= {role.lstrip("/") for role in roles}
    pages = [page.extract_text() for page in read.pages]
    assert len(pages) > 2
    assert all(f"página {n} de {len(pages)}" in text for n, text in enumerate(pages, start=1))
    titles = [str(item.title) for item in read.outline if isinstance(item, Destination)]
    assert titles == [f"{n}. {section.title}" for n, section in enumerate(document.sections, start=1)]


def test_a_chained_journal_shows_its_links_and_ends_with_the_last(engine: Engine, case: str) -> None:
    dossier = read_dossier(engine, case)
    chained: list[Decision] = [
        {**decision, "hash": f"{n:064}"} for n, decision in enumerate(dossier.decisions, start=1)
    ]
    document = explain(replace(dossier, decisions=chained), reveal=False)
    entries = [block for block in blocks(document) if isinstance(block, Entry)]
    assert [dict(entry.facts)["Elo da cadeia"] for entry in entries] == [row["hash"] for row in chained]
    assert f"({len(chained)})" in str(document.sections[-1])
    assert f"Último elo da cadeia de decisões: {len(chained):064}." in str(document.sections[-1])


def test_a_long_text_in_a_table_goes_over_the_page(engine: Engine) -> None:
    with engine.begin() as connection:
        record = Recorder(connection, *begun(engine))
        record.journal("notice", "palavra " * 4000)
        record.notice(0, "email", "linha\n" * 400, served_by="Caio", served_on=None, deemed_by="lei " * 3000)
    assert len(PdfReader(BytesIO(pdf(explain(read_dossier(engine, record.case), reveal=False)))).pages) > 5


COHORTS = count()
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("notice"), WORDS),
        st.tuples(st.just("approved"), WORDS),
        st.tuples(st.sampled_from(["reclassified", "payment", "on_hold", "served", "kind_of_tomorrow"]), WORDS),
    ),
    max_size=12,
)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_every_decision_notice_and_approval_is_told_whatever_happened(
    engine: Engine, steps: list[tuple[str, str]]
) -> None:
    founded = begun(engine, f"c{next(COHORTS)}")
    with engine.begin() as connection:
        record = Recorder(connection, *founded)
        for number, (kind, words) in enumerate(steps):
            if kind == "notice":
                record.notice(number, "email", f"<{number}> {words}")
            if kind == "approved":
                record.approval(f"Bia {number}", words)
            record.journal(kind, words, stage="notice", hypothesis="h8")
    document = explain(read_dossier(engine, record.case), reveal=True)
    entries = [block for block in blocks(document) if isinstance(block, Entry)]
    assert [(entry.kind, entry.reason) for entry in entries] == steps
    for number, entry in enumerate(entries):
        led_to = {"notice": f"-{number:02}-email", "approved": f"Aprovação de Bia {number} em"}.get(entry.kind)
        assert [led_to in line for line in entry.led_to if led_to] == ([True] if led_to else [])
    sent = [block.text for block in blocks(document) if isinstance(block, Verbatim) and block.text.startswith("<")]
    assert sent == [f"<{n}> {words}" for n, (kind, words) in enumerate(steps) if kind == "notice"]
    page = Opened(html(document).decode()).text
    assert all(words in page for _, words in steps)
