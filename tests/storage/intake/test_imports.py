"""Files, and what they become in the database."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.intake.benefits import benefit_reader
from models.intake.extract import debt_reader
from models.intake.filings import filing_reader
from models.intake.statement import Statement
from storage.intake.benefits import import_benefits
from storage.intake.debts import import_debts
from storage.intake.files import look_over
from storage.intake.filings import import_filings
from storage.intake.rejects import Rejects
from tests.chance import examples

TODAY = date(2026, 11, 20)
PGFN = (
    "CPF_CNPJ;TIPO_PESSOA;TIPO_DEVEDOR;NOME_DEVEDOR;UF_DEVEDOR;UNIDADE_RESPONSAVEL;NUMERO_INSCRICAO;"
    "TIPO_SITUACAO_INSCRICAO;SITUACAO_INSCRICAO;TIPO_CREDITO;DATA_INSCRICAO;INDICADOR_AJUIZADO;VALOR_CONSOLIDADO"
)
ACME, ABC = "11.222.333/0001-81", "12.ABC.345/01DE-35"
TAX = "SOCIAL-SECURITY"


def pgfn(
    inscription: str = "I1",
    tax_id: str = ACME,
    name: str = "ACME",
    amount: str = "100.00",
    situation: str = "Em cobrança",
    detail: str = "INSCRITA",
    uf: str = "AL",
    on: str = "14/11/2019",
) -> str:
    return f"{tax_id};Pessoa;Principal;{name};{uf};UNIDADE;{inscription};{situation};{detail};X;{on};NAO;{amount}"


class Intake:
    """Imports text as if it were a file, and asks the database about it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.file = folder / "delivered.csv"
        self.rejects = folder / "rejects.csv"

    def debts(
        self, *rows: str, header: str = PGFN, encoding: str = "utf-8", now: datetime | None = None, **said: Any
    ) -> Any:
        merge = partial(import_debts, statement=Statement(**said), now=now)
        return self._take(header, rows, lambda head: debt_reader(head, TODAY), merge, encoding)

    def filings(self, *rows: str, header: str = "tax_id,name,tax,period,due,status,filed_on,declared") -> Any:
        return self._take(header, rows, filing_reader, import_filings)

    def benefits(self, *rows: str, header: str = "tax_id,code,name,tax") -> Any:
        return self._take(header, rows, benefit_reader, import_benefits)

    def _take(
        self,
        header: str,
        rows: tuple[str, ...],
        reader: Callable[[Sequence[str]], Any],
        merge: Any,
        encoding: str = "utf-8",
    ) -> Any:
        self.file.write_text("\n".join((header, *rows)) + "\n", encoding=encoding)
        return self.take(reader, merge)

    def take(self, reader: Callable[[Sequence[str]], Any], merge: Any) -> Any:
        source = look_over(self.file)
        with Rejects(self.rejects) as rejects, self.engine.begin() as connection:
            return merge(connection, source, reader(source.header), rejects)

    def rejected(self) -> str:
        return self.rejects.read_text() if self.rejects.exists() else ""

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def open_case(self, tax_id: str = "11222333000181", tax: str = TAX, case: str = "case-1") -> None:
        with self.engine.begin() as connection:
            connection.execute(text(OPEN_CASE), {"tax_id": tax_id, "tax": tax, "case": case})

    def held(self) -> list[tuple[Any, ...]]:
        query = "SELECT inscription, ground, source FROM holds JOIN debts ON debts.id = debt WHERE lifted_at IS NULL"
        return sorted(self.ask(query))

    def owed(self) -> list[tuple[Any, ...]]:
        return self.ask('SELECT "case", name FROM outbox ORDER BY id')

    def everything(self) -> list[Any]:
        tables = ("taxpayers", "debts", "debtors", "holds", "filings", "benefits", "outbox")
        return [self.ask(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


OPEN_CASE = """
WITH ruler AS (
    INSERT INTO rulers (digest, label, source, holidays, assets) VALUES ('r', 'r', 'r', '[]', '{}')
    ON CONFLICT DO NOTHING
), cohort AS (
    INSERT INTO cohorts (name, ruler, started_by, selection, clock) VALUES ('c', 'r', 't', '{}',
        '{"day_seconds": "86400", "origin_wall": "2026-11-20 12:00Z", "origin_day": "2026-11-20", "timezone": "UTC"}')
    ON CONFLICT DO NOTHING
)
INSERT INTO cases (id, taxpayer, tax, cohort, ruler, state) SELECT :case, id, :tax, 'c', 'r', '{}' FROM taxpayers
WHERE tax_id = :tax_id
"""


@pytest.fixture
def intake(engine: Engine, tmp_path: Path) -> Intake:
    return Intake(engine, tmp_path)


# ---- debts


def test_a_debt_is_counted_once_and_owed_by_each_co_debtor(intake: Intake) -> None:
    imported = intake.debts(pgfn(), pgfn(tax_id=ABC, name="ABC"), pgfn("I2", situation="Garantia"))
    assert (imported.rows, imported.taxpayers, imported.debts) == (3, 2, 2)
    assert imported.on_hold == {"guarantee": 1}
    assert intake.ask("SELECT count(*), sum(amount), sum(balance) FROM debts") == [(2, 200, 200)]
    assert intake.ask("SELECT count(*) FROM debtors") == [(3,)]
    assert intake.ask("SELECT tax_id, is_company FROM taxpayers ORDER BY 1") == [
        ("11222333000181", True),
        ("12ABC34501DE35", True),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "iso-8859-15"])
def test_every_encoding_gives_the_same_names(intake: Intake, encoding: str) -> None:
    intake.debts(pgfn(name="COMÉRCIO SÃO JOÃO \\ 'X'"), encoding=encoding)
    assert intake.ask("SELECT name FROM taxpayers") == [("COMÉRCIO SÃO JOÃO \\ 'X'",)]
    assert intake.ask("SELECT tax, uf, due FROM debts JOIN debtors ON debt = id") == [(TAX, "AL", date(2019, 11, 14))]


def test_importing_twice_changes_nothing(intake: Intake) -> None:
    rows = [
        pgfn(),
        pgfn(tax_id=ABC, name="ABC"),
        pgfn("I2", situation="?"),
        pgfn("I3", amount=".00"),
        pgfn("I4", uf="NA"),
    ]
    first = intake.debts(*rows)
    intake.open_case()
    before, rejected = intake.everything(), intake.rejected()
    assert intake.debts(*rows) == first
    assert (intake.everything(), intake.rejected()) == (before, rejected)
    assert first.on_hold == {"unknown_situation": 1}


def test_bad_rows_are_set_aside_with_their_line_and_never_stop_the_rest(intake: Intake) -> None:
    intake.debts(pgfn(amount="n/d"), "", "a;b", pgfn("I2", name='"TWO\nLINES"'), pgfn("I3", tax_id="1"), pgfn("I4"))
    assert intake.ask("SELECT inscription FROM debts ORDER BY 1") == [("I2",), ("I4",)]
    assert intake.ask("SELECT DISTINCT name FROM taxpayers") in ([("ACME",)], [("TWO LINES",)])
    lines = [line.split(",")[:2] for line in intake.rejected().splitlines()]
    assert lines == [
        ["line", "reason"],
        ["2", '"VALOR_CONSOLIDADO is not an amount: 1234.56'],
        ["4", '"has 2 columns'],
        ["7", "CPF_CNPJ is neither a CPF (11 digits) nor a CNPJ (14 characters)"],
    ]
    assert intake.rejects.stat().st_mode & 0o777 == 0o600
    intake.debts(pgfn())
    assert not intake.rejects.exists()


def test_the_first_row_of_an_inscription_decides(intake: Intake) -> None:
    intake.debts(pgfn(amount=".00"), pgfn(amount="2.00", situation="Garantia"), pgfn(amount="3.00", tax_id=ABC))
    assert intake.ask("SELECT amount FROM debts") == [(2,)]
    assert intake.ask("SELECT ground FROM holds") == [("guarantee",)]


def test_masked_cpfs_are_people_by_name(intake: Intake) -> None:
    masked = "XXX735.623XX"
    imported = intake.debts(*(pgfn(f"I{n}", masked, name) for n, name in enumerate(("Ana", "ANA ", "RUI"))))
    assert imported.taxpayers == 2
    assert intake.ask("SELECT key, is_company FROM taxpayers ORDER BY 1") == [
        ("XXX735623XX ANA", False),
        ("XXX735623XX RUI", False),
    ]


def test_an_inscription_and_a_person_are_one_however_they_are_written(intake: Intake) -> None:
    masked = "***.735.623-**"
    intake.debts(pgfn("ab-2020/1", masked, "JOÃO D'ÁVILA"))
    imported = intake.debts(
        pgfn("AB.2020.1", masked, "Joao D Avila", amount="90.00"), pgfn("AB 20201", ABC, "ABC", amount="80.00")
    )
    assert (imported.debts, imported.taxpayers) == (1, 2)
    assert intake.ask("SELECT inscription, amount FROM debts") == [("ab-2020/1", Decimal("90.00"))]
    assert intake.ask("SELECT count(*) FROM debtors") == [(2,)]


def test_what_a_person_gave_stays_until_a_file_states_something_new(intake: Intake) -> None:
    header = "tax_id,name,email,phone,uf,tax,inscription,due,amount"
    row = f"{ACME},Acme,{{}},,AL,IPTU,I1,2025-10-20,100.00"

    def email_after(stated: str) -> str:
        intake.debts(row.format(stated), header=header)
        [(email,)] = intake.ask("SELECT email FROM taxpayers")
        return str(email)

    assert email_after("a@x.example") == "a@x.example"
    assert email_after("b@x.example") == "b@x.example"
    assert email_after("a@x.example") == "a@x.example"
    with intake.engine.begin() as connection:
        connection.execute(text("UPDATE taxpayers SET email = 'person@x.example'"))
    for old in ("a@x.example", "b@x.example", ""):
        assert email_after(old) == "person@x.example"
    assert email_after("new@x.example") == "new@x.example"
    assert email_after("a@x.example") == "a@x.example"


def test_a_changed_situation_places_and_lifts_holds_and_tells_the_open_case(intake: Intake) -> None:
    intake.debts(pgfn(), pgfn("I2", tax_id=ABC))
    intake.open_case()
    intake.debts(pgfn(situation="Em negociação"))
    assert intake.owed() == [("case-1", "extract_changed")]
    intake.debts(pgfn(situation="Garantia"))
    assert intake.ask("SELECT ground, lifted_at IS NULL FROM holds ORDER BY id") == [
        ("negotiation", False),
        ("guarantee", True),
    ]
    intake.debts(pgfn())
    assert intake.ask("SELECT count(*) FROM holds WHERE lifted_at IS NULL") == [(0,)]
    assert len(intake.owed()) == 3


def test_a_case_that_nobody_reaches_hears_of_a_contact(intake: Intake) -> None:
    header = "tax_id,name,email,uf,tax,inscription,due,amount"
    row = f"{ACME},Acme,{{}},AL,IPTU,I1,2025-10-20,100.00"
    intake.debts(row.format(""), header=header)
    intake.open_case(tax="IPTU")
    with intake.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET status = 'unreachable'"))
    intake.debts(row.format(""), header=header)
    assert intake.owed() == []
    intake.debts(row.format("a@x.example"), header=header)
    assert intake.owed() == [("case-1", "extract_changed")]


def test_holds_of_another_source_stay(intake: Intake) -> None:
    intake.debts(pgfn())
    with intake.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO holds (debt, ground, source) SELECT id, 'negotiation', 'agreement' FROM debts")
        )
    intake.debts(pgfn(situation="Em negociação"))
    intake.debts(pgfn())
    assert intake.ask("SELECT source, lifted_at FROM holds") == [("agreement", None)]


