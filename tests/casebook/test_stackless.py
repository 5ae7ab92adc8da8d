"""The commands without a stack on terms, accruals, files of banks and rows of the map (L2, L18, L19, M1, M5, I1)."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.casebook.book import DATA, rows
from tests.commands.test_import_command import Line


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Line:
    """Without a database, and without a home."""
    monkeypatch.setenv("REGUA_HOME", str(tmp_path / "home"))
    return Line(capsys, monkeypatch)


# ---- L2: terms


@pytest.mark.parametrize(
    ("table", "recess"),
    [("calendar/legal-terms.tsv", ()), ("calendar/legal-terms-recess.tsv", ("--recess", "12-20:01-20"))],
    ids=["without a recess", "with the recess"],
)
def test_l2_terms_end_on_the_days_worked_out_by_hand(line: Line, table: str, recess: tuple[str, ...]) -> None:
    served = [row["served"] for row in rows(table)]
    off = DATA / "calendar/days-off.txt"
    said = line.json("calendar", "term", *served, "--wait", "30 legal", "--days-off", off, *recess)
    assert [(each["event"], each["last_day"], each["act_from"]) for each in said] == [
        (row["served"], row["last_day"], row["act_from"]) for row in rows(table)
    ]


# ---- M5: what delay costs


@pytest.mark.parametrize("case", rows("accrual/cases.tsv")[::4], ids=lambda case: f"{case['table']} {case['due']}")
def test_m5_a_quote_is_what_the_law_says(line: Line, case: dict[str, str]) -> None:
    words = ("--principal", case["principal"], "--due", case["due"], "--on", case["paid"])
    rates = DATA / "accrual/selic.json"
    said = line.json("accrual", "quote", "--table", case["table"], *words, "--rates", rates)
    assert (float(said["fine"]), float(said["interest"])) == (float(case["fine"]), float(case["interest"]))


# ---- M1: banks' return files


BANK = [row for row in rows("bank/expected.tsv") if row["payments"]]


@pytest.mark.parametrize("row", BANK, ids=lambda row: row["file"])
def test_m1_a_bank_s_own_file_says_what_its_own_test_says(line: Line, row: dict[str, str]) -> None:
    said = line.json("payments", "import", DATA / "bank" / row["file"], "--dry-run")
    assert (str(said["payments"]), said["amount"]) == (row["payments"], row["total"])
    assert (said["reversals"], said["rejected"]) == (0, 0)


@pytest.mark.parametrize(("file", "said"), [("cef46.ret", (2, "849.90", 0)), ("cef47.ret", (0, "0.00", 2))])
def test_m1_caixa_pays_on_line_and_takes_back(line: Line, file: str, said: tuple[int, str, int]) -> None:
    found = line.json("payments", "import", DATA / "bank" / file, "--dry-run")
    assert (found["payments"], found["amount"], found["reversals"], found["rejected"]) == (*said, 0)


# ---- I1, L18, L19: rows of the map

DEBTS = "tax_id;name;uf;tax;inscription;period;due;amount"
FILINGS = "tax_id;name;tax;period;due;status;declared;paid;paid_on"
WHO = "51000001000177;EXEMPLO"


def classified(line: Line, folder: Path, owed: list[str], returned: list[str], on: date) -> list[tuple[str, int]]:
    """Row and occurrences of each taxpayer, on the ruler for ICMS."""
    files = {"debts": [DEBTS, *owed], "filings": [FILINGS, *returned]}
    for name, written in files.items():
        (folder / f"{name}.csv").write_text("\n".join(written) + "\n")
    words = [word for name in files for word in (f"--{name}", folder / f"{name}.csv")]
    said = line.json("ruler", "classify", "alagoas-icms", *words, "--on", on.isoformat())
    return [(each["hypothesis"], each["occurrences"]) for each in said]


def test_i1_what_is_not_due_leads_nowhere(line: Line) -> None:
    debts = ("--debts", DATA / "intake/r-f1.csv")
    said: Any = line.json("ruler", "classify", "divida-ativa", *debts, "--on", "2026-11-27")
    assert said == []


def test_i1_what_is_due_leads_to_a_row(line: Line) -> None:
    debts = ("--debts", DATA / "intake/r-f18.csv")
    said: Any = line.json("ruler", "classify", "divida-ativa", *debts, "--on", "2026-11-27")
    assert [each["hypothesis"] for each in said] == ["h1"]


QUARTERS = {"2025-T4": "2026-01-20", "2026-T1": "2026-04-20", "2026-T2": "2026-07-20", "2026-T3": "2026-10-20"}


def unpaid(periods: dict[str, str], each: str) -> Iterator[list[str]]:
    yield [f"{WHO};AL;ICMS;I-{period};{period};{due};{each}" for period, due in periods.items()]
    yield [f"{WHO};ICMS;{period};{due};filed;{each};;" for period, due in periods.items()]


def test_l18_four_quarters_of_four_millions_are_h8(line: Line, tmp_path: Path) -> None:
    owed, returned = unpaid(QUARTERS, "4000000.00")
    assert classified(line, tmp_path, owed, returned, date(2026, 11, 3)) == [("h8", 4)]


def test_l18_four_months_of_four_millions_are_h8(line: Line, tmp_path: Path) -> None:
    months = {"2026-06": "2026-07-09", "2026-07": "2026-08-09", "2026-08": "2026-09-09", "2026-09": "2026-10-09"}
    owed, returned = unpaid(months, "4000000.00")
    assert classified(line, tmp_path, owed, returned, date(2026, 11, 3)) == [("h8", 4)]


def test_l19_who_paid_more_than_he_declared_leads_nowhere(line: Line, tmp_path: Path) -> None:
    due = date(2026, 10, 9)
    returned = [f"{WHO};ICMS;2026-09;{due};filed;1000.00;1500.00;{due - timedelta(days=1)}"]
    # another taxpayer, since an extract has a row
    owed = [f"51000002000111;OUTRO;AL;ICMS;I-1;2026-09;{due};10.00"]
    found = classified(line, tmp_path, owed, returned, date(2026, 11, 3))
    assert "h5" not in [row for row, _ in found]


def test_assessed_and_unpaid_leads_to_a_row(line: Line, tmp_path: Path) -> None:
    """IPVA and IPTU are assessed by the authority: nobody files a return, and no debt need be registered."""
    file = tmp_path / "ipva.csv"
    rows_of = [f"{WHO};AL;IPVA;PLACA-{year};{year};{year}-02-27;900.00" for year in (2025, 2026)]
    file.write_text("\n".join([DEBTS, *rows_of]) + "\n")
    said: Any = line.json("ruler", "classify", "ipva-alagoas", "--debts", file, "--on", "2026-11-27")
    assert [(each["hypothesis"], each["occurrences"]) for each in said] == [("h2", 2)]
