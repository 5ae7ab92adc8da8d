"""`case explain` as an analyst types it, with no Temporal to be reached."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.commands.test_import_command import REPOSITORY, Line, line
from tests.explained_world import NAME, TAX_ID, with_everything

__all__ = ["line"]


@pytest.fixture
def case(engine: Engine) -> str:
    return with_everything(engine)


def test_it_is_the_same_to_the_byte_in_another_process_and_place(line: Line, case: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    elsewhere = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    for folder in (here, there):
        asked = ["case", "explain", case, "--html", str(folder / "a.html"), "--pdf", str(folder / "a.pdf")]
        if folder is here:
            assert line(*asked)[0] == 0
        else:
            command = [sys.executable, "starter.py", *asked]
            done = subprocess.run(command, cwd=REPOSITORY, env=elsewhere, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout) == (0, ""), done.stderr
    for name in ("a.html", "a.pdf"):
        assert (here / name).read_bytes() == (there / name).read_bytes()


def test_without_a_file_it_is_told_on_the_terminal_or_as_json(line: Line, case: str) -> None:
    code, said, complained = line("case", "explain", case)
    assert (code, complained) == (0, "")
    assert f"Explicação do caso {case}" in said
    data = line.json("case", "explain", case)
    assert data["case"] == case
    [chronology] = [section for section in data["sections"] if section["key"] == "chronology"]
    entries = [block for block in chronology["blocks"] if block["block"] == "entry"]
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert {"classified", "notice", "served", "approved", "suspended"} <= {entry["kind"] for entry in entries}
    assert NAME not in said
    assert NAME in line("case", "explain", case, "--reveal", "--json")[1]


def test_a_file_that_is_there_is_written_anew(line: Line, case: str, tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "case.html"
    assert line("case", "explain", case, "--html", file, "--reveal") == (0, "", f"wrote {file}\n")
    assert TAX_ID[5:8] in file.read_text()
    assert line("case", "explain", case, "--html", file)[0] == 0
    assert "script&gt;" not in file.read_text()


def test_what_cannot_be_is_one_sentence(line: Line, case: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for option, path in (("--html", tmp_path), ("--pdf", tmp_path / "file" / "a.pdf")):
        code, said, complained = line("case", "explain", case, option, path)
        assert (code, said, complained.count("\n")) == (1, "", 1)
        assert "can't be written" in complained
    code, said, complained = line("case", "explain", "nobody")
    assert (code, said) == (1, "")
    assert complained == "error: there is no case nobody; list a cohort's cases with `case list COHORT`\n"