def test_what_a_snapshot_lacks_is_held_until_it_is_seen_again(intake: Intake) -> None:
    intake.debts(pgfn(), pgfn("I2"), pgfn("I9", tax_id=ABC, name="ABC"), snapshot_of="al")
    intake.debts(pgfn("S1"), snapshot_of="se")
    intake.open_case()
    for _ in range(2):
        imported = intake.debts(pgfn("I2"), pgfn("I9", tax_id=ABC, name="ABC"), snapshot_of="al")
        assert imported.on_hold == {"absent_from_extract": 1}
        assert intake.held() == [("I1", "absent_from_extract", "extract")]
        assert intake.owed() == [("case-1", "extract_changed")]
    intake.debts(pgfn("I9", tax_id=ABC, name="ABC"), snapshot_of="al")
    assert [held[0] for held in intake.held()] == ["I1", "I2"]
    intake.debts(pgfn("I1", situation="Garantia"))
    assert intake.held() == [("I1", "guarantee", "extract"), ("I2", "absent_from_extract", "extract")]
    intake.debts(pgfn(), pgfn("I2"), pgfn("I9", tax_id=ABC, name="ABC"), snapshot_of="al")
    assert intake.held() == []


def test_a_file_that_is_no_snapshot_leaves_the_others_as_they_are(intake: Intake) -> None:
    intake.debts(pgfn(), pgfn("I2"), snapshot_of="al")
    intake.debts(pgfn("I2"))
    assert intake.held() == []


