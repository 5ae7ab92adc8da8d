"""A policy may not be silent about charges, and grants some things by a law only."""

import re

import pytest

from models.agreement.policy_check import read_policy
from storage.catalogue import AGREEMENTS
from tests.models.agreement.test_agreement import BH, SP

BH_2017 = "belo-horizonte-2017"


def faults(name: str, pattern: str, new: str) -> dict[str, str]:
    """The faults of a shipped policy after one edit."""
    text = AGREEMENTS.read(name)[1]
    edited = re.sub(pattern, new, text, count=1)
    if edited == text:
        raise RuntimeError(f"{pattern} is not in {name}")
    return {".".join(map(str, fault.where)): fault.what for fault in read_policy(edited)[1]}


@pytest.mark.parametrize("name", [BH, BH_2017, SP])
def test_what_is_shipped_is_in_order(name: str) -> None:
    assert read_policy(AGREEMENTS.read(name)[1])[1] == ()


@pytest.mark.parametrize("key", ["correction", "interest", "late"])
def test_a_policy_says_what_time_adds(key: str) -> None:
    """A source's silence is not zero."""
    told = faults(BH, rf"    {key}:\n(?:      .*\n)+", "")
    assert "CTN art. 155-A" in told[f"terms.normal.{key}"]


@pytest.mark.parametrize(
    ("pattern", "none", "where"),
    [
        (r"by: ipca\n      compounded: true", "by: none", "terms.normal.correction.source"),
        ('per_month: "1"', 'per_month: "0"', "terms.normal.interest.source"),
        (r"steps: \[.*\]", "steps: []", "terms.normal.late.source"),
    ],
)
def test_nothing_is_free_of_it_but_by_a_law(pattern: str, none: str, where: str) -> None:
    assert "cites no law" in faults(BH, pattern, none)[where]
    by_law = rf"{pattern}\n      source: .*"
    assert where not in faults(BH, by_law, f"{none}\n      source: Lei 1.234/2020, art. 5º")


@pytest.mark.parametrize("key", ["at_once", "direct_debit", "early"])
def test_a_decree_alone_remits_nothing(key: str) -> None:
    told = faults(BH, rf"(  {key}:(?:.*\n)(?:    .*\n)*?    source: )Lei 10.082/2011; ", r"\1")
    assert "nothing is remitted without one" in told[f"discounts.{key}.source"]


def test_payments_go_to_the_last_instalment_by_a_law_only() -> None:
    last = "imputation:\n  order: last_first\n  source: {}\n\ndiscounts:"
    assert "cites no law" in faults(BH, "discounts:", last.format("Portaria 7/2020"))["imputation.source"]
    assert faults(BH, "discounts:", last.format("Lei 7/2020, art. 1º")) == {}


def test_interest_does_not_stand_beside_selic() -> None:
    told = faults(SP, 'per_month: "0"', 'per_month: "1"')
    assert "beside Selic" in told["terms.simples.interest"]
