"""The texts that taxpayers read about PGFN's debts have no word of ours, and no registration as a due date."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from activities.letters import letter_for
from storage.case.acts import locked_case
from storage.read_models.pay_page import read_pay_page
from tests.builders import REGISTERED, render
from tests.storage.intake.test_imports import PGFN, Intake, pgfn
from tests.storage.intake.test_statements import NOON, OWN
from tests.storage.payments.test_offers import City
from web.portal.pages import pay_page

OTHER = PGFN.replace("TIPO_CREDITO", "RECEITA_PRINCIPAL")


def told(engine: Engine, folder: Path, *rows: str, header: str) -> tuple[str, str]:
    """The first e-mail and the page about debts that were imported."""
    Intake(engine, folder).debts(*rows, header=header)
    assert City(engine, folder).starts(ruler=REGISTERED, on=NOON.date()) == 1
    [(case,)] = City(engine, folder).rows("SELECT id FROM cases")
    with locked_case(engine, case, NOON) as tx:
        assert tx.step.row is not None
        assert tx.step.rung is not None
        rung = tx.view.ruler.rung(tx.step.row, tx.step.rung)
        letter = letter_for(tx, tx.step, NOON.date())
    with engine.connect() as connection:
        page = read_pay_page(connection, case, NOON)
    assert page is not None
    return render("email", rung.template, letter).body, bytes(pay_page(page).body).decode()


@pytest.mark.parametrize(("header", "tax"), [(OTHER, "dívida ativa da União"), (PGFN, "contribuição previdenciária")])
def test_a_debt_of_pgfn_is_told_in_words_with_the_day_of_its_registration(
    engine: Engine, tmp_path: Path, header: str, tax: str
) -> None:
    for said in told(engine, tmp_path, pgfn(on="14/11/2024"), header=header):
        assert tax in said
        assert "inscrição em dívida ativa em 14/11/2024" in said
        assert "vencimento" not in said
        assert "OTHER" not in said
        assert "SOCIAL-SECURITY" not in said


def test_a_debt_that_has_a_due_date_of_its_own_is_told_with_it(engine: Engine, tmp_path: Path) -> None:
    row = "11.222.333/0001-81;ACME;AL;IPTU;I1;2025-10-20;100.00;2026-02-01"
    for said in told(engine, tmp_path, row, header=f"{OWN};registered_on"):
        assert "vencimento 20/10/2025" in said
        assert "IPTU" in said
