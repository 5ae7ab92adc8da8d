"""`flow check`, `try` and `draw`, as an analyst runs them without a stack."""

import io
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands.test_import_command import Line

LOOP = """
flow: loop
version: 1
title: Sem fim
example: true
media: [web]
start: one
steps:
  one: {say: "Um {total}.", to: two}
  two: {say: Dois., to: one}
"""


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Line:
    monkeypatch.setenv("REGUA_HOME", str(tmp_path / "home"))
    return Line(capsys, monkeypatch)


@pytest.mark.parametrize("flow", ["atendimento", "jaque-ipva"])
def test_a_shipped_flow_is_fine(line: Line, flow: str) -> None:
    assert line.json("flow", "check", flow) == {"flow": f"{flow} v1", "ok": True, "faults": []}


def test_every_fault_is_told_at_its_line(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "loop.yaml"
    file.write_text(LOOP.lstrip())
    code, _, complained = line("flow", "check", file)
    assert code == 1
    for told in (
        "line 8, steps.one: tells {total} to who may not be identified (CTN art. 198)",
        "line 8, steps.one: comes back to itself without a question: it would go on for ever",
        "line 9, steps.two: never comes to an end",
    ):
        assert told in complained
    assert "line 8" in line("flow", "try", file)[2]
    assert line("flow", "draw", file, "--svg", tmp_path / "x.svg")[0] == 1


def test_a_file_that_is_no_flow_is_refused(line: Line, tmp_path: Path) -> None:
    assert line("flow", "check", tmp_path / "none.yaml")[0] == 1
    file = tmp_path / "list.yaml"
    file.write_text("- a\n")
    assert "is not a flow" in line("flow", "check", file)[2]


def test_a_flow_is_tried_in_the_terminal(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("abc1d23\n639884962\nnao\n"))
    code, said, _ = line("flow", "try", "jaque-ipva")
    assert code == 0
    assert said.splitlines() == [
        "< Oi, eu sou a Jaque. Digo se há IPVA inscrito em dívida ativa e como pagar. Não peço senha nem dados "
        "bancários.",
        "< Qual é a placa do veículo? Por exemplo ABC1D23.",
        "> abc1d23",
        "< E o RENAVAM? Está no documento do veículo, até 11 algarismos.",
        "> 639884962",
        "* identify",
        "* statement",
        "< [debts]",
        "< Quer pagar agora?",
        "< 1 Pagar por Pix",
        "< 2 Outro veículo",
        "< 3 Falar com atendente",
        "< 4 Encerrar",
        "> nao",
        "< Até logo.",
    ]


def test_a_flow_is_drawn(line: Line, tmp_path: Path) -> None:
    picture = tmp_path / "flow.svg"
    assert line.json("flow", "draw", "atendimento", "--svg", picture)["svg"] == str(picture)
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    assert line("flow", "draw", "atendimento", "--svg", tmp_path / "no" / "x.svg")[0] == 1
