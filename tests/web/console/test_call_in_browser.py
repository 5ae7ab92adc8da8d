"""A call in a real browser, without a script: from the queue to a promise, faultless by axe-core and on a telephone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from playwright.sync_api import Browser, expect
from sqlalchemy import Engine

from models.payment.pix import PixPayment
from models.roles import Role
from storage.audit.sessions import make_link
from storage.case.cases import read_case
from storage.case.tasks import ask_people
from storage.case.transaction import case_transaction
from storage.payments.ledger import record_pix
from tests import factories
from tests.agreement_world import OPENED, Contract
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


def test_two_agents_take_a_promise_each_of_which_one_is_kept(
    engine: Engine, made: Contract, site: str, browser: Browser
) -> None:
    with engine.begin() as connection:
        who = factories.taxpayer(connection, name="Oficina Exemplo", phone="+5582999990001")
        factories.debt(connection, who, due=OPENED)
        other = factories.case(connection, who, "iptu", OPENED)
        ask_people(connection, read_case(connection, other), "call", "r2", "pediu para falar", TOMORROW)
        links = [make_link(connection, agent, Role.AGENT, "root") for agent in ("dora", "davi")]
    pages = [browser.new_context(viewport={"width": 1280, "height": 900}).new_page() for _ in links]
    for page, once in zip(pages, links, strict=True):
        enter(page, f"{site}/console/sign-in?once={once}&next=/console/calls")
        page.get_by_role("button", name="Próxima tarefa").click()
        expect(page.get_by_role("heading", name="Ligue e pergunte")).to_be_visible()
    assert pages[0].url != pages[1].url
    for page in pages:
        page.get_by_role("button", name="É a pessoa certa: continuar").click()
        page.get_by_label("Quanto, em reais").fill("600,00")
        page.get_by_label("Em que dia").fill(f"{TOMORROW}")
        page.get_by_role("button", name="Registrar promessa").click()
        expect(page.get_by_role("heading", name="Central de Cobrança")).to_be_visible()
    cases = dict(made.rows('SELECT made_by, "case" FROM promises'))
    assert sorted(cases.values()) == sorted([made.case, other])

    now = datetime.now(UTC)
    [(txid,)] = made.rows(
        """SELECT pix_txid FROM cases JOIN debtors USING (taxpayer) JOIN debts ON debts.id = debt
           WHERE cases.id = :of ORDER BY debts.amount DESC LIMIT 1""",
        of=cases["dora"],
    )
    record_pix(engine, [PixPayment(f"E{'7' * 31}", txid, Decimal("600.00"), now)], now)
    with case_transaction(engine, cases["davi"], now + timedelta(days=10)):
        pass  # as its workflow does on that day
    seen = browser.new_page()
    enter(seen, link(engine, site, "/console/calls"))
    whole = seen.get_by_role("region", name="Números")
    expect(whole.get_by_text("1 de 2 (50%)")).to_be_visible()
    expect(whole.get_by_text("R$ 600,00 de R$ 1.200,00")).to_be_visible()
    for agent, told in (("dora", "cumprida: R$ 600,00"), ("davi", "não cumprida até")):
        seen.goto(f"{site}/console/cases/{cases[agent]}")
        expect(seen.get_by_text(told).first).to_be_visible()
