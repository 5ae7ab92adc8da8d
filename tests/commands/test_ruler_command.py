"""`ruler check` and `ruler map`, as an analyst runs them."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner

from commands.ruler import register
from models.errors import Refusal
from operations.rulers import load_ruler
from storage.catalogue import RULERS

app = typer.Typer()
register(app)


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "meu.yaml"
    text = RULERS.read("alagoas-icms")[1]
    path.write_text(text.replace("rigidity: 2", "rigidity: 9", 1).replace("ask_again:", "ask_agan:"))
    return path


def line_of(path: Path, fragment: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if fragment in line)


def test_a_fine_example_is_one_line_and_what_it_leaves_open() -> None:
    done = CliRunner().invoke(app, ["ruler", "check", "alagoas-icms"])
    assert done.exit_code == 0
    assert done.stdout == "rulers/alagoas-icms.yaml: alagoas-icms v1 is fine: 8 rows, 24 rungs\n"
    written = RULERS.read("alagoas-icms")[1].splitlines()
    questions = [n for n, line in enumerate(written, 1) if "conferir" in line or "por citar" in line]
    told = {int(line.split(":")[1]) for line in done.stderr.splitlines()}
    assert told == {*questions, written.index("  basis: ladder") + 1}
    assert all(line.endswith("(a warning)") for line in done.stderr.splitlines())


def test_every_fault_is_a_line_with_its_place(faulty: Path) -> None:
    done = CliRunner().invoke(app, ["ruler", "check", str(faulty)])
    assert done.exit_code == 1
    assert done.stdout == ""
    softer = line_of(faulty, "h1-alert") + 2
    assert f"{faulty}:{softer}: rows.h1.rungs.2.rigidity: softens along the row: 3 after 9" in done.stderr
    spelt = line_of(faulty, "ask_agan")
    assert f"{faulty}:{spelt}: gate.ask_agan: is an unknown key; check its spelling" in done.stderr


def test_faults_as_json(faulty: Path) -> None:
    done = CliRunner().invoke(app, ["ruler", "check", str(faulty), "--json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["ok"] is False
    assert {fault["where"] for fault in told["faults"]} == {
        "gate.ask_again",
        "gate.ask_agan",
        "rows.h1.rungs.2.rigidity",
    }
    assert all(isinstance(fault["line"], int) for fault in told["faults"])


def test_the_map_is_drawn_and_told(tmp_path: Path) -> None:
    picture = tmp_path / "map.svg"
    done = CliRunner().invoke(app, ["ruler", "map", "divida-ativa", "--json", "--svg", str(picture)])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["cells"][0] == {
        "hypothesis": "h1",
        "stage": "reminder",
        "rigidity": 1,
        "formal": False,
        "by_habit": False,
        "tone": "friendly",
    }
    assert ElementTree.parse(picture).getroot().get("viewBox")


def test_the_map_of_a_faulty_ruler_is_refused_with_all_faults(faulty: Path) -> None:
    with pytest.raises(Refusal) as refusal:
        load_ruler(str(faulty))
    assert "has 3 faults" in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        ("título: ação".encode("latin-1"), "is not UTF-8 (line 1)"),
        ("ruler: x".encode("utf-16"), "is a binary file or UTF-16"),
        (bytes(range(256)), "is a binary file"),
        (b"x" * 1_000_001, "is longer than 1,000,000 bytes"),
        (None, "there is no ruler file"),
    ],
)
def test_what_is_no_text_is_refused_in_a_sentence(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "r.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refusal) as refusal:
        RULERS.read(str(path))
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_folder_is_no_ruler(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="is a folder"):
        RULERS.read(str(tmp_path))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + RULERS.read("divida-ativa")[1].encode())
    bundle = load_ruler(str(path))
    assert bundle.ruler.ruler == "divida-ativa"
    assert bundle.source.startswith("#")


def test_a_warning_is_told_and_the_ruler_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "longa.yaml"
    longer = "authority: Secretaria" + " de Estado da Fazenda" * 20
    path.write_text(RULERS.read("alagoas-icms")[1].replace("authority: Secretaria", longer, 1))
    done = CliRunner().invoke(app, ["ruler", "check", str(path)])
    assert done.exit_code == 0
    line = line_of(path, "alagoas-icms/h1-reminder")
    assert f"{path}:{line}: rows.h1.rungs.0.template: its SMS takes 4 segments (a warning)" in done.stderr
    told = json.loads(CliRunner().invoke(app, ["ruler", "check", str(path), "--json"]).stdout)
    assert told["ok"] is True
    assert told["warnings"][0]["line"] == line


def test_a_preview_is_printed_told_and_written(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["ruler", "preview", "divida-ativa"])
    assert printed.exit_code == 0
    assert "h7 final_notice: rigidity 7 (formal), 10 business days, R$ 0,1650" in printed.stdout
    told = json.loads(CliRunner().invoke(app, ["ruler", "preview", "divida-ativa", "--json"]).stdout)
    sms = [message for rung in told["rungs"] for message in rung["messages"] if message["channel"] == "sms"]
    assert {(message["segments"], message["cost"]) for message in sms} == {(1, "0.0800"), (2, "0.1600")}
    written = CliRunner().invoke(app, ["ruler", "preview", "divida-ativa", "--html", str(tmp_path / "new" / "folder")])
    assert written.exit_code == 0
    assert (tmp_path / "new" / "folder" / "index.html").read_text().startswith("<!DOCTYPE html>")


def test_a_preview_that_can_t_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["ruler", "preview", "divida-ativa", "--html", str(tmp_path / "file")])
    assert isinstance(done.exception, Refusal)
    assert "can't be written" in str(done.exception)