def test_known_assets_are_kept_and_tell_the_open_case(intake: Intake) -> None:
    header = "tax_id,name,uf,tax,inscription,due,amount,assets"
    row = f"{ACME},ACME,AL,ICMS,I1,2026-01-09,100.00,"
    intake.debts(row, header=header)
    intake.open_case(tax="ICMS")
    intake.debts(f"{row}2500.50", header=header)
    assert intake.owed() == [("case-1", "extract_changed")]
    intake.debts(f"{row}2500.50", header=header)
    intake.debts(row, header=header)
    assert intake.ask("SELECT known_assets FROM taxpayers") == [(Decimal("2500.50"),)]
    assert len(intake.owed()) == 1


def test_a_new_debt_a_new_co_debtor_and_a_new_amount_tell_the_open_case(intake: Intake) -> None:
    intake.debts(pgfn(), pgfn("I9", tax_id=ABC, name="ABC"))
    with intake.engine.begin() as connection:
        connection.execute(text("UPDATE debts SET received = 40 WHERE inscription = 'I1'"))
    intake.open_case()
    intake.open_case("11222333000181", "OTHER", "of-another-tax")
    intake.open_case("12ABC34501DE35", TAX, "case-2")
    intake.debts(pgfn(), pgfn("I2"))
    assert intake.owed() == [("case-1", "extract_changed")]
    intake.debts(pgfn(amount="150.00"))
    assert intake.owed() == [("case-1", "extract_changed")] * 2
    assert intake.ask("SELECT amount, received, balance FROM debts WHERE inscription = 'I1'") == [(150, 40, 110)]
    intake.debts(pgfn(amount="150.00", tax_id=ABC, name="ABC"))
    assert intake.owed()[2:] == [("case-2", "extract_changed")]


