"""BR Codes: the Central Bank's own examples, and that whatever we write is read back."""

import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Refusal
from models.payment.brcode import BrCode, Receiver, dynamic, qr_svg, read_brcode, static

FULANO = Receiver("Fulano de Tal", "BRASILIA")
KEY = "123e4567-e12b-12d1-a456-426655440000"
LOCATION = "pix.example.com/8b3da2f39a4140d1a91abd93113bd441"

# both from the Manual de Padrões para Iniciação do Pix
DYNAMIC = (
    "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd441"
    "5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4"
)
STATIC = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000"
    "5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)


def test_the_central_bank_s_dynamic_example() -> None:
    assert dynamic(LOCATION, FULANO) == DYNAMIC
    assert read_brcode(DYNAMIC) == BrCode(FULANO, location=LOCATION)


def test_the_central_bank_s_static_example() -> None:
    assert read_brcode(STATIC) == BrCode(FULANO, key=KEY)


def test_a_static_code_says_how_much_and_for_what() -> None:
    text = static(KEY, Receiver("Secretaria da Fazenda de São Paulo", "São José dos Campos"), Decimal("1232.7"), "RG01")
    assert "54071232.70" in text
    read = read_brcode(text)
    assert (read.amount, read.txid) == (Decimal("1232.70"), "RG01")
    assert read.receiver == Receiver("Secretaria da Fazenda de", "Sao Jose dos Ca")


@pytest.mark.parametrize(
    ("amount", "txid"),
    [("0", "A"), ("-1", "A"), ("1.001", "A"), ("10000000000", "A"), ("1", ""), ("1", "A" * 26), ("1", "a-b")],
)
def test_what_a_static_code_can_not_say(amount: str, txid: str) -> None:
    with pytest.raises(Refusal):
        static(KEY, FULANO, Decimal(amount), txid)


@pytest.mark.parametrize("location", ["", "pix.example.com/" + "a" * 62, "pix.example.com/ção"])
def test_what_is_no_location(location: str) -> None:
    with pytest.raises(Refusal):
        dynamic(location, FULANO)


names = st.builds(Receiver, st.text(), st.text())


@given(names, st.integers(1, 999_999_999_999), st.from_regex(r"\A[a-zA-Z0-9]{1,25}\Z"))
def test_what_is_written_is_read_back(receiver: Receiver, cents: int, txid: str) -> None:
    amount = Decimal(cents).scaleb(-2)
    read = read_brcode(static(KEY, receiver, amount, txid))
    assert (read.key, read.amount, read.txid) == (KEY, amount, txid)
    assert len(read.receiver.name) <= 25
    assert len(read.receiver.city) <= 15


@given(st.integers(0, len(STATIC) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_a_character_changed_is_noticed(at: int, other: str) -> None:
    damaged = STATIC[:at] + other + STATIC[at + 1 :]
    if damaged != STATIC:
        with pytest.raises(Refusal):
            read_brcode(damaged)


@given(st.text())
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        read_brcode(text)


@given(st.integers(0, len(STATIC) - 1))
def test_a_code_that_was_cut_is_refused(at: int) -> None:
    with pytest.raises(Refusal):
        read_brcode(STATIC[:at])


def test_the_qr_code_is_an_image_for_a_page() -> None:
    image = ET.fromstring(qr_svg(DYNAMIC))
    assert image.tag.endswith("svg")
    assert int(image.attrib["width"]) == int(image.attrib["height"]) > 100
