import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contact.phone import e164


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("(82) 99999-1234", "+5582999991234"),
        ("82999991234", "+5582999991234"),
        ("+55 82 99999 1234", "+5582999991234"),
        ("082 99999-1234", "+5582999991234"),
        ("0 15 82 99999-1234", "+5582999991234"),
        ("(82) 3315-0000", "+558233150000"),
        ("0800 284 1060", "+558002841060"),
        ("+351 912 345 678", "+351912345678"),
    ],
)
def test_reads(written: str, number: str) -> None:
    assert e164(written) == number


@pytest.mark.parametrize(
    "written",
    ["", "0", "190", "99999-4321", "82 8888-7777", "00 99999-1234", "+55 82 99999-1234567", "82 3315-0000 x12", "ana"],
)
def test_refuses_without_repeating_the_number(written: str) -> None:
    with pytest.raises(ValueError, match="is ") as refused:
        e164(written)
    assert len(written) < 6 or written not in str(refused.value)


@given(st.text() | st.from_regex(r"[0-9()+. -]{6,24}", fullmatch=True))
def test_what_is_read_reads_the_same_again(written: str) -> None:
    try:
        number = e164(written)
    except ValueError:
        return
    assert number.removeprefix("+").isascii()
    assert number.removeprefix("+").isdecimal()
    assert e164(number) == number
