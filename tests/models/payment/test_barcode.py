"""The collection barcode, against the vectors of the standard and of real slips."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.payment.barcode import (
    NoBarcode,
    modulus_10,
    modulus_11,
    our_number,
    read_barcode,
    read_typed,
    slip_barcode,
    slip_of_our_number,
)

REAL = "82210000215048200974123220154098290108605940"

slip_numbers = st.integers(1, 10**13 - 1)
values = st.decimals("0.01", "999999999.99", places=2)


def test_the_standards_own_check_digits() -> None:
    assert (modulus_10("01230067896"), modulus_11("01230067896")) == ("3", "0")


def test_a_real_slip_of_a_kind_outside_the_standard_is_checked_by_modulus_10() -> None:
    barcode = read_barcode(REAL)
    assert (barcode.kind_is_standard, barcode.segment, barcode.value) == (False, "2", Decimal("21504.82"))
    assert barcode.slip_number is None


@given(slip_numbers, values, st.sampled_from("6789"))
def test_a_slip_of_ours_says_which_debt_it_is_for(slip_number: int, value: Decimal, kind: str) -> None:
    barcode = slip_barcode(slip_number, value, "1234", kind=kind)
    assert (barcode.slip_number, barcode.value, barcode.kind_is_standard) == (slip_number, value, True)
    assert read_barcode(barcode.digits) == barcode == read_typed(barcode.typed)
    assert len(barcode.typed) == 48


@given(slip_numbers, values, st.integers(0, 43), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(slip_number: int, value: Decimal, place: int, more: int) -> None:
    digits = slip_barcode(slip_number, value, "1234", kind="6").digits
    if place == 2:
        return
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    with pytest.raises(NoBarcode):
        read_barcode(wrong)


@pytest.mark.parametrize(
    ("digits", "reason"),
    [
        (REAL[:-1], "43 digits"),
        (REAL[:20] + "AB" + REAL[22:], "alphanumeric CNPJ"),
        (REAL[:20] + "²" + REAL[21:], "alphanumeric CNPJ"),
        ("0" + REAL[1:], "another digit than 8"),
        (REAL[:3] + "2" + REAL[4:], "check digit"),
        ("", "0 digits"),
    ],
)
def test_what_is_none_is_refused(digits: str, reason: str) -> None:
    with pytest.raises(NoBarcode, match=reason):
        read_barcode(digits)


def test_the_typed_line_is_verified_block_by_block() -> None:
    typed = read_barcode(REAL).typed
    assert read_typed(f"{typed[:12]} {typed[12:24]}-{typed[24:]}").digits == REAL
    with pytest.raises(NoBarcode, match="block 2"):
        read_typed(typed[:12] + str((int(typed[12]) + 1) % 10) + typed[13:])
    with pytest.raises(NoBarcode, match="48 digits"):
        read_typed(typed[:-1])


@pytest.mark.parametrize("value", ["0.00", "-1.00", "1000000000.00"])
def test_what_a_barcode_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(Refusal):
        slip_barcode(1, Decimal(value), "1234")


@given(slip_numbers)
def test_our_number_survives_a_banks_padding(slip_number: int) -> None:
    written = our_number(slip_number)
    assert slip_of_our_number(f"000{written}  ") == slip_number


@given(st.text(max_size=20))
def test_other_numbers_are_nobodys(written: str) -> None:
    if "7348" not in written:
        assert slip_of_our_number(written) is None
