"""The record by credit, by the real activities: what notices list, what joins later, what is approved and suspended."""

from datetime import date

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from operations.cases import approve_suspension
from operations.due_process import register_service
from operations.operation import Credentials
from storage.law.defences import file_defence, rule_on_defence
from tests.builders import FACTS, debt, filing
from tests.casebook.test_process_on_record import awaits_approval, goes_on_to, lived
from tests.record_world import Life, Street

BIA = Credentials("Bia")

LISTED = """
    SELECT DISTINCT step, credit, notices.channel FROM notice_credits JOIN notices ON notices.id = notice
    WHERE "case" = :case ORDER BY step, credit
"""


@pytest.fixture
def warned(engine: Engine) -> tuple[Street, Life]:
    """A persistent defaulter of four periods who had his last formal notice."""
    street, life = lived(engine, FACTS["h8"])
    goes_on_to(street, life, "final_notice")
    return street, life


def test_a_formal_notice_lists_each_credit_with_its_amount_where_it_serves(warned: tuple[Street, Life]) -> None:
    _, life = warned
    owed = [row[0] for row in life.rows("SELECT id FROM debts WHERE tax = :tax ORDER BY id")]
    assert life.rows(LISTED) == [(step, credit, "domicile") for step in (0, 1) for credit in owed]
    amounts = """SELECT DISTINCT amount FROM notice_credits JOIN notices ON notices.id = notice WHERE "case" = :case"""
    assert [f"{row[0]:.2f}" for row in life.rows(amounts)] == ["4000000.00"]


def test_what_joins_later_goes_its_own_way_and_is_not_suspended_for(
    engine: Engine, warned: tuple[Street, Life]
) -> None:
    street, life = warned
    first = [row[0] for row in life.rows("SELECT id FROM debts WHERE tax = :tax ORDER BY id")]
    street.put_filing(life.taxpayer, filing("2026-10", "4000000.00"))
    street.add_debt("later", [life.taxpayer], debt("2026-10", "4000000.00"))
    while len(life.rows(LISTED)) == 2 * len(first):
        street.goes_on()
    [(step, later, channel)] = [row for row in life.rows(LISTED) if row[1] not in first]
    assert (step, channel) == (2, "domicile")
    assert life.rows("""SELECT DISTINCT stage FROM notices WHERE "case" = :case AND step = 2""") == [("final_notice",)]
    awaits_approval(street, life)
    approve_suspension(engine, Credentials("Ana"), life.case, "", "conferido", street.now)
    street.rest()
    [(credits,)] = life.rows("""SELECT credits FROM suspensions WHERE "case" = :case""")
    assert sorted(credits) == first
    assert later not in credits


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_nobody_proves_the_service_of_what_only_announces(
    engine: Engine, warned: tuple[Street, Life], channel: str
) -> None:
    street, life = warned
    announced = """SELECT id FROM notices WHERE "case" = :case AND channel = :channel AND stage = 'final_notice'"""
    [(notice,)] = life.rows(announced, channel=channel)
    with pytest.raises(Refusal, match=f"went by {channel} and lists no credit: it announces, and serves nothing"):
        register_service(engine, BIA, life.case, notice, street.today, "AR 1", street.now)


def test_a_defence_is_against_credits_that_a_notice_lists(engine: Engine, warned: tuple[Street, Life]) -> None:
    street, life = warned
    one, *others = [row[0] for row in life.rows("SELECT id FROM debts WHERE tax = :tax ORDER BY id")]
    with pytest.raises(Refusal, match=r"no formal notice of case .* lists strange"):
        file_defence(engine, life.case, "Ana", "protocolo 1", street.now, credits=["strange"])
    assert file_defence(engine, life.case, "Ana", "protocolo 1", street.now, credits=[one]).credits == (one,)
    with pytest.raises(Refusal, match="is open already"):
        file_defence(engine, life.case, "Ana", "protocolo 2", street.now, credits=[one])
    assert file_defence(engine, life.case, "Ana", "protocolo 3", street.now).credits == tuple(others)
    with pytest.raises(Refusal, match="2 defences are open"):
        rule_on_defence(engine, life.case, "rejected", "Bia", "parecer", street.now)
    rule_on_defence(engine, life.case, "rejected", "Bia", "parecer", street.now, credits=[one])
    with pytest.raises(Refusal, match=r"was rejected on .* already"):
        rule_on_defence(engine, life.case, "accepted", "Bia", "parecer", street.now, credits=[one])
    assert file_defence(engine, life.case, "Ana", "recurso 1", street.now, credits=[one]).appeal
    with pytest.raises(Refusal, match="before it was filed"):
        rule_on_defence(engine, life.case, "rejected", "Bia", "x", street.now, date(2026, 1, 1), credits=[one])