def test_a_closed_case_is_told_nothing(intake: Intake) -> None:
    intake.debts(pgfn())
    intake.open_case()
    with intake.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET closed_at = now()"))
    intake.debts(pgfn(amount="1.00"))
    assert intake.owed() == []


def test_what_a_newer_file_leaves_empty_stays(intake: Intake) -> None:
    own = "tax_id,name,email,phone,uf,tax,inscription,period,due,amount"
    row = f"{ACME},Acme,{{}},AL,iptu,I1,{{}},2026-01-31,10"
    intake.debts(row.format("a@example.com,", "2026"), row.format(",+55 82 90000-0001", ""), header=own)
    intake.debts(row.format(",", ""), header=own)
    assert intake.ask("SELECT email, phone FROM taxpayers") == [("a@example.com", "+5582900000001")]
    assert intake.ask("SELECT tax, period FROM debts") == [("IPTU", "2026")]


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters=";\0")), min_size=1, max_size=5))
def test_any_name_is_stored_or_rejected(intake: Intake, names: list[str]) -> None:
    try:
        imported = intake.debts(*(pgfn(f"I{n}", name=name) for n, name in enumerate(names)))
    except Refusal:
        return
    assert imported.rows >= imported.debts


def test_two_imports_at_once_both_go_through(intake: Intake, tmp_path: Path) -> None:
    other = Intake(intake.engine, tmp_path / "other")
    other.file.parent.mkdir()
    rows = [pgfn(f"I{n}", tax_id=ACME if n % 2 else ABC) for n in range(2000)]
    failures: list[BaseException] = []

    def run(one: Intake, order: list[str]) -> None:
        try:
            one.debts(*order)
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=run, args=(intake, rows)), Thread(target=run, args=(other, rows[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert intake.ask("SELECT count(*) FROM debts") == [(2000,)]


# ---- files that are no use


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n", "not a header"),
        (PGFN.encode(), "has a header and no rows"),
        (PGFN.encode() + b"\n\n\n", "has a header and no rows"),
        (b"PK\x03\x04\x00\x00", "binary"),
        (PGFN.encode() + b"\n" + pgfn().encode() + b"\x00", "binary"),
        (f"{PGFN}\n{pgfn()}".encode("utf-16"), "UTF-16"),
        (f"{PGFN}\n{pgfn()}".encode("utf-16-le"), "binary"),
        (
            f"{PGFN}\n{pgfn()}\n".encode() + b'1;"open\n' + pgfn("I2").encode(),
            "line 3: a quote is opened and never closed",
        ),
        (f'{PGFN}\n1;"open\n{pgfn()}\n1;"open\n{pgfn()}\n'.encode(), "line 2: a quote is opened"),
        (b"x" * (1 << 21), "longer than"),
    ],
)
def test_unusable_files_are_refused_in_a_sentence(intake: Intake, content: bytes, sentence: str) -> None:
    intake.file.write_bytes(content)
    with pytest.raises(Refusal, match=sentence):
        intake.take(lambda header: debt_reader(header, TODAY), import_debts)
    assert intake.ask("SELECT count(*) FROM taxpayers") == [(0,)]
    assert [path.name for path in intake.file.parent.iterdir()] == ["delivered.csv"]


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="is a directory"):
        look_over(tmp_path)
    with pytest.raises(Refusal, match="doesn't exist"):
        look_over(tmp_path / "no.csv")


