"""`slip …` as an analyst types it: a slip, its second copy, the file for the bank."""

from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine

from models.payment.boleto import read_boleto
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.web.pix_world import World

AT_ITAU = {
    "REGUA_SLIP_BANK": "341",
    "REGUA_SLIP_AGENCY": "0293",
    "REGUA_SLIP_ACCOUNT": "01328-0",
    "REGUA_SLIP_WALLET": "109",
    "REGUA_SLIP_CNPJ": "12.345.678/0001-95",
    "REGUA_SLIP_FEBRABAN": "1234",
}


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in AT_ITAU.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_slip_its_copy_and_its_file(line: Line, world: World, configured: object, tmp_path: Path) -> None:
    owing, _ = world.owing_case()
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    issued = line.json("slip", "issue", owing.debt, "--kind", "boleto", "--by", "ana", "--pdf", first)
    assert (issued["amount"], issued["bank"], issued["number"]) == ("100.00", "341", "109/00000001-1")
    assert read_boleto(issued["line"]).digits == issued["barcode"]
    line.json("slip", "copy", str(issued["slip"]), "--pdf", second)
    assert first.read_bytes() == second.read_bytes()
    assert issued["line"] in PdfReader(first).pages[0].extract_text()
    file, again = tmp_path / "remessa.rem", tmp_path / "again.rem"
    assert line.json("slip", "remit", file, "--by", "ana")["slips"] == 1
    line.json("slip", "remit", again, "--again", "1", "--by", "ana")
    assert file.read_bytes() == again.read_bytes()
    assert {len(written) for written in file.read_bytes().split(b"\r\n")[:-1]} == {240}
    [listed] = line.json("slip", "list", "--of", owing.debt)["slips"]
    assert (listed["id"], listed["remittance"]) == (issued["slip"], 1)


def test_a_collection_slip_needs_no_bank(line: Line, world: World, configured: pytest.MonkeyPatch) -> None:
    configured.delenv("REGUA_SLIP_BANK")
    owing, _ = world.owing_case()
    issued = line.json("slip", "issue", owing.debt, "--by", "ana")
    assert (issued["kind"], len(issued["line"]), issued["bank"]) == ("collection", 48, None)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("REGUA_SLIP_BANK", "999", "REGUA_SLIP_BANK is none of 001"),
        ("REGUA_SLIP_CNPJ", "", "REGUA_SLIP_CNPJ is missing"),
        ("REGUA_SLIP_WALLET", "9", "the wallet of slips at Itaú has 3 digits"),
        ("REGUA_SLIP_FEBRABAN", "12", "REGUA_SLIP_FEBRABAN"),
        ("REGUA_SLIP_SEGMENT", "8", "REGUA_SLIP_SEGMENT"),
    ],
)
def test_what_is_configured_by_half_is_refused(
    line: Line, world: World, configured: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    configured.setenv(name, value)
    owing, _ = world.owing_case()
    code, said, complained = line("slip", "issue", owing.debt, "--kind", "boleto", "--by", "ana")
    assert (code, said, complained.count("\n")) == (1, "", 1)
    assert says in complained


@pytest.mark.parametrize(
    "words", [("copy", "99"), ("issue", "nothing", "--by", "ana"), ("remit", "x.rem", "--by", "ana")]
)
def test_what_isn_t_there_is_refused(line: Line, world: World, configured: object, words: tuple[str, ...]) -> None:
    code, said, complained = line("slip", *words)
    assert (code, said, complained.count("\n")) == (1, "", 1)
