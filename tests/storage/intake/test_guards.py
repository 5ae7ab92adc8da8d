"""Files that are surely a mistake are refused whole, with the reason; what looks like one and isn't goes through."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.errors import Refusal
from models.taxid import cnpj_check_digits, cpf_check_digits
from tests.storage.intake.test_imports import PGFN, pgfn
from tests.storage.intake.test_statements import OWN, Source


def person(number: int) -> str:
    base = f"{number + 100000001:09}"
    return base + cpf_check_digits(base)


def branch(number: int) -> str:
    base = f"11222333{number + 1:04}"
    return base + cnpj_check_digits(base)


def rows(count: int, inscription: str = "I{}", of: str = "", amount: str = "{}.00", first: int = 0) -> list[str]:
    numbers = range(first, first + count)
    return [
        f"{of or person(n)};P{n};AL;IPTU;{inscription.format(n)};2025-10-20;{amount.format(100 + n)}" for n in numbers
    ]


@pytest.fixture
def source(engine: Engine, tmp_path: Path) -> Source:
    return Source(engine, tmp_path)


# ---- a snapshot that takes much away


@pytest.mark.parametrize(("had", "left", "refused"), [(50, 45, False), (50, 44, True), (49, 1, False), (90, 80, True)])
def test_a_snapshot_that_takes_away_more_than_a_tenth_is_refused(
    source: Source, had: int, left: int, refused: bool
) -> None:
    source.says(*rows(had), snapshot_of="roll")
    if refused:
        with pytest.raises(Refusal, match=f"takes away {had - left} of the {had} debts of roll, more than a tenth"):
            source.says(*rows(left), snapshot_of="roll")
        assert source.held() == []
        source.says(*rows(left), snapshot_of="roll", expect_fewer=True)
    else:
        source.says(*rows(left), snapshot_of="roll")
    assert len(source.held()) == had - left


def test_what_was_taken_away_before_is_not_counted_again(source: Source) -> None:
    source.says(*rows(100), snapshot_of="roll")
    source.says(*rows(60), snapshot_of="roll", expect_fewer=True)
    source.says(*rows(55), snapshot_of="roll")
    assert len(source.held()) == 45


def test_a_snapshot_of_rows_that_can_not_be_read_takes_nothing_away(source: Source) -> None:
    source.says(*rows(60), snapshot_of="roll")
    source.says(*rows(30), *rows(30, amount="x{}", first=30), snapshot_of="roll")
    assert {ground for _, ground, _ in source.held()} == {"unusable_row"}


# ---- keys that a spreadsheet has damaged


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (rows(1, "2,26E+12")[0], 3),
        (rows(1, "2.26e+12")[0], 3),
        (rows(1, of="1,12223E+13")[0], 3),
    ],
)
def test_keys_in_scientific_notation_are_refused(source: Source, row: str, line: int) -> None:
    with pytest.raises(Refusal, match=f"line {line}: a spreadsheet has rewritten an inscription or a tax id"):
        source.says(rows(1, first=7)[0], row)
    assert source.ask("SELECT count(*) FROM debts") == [(0,)]
    source.says(rows(1, first=7)[0], row, expect_fewer=True)
    assert source.ask("SELECT inscription FROM debts") == [("I7",)]


def test_a_letter_in_the_midst_of_digits_is_no_scientific_notation(source: Source) -> None:
    source.says(*rows(1, "2026E12"), *rows(1, "E+12", first=1))
    assert source.ask("SELECT count(*) FROM debts") == [(2,)]


# ---- one inscription for all


def test_one_inscription_of_dozens_of_people_is_refused(source: Source) -> None:
    with pytest.raises(Refusal, match="line 2: one inscription has 24 debtors who have nothing in common"):
        source.says(*rows(24, "IPTU-2025"))
    with pytest.raises(Refusal, match="one inscription has 30 debtors"):
        source.says(*rows(3), *rows(30, "IPTU-2025", amount="100.00"))
    assert source.ask("SELECT count(*) FROM debts") == [(0,)]


def test_many_who_belong_together_may_owe_one_debt(source: Source) -> None:
    source.says(*rows(23, "A"), *(row for n in range(40) for row in rows(1, "B", of=branch(n), first=n)))
    responsible = [f"{row};NAO" for row in rows(60, "C")]
    source.debts(*responsible, header=f"{OWN};own")
    source.debts(*(pgfn("I1", person(n), f"P{n}") for n in range(60)), header=PGFN)
    assert source.ask("SELECT count(*) FROM debts") == [(4,)]


# ---- a file that says the same again under other inscriptions


def test_debts_that_are_there_under_other_inscriptions_are_refused(source: Source) -> None:
    source.says(*rows(20), snapshot_of="roll")
    with pytest.raises(Refusal, match="line 2: 20 of 20 new debts are on record already under other inscriptions"):
        source.says(*rows(20, "2025/{}-X"))
    with pytest.raises(Refusal, match="20 of 20 new debts are on record already"):
        source.says(*(row.replace("IPTU", "IPTU-2025") for row in rows(20)))
    with pytest.raises(Refusal, match="20 of 30 new debts are on record already"):
        source.says(*rows(30, "2025/{}-X"))
    assert source.ask("SELECT count(*) FROM debts") == [(20,)]


def test_new_debts_that_are_others_go_through(source: Source) -> None:
    source.says(*rows(20))
    source.says(*rows(9, "2025/{}-X"))
    source.says(*rows(20, "2025/{}-Y", amount="9{}.00"))
    with_period = [f"{row};2024" for row in rows(20, "2024/{}")]
    source.debts(*(f"{row};2023" for row in rows(20)), header=f"{OWN};period")
    source.debts(*with_period, header=f"{OWN};period")
    assert source.ask("SELECT count(*) FROM debts") == [(69,)]


# ---- two debts whose inscriptions punctuation alone tells apart


def test_debts_of_two_people_are_never_taken_for_one(source: Source) -> None:
    ana, rui = rows(1, "12-3")[0], rows(1, "1-23", first=5)[0]
    with pytest.raises(Refusal, match="line 3: the inscription 1-23 differs from 12-3 by punctuation"):
        source.says(ana, rui)
    source.says(ana)
    with pytest.raises(Refusal, match="line 2: the inscription 1-23 differs from 12-3 by punctuation"):
        source.says(rui)
    assert source.ask("SELECT inscription, amount FROM debts") == [("12-3", 100)]
    assert source.ask("SELECT count(*) FROM debtors") == [(1,)]


def test_a_source_may_write_its_inscriptions_otherwise_and_the_amount_may_change(source: Source) -> None:
    source.says(*rows(2, "IPTU-{}/2025"))
    source.says(*rows(2, "iptu{}2025", amount="9{}.00"))
    co_debtor = rows(1, "IPTU 0 2025", of=person(9), amount="9{}.00")[0]
    source.says(rows(1, "iptu{}2025", amount="9{}.00")[0], co_debtor)
    assert source.ask("SELECT inscription FROM debts ORDER BY 1") == [("IPTU-0/2025",), ("IPTU-1/2025",)]
    assert source.ask("SELECT count(*) FROM debtors") == [(3,)]
