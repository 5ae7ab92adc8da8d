"""A call in a real browser, without a script: from the queue to a promise, faultless by axe-core and on a telephone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect
from sqlalchemy import Engine

from tests.agreement_world import Contract
from tests.web.console.test_call_pages import made
from tests.web.console.test_in_browser import NARROW, browser, enter, faults, link, pytestmark, site

__all__ = ["browser", "made", "pytestmark", "site"]

TOMORROW = datetime.now(UTC).date() + timedelta(days=1)


def test_a_call_from_the_queue_to_a_promise(engine: Engine, made: Contract, site: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    enter(page, link(engine, site, "/console/calls"))

    def is_for_everybody() -> None:
        assert faults(page) == [], page.url
        page.set_viewport_size({"width": NARROW, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW, page.url
        page.set_viewport_size({"width": 1280, "height": 900})

    is_for_everybody()
    page.keyboard.press("Enter")  # the next task is one key away
    expect(page.get_by_role("heading", name="Ligue e pergunte")).to_be_visible()
    assert "1.200,00" not in page.content()
    is_for_everybody()
    page.keyboard.press("Enter")  # and so is the right person
    expect(page.get_by_role("heading", name="Diga")).to_be_visible()
    is_for_everybody()
    page.get_by_label("Quanto, em reais").fill("600,00")
    page.get_by_label("Em que dia").fill(f"{TOMORROW}")
    page.get_by_role("button", name="Registrar promessa").click()
    expect(page.get_by_role("heading", name="Central de Cobrança")).to_be_visible()
    is_for_everybody()
    assert made.rows("SELECT state, made_by FROM promises") == [("open", "bia")]
