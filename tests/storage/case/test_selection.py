"""Whom each key of a selection names, on a roll of six whose facts are written down beside it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from models.case.selection import Person, Reach, Selection
from models.contact.habits import DayPart
from models.proof.holdout import Habit
from storage.case.selection import count_named, counts_by_key, named_by, selecting
from tests.builders import REGISTERED, shipped

TODAY = date(2026, 11, 10)
RULER = shipped(REGISTERED)

ROLL = """
    INSERT INTO taxpayers (key, tax_id, name, is_company, email, phone) VALUES
        ('a', '11222333000181', 'A', true, 'a@example.org', NULL),
        ('b', '22333444000181', 'B', true, NULL, '+5582911110000'),
        ('c', '33444555000181', 'C', true, NULL, NULL),
        ('d', '52998224725', 'D', false, 'd@example.org', NULL),
        ('e', '11144477735', 'E', false, NULL, NULL),
        ('f', '44555666000181', 'F', true, NULL, NULL);
    INSERT INTO debts (id, tax, inscription, due, amount, litigation, protested, registered_on) VALUES
        ('a1', 'IPTU', 'a1', '2026-10-11', 100, false, false, NULL),
        ('b1', 'IPTU', 'b1', '2026-06-01', 5000, true, false, '2026-08-01'),
        ('b2', 'IPTU', 'b2', '2026-09-01', 50, false, true, NULL),
        ('c1', 'IPTU', 'c1', '2025-11-10', 900, true, true, '2026-01-15'),
        ('d1', 'ISS', 'd1', '2026-10-01', 250, false, false, NULL),
        ('e1', 'IPTU', 'e1', '2024-01-01', 70000, false, false, '2024-06-01');
    INSERT INTO debtors (debt, taxpayer, uf)
    SELECT debts.id, taxpayers.id, CASE key WHEN 'c' THEN 'SE' ELSE 'AL' END
    FROM debts JOIN taxpayers ON key = left(debts.id, 1);
    INSERT INTO benefits (id, taxpayer, code, name, tax)
    SELECT 'x', id, 'x', 'Crédito presumido', 'ISS' FROM taxpayers WHERE key = 'd';
    INSERT INTO filings (taxpayer, tax, period, due, status, declared, paid, paid_on)
    SELECT id, 'IPTU', '2026-01', '2026-02-10', 'filed', paid, paid, day
    FROM (VALUES ('a', 800, date '2026-02-10'), ('b', 150, '2026-02-10'), ('c', 50, '2026-02-10'),
                 ('e', 9000, '2024-02-10')) AS came (key, paid, day) JOIN taxpayers USING (key);
    INSERT INTO contacts (taxpayer, kind, value, source, said_on)
    SELECT id, 'address', value, 'cadastro', said_on::date
    FROM (VALUES ('a', 'Rua Maceió, 10, Arapiraca - AL, CEP 57300-123', '2026-01-01'),
                 ('b', 'Av. da Paz, 57300, Maceió/AL 57020-440', '2026-01-01'),
                 ('c', 'Rua A, 1, Arapiraca/AL, 57.300-000', '2025-01-01'),
                 ('c', 'Rua B, 2 - São Miguel dos Campos', '2026-01-01'),
                 ('d', '57020440 - Maceió', '2026-01-01')) AS said (key, value, said_on) JOIN taxpayers USING (key)
"""


@pytest.fixture
def roll(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        for statement in ROLL.split(";"):
            connection.execute(text(statement))
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({}, "abcde"),
        ({"tax": "ISS"}, "d"),
        ({"min_amount": Decimal(900)}, "bce"),
        ({"max_amount": Decimal(900)}, "acd"),
        ({"min_amount": Decimal("250.01"), "max_amount": Decimal(5050)}, "bc"),
        ({"uf": "SE"}, "c"),
        ({"due_from": date(2026, 9, 1)}, "abd"),
        ({"due_until": date(2025, 11, 10)}, "ce"),
        ({"min_age": 30}, "abcde"),
        ({"min_age": 31}, "bcde"),
        ({"max_age": 40}, "ad"),
        ({"registered_from": date(2026, 1, 15)}, "bc"),
        ({"registered_until": date(2024, 6, 1)}, "e"),
        ({"litigation": True}, "bc"),
        ({"litigation": False}, "abde"),
        ({"protested": True}, "bc"),
        ({"litigation": True, "protested": True}, "c"),
        ({"person": Person.NATURAL}, "de"),
        ({"person": Person.COMPANY}, "abc"),
        ({"reach": Reach.EMAIL}, "ad"),
        ({"reach": Reach.PHONE}, "b"),
        ({"reach": Reach.ANY}, "abd"),
        ({"reach": Reach.NONE}, "ce"),
        ({"benefits": True}, "d"),
        ({"benefits": False}, "abce"),
        ({"broken_agreements": 1}, ""),
        ({"habits": (Habit.UNKNOWN,)}, "abcde"),
        ({"habits": (Habit.SILENT, Habit.ANSWERED)}, ""),
        ({"municipality": "MACEIO"}, "bd"),
        ({"municipality": "SAO MIGUEL DOS CAMPOS"}, "c"),
        ({"postcode": ("573",)}, "a"),
        ({"postcode": ("57020440", "573")}, "abd"),
        ({"paid_after": ("sms",)}, ""),
        ({"opened": ("email",)}, ""),
        ({"answered": ("sms", "whatsapp")}, ""),
        ({"active": DayPart.MORNING}, ""),
        ({"top_share": Decimal("0.8")}, "a"),
        ({"top_share": Decimal("0.81")}, "ab"),
        ({"only": ("11144477735", "22333444000181", "44555666000181")}, "be"),
        ({"exclude": ("11144477735", "22333444000181")}, "acd"),
    ],
    ids=str,
)
def test_a_key_names_those_it_is_about(roll: Connection, asked: dict[str, Any], named: str) -> None:
    query, given = named_by(RULER, Selection(**asked), TODAY)
    people = f"SELECT DISTINCT key FROM ({query}) AS found JOIN taxpayers ON id = taxpayer ORDER BY key"
    assert "".join(roll.scalars(selecting(people), given)) == named
    assert count_named(roll, RULER, Selection(**asked), TODAY) == len(named)


def test_a_preview_says_what_each_key_leaves(roll: Connection) -> None:
    chosen = Selection(tax="IPTU", person=Person.COMPANY, litigation=True, exclude=("33444555000181",))
    left = counts_by_key(roll, RULER, chosen, TODAY)
    assert left == {"everybody": 5, "tax": 4, "litigation": 2, "person": 2, "exclude": 1}


def test_a_log_is_told_how_many_are_on_a_list_and_not_who() -> None:
    chosen = Selection(uf="AL", litigation=False, only=("11144477735", "22333444000181"))
    assert chosen.told == {"uf": "AL", "litigation": "no", "only": "2"}
