"""Letters that speak of a defence, an appeal or a suit name its process, where the record has its number."""

from datetime import date

import pytest
from sqlalchemy import Engine, insert

from activities.letters import letter_for
from storage.case.acts import locked_case
from storage.schema import access_keys, defences
from tests.agreement_world import Contract, at, contract
from tests.builders import render

ON = date(2026, 3, 10)


def told(made: Contract, template: str) -> str:
    with locked_case(made.engine, made.case, at(ON)) as tx:
        letter = letter_for(tx, tx.step, ON)
    return " ".join(render("domicile", f"divida-ativa/{template}", letter).body.split())


@pytest.mark.parametrize(
    ("reference", "appeal", "sentence"),
    [
        (
            "1500-1/2026",
            False,
            "A defesa apresentada em 20/02/2026 (processo 1500-1/2026) foi rejeitada em 02/03/2026.",
        ),
        (
            "E:01500.0000000002/2026 ",
            True,
            "O recurso apresentado em 20/02/2026 (processo E:01500.0000000002/2026) foi",
        ),
        ("protocolo 7, ver Ana", False, "A defesa apresentada em 20/02/2026 foi rejeitada em 02/03/2026."),
        ("balcão", True, "O recurso apresentado em 20/02/2026 foi rejeitado em 02/03/2026."),
    ],
)
def test_of_a_defence_or_an_appeal(engine: Engine, reference: str, appeal: bool, sentence: str) -> None:
    made = contract(engine, "600.00")
    filed = {"case": made.case, "filed_on": date(2026, 2, 20), "reference": reference, "recorded_by": "Ana"}
    ruled = {"state": "rejected", "decided_on": date(2026, 3, 2), "decided_by": "Bia", "reason": "parecer"}
    with engine.begin() as connection:
        connection.execute(insert(defences).values({**filed, **ruled, "appeal": appeal}))
    assert sentence in told(made, "h8-notice")


@pytest.mark.parametrize(
    ("process", "sentence"),
    [
        ("0800001-11.2025.8.02.0001", "em cobrança em processo na Justiça: nº 0800001-11.2025.8.02.0001."),
        ("08000011120258020001", "em cobrança em processo na Justiça: nº 08000011120258020001."),
        # the authority's own
        ("1500-1/2026", "em cobrança em processo na Justiça. "),
        (None, "em cobrança em processo na Justiça. "),
    ],
)
def test_of_a_suit(engine: Engine, process: str | None, sentence: str) -> None:
    made = contract(engine, "600.00", litigation=True)
    if process:
        with engine.begin() as connection:
            connection.execute(insert(access_keys).values(debt=made.debts[0], kind="process", value=process))
    assert sentence in told(made, "h7-warning")