def test_a_file_cut_in_its_last_row_loses_that_row_only(intake: Intake) -> None:
    whole = f"{PGFN}\n{pgfn()}\n{pgfn('I2', name='JOÃO')}\n".encode()
    intake.file.write_bytes(whole[: whole.index("Ã".encode()) + 1])
    imported = intake.take(lambda header: debt_reader(header, TODAY), import_debts)
    assert (imported.rows, imported.debts) == (2, 1)
    assert '3,"has 4 columns, the header 13' in intake.rejected()


# ---- returns


def test_a_return_needs_a_known_taxpayer_or_a_name(intake: Intake) -> None:
    imported = intake.filings(
        f"{ACME},Acme,icms,2026-09,2026-10-09,missing,,",
        f"{ABC},,icms,2026-09,2026-10-09,missing,,",
        f"{ACME},,icms,2026-08,2026-09-09,filed,,10",
    )
    assert (imported.rows, imported.filings, imported.taxpayers, imported.changed) == (3, 2, 1, 2)
    assert '3,"tax_id is of a taxpayer not known yet; give the name, or import it first"' in intake.rejected()


def test_a_newer_return_supersedes_and_the_same_one_does_nothing(intake: Intake) -> None:
    missing = f"{ACME},Acme,ICMS,2026-09,2026-10-09,missing,,"
    intake.filings(missing)
    assert intake.filings(missing).changed == 0
    late = f'{ACME},,ICMS,2026-09,09/10/2026,late,20/10/2026,"1.000,00"'
    assert intake.filings(late).changed == 1
    versions = "SELECT status, declared, superseded_at IS NULL FROM filings ORDER BY id"
    assert intake.ask(versions) == [("missing", None, False), ("late", 1000, True)]
    assert intake.filings(late).changed == 0


