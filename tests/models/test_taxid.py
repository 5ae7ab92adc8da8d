import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj, cpf

from models.taxid import cnpj_check_digits, cpf_check_digits, formatted, mask, read_number, read_tax_id

CNPJ_BASES = st.from_regex(r"[0-9A-Z]{8}[0-9]{4}", fullmatch=True).filter(lambda base: base.strip("0"))
CPF_BASES = st.from_regex(r"[0-9]{9}", fullmatch=True).filter(lambda base: len(set(base)) > 1)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("11.222.333/0001-81", "11222333000181"),
        ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12abc34501de35", "12ABC34501DE35"),
        ("390.533.447-05", "39053344705"),
        ("XXX735.623XX", "XXX735623XX"),
        ("***.735.623-**", "XXX735623XX"),
    ],
)
def test_reads(written: str, number: str) -> None:
    assert read_number(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "0",
        "04.071.544/0001-04",
        "4.071.544/0001-03",
        "390.533.447-06",
        "111.111.111-11",
        "00.000.000/0000-00",
        "12.ABC.345/01DE-3A",
        "XXX735.62XXX",
        "٣٩٠.٥٣٣.٤٤٧-٠٥",
    ],
)
def test_refuses_without_repeating_the_number(written: str) -> None:
    with pytest.raises(ValueError, match="is n") as refused:
        read_number(written)
    assert not written or written not in str(refused.value)


@given(CNPJ_BASES)
def test_cnpj_agrees_with_stdnum(base: str) -> None:
    number = base + cnpj_check_digits(base)
    assert read_number(cnpj.format(number)) == cnpj.validate(number) == number
    assert formatted(number) == cnpj.format(number)
    assert read_tax_id(number).is_company


@given(CPF_BASES)
def test_cpf_agrees_with_stdnum(base: str) -> None:
    number = base + cpf_check_digits(base)
    assert read_number(cpf.format(number)) == cpf.validate(number) == number
    assert formatted(number) == cpf.format(number)
    assert not read_tax_id(number).is_company


@given(st.text() | st.from_regex(r"[0-9A-Z./ -]{10,20}", fullmatch=True))
def test_what_stdnum_refuses_is_refused(text: str) -> None:
    try:
        number = read_number(text)
    except ValueError:
        return
    assert number.startswith("XXX") or cnpj.is_valid(number) or cpf.is_valid(number)


def test_a_masked_cpf_is_a_person_only_together_with_the_name() -> None:
    ana, other = read_tax_id("XXX735.623XX", " Ana  da Silva"), read_tax_id("XXX735.623XX", "RUI")
    assert ana.key == read_tax_id("***735623**", "ANA DA SILVA ").key != other.key
    assert read_tax_id("390.533.447-05", "Ana").key == read_tax_id("39053344705", "Rui").key


def test_masks() -> None:
    assert mask("12345678000195") == "**.***.678/0001-**"
    assert mask("39053344705") == "***.533.447-**"
    assert mask("XXX735623XX") == formatted("XXX735623XX") == "***.735.623-**"
