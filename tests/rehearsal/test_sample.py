import csv
import io
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case.evidence import Debt, Filing, classify, evidence_of
from models.intake.benefits import benefit_reader
from models.intake.extract import debt_reader
from models.intake.filings import filing_reader
from rehearsal.sample import FEWEST, HYPOTHESES, Sample, generate
from tests.builders import ICMS, shipped
from tests.chance import examples

DAY = date(2026, 11, 20)


def rows(sample: Sample, name: str) -> tuple[list[str], list[list[str]]]:
    header, *body = csv.reader(io.StringIO(sample.files()[name]), delimiter=";")
    return header, body


def starting_rows(sample: Sample) -> Counter[str]:
    """Where each ICMS taxpayer of the files starts, judged by the shipped ruler."""
    debts, filings, assets = defaultdict(list), defaultdict(list), defaultdict[str, Decimal](Decimal)
    header, body = rows(sample, "taxpayers.csv")
    for debt in map(debt_reader(header, sample.date), body):
        if debt.tax == "ICMS":
            made: dict[str, Any] = debt._asdict() | {"id": debt.inscription}
            made |= {"balance": Decimal(debt.amount), "litigation": False}
            made |= {name: made[name] or None for name in ("prescribes", "registered_on")}
            assets[debt.key] = Decimal(debt.assets or 0)
            debts[debt.key].append(Debt.model_validate(made))
    header, body = rows(sample, "filings.csv")
    for filing in map(filing_reader(header), body):
        filings[filing.key].append(Filing.model_validate({k: v for k, v in filing._asdict().items() if v}))
    ruler = shipped(ICMS)
    starts: Counter[str] = Counter()
    for person, returns in filings.items():
        evidence = evidence_of(ruler, debts[person], returns)
        found = classify(ruler, debts[person], evidence, sample.date, assets[person])
        starts[found.row if found else "none"] += 1
    return starts


@pytest.mark.parametrize("day", [DAY, date(2028, 2, 29), date(2027, 1, 1), date(2026, 3, 9), date(2026, 3, 10)])
def test_all_eight_hypotheses_are_met_as_intended(day: date) -> None:
    sample = generate(60, 1, day)
    assert dict(starting_rows(sample)) == sample.hypotheses()
    assert set(sample.hypotheses()) == set(HYPOTHESES)


@settings(max_examples=examples(20))
@given(st.integers(FEWEST, 200), st.integers(), st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_every_row_is_one_that_an_import_takes(number: int, seed: int, day: date) -> None:
    sample = generate(number, seed, day)
    assert sample.counts()["taxpayers"] == number
    header, body = rows(sample, "taxpayers.csv")
    assert all(map(debt_reader(header, day), body))
    header, body = rows(sample, "filings.csv")
    assert all(map(filing_reader(header), body))
    header, body = rows(sample, "benefits.csv")
    assert all(map(benefit_reader(header), body))


def test_the_same_seed_and_date_give_the_same_files() -> None:
    assert generate(40, 7, DAY).files() == generate(40, 7, DAY).files()
    assert generate(40, 7, DAY).files() != generate(40, 8, DAY).files()
    assert generate(40, 7, DAY).files() != generate(40, 7, date(2026, 12, 20)).files()


def test_who_is_in_it() -> None:
    sample = generate(60, 1, DAY)
    holders = {row["tax_id"] for row in sample.benefits}
    assert {row["tax_id"] for row in sample.filings} == holders
    assert any(char.isalpha() for person in holders for char in person)
    registered = [row for row in sample.taxpayers if row["tax"] == "IPTU"]
    assert len({row["tax_id"] for row in registered}) == sample.registered == 10
    assert not {row["tax_id"] for row in registered} & holders
    assert {row["situation"] for row in registered} == {"Em cobrança", "Em negociação"}
    assert all(row["email"].endswith("@example.com") for row in (*sample.taxpayers, *sample.filings))
    shared = Counter(row["inscription"] for row in registered)
    assert max(shared.values()) == 2
