"""`rates import`, `rates list` and `debt show` as an analyst types them."""

import json
import os
from pathlib import Path

import psycopg
import pytest

from tests.commands.test_import_command import Line, line

__all__ = ["line"]

DEBTORS = "tax_id,name,uf,tax,inscription,due,amount\n11.222.333/0001-81,ACME,AL,ICMS,I1,2025-10-20,1000.00\n"
SGS = [{"data": "01/11/2025", "valor": "1.05"}, {"data": "01/12/2025", "valor": "1.22"}]


def saved(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_rates_are_loaded_and_what_changed_is_told(line: Line, tmp_path: Path) -> None:
    file = saved(tmp_path / "selic.json", json.dumps(SGS))
    loaded = {"rows": 2, "rates": 2, "changed": 0, "rejected": 0, "changes": [], "rejects": []}
    assert line.json("rates", "import", file) == loaded
    assert line.json("rates", "import", file) == loaded
    revised = saved(tmp_path / "selic.csv", 'data;valor\n"01/12/2025";"1,23"\n"02/12/2025";"0,05"\n')
    again = line.json("rates", "import", revised)
    assert [again[key] for key in ("rows", "rates", "changed", "rejected")] == [2, 1, 1, 1]
    assert again["changes"] == [{"month": "2025-12", "was": "1.22", "now": "1.23"}]
    assert again["rejects"][0]["line"] == 3
    assert "not the first of a month" in again["rejects"][0]["reason"]
    listed = line.json("rates", "list")
    selic = [rate for rate in listed["rates"] if rate["series"] == "selic"]
    assert [(rate["month"], rate["percent"], rate["loaded"]) for rate in selic[-3:]] == [
        ("2025-10", "1.28", False),
        ("2025-11", "1.05", True),
        ("2025-12", "1.23", True),
    ]
    assert {each["series"]: each["through"] for each in listed["series"]} == {"ipca": "2025-11", "selic": "2025-12"}
    code, said, complained = line("rates", "import", file)
    assert (code, complained) == (0, "")
    assert "selic 12/2025: 1,23 % → 1,22 %" in said


@pytest.mark.parametrize("content", [b"", b"\0", b"[]", b"a;b\n1;2\n", b"{}", b"[1,"])
def test_a_file_that_is_no_series_ends_with_one_sentence(line: Line, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "selic.json"
    file.write_bytes(content)
    for path in (file, tmp_path, tmp_path / "missing"):
        code, said, complained = line("rates", "import", path)
        assert (code, said, complained.count("\n")) == (1, "", 1)
        assert complained.startswith("error: ")


def test_a_debt_explains_itself(line: Line, tmp_path: Path) -> None:
    line.json("taxpayers", "import", saved(tmp_path / "debtors.csv", DEBTORS))
    line.json("rates", "import", saved(tmp_path / "selic.json", json.dumps(SGS)))
    debt = debt_id(line)
    plain = line.json("debt", "show", debt, "--on", "2026-01-10")
    assert (plain["total"], plain["accrual"]) == ("1000.00", None)
    assert [each["what"] for each in plain["lines"]] == ["valor como importado"]
    assert "nenhuma tabela de acréscimos se aplica" in plain["note"]
    shown = line.json("debt", "show", debt, "--on", "2026-01-10", "--accrual", "federal")
    # 82 days: 20 %; November 1.05 + December 1.22 + 1 = 3.27 %
    assert {
        key: shown[key] for key in ("debt", "on", "principal", "fine", "interest", "fees", "discounts", "total")
    } == {
        "debt": debt,
        "on": "2026-01-10",
        "principal": "1000.00",
        "fine": "200.00",
        "interest": "32.70",
        "fees": "0.00",
        "discounts": "0.00",
        "total": "1232.70",
    }
    assert [(each["component"], each["base"], each["rate"], each["from"], each["to"], each["amount"])
            for each in shown["lines"]] == [
        ("principal", None, None, None, "2025-10-20", "1000.00"),
        ("fine", "1000.00", "20", "2025-10-21", "2026-01-10", "200.00"),
        ("interest", "1000.00", "3.27", "2025-11-01", "2026-01-10", "32.70"),
    ]  # fmt: skip
    code, said, complained = line("debt", "show", debt, "--on", "2026-01-10", "--accrual", "federal")
    assert (code, complained) == (0, "")
    assert "R$ 1.232,70" in said


def test_what_is_missing_is_named(line: Line, tmp_path: Path) -> None:
    line.json("taxpayers", "import", saved(tmp_path / "debtors.csv", DEBTORS))
    debt = debt_id(line)
    code, said, complained = line("debt", "show", debt, "--on", "2026-02-10", "--accrual", "federal")
    assert (code, said) == (1, "")
    assert "the rate of selic for 01/2026 is missing" in complained
    assert line("debt", "show", "nobody")[0] == 1
    assert line("debt", "show", debt, "--on", "9999-12-31")[0] == 2
    assert line("debt", "show", debt, "--accrual", "atlantis")[0] == 1
    faulty = saved(tmp_path / "own.yaml", "accrual: own\ntitle: T\nfine: []\ninterest: []\nfeas: []\n")
    code, _, complained = line("debt", "show", debt, "--accrual", faulty)
    assert code == 1
    assert "line 5, feas: is an unknown key" in complained


def debt_id(line: Line) -> str:
    """The one debt's id, from the database that the commands use."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT id FROM debts").fetchone()
    assert row is not None
    return str(row[0])
