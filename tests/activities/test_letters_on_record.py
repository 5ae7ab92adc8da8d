"""A formal notice by letter, from its composing to what it serves: by its receipt, or by an edital after it failed."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.contact.post import Outcome
from storage.catalogue import RULERS
from storage.contact.batches import OnPage, OnPaper, close_batch, publish
from storage.contact.contacts import give_contact
from storage.contact.receipts import register_outcome
from tests.builders import REGISTERED, inscribed
from tests.post_world import ADDRESS, SERVICE, VERIFIED
from tests.record_world import Life, Street

PRICES = """
prices:
  prices: contrato
  title: Contrato 1/2026
  channels:
    letter: [{from: 2020-01-01, source: Contrato 1/2026, price: "16.50"}]
    gazette: [{from: 2020-01-01, source: Contrato 1/2026, price: "0"}]
"""
ROWS = """
rows:
  h8:
    name: Notificação por carta
    ends_in: referral
    rungs:
      - {stage: notice, rigidity: 8, dwell: 15 legal, channels: [letter], fallback: {letter: [gazette]}, formal: true,
         template: divida-ativa/h8-notice}
      - {stage: final_notice, rigidity: 9, dwell: 30 legal, channels: [letter], formal: true,
         template: divida-ativa/h8-final-notice}
"""


@pytest.fixture
def life(engine: Engine, tmp_path: Path) -> Life:
    """A case whose first rung is a formal notice by letter, of a taxpayer whose address was just given."""
    source = RULERS.read(REGISTERED)[1]
    marking = next(line for line in source.splitlines() if line.startswith("example:"))
    # the shipped tables that it names are examples too
    head = source[: source.index("\nhardship:")].replace(marking, VERIFIED).replace("  calendar: brasil", "  # none")
    for row in ("h1", "h2", "h7"):
        head = head.replace(f": {row}\n", ": h8\n")
    file = tmp_path / "carta.yaml"
    file.write_text(head + SERVICE + PRICES + ROWS)
    street = Street(engine, str(file), [inscribed()], compressed=False, providers=True, shared=False)
    [life] = street.lives
    assert life.status == "unreachable", "no letter goes anywhere without an address, and no edital before a letter"
    give_contact(engine, life.case, "Ana", street.now, address=ADDRESS)
    street.rest()
    while not life.rows(NOTICES):
        street.goes_on()
    return life


NOTICES = 'SELECT channel, status, served_on FROM notices WHERE "case" = :case ORDER BY step, channel DESC'


def closed(life: Life, channel: OnPaper) -> tuple[int, OnPage]:
    with life.street.engine.begin() as connection:
        batch = close_batch(connection, channel, "Ana", life.street.now).batch
    [page] = batch.notices
    return batch.id, page


def came(life: Life, number: int, outcome: Outcome, on: date | None) -> None:
    with life.street.engine.begin() as connection:
        register_outcome(connection, number, outcome, on, "", "Ana", life.street.now)
    life.street.rest()


def later(life: Life, days: int) -> datetime:
    life.street.worker.now += timedelta(days=days)
    return life.street.now


def test_a_letter_waits_for_its_batch_and_its_receipt_starts_the_term(life: Life) -> None:
    assert life.rows(NOTICES) == [("letter", "queued", None)]
    _, page = closed(life, "letter")
    assert "R$" in page.body, "closed, it lists the credit with its amount"
    received = later(life, 6).date()
    came(life, page.number, Outcome.DELIVERED, received)
    assert life.rows(NOTICES) == [("letter", "delivered", received)]
    assert life.next_action
    assert life.next_action.step.on
    assert life.next_action.step.on > received + timedelta(days=15)


def test_what_failed_is_published_and_serves_when_the_laws_time_is_over(life: Life) -> None:
    street = life.street
    _, page = closed(life, "letter")
    later(life, 3)
    came(life, page.number, Outcome.ABSENT, None)
    while len(life.rows(NOTICES)) == 1:
        street.goes_on()
    assert life.rows(NOTICES) == [("letter", "failed", None), ("gazette", "queued", None)]
    edital, entry = closed(life, "gazette")
    assert "R$" not in entry.body
    published = later(life, 1).date()
    with street.engine.begin() as connection:
        publish(connection, edital, "DOE/AL", published, "p. 3", "Ana", street.now)
    street.rest()
    while life.rows(NOTICES)[1][2] is None:
        street.goes_on()
    served = life.rows(NOTICES)[1][2]
    assert served >= published + timedelta(days=15)
    assert life.rows("SELECT served_by FROM notices WHERE channel = 'gazette' AND \"case\" = :case") == [("deemed",)]
