"""`agreement sign`, `show`, `list` and `break`, as an analyst types them."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from storage.read_models.case_file import case_file
from storage.read_models.case_parts import CaseFile
from tests.agreement_world import BH, SP, Contract, contract
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line


@pytest.fixture
def made(engine: Engine) -> Contract:
    return contract(engine, "600.00", "1200.00", protested=True)


def file_of(made: Contract) -> CaseFile:
    with made.engine.connect() as connection:
        return case_file(connection, made.case, reveal=False)


def test_from_signature_to_break(line: Line, made: Contract) -> None:
    signed = line.json("agreement", "sign", made.case, "--policy", BH, "--instalments", "3", "--by", "ana")
    assert signed["state"] == "active"
    assert signed["case"] == made.case
    assert [each["principal"] for each in signed["instalments"]] == ["600.00"] * 3
    assert [each["amount"] for each in signed["instalments"]][:2] == ["600.00", "606.00"]
    assert len({each["pix_txid"] for each in signed["instalments"]}) == 3
    assert line.json("agreement", "show", made.case) == signed == line.json("agreement", "show", signed["agreement"])
    [listed] = line.json("agreement", "list", "--state", "active", "--cohort", "iptu")["agreements"]
    assert (listed["id"], listed["paid"], listed["instalments"]) == (signed["agreement"], 0, 3)
    broken = line.json("agreement", "break", signed["agreement"], "--by", "ana", "--reason", "desistência")
    assert broken["state"] == "broken"
    assert line.json("agreement", "list", "--state", "active")["agreements"] == []
    [shown] = file_of(made)["agreements"]
    assert shown["state"] == "broken"


def test_the_case_shows_the_dated_tasks_of_the_aftermath_and_what_each_debt_got(line: Line, made: Contract) -> None:
    on = date(2026, 3, 10)
    made.sign(SP, 4, on)
    made.pay(1, on)
    file = file_of(made)
    assert [(task["due"], task["kind"]) for task in file["tasks"]] == [
        (date(2026, 3, 13), "processed"),
        (date(2026, 3, 18), "protest_costs"),
        (date(2026, 3, 20), "registers_removed"),
    ]
    assert [(paid["debt"], paid["amount"]) for paid in file["payments"]] == [(made.debts[1], Decimal("450.00"))]
    assert line.json("payments", "reconcile")["balanced"] is True


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["sign", "nobody", "--policy", BH, "--instalments", "2"], "there is no case nobody"),
        (["show", "nobody"], "there is no agreement nobody"),
        (["break", "nobody", "--reason", "x"], "there is no agreement nobody"),
    ],
)
def test_what_is_not_there_is_told_in_one_sentence(line: Line, made: Contract, words: list[str], why: str) -> None:
    code, said, complained = line("agreement", *words, *([] if words[0] == "show" else ["--by", "ana"]))
    assert (code, said) == (1, "")
    assert why in complained


def test_a_rule_that_refuses_is_named(line: Line, made: Contract) -> None:
    asked = ["sign", made.case, "--policy", BH, "--instalments", "1000", "--by", "ana"]
    code, said, complained = line("agreement", *asked)
    assert (code, said) == (1, "")
    assert "at most 180 instalments, not 1000 [Decreto 14.346/2011]" in complained
