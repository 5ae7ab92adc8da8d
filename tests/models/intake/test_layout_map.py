"""Maps of an authority's own columns: what is wrong with one is said at its line, and rows are read as by ours."""

import pytest

from models.errors import Refusal
from models.intake.debts import DebtRow, regua_reader
from models.intake.fields import ContactRefused, DamagedKey, Rejected
from models.intake.layout_map import LayoutMap, mapped_reader, read_map

MAP = """\
columns:
  tax_id: NR_DOC
  name: NOME
  inscription: NR_INSCR
  due: VENCTO
  amount: SALDO
  email: CORREIO
  situation: SIT
fixed:
  uf: AL
  tax: IPTU
situations:
  A: em cobrança
  P: em negociação
  Q: quitada
amounts: left
snapshot_of: iptu-maceio
"""
HEADER = ["Nr_Doc", "NOME", "LIXO", "NR_INSCR", "VENCTO", "SALDO", "CORREIO", "SIT"]
ROW = ["390.533.447-05", "Ana", "?", "7", "31/10/2026", "1.234,56", "", "A"]


def layout(text: str = MAP) -> LayoutMap:
    read = read_map(text)
    assert read.table, read.faults
    return read.table


def read(**changed: str) -> DebtRow:
    row = dict(zip(HEADER, ROW, strict=True)) | changed
    return mapped_reader(HEADER, layout()).read(list(row.values()))


def test_a_row_is_read_as_if_its_columns_had_our_names() -> None:
    ours = ["tax_id", "name", "uf", "tax", "inscription", "due", "amount"]
    plain = regua_reader(ours).read(["39053344705", "Ana", "AL", "IPTU", "7", "2026-10-31", "1234.56"])
    assert read() == plain
    assert (layout().snapshot_of, mapped_reader(HEADER, layout()).amounts) == ("iptu-maceio", "left")


@pytest.mark.parametrize(
    ("written", "hold", "ended"),
    [
        ("A", "", ""),
        ("p", "negotiation", ""),
        ("Q", "", "payment"),
        ("Garantia", "guarantee", ""),
        ("Z", "unknown_situation", ""),
    ],
)
def test_situations_are_translated(written: str, hold: str, ended: str) -> None:
    assert (read(SIT=written).ground, read(SIT=written).ended) == (hold, ended)


def test_what_is_wrong_is_said_by_the_column_that_the_authority_knows() -> None:
    with pytest.raises(Rejected, match=r"^VENCTO \(due\) is a day that doesn't exist$"):
        read(VENCTO="31/02/2026")
    with pytest.raises(Rejected, match="has 9 columns, the header 8"):
        mapped_reader(HEADER, layout()).read([*ROW, "x"])
    with pytest.raises(DamagedKey, match=r"NR_INSCR \(inscription\)"):
        read(NR_INSCR="2,26E+12")
    with pytest.raises(ContactRefused, match="email is not"):
        read(CORREIO="ana")


def test_a_row_that_can_not_be_taken_still_names_its_debt() -> None:
    about = mapped_reader(HEADER, layout()).about
    assert about(list(ROW)) == (("IPTU",), ("7",))
    shifted = about([*ROW[:1], "Ana", "Maria", *ROW[2:]])
    assert "IPTU" in shifted.taxes
    assert "7" in shifted.inscription_keys


def test_a_column_that_the_file_has_not_is_refused() -> None:
    with pytest.raises(Refusal, match="the header lacks SALDO, which the map names for amount"):
        mapped_reader([name for name in HEADER if name != "SALDO"], layout())


@pytest.mark.parametrize(
    ("changed", "line", "what"),
    [
        (("tax_id: NR_DOC", "taxid: NR_DOC"), 2, "is no column of ours"),
        (("  amount: SALDO\n", ""), 1, "lacks amount"),
        (("  uf: AL", "  due: '2026-10-31'"), 10, "has a column already"),
        (("name: NOME", "name: NR_DOC"), 2, "is NR_DOC, and so is another"),
        (("P: em negociação", "P: paga em parte"), 14, "is no situation known here"),
        (("amounts: left", "amounts: some"), 16, "Input should be 'left' or 'lodged'"),
        (("amounts: left", "amount: left"), 16, "is an unknown key"),
        (("columns:", "columns: ["), 3, "is not YAML"),
    ],
)
def test_each_fault_of_a_map_is_told_at_its_line(changed: tuple[str, str], line: int, what: str) -> None:
    read = read_map(MAP.replace(*changed))
    assert read.table is None
    assert [fault.line for fault in read.faults if what in fault.what][:1] == [line], read.faults
