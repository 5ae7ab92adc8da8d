"""Lookup tables: what ships is read, and each fault of a file is told at its line."""

from pathlib import Path

import pytest

from models.portal.table import read_portal
from storage.catalogue import ROOT

SOUND = """portal: cidade
title: Dívida ativa
authority: Prefeitura
example: true
contact: {site: "https://x.example", phone: "156"}
ombudsman: https://ouvidoria.example
debts:
  - name: iptu
    title: IPTU
    keys: [{key: sql, label: SQL}]
"""


@pytest.mark.parametrize("file", sorted((ROOT / "portals").glob("*.yaml")), ids=lambda file: file.stem)
def test_what_ships_is_sound_and_an_example(file: Path) -> None:
    read = read_portal(file.read_text())
    assert read.faults == ()
    assert read.table is not None
    assert (read.table.portal, read.table.is_example) == (file.stem, True)


@pytest.mark.parametrize(
    ("was", "written", "line", "said"),
    [
        ("key: sql", "key: cpf", 10, "unknown key 'cpf'"),
        ("keys: [{key: sql, label: SQL}]", "keys: []", 10, "at least 1"),
        ("label: SQL}]", "label: SQL}, {key: sql, label: SQL}]", 10, "asks for a key twice"),
        ("title: IPTU\n", "title: IPTU\n    tax: IPTU\n", 10, "unknown key"),
        ("example: true", "verified: {by: Ana, on: 2026-01-01, act: Portaria 1}\nexample: true", 4, "contradicts"),
        ("ombudsman: https://ouvidoria.example\n", "", 1, "missing"),
    ],
)
def test_each_fault_is_told_at_its_line(was: str, written: str, line: int, said: str) -> None:
    assert read_portal(SOUND).faults == ()
    [fault] = read_portal(SOUND.replace(was, written)).faults
    assert said in fault.what
    assert fault.line == line


def test_a_name_stands_for_one_kind() -> None:
    twice = SOUND + SOUND[SOUND.index("  - name") :]
    [fault] = read_portal(twice).faults
    assert "another kind" in fault.what
    assert fault.line == 11
