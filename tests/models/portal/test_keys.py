"""Keys as people type them: check digits by published numbers and by another hand's arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from models.portal.keys import KINDS, WrongKey, read_key


@pytest.mark.parametrize(
    ("kind", "written", "spellings"),
    [
        ("plate", "abc-1234", ("ABC1234", "ABC1C34")),
        ("plate", "ABC1C34", ("ABC1C34", "ABC1234")),
        ("plate", "xyz 9j99", ("XYZ9J99", "XYZ9999")),
        # by hand: 6·9 + 3·8 + 9·7 + 8·6 + 8·5 + 4·4 + 9·3 + 6·2 = 284; 2840 = 258 · 11 + 2
        ("renavam", "63988496-2", ("00639884962", "639884962")),
        ("renavam", "00639884962", ("00639884962", "639884962")),
        # 0001327 2018826 0158 00 leaves 34 of 97, and 98 − 34 = 64
        ("process", "0001327-64.2018.8.26.0158", ("00013276420188260158",)),
        ("process", "6017.2024/0001234-5", ("6017202400012345",)),
        ("cnpj", "11.222.333/0001-81", ("11222333000181",)),
        ("cnpj", "12.abc.345/01de-35", ("12ABC34501DE35",)),
        ("sql", "001.002.0003-4", ("00100200034",)),
        ("fine", " ai 77/2024-é ", ("AI772024E",)),
    ],
)
def test_a_key_is_read_however_it_is_written(kind: str, written: str, spellings: tuple[str, ...]) -> None:
    assert read_key(kind, written) == spellings


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("plate", "AB12345"),
        ("plate", "ABC1K34"),
        ("plate", "ABC12345"),
        ("renavam", "63988496-3"),
        ("renavam", "639884962000"),
        ("renavam", "6398x4962"),
        ("process", "0001327-65.2018.8.26.0158"),
        ("cnpj", "11.222.333/0001-82"),
        ("cnpj", "111.444.777-35"),
        ("sql", "---"),
        ("sql", ""),
        ("sql", "1" * 41),
        ("inscription", "\x00\x01"),
    ],
)
def test_what_can_be_no_such_key_is_told_so_without_its_text(kind: str, written: str) -> None:
    with pytest.raises(WrongKey) as refused:
        read_key(kind, written)
    assert written.strip() == "" or written not in str(refused.value)


@given(st.text("0123456789", min_size=18, max_size=18))
def test_one_pair_of_check_digits_makes_a_suits_number(rest: str) -> None:
    right = mod_97_10.calc_check_digits(rest)
    numbers = [f"{rest[:7]}{pair:02}{rest[7:]}" for pair in range(2, 99)]
    taken = [number for number in numbers if _is_taken(number)]
    assert taken == [f"{rest[:7]}{right}{rest[7:]}"]


def _is_taken(number: str) -> bool:
    try:
        read_key("process", number)
    except WrongKey:
        return False
    return True


@given(st.sampled_from(KINDS), st.text(max_size=60))
def test_anything_typed_is_a_key_or_wrong(kind: str, written: str) -> None:
    try:
        spellings = read_key(kind, written)
    except WrongKey:
        return
    assert all(spelling.isascii() and spelling.isalnum() for spelling in spellings)
