"""A ruler is edited by one person and published by another in a real browser, without a script."""

from __future__ import annotations

from playwright.sync_api import Browser, expect
from sqlalchemy import Engine

from models.roles import Role
from operations.catalogue import in_force
from tests.web.console.console_world import token_of
from tests.web.console.test_in_browser import NARROW, browser, enter, faults, link, pytestmark, site

__all__ = ["browser", "pytestmark", "site"]


def test_a_ruler_is_edited_and_published_by_another(engine: Engine, site: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    enter(page, link(engine, site))
    page.get_by_role("link", name="Grupos", exact=True).click()
    page.get_by_role("link", name="Réguas", exact=True).click()
    page.get_by_role("link", name="alagoas-icms").click()
    page.get_by_role("button", name="Mudar").click()
    page.get_by_role("link", name="H1, lembrete, rigidez 1").click()
    page.locator("#rigidity").fill("2")
    page.get_by_role("checkbox", name="SMS").check()
    page.get_by_role("button", name="Guardar a célula").click()
    expect(page.get_by_role("link", name="H1, lembrete, rigidez 2")).to_be_visible()
    expect(page.get_by_text("segmento", exact=False).first).to_be_visible()
    expect(page.get_by_role("region", name="O que muda")).to_contain_text("+        channels: [email, sms]")
    expect(page.get_by_text("Quatro olhos")).to_be_visible()
    page.get_by_role("button", name="Sair").click()
    page.get_by_label("Token").fill(token_of(engine, "caio", Role.SUPERVISOR))
    page.get_by_role("button", name="Entrar").click()
    page.goto(f"{site}/console/rulers/alagoas-icms")
    page.locator("#reason").fill("o SMS chega a mais gente")
    page.get_by_role("button", name="Publicar a v2").click()
    expect(page.get_by_text("o SMS chega a mais gente")).to_be_visible()
    assert "channels: [email, sms]" in in_force(engine)["rulers/alagoas-icms.yaml"]
    context.close()


def test_its_pages_are_for_everybody(engine: Engine, site: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    enter(page, link(engine, site, "/console/rulers"))
    page.goto(f"{site}/console/rulers/alagoas-icms")
    page.get_by_role("button", name="Mudar").click()
    for address in ("/console/rulers", "/console/rulers/alagoas-icms", "/console/rulers/alagoas-icms?row=h8&rung=0"):
        page.goto(f"{site}{address}")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert faults(page) == [], address
        page.set_viewport_size({"width": NARROW, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW, address
        page.set_viewport_size({"width": 1280, "height": 900})
    page.context.close()
