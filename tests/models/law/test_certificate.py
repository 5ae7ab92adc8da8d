"""Certificates by CTN art. 205 and 206: each expected status is read from the articles."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from models.law.certificate import Certificate, Credit, CreditStatus, judge

TODAY = date(2026, 11, 30)
ART_151 = (
    *("moratorium", "deposit", "administrative_appeal", "mandado_de_seguranca", "injunction", "agreement"),
    *("arbitration", "transaction", "mediation", "bond"),
)


def credit(**said: Any) -> Credit:
    given = {"debt": "d", "what": "IPTU", "due": date(2026, 3, 10), "amount": Decimal(100), "litigation": False}
    return Credit(**{**given, "defended": False, "grounds": frozenset(), **said})


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, CreditStatus.DEMANDABLE),
        # art. 206: "créditos não vencidos"; the due date is still the debtor's
        ({"due": TODAY}, CreditStatus.NOT_DUE),
        ({"due": date(2026, 11, 29)}, CreditStatus.DEMANDABLE),
        # art. 151: I deposit, III a defence, IV, V, VI agreement, VII to X by LC 236/2026
        *(({"grounds": frozenset({ground})}, CreditStatus.SUSPENDED) for ground in ART_151),
        ({"defended": True}, CreditStatus.SUSPENDED),
        # art. 206: "em curso de cobrança executiva em que tenha sido efetivada a penhora"
        ({"grounds": frozenset({"guarantee"}), "litigation": True}, CreditStatus.SECURED),
        ({"grounds": frozenset({"guarantee"})}, CreditStatus.UNCLEAR),
        # in court alone is no ground
        ({"litigation": True}, CreditStatus.DEMANDABLE),
        # neither article 151 nor 206 names these: a person has to say
        *(
            ({"grounds": frozenset({ground})}, CreditStatus.UNCLEAR)
            for ground in ("bankruptcy", "death", "data_under_review", "prescription", "absent_from_extract")
        ),
        ({"grounds": frozenset({"death", "deposit"})}, CreditStatus.SUSPENDED),
        ({"amount": None}, CreditStatus.UNCLEAR),
    ],
)
def test_each_credit_has_its_status(said: dict[str, Any], status: CreditStatus) -> None:
    assert credit(**said).status(TODAY) is status


def test_who_owes_nothing_gets_a_negative_one() -> None:
    assert judge([], TODAY).certificate is Certificate.NEGATIVE


def test_one_credit_that_can_be_demanded_hinders_it_beside_ten_that_can_not() -> None:
    harmless = [credit(due=date(2027, 1, day)) for day in range(1, 11)]
    assert judge(harmless, TODAY).certificate is Certificate.WITH_EFFECT
    judged = judge([*harmless, credit()], TODAY)
    assert judged.certificate is None
    assert [status for _, status in judged.credits] == [CreditStatus.NOT_DUE] * 10 + [CreditStatus.DEMANDABLE]
