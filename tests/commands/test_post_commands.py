"""`letter …` and `gazette …` as they are typed: batches, second copies, receipts by code and by file, editals."""

from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine

from models.contact.receipt_code import receipt_code
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.delivery_world import CLOCK
from tests.post_world import PostWorld

LONG_AGO = date(2020, 1, 2)


@pytest.fixture
def world(engine: Engine) -> PostWorld:
    return PostWorld(engine)


def today() -> str:
    return CLOCK.day_at(datetime.now(UTC)).isoformat()


def test_a_batch_its_second_copy_and_what_came_back(line: Line, world: PostWorld, tmp_path: Path) -> None:
    for _ in range(3):
        world.waiting(at=LONG_AGO)
    first, second = tmp_path / "lote.zip", tmp_path / "segunda.zip"
    posted = line.json("letter", "post", first, "--by", "ana")
    assert (posted["letters"], posted["withdrawn"], posted["waiting"]) == (3, 0, 0)
    line.json("letter", "copy", str(posted["batch"]), second)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o777 == 0o600
    with ZipFile(first) as batch:
        header, *rows = batch.read(f"lote-{posted['batch']}.csv").decode("utf-8-sig").splitlines()
        assert header == "codigo_ar;destinatario;endereco;cidade;uf;cep;arquivo"
        codes = [row.split(";")[0] for row in rows]
        assert rows[0] == f"{codes[0]};Padaria Exemplo;Rua do Sol, 12, Centro;Maceió;AL;57020-000;{codes[0]}.pdf"
        assert codes[0] in PdfReader(BytesIO(batch.read(f"{codes[0]}.pdf"))).pages[0].extract_text()
    came = line.json("letter", "outcome", codes[0], "--became", "entregue", "--on", today(), "--by", "ana")
    assert (came["outcome"], came["new"]) == ("delivered", True)
    file = tmp_path / "retornos.csv"
    unknown = receipt_code(999_999_999)
    file.write_text(
        f"codigo_ar;motivo;data\n{codes[0]};entregue;{today()}\n{codes[1]};mudou-se;\n{codes[2]};?;\n{unknown};ausente;\n"
    )
    told = line.json("letter", "import", file, exits=3)
    assert (told["rows"], told["known"], told["failed"], told["rejected"]) == (4, 1, 1, 2)
    set_aside = Path(told["rejects_file"]).read_text()
    assert '4,"outcome is none of the postal service' in set_aside
    assert f'5,"there is no letter {unknown}' in set_aside
    [listed] = line.json("letter", "list")["batches"]
    assert (listed["notices"], listed["served"], listed["lost"]) == (3, 1, 1)


def test_an_edital_tells_everybody_no_more_than_it_may(line: Line, world: PostWorld, tmp_path: Path) -> None:
    said_there = "Padaria Exemplo, CNPJ nº 11.222.333/0001-81: notificação."
    world.waiting("gazette", address=None, at=LONG_AGO, body=said_there)
    file, again = tmp_path / "edital.txt", tmp_path / "de-novo.txt"
    drawn = line.json("gazette", "draw", file, "--by", "ana")
    line.json("gazette", "copy", str(drawn["edital"]), again)
    assert file.read_text() == again.read_text()
    title, heading, entry, _ = file.read_text().strip().split("\n\n")
    assert title.startswith(f"EDITAL DE INTIMAÇÃO Nº {drawn['edital']}, de ")
    assert "ciência 15 dias após a publicação deste edital (Decreto 70.235/1972, art. 23, § 1º)" in heading
    assert entry == f"1. {said_there}"
    said = ("--on", today(), "--gazette", "DOE/AL", "--reference", "p. 3", "--by", "ana")
    assert line.json("gazette", "published", str(drawn["edital"]), *said)["notices"] == 1
    [listed] = line.json("gazette", "list")["editals"]
    assert (listed["gazette"], listed["left_on"]) == ("DOE/AL", today())


def test_a_file_that_is_there_is_not_written_over(line: Line, world: PostWorld, tmp_path: Path) -> None:
    world.waiting(at=LONG_AGO)
    file = tmp_path / "lote.zip"
    file.write_text("outro")
    code, _, complaint = line("letter", "post", file, "--by", "ana")
    assert code == 1
    assert "is there already" in complaint
    assert file.read_text() == "outro"
    assert world.rows("SELECT id FROM notice_batches") == []
