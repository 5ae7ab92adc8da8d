"""Files as spreadsheets and older systems save them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models.intake.fields import inscription_key
from storage.intake.files import SourceFile, look_over
from storage.schema.debts import INSCRIPTION_KEY

HEADER = "name;city"


def saved(folder: Path, content: bytes) -> SourceFile:
    file = folder / "saved.csv"
    file.write_bytes(content)
    return look_over(file)


def read(folder: Path, *lines: bytes) -> list[tuple[int, list[str], bool]]:
    source = saved(folder, b"\n".join((HEADER.encode(), *lines)) + b"\n")
    return [(record.line, record.fields, record.odd) for record in source.records()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "iso-8859-15"])
def test_a_file_of_one_encoding_has_no_odd_line(tmp_path: Path, encoding: str) -> None:
    source = saved(tmp_path, f"{HEADER}\nJOÃO CONCEIÇÃO;Maceió\nANTÔNIO;ÁGUA ÚMIDA\n".encode(encoding))
    assert [(record.fields, record.odd) for record in source.records()] == [
        (["JOÃO CONCEIÇÃO", "Maceió"], False),
        (["ANTÔNIO", "ÁGUA ÚMIDA"], False),
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_line_of_another_encoding_is_read_right_and_is_the_odd_one(tmp_path: Path, encoding: str) -> None:
    lines = ("JOÃO;Maceió".encode(), "CONCEIÇÃO;Penedo".encode(encoding), "ANTÔNIO;Água Branca".encode())
    assert read(tmp_path, *lines) == [
        (2, ["JOÃO", "Maceió"], False),
        (3, ["CONCEIÇÃO", "Penedo"], True),
        (4, ["ANTÔNIO", "Água Branca"], False),
    ]


def test_fields_of_one_line_may_be_of_two_encodings(tmp_path: Path) -> None:
    mixed = "CONCEIÇÃO;".encode() + "Maceió".encode("latin-1")
    assert read(tmp_path, mixed, b"plain;plain") == [
        (2, ["CONCEIÇÃO", "Maceió"], True),
        (3, ["plain", "plain"], False),
    ]


def test_a_closing_quote_of_windows_makes_no_utf_8_of_the_letter_before_it(tmp_path: Path) -> None:
    """Ã and a closing quote are the two bytes of Ô in UTF-8."""
    assert read(tmp_path, "PADARIA “IRMÔ;São José".encode("cp1252")) == [(2, ["PADARIA “IRMÔ", "São José"], False)]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    "first",
    [
        "",
        "sep={}\n",
        '"sep={}"\n',
        "\ufeffsep={}\r\n",
        "\n",
        "\r\n  \r\n",
        "\n\nsep={}\n\n",
        "{0}{0}\n",
        "\ufeff\n{0}\n",
    ],
)
def test_the_separator_is_found_whether_or_not_it_is_named(tmp_path: Path, delimiter: str, first: str) -> None:
    rows = f'a{delimiter}"b, c; d"{delimiter}e\n1{delimiter}2{delimiter}3\n'
    source = saved(tmp_path, (first.format(delimiter) + rows).encode())
    assert source.header == ["a", "b, c; d", "e"]
    [record] = source.records()
    assert (record.line, record.fields) == (first.count("\n") + 2, ["1", "2", "3"])


def test_rows_and_columns_that_a_spreadsheet_adds_are_no_rows_and_no_columns(tmp_path: Path) -> None:
    source = saved(tmp_path, b"a;b;;\n1;2;;\n;;;\n \t\n3;4;;\n")
    assert source.header == ["a", "b"]
    assert [record.fields[:2] for record in source.records()] == [["1", "2"], ["3", "4"]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_the_key_of_an_inscription_is_the_same_in_the_database(engine: Engine, written: str) -> None:
    query = f"SELECT {INSCRIPTION_KEY} FROM (SELECT CAST(:written AS text) AS inscription) AS debt"
    with engine.connect() as connection:
        assert connection.execute(text(query), {"written": written}).scalar_one() == inscription_key(written)
