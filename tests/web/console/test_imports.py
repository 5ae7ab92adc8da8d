"""A file is brought at the console, checked without a change, and imported in the name of who starts it."""

from __future__ import annotations

import re

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import Engine, text

from models.roles import Role
from tests import factories
from tests.bank_lines import Paid, barcode, febraban
from tests.web.console.console_world import browser, signed_in_as
from web.background.uploads import work_on_next
from web.console.imports import name_of

HEADER = "tax_id,name,uf,tax,inscription,due,amount\n"
OWED = "11222333000181,Padaria,SP,IPTU"
TWO = f"{HEADER}{OWED},A-1,2026-01-09,100.00\n{OWED},A-2,2026-01-09,50.00\n"


async def bring(http: AsyncClient, kind: str, content: str | bytes, name: str = "extrato.csv") -> Response:
    body = content.encode() if isinstance(content, str) else content
    return await http.post("/console/imports", data={"kind": kind}, files={"file": (name, body, "image/png")})


def done(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        asked = "SELECT command, actor FROM audit_log WHERE command <> 'sign in' AND outcome = 'done' ORDER BY id"
        return [(row.command, row.actor) for row in connection.execute(text(asked))]


def number_of(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


async def test_an_extract_is_checked_without_a_change_and_then_imported(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        brought = await bring(http, "taxpayers", TWO + "1,Ninguém,SP,IPTU,A-3,2026-01-09,9.00\n")
        there = brought.headers["location"]
        assert "Na fila" in (await http.get(there)).text
        assert work_on_next(engine)
        assert not work_on_next(engine)
        checked = (await http.get(there)).text
        assert "O que a importação faria" in checked, re.findall(r"class=.error.>(.*?)</p>", checked)
        assert re.search(r"Entram: IPTU \(2\)", checked)
        assert 'Linhas recusadas</th><td class="n">1<' in checked
        assert number_of(engine, "debts") == 0
        started = await http.post(f"{there}/start")
        assert started.headers["location"] == there
        assert work_on_next(engine)
        assert "O que a importação fez" in (await http.get(there)).text
        assert number_of(engine, "debts") == 2
        rejects = await http.post(f"{there}/rejects")
        assert rejects.headers["content-type"].startswith("text/csv")
        assert rejects.text.splitlines()[0].endswith("line,reason,row")
        assert rejects.text.splitlines()[1].startswith("4,")
        listed = (await http.get("/console/imports?rejected=true")).text
        assert "extrato.csv" in listed
        assert (await http.post(f"{there}/start")).status_code == 409
    assert done(engine) == [
        ("import upload", "ana"),
        ("import start", "ana"),
        ("taxpayers import", "ana"),
        ("import rejects", "ana"),
    ]
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT what, count(*) FROM upload_parts GROUP BY what")).all()
    assert [tuple(row) for row in kept] == [("rejects", 1)]


async def test_what_the_record_has_already_changes_and_a_snapshot_ends(engine: Engine) -> None:
    """The options of the command are asked for on the file's page, and heeded."""
    whole = {"kind": "taxpayers", "snapshot_of": "prefeitura", "as_of": "2026-02-01", "amounts": "lodged"}
    later = HEADER + "11222333000181,Padaria,SP,IPTU,A-1,2026-01-09,120.00\n"
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        for content, further in ((TWO, {}), (later, {"as_of": "2026-02-02", "expect_fewer": "yes"})):
            there = (await bring(http, "taxpayers", content)).headers["location"]
            await http.post(f"{there}/check", data=whole | further)
            assert work_on_next(engine)
            checked = (await http.get(there)).text
            await http.post(f"{there}/start")
            assert work_on_next(engine)
    assert "Mudam: valor (1)" in checked
    assert "Ficam suspensos" in checked
    with engine.connect() as connection:
        asked = "SELECT inscription, amount, (SELECT count(*) FROM holds WHERE debt = debts.id) AS held FROM debts"
        found = {row.inscription: (str(row.amount), row.held) for row in connection.execute(text(asked))}
    assert found == {"A-1": ("120.00", 0), "A-2": ("50.00", 1)}


async def test_each_kind_goes_through_its_own_operation(engine: Engine) -> None:
    with engine.begin() as connection:
        person = factories.taxpayer(connection, key="11222333000181")
        owed = factories.debt(connection, person, amount=100)
        asked = text("SELECT slip_number FROM debts WHERE id = :debt")
        slip = connection.execute(asked, {"debt": owed.id}).scalar_one()
    files = {
        "contacts": "tax_id,email\n11222333000181,novo@exemplo.br\n",
        "benefits": "tax_id,code,name,tax\n11222333000181,B1,Crédito presumido,ICMS\n",
        "filings": "tax_id,tax,period,due,status\n11222333000181,ICMS,2026-01,2026-02-10,missing\n",
        "rates": "data;valor\n01/09/2026;1,05\n",
        "payments": "".join(f"{line}\r\n" for line in febraban([Paid(barcode(slip), "100.00")])),
    }
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        for kind, content in files.items():
            there = (await bring(http, kind, content)).headers["location"]
            before = len(done(engine))
            assert work_on_next(engine)
            assert len(done(engine)) == before, f"the check of {kind} changed something"
            page = (await http.get(there)).text
            assert "O que a importação faria" in page, (kind, re.findall(r'class="error">([^<]*)', page))
            await http.post(f"{there}/start")
            assert work_on_next(engine)
            assert "O que a importação fez" in (await http.get(there)).text, kind
    did = [command for command, by in done(engine) if not command.startswith("import ")]
    assert did == [f"{kind} import" for kind in files]
    with engine.connect() as connection:
        paid = connection.execute(text("SELECT amount, debt FROM payments")).one()
        assert (str(paid.amount), paid.debt) == ("100.00", owed.id)
        assert connection.execute(text("SELECT email FROM taxpayers")).scalar_one() == "novo@exemplo.br"


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("taxpayers", "tax_id,email\n39053344705,a@b.example\n", "faltam"),
        ("filings", TWO, "faltam"),
        ("payments", TWO, "FEBRABAN"),
        ("rates", TWO, "SGS"),
        ("taxpayers", b"\x89PNG\r\n\x1a\n\x00\x00", "binário"),
        ("taxpayers", "é".encode("utf-16"), "UTF-16"),
        ("taxpayers", "\n", "cabeçalho"),
    ],
)
async def test_a_file_of_another_kind_is_refused_and_may_be_checked_as_another(
    engine: Engine, kind: str, content: str | bytes, said: str
) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        there = (await bring(http, kind, content)).headers["location"]
        assert work_on_next(engine)
        page = (await http.get(there)).text
        assert "Não serve assim" in page
        [why] = re.findall(r'<p class="error">(.*?)</p>', page, re.DOTALL)
        assert said in why
        assert (await http.post(f"{there}/start")).status_code == 409
        assert (await http.post(f"{there}/check", data={"kind": "contacts"})).status_code == 303
        assert (await http.post(f"{there}/drop")).headers["location"] == "/console/imports"
        assert (await http.get(there)).status_code == 404
    assert (number_of(engine, "debts"), number_of(engine, "upload_parts")) == (0, 0)


async def test_what_is_no_file_is_told_at_the_field(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        empty = await bring(http, "taxpayers", b"")
        assert (empty.status_code, 'id="file-error"' in empty.text) == (422, True)
        # as a browser sends a field in which no file was chosen
        unchosen = b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--x--\r\n'
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        without = await http.post("/console/imports", content=unchosen, headers=form)
        assert (without.status_code, "escolha um arquivo" in without.text) == (422, True)
        unknown = await bring(http, "anything", TWO)
        assert (unknown.status_code, 'id="kind-error"' in unknown.text) == (422, True)
        monkeypatch.setattr("web.console.imports.LONGEST", 10)
        long = await bring(http, "taxpayers", TWO)
        assert (long.status_code, "taxpayers import" in long.text) == (422, True)
        garbled = await http.post("/console/imports", content=b"--x\r\nnonsense", headers=form)
        assert garbled.status_code == 422
        urlencoded = await http.post("/console/imports", data={"kind": "taxpayers"})
        assert urlencoded.status_code == 422
    assert number_of(engine, "uploads") == 0


async def test_a_longer_body_than_any_is_not_read(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        for address, status in (("/console/imports", 413), ("/console/search", 413)):
            stated = {"Content-Length": str(2**31), "Content-Type": "multipart/form-data; boundary=x"}
            assert (await http.post(address, content=b"", headers=stated)).status_code == status


async def test_who_only_reads_or_talks_brings_nothing(engine: Engine) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        there = (await bring(http, "taxpayers", TWO)).headers["location"]
    for role, reads in ((Role.AUDITOR, 200), (Role.AGENT, 403)):
        async with browser(engine, signed_in_as(engine, f"x-{role}", role)) as http:
            assert (await http.get(there)).status_code == reads
            assert (await bring(http, "taxpayers", TWO)).status_code == 403
            for act in ("check", "start", "rejects", "drop"):
                assert (await http.post(f"{there}/{act}")).status_code == 403


async def test_an_import_that_died_with_its_process_is_taken_up(engine: Engine) -> None:
    """Another transaction has the work to itself while it lasts, and no longer."""
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        await bring(http, "taxpayers", TWO)
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtext('regua uploads'))"))
        assert not work_on_next(engine)
    assert work_on_next(engine)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("..", "arquivo"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Meus\extrato 1.csv", "extrato 1.csv"),
        ("a\x00b<c>.csv", "a_b_c_.csv"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_a_file_is_named_by_its_last_part(written: str, kept: str) -> None:
    assert name_of(written) == kept
