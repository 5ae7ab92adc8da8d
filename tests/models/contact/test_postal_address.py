"""Postal addresses as sources write them, and the codes of letters' receipts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import damm

from models.contact.contacts import Contacts
from models.contact.postal_address import PostalAddress, postal_address
from models.contact.receipt_code import number_of, receipt_code
from models.errors import Refusal


@pytest.mark.parametrize(
    ("written", "street", "city", "state", "postcode"),
    [
        ("Rua do Sol, 12, Centro, Maceió/AL, 57020-000", "Rua do Sol, 12, Centro", "Maceió", "AL", "57020-000"),
        (
            "Av. Fernandes Lima 1000 - Farol - Maceió - AL - CEP 57.055-000",
            "Av. Fernandes Lima 1000 - Farol",
            "Maceió",
            "AL",
            "57055-000",
        ),
        ("57055000 Rua X, 3, ap 2 – Pindamonhangaba – SP", "Rua X, 3, ap 2", "Pindamonhangaba", "SP", "57055-000"),
        ("R. B, 2, Belo Horizonte-MG\n30100-000", "R. B, 2", "Belo Horizonte", "MG", "30100-000"),
        ("Sítio Boa Vista s/n, CEP 57020-000", "Sítio Boa Vista s/n", "", "", "57020-000"),
        ("Rua A, 1, Centro, XX, 57020-000", "Rua A, 1, Centro, XX", "", "", "57020-000"),
    ],
)
def test_an_address_is_read(written: str, street: str, city: str, state: str, postcode: str) -> None:
    assert postal_address(written) == PostalAddress(street, city, state, postcode)


@pytest.mark.parametrize("written", ["Rua A, 1", "57020-000", "Rua A, 57020-000 e 57020-001", "Rua A, 570200000", ""])
def test_where_no_letter_finds_is_no_address(written: str) -> None:
    with pytest.raises(ValueError, match="CEP"):
        postal_address(written)
    assert Contacts(addresses={"address": written}).address("letter") is None


def test_an_address_has_two_lines_on_an_envelope() -> None:
    assert postal_address("Rua do Sol, 12, Maceió/AL, 57020-000").lines == ("Rua do Sol, 12", "57020-000 Maceió/AL")
    assert postal_address("Sítio s/n, 57020-000").lines == ("Sítio s/n", "57020-000")


@given(st.integers(0, 10**9 - 1))
def test_a_code_is_read_as_it_is_written(number: int) -> None:
    code = receipt_code(number)
    assert damm.is_valid(code[2:])
    assert number_of(f" {code[:4].lower()} {code[4:8]}-{code[8:]}") == number


@given(st.integers(0, 10**9 - 1), st.integers(2, 11), st.integers(1, 9))
def test_one_digit_misread_is_no_code(number: int, place: int, by: int) -> None:
    code = receipt_code(number)
    wrong = f"{code[:place]}{(int(code[place]) + by) % 10}{code[place + 1 :]}"
    with pytest.raises(Refusal, match="was misread"):
        number_of(wrong)


@pytest.mark.parametrize("written", ["", "AR123", "BR0000001234", "AR00000012345", "AR٠٠٠٠٠٠١٢٣٤"])
def test_what_is_no_code_is_refused(written: str) -> None:
    with pytest.raises(Refusal, match="AR and ten digits"):
        number_of(written)
