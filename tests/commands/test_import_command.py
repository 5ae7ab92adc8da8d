"""The commands as an analyst types them: JSON on stdout, one sentence on stderr, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import starter
from tests.storage.intake.test_imports import ABC, PGFN, pgfn

REPOSITORY = Path(starter.__file__).parent


class Line:
    def __init__(self, capture: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capture, self.monkeypatch = capture, monkeypatch

    def __call__(self, *words: str | Path) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "argv", ["starter.py", *map(str, words)])
        code = starter.main()
        said, complained = self.capture.readouterr()
        return code, said, complained

    def json(self, *words: str | Path, exits: int = 0) -> Any:
        code, said, complained = self(*words, "--json")
        assert (code, complained) == (exits, "")
        return json.loads(said)


@pytest.fixture
def line(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Line:
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("REGUA_HOME", str(tmp_path / "home"))
    return Line(capsys, monkeypatch)


def test_a_sample_is_imported_whole(line: Line, tmp_path: Path) -> None:
    made = line.json("sample", tmp_path / "set", "--taxpayers", "24", "--seed", "3", "--date", "2026-11-20")
    assert set(made["hypotheses"]) == {f"h{n}" for n in range(1, 9)}
    taxpayers = line.json("taxpayers", "import", made["files"]["taxpayers"])
    filings = line.json("filings", "import", made["files"]["filings"])
    benefits = line.json("benefits", "import", made["files"]["benefits"])
    assert taxpayers["debts"] == made["debts"]
    told = ["rows", "taxpayers", "debts", "on_hold", "ended", "as_of", "amounts", "outdated", "nothing_owed"]
    assert list(taxpayers) == [*told, "rejected", "remarks", "rejects_file"]
    assert filings["filings"] == filings["changed"] == made["filings"]
    assert list(filings) == ["rows", "filings", "taxpayers", "changed", "debts", "rejected", "remarks", "rejects_file"]
    assert benefits["benefits"] == made["benefits"]
    assert list(benefits) == ["rows", "benefits", "taxpayers", "rejected", "remarks", "rejects_file"]
    assert line.json("taxpayers", "import", made["files"]["taxpayers"]) == taxpayers
    assert line.json("filings", "import", made["files"]["filings"]) == {**filings, "changed": 0}


def test_rejects_are_kept_for_the_owner_alone_and_nobody_is_named_elsewhere(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "extract.csv"
    file.write_text(f"{PGFN}\n{pgfn(name='SECRET NAME', amount='n/d')}\n{pgfn()}\n", encoding="latin-1")
    code, said, complained = line("taxpayers", "import", file)
    assert code == 3
    assert "SECRET" not in said + complained
    imported = line.json("taxpayers", "import", file, exits=3)
    assert (imported["rows"], imported["debts"], imported["rejected"]) == (2, 1, 1)
    kept = Path(imported["rejects_file"])
    assert kept.parent == tmp_path / "home" / "rejects"
    assert (kept.parent.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
    assert kept.name.startswith("extract-")
    assert '2,"VALOR_CONSOLIDADO is not an amount: 1234.56, 1234,56 or 1.234,56",' in kept.read_text()
    assert "SECRET NAME" in kept.read_text()


@pytest.mark.parametrize("group", ["taxpayers", "filings", "benefits"])
@pytest.mark.parametrize("content", [b"", b"a;b\n1;2\n", b"\x00\x01", b"tax_id\n"])
def test_unusable_files_end_with_one_sentence(line: Line, tmp_path: Path, group: str, content: bytes) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    code, said, complained = line(group, "import", file)
    assert (code, said) == (1, "")
    assert complained.startswith("error: ")
    assert complained.count("\n") == 1


def test_a_layout_that_is_not_the_files(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "extract.csv"
    file.write_text(f"{PGFN}\n{pgfn()}\n")
    assert line.json("taxpayers", "import", file, "--layout", "pgfn")["debts"] == 1
    code, _, complained = line("taxpayers", "import", file, "--layout", "regua")
    assert code == 1
    assert "not of the layout regua" in complained
    assert line("taxpayers", "import", file, "--layout", "sap")[0] == 2


def test_a_database_without_tables_or_without_a_server(
    line: Line, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "extract.csv"
    file.write_text(f"{PGFN}\n{pgfn()}\n")
    monkeypatch.setenv("DATABASE_URL", postgres)
    code, _, complained = line("taxpayers", "import", file)
    assert (code, complained.count("\n")) == (1, 1)
    assert "has not the tables" in complained
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    code, _, complained = line("taxpayers", "import", file)
    assert (code, complained.count("\n")) == (1, 1)
    assert "does not answer" in complained


def test_the_real_command_line(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "extract.csv"
    file.write_text(f"{PGFN}\r\n{pgfn()}\r\n")
    command = [sys.executable, "starter.py", "taxpayers", "import", str(file), "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ, capture_output=True, text=True, check=True)
    assert (json.loads(done.stdout)["debts"], done.stderr) == (1, "")


def test_a_dry_run_says_what_would_change_and_changes_nothing(line: Line, tmp_path: Path) -> None:
    first, next_one = tmp_path / "first.csv", tmp_path / "next.csv"
    first.write_text("\n".join((PGFN, *(pgfn(f"I{n}") for n in range(4)))) + "\n")
    rows = [pgfn("I0", amount="90.00"), pgfn("I1", situation="Garantia"), pgfn("I2", amount=".00"), pgfn("I3", "1")]
    next_one.write_text("\n".join((PGFN, *rows, *(pgfn(f"N{n}") for n in range(12)))) + "\n")
    line.json("taxpayers", "import", first)
    told = line.json("taxpayers", "import", next_one, "--dry-run", exits=3)
    assert (told["dry_run"], told["debts"], told["rejected"]) == (True, 15, 1)
    assert [(each["what"], each["kind"], each["count"], len(each["lines"])) for each in told["changes"]] == [
        ("added", "SOCIAL-SECURITY", 12, 10),
        ("changed", "amount", 1, 1),
        ("ended", "payment", 1, 1),
        ("held", "guarantee", 1, 1),
        ("held", "unusable_row", 1, 1),
    ]
    where = {"tax": "SOCIAL-SECURITY", "inscription": "I0"}
    assert told["changes"][1]["lines"] == [{"line": 2, **where, "was": "100.00", "becomes": "90.00"}]
    code, said, _ = line("taxpayers", "import", next_one, "--dry-run")
    assert code == 3
    assert "added: SOCIAL-SECURITY (12, the first 10)" in said
    again = line.json("taxpayers", "import", next_one, exits=3)
    assert {name: told[name] for name in again} == again
    told = line.json("taxpayers", "import", next_one, "--dry-run", exits=3)
    assert [(each["what"], each["kind"]) for each in told["changes"]] == []


def test_a_dry_run_tells_who_leaves_and_what_is_absent(line: Line, tmp_path: Path) -> None:
    first, next_one = tmp_path / "first.csv", tmp_path / "next.csv"
    first.write_text("\n".join((PGFN, pgfn(), pgfn(tax_id=ABC, name="ABC"), pgfn("I2"))) + "\n")
    next_one.write_text("\n".join((PGFN, pgfn())) + "\n")
    line.json("taxpayers", "import", first, "--snapshot-of", "al")
    told = line.json("taxpayers", "import", next_one, "--snapshot-of", "al", "--dry-run")
    assert [(each["what"], each["kind"], each["lines"][0]["inscription"]) for each in told["changes"]] == [
        ("held", "absent_from_extract", "I2"),
        ("debtors removed", "SOCIAL-SECURITY", "I1"),
    ]


def test_what_is_exported_and_imported_again_changes_nothing(line: Line, tmp_path: Path) -> None:
    made = line.json("sample", tmp_path / "set", "--taxpayers", "24", "--seed", "3", "--date", "2026-11-20")
    pgfn_file, out = tmp_path / "pgfn.csv", tmp_path / "out.csv"
    rows = [pgfn(), pgfn("I2", situation="Garantia"), pgfn("I3", tax_id=ABC, name="ABC"), pgfn("I4")]
    pgfn_file.write_text("\n".join((PGFN, *rows)) + "\n")
    line.json("taxpayers", "import", made["files"]["taxpayers"])
    line.json("taxpayers", "import", pgfn_file)
    pgfn_file.write_text("\n".join((PGFN, pgfn("I4", situation="Cancelada"))) + "\n")
    line.json("taxpayers", "import", pgfn_file)
    told = line.json("taxpayers", "export", out, "--by", "ana")
    assert (out.stat().st_mode & 0o777, told["rows"]) == (0o600, len(out.read_text().splitlines()) - 1)
    again = line.json("taxpayers", "import", out, "--dry-run")
    assert (again["changes"], again["rejected"], again["remarks"]) == ([], 0, 0)
    assert again["debts"] == made["debts"] + 4
    code, _, complained = line("taxpayers", "export", out, "--by", "ana")
    assert (code, complained) == (1, f"error: {out} is there already; name another file\n")
    only = line.json("taxpayers", "export", tmp_path / "iptu.csv", "--tax", "social security", "--by", "ana")
    assert only["rows"] == 4


def test_a_layout_of_an_authority_s_own_is_mapped_and_checked(line: Line, tmp_path: Path) -> None:
    file, layout = tmp_path / "own.csv", tmp_path / "layout.yaml"
    file.write_text("DOC|NOME|NUM|VENC|SALDO\n39053344705|Ana|7|31/10/2025|1.000,00\n")
    layout.write_text(
        "columns: {tax_id: DOC, name: NOME, inscription: NUM, due: VENC, amount: SALDO}\n"
        "fixed: {uf: AL, tax: IPTU}\namounts: left\nsnapshot_of: roll\n"
    )
    told = line.json("taxpayers", "import", file, "--map", layout, "--dry-run")
    assert [(each["what"], each["count"]) for each in told["changes"]] == [("added", 1)]
    told = line.json("taxpayers", "import", file, "--map", layout)
    assert (told["debts"], told["amounts"]) == (1, "left")
    layout.write_text("columns: {tax_id: DOC}\n")
    code, _, complained = line("taxpayers", "import", file, "--map", layout)
    assert code == 1
    assert f"{layout}: line 1, columns: lacks inscription" in complained
    code, _, complained = line("taxpayers", "import", file, "--map", tmp_path / "none.yaml")
    assert (code, complained) == (1, f"error: {tmp_path / 'none.yaml'} can't be read: No such file or directory\n")