def test_what_was_paid_by_the_due_date_outlives_a_later_payment(intake: Intake) -> None:
    header = "tax_id,name,tax,period,due,status,filed_on,declared,paid,paid_on"
    before = f"{ACME},Acme,ICMS,2026-09,2026-10-09,filed,2026-10-01,100.00"
    intake.filings(f"{before},40.00,2026-10-05", header=header)
    intake.filings(f"{before},90.00,2026-11-15", header=header)
    known = "SELECT paid, paid_before_due FROM filings WHERE superseded_at IS NULL"
    assert intake.ask(known) == [(Decimal("90.00"), Decimal("40.00"))]


def test_the_open_case_hears_what_happened_to_its_returns(intake: Intake) -> None:
    row = f"{ACME},Acme,ICMS,2026-0{{}},2026-10-09,{{}}"
    intake.filings(row.format(8, "missing,,"), row.format(9, "filed,,10"))
    intake.open_case(tax="ICMS")
    intake.open_case(tax="IPVA", case="of-another-tax")
    intake.filings(row.format(8, "filed,,10"), row.format(9, "filed,,20"), row.format(7, "filed,,10"))
    assert set(intake.owed()) == {
        ("case-1", "return_filed"),
        ("case-1", "return_corrected"),
        ("case-1", "extract_changed"),
    }
    payloads = "SELECT payload ->> 'tax', payload ->> 'period' FROM outbox WHERE name = 'return_filed'"
    assert intake.ask(payloads) == [("ICMS", "2026-08")]


# ---- benefits


def test_benefits_are_renamed_not_repeated(intake: Intake) -> None:
    intake.debts(pgfn())
    imported = intake.benefits(f"{ACME},B1,One,icms", f"{ACME},B1,Twice,icms", f"{ABC},B1,One,", f"{ACME},B2,Two,")
    assert (imported.rows, imported.benefits, imported.taxpayers) == (4, 2, 1)
    assert "4,tax_id is of a taxpayer not known yet; import the taxpayer first" in intake.rejected()
    intake.benefits(f"{ACME},B1,Uno,icms")
    assert intake.ask("SELECT code, name, tax FROM benefits ORDER BY 1") == [("B1", "Uno", "ICMS"), ("B2", "Two", None)]


IMPUTED = "tax_id,name,uf,tax,inscription,due,amount,kind,prescribes,own"


def test_what_a_payment_s_imputation_asks_for_is_kept_until_a_file_says_otherwise(intake: Intake) -> None:
    read = "SELECT kind, prescribes, own FROM debts JOIN debtors ON debtors.debt = debts.id"
    row = f"{ACME},ACME,AL,TLP,I1,2025-10-20,100.00"
    intake.debts(row, header=IMPUTED.rpartition(",kind")[0])
    assert intake.ask(read) == [("tax", None, True)]
    intake.debts(f"{row},Taxa,20/10/2030,NAO", header=IMPUTED)
    assert intake.ask(read) == [("fee", date(2030, 10, 20), False)]
    intake.debts(f"{row},,,", header=IMPUTED)
    assert intake.ask(read) == [("fee", date(2030, 10, 20), False)]
    intake.debts(f"{row},tribute,,", f"{row},,soon,", f"{row},,,maybe", f"{row},contribution,,yes", header=IMPUTED)
    assert intake.ask(read) == [("contribution", date(2030, 10, 20), True)]
    assert len(intake.rejects.read_text().splitlines()) == 4
