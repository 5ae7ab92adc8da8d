"""A file is dropped, checked and imported in a real browser: without a script, faultless by axe-core, at 360 px."""

from __future__ import annotations

from playwright.sync_api import Browser, expect
from sqlalchemy import Engine, text

from tests.web.console.test_imports import HEADER, OWED, TWO
from tests.web.console.test_in_browser import NARROW, browser, enter, faults, link, pytestmark, site
from web.background.uploads import work_on_next

__all__ = ["browser", "pytestmark", "site"]


def test_a_file_is_dropped_checked_and_imported(engine: Engine, site: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    enter(page, link(engine, site))
    page.get_by_role("link", name="Importações", exact=True).click()
    page.get_by_label("O que é").select_option("taxpayers")
    content = f"{TWO}{OWED},A-3,31/02/2026,1.00\n"
    page.locator("#file").set_input_files({"name": "iptu.csv", "mimeType": "x/y", "buffer": content.encode()})
    page.get_by_role("button", name="Conferir o arquivo").click()
    expect(page.get_by_role("heading", name="Conferindo", exact=True)).to_be_visible()
    assert work_on_next(engine)
    page.get_by_role("link", name="Atualizar").click()
    expect(page.get_by_text("Entram: IPTU (2)")).to_be_visible()
    page.get_by_role("button", name="Importar").click()
    assert work_on_next(engine)
    page.get_by_role("link", name="Atualizar").click()
    expect(page.get_by_role("heading", name="O que a importação fez")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Baixar CSV").click()
    assert "31/02/2026" in downloading.value.path().read_text(encoding="utf-8-sig")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM debts")).scalar_one() == 2
    context.close()


def test_its_pages_are_for_everybody(engine: Engine, site: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    enter(page, link(engine, site, "/console/imports"))
    for kind, content in (("taxpayers", TWO), ("filings", HEADER)):
        page.goto(f"{site}/console/imports")
        page.get_by_label("O que é").select_option(kind)
        page.locator("#file").set_input_files({"name": "a.csv", "mimeType": "", "buffer": content.encode()})
        page.get_by_role("button", name="Conferir o arquivo").click()
        assert faults(page) == []
        assert work_on_next(engine)
        page.get_by_role("link", name="Ver o que houve").click()
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for address in (page.url, f"{site}/console/imports"):
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert faults(page) == [], address
            page.set_viewport_size({"width": NARROW, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") == NARROW, address
            page.set_viewport_size({"width": 1280, "height": 900})
    page.context.close()
