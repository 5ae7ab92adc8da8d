"""The console in a real browser: signed in by a link, read by keyboard and on a telephone, faultless by axe-core."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Literal

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine, text

from models.roles import Role
from storage.audit.sessions import make_link
from tests import factories
from tests.record_world import Street
from tests.web.console.console_world import away
from tests.web.console.test_approvals import two_awaiting_approval
from web.background.draft_checks import check_next
from web.console.console import console_routes
from web.security.guard import Guard

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for found in map(shutil.which, NAMES) if found), "")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="NO BROWSER IS HERE: the console's pages were not opened in one")

NARROW = 360
INSIDE = re.compile(r":\d+/console(?!/sign-in)")


@pytest.fixture
def street(engine: Engine) -> Street:
    return two_awaiting_approval(engine)


@pytest.fixture
def site(engine: Engine) -> Iterator[str]:
    """The console, served on this machine."""
    app = FastAPI()
    app.add_middleware(Guard)
    app.include_router(console_routes(engine, away))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=server.run, args=([listening],))
        serving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        serving.join()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


def link(engine: Engine, site: str, further: str = "/console") -> str:
    with engine.begin() as connection:
        return f"{site}/console/sign-in?once={make_link(connection, 'bia', Role.SUPERVISOR, 'root')}&next={further}"


def enter(page: Page, address: str) -> None:
    """By keyboard alone: past the header, to the one button."""
    page.goto(address)
    page.get_by_role("button", name="Entrar").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(INSIDE)


def faults(page: Page) -> list[str]:
    """The faults that axe-core finds in the page, by WCAG 2.2 AA."""
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(page, options={"runOnly": rules}).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def test_every_page_is_for_everybody(engine: Engine, street: Street, site: str, browser: Browser) -> None:
    case, taxpayer = street.lives[0].case, street.lives[0].taxpayer
    cohort = f"/cohorts/{street.cohort.name}"
    pages = ["", "/search", "/sessions", "/ajuda", "/waiting/tasks", "/waiting/awaiting_approval", f"/approvals/{case}"]
    pages += [f"{cohort}{part}" for part in ("", "/cases", "/costs")]
    pages += ["/audit", "/drafts", "/cohorts", f"/cases/{case}", f"/taxpayers/{taxpayer}", "/nowhere", "/sign-in"]
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    enter(page, link(engine, site))
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for path in pages:
            page.goto(f"{site}/console{path}")
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert faults(page) == [], (path, scheme)
    page.set_viewport_size({"width": NARROW, "height": 740})
    for path in pages:
        page.goto(f"{site}/console{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW, path
    page.goto(f"{site}/console/cases/{case}")
    page.emulate_media(media="print", color_scheme="light")
    expect(page.get_by_role("navigation", name="Principal")).to_be_hidden()
    expect(page.get_by_role("heading", name="Linha do tempo")).to_be_visible()
    # the page that isn't there, and what axe's own script is kept from
    assert [line for line in said if "404" not in line and "Content Security Policy" not in line] == []
    context.close()


def test_a_suspension_is_approved_after_a_fresh_sign_in(
    engine: Engine, owner: Engine, street: Street, site: str, browser: Browser
) -> None:
    first, second = sorted(life.case for life in street.lives)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, link(engine, site))
    with owner.begin() as connection:
        connection.execute(text("UPDATE sessions SET signed_in_at = signed_in_at - interval '1 hour'"))
    page.get_by_role("link", name="Suspensões a aprovar").click()
    page.get_by_role("link", name=first).click()
    expect(page.get_by_role("button", name="Suspender")).to_have_count(0)
    expect(page.get_by_role("link", name="Entrar de novo")).to_be_visible()
    enter(page, link(engine, site, f"/console/approvals/{first}"))
    page.get_by_label("Motivo").fill("ciência provada, prazo decorrido")
    page.get_by_role("button", name="Suspender 1 benefício").click()
    page.wait_for_url(f"**/approvals/{second}?decided=approved")
    expect(page.get_by_role("status")).to_contain_text("Aprovada")
    with engine.connect() as connection:
        [act] = connection.execute(text('SELECT kind, "case", who, role FROM acts'))
    assert tuple(act) == ("approve", first, "bia", "supervisor")
    page.get_by_role("button", name="Sair").click()
    expect(page.get_by_role("heading", name="Entrar")).to_be_visible()
    context.close()


def test_a_cohort_s_map_follows_the_record_while_somebody_looks(
    engine: Engine, street: Street, site: str, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, link(engine, site))
    page.goto(f"{site}/console/cohorts/{street.cohort.name}")
    expect(page.get_by_text("Ao vivo.")).to_be_visible()
    expect(page.get_by_role("link", name="aguardando aprovação 2")).to_be_visible()
    with engine.begin() as connection:
        unblocked = "UPDATE cases SET status = 'running', blocks = '[]' WHERE id = :case"
        connection.execute(text(unblocked), {"case": street.lives[0].case})
    expect(page.get_by_role("link", name="aguardando aprovação 1")).to_be_visible(timeout=20_000)
    context.close()


def test_a_cohort_is_prepared_checked_and_started_without_a_script(engine: Engine, site: str, browser: Browser) -> None:
    with engine.begin() as connection:
        factories.debt(connection, factories.taxpayer(connection, email="a@exemplo.br"), amount=5000)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, link(engine, site))
    page.get_by_role("link", name="Grupos", exact=True).click()
    page.get_by_role("link", name="Iniciar um grupo").click()
    page.get_by_role("button", name="Novo rascunho").click()
    page.get_by_label("Régua", exact=True).select_option("divida-ativa")
    page.get_by_label("Nome do grupo").fill("iptu-2026")
    page.get_by_label("Devido a partir de").fill("1.000,00")
    page.get_by_role("button", name="Salvar e contar").click()
    expect(page.get_by_role("row", name="devido a partir de R$ 1")).to_be_visible()
    page.get_by_role("button", name="Conferir").click()
    expect(page.get_by_role("heading", name="Conferindo")).to_be_visible()
    assert check_next(engine)
    page.get_by_role("link", name="Atualizar").click()
    expect(page.get_by_role("heading", name="As primeiras mensagens")).to_be_visible()
    page.get_by_role("button", name="Iniciar 1 caso").click()
    page.wait_for_url("**/cohorts/iptu-2026")
    with engine.connect() as connection:
        [row] = connection.execute(text("SELECT name, started_by FROM cohorts"))
    assert tuple(row) == ("iptu-2026", "bia")
    context.close()
