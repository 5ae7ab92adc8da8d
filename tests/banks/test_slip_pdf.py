"""A slip as a PDF, read as its payer and a bank's reader of bars do."""

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

from pypdf import PdfReader

from banks.slip_pdf import slip_pdf
from models.payment.barcode import slip_barcode
from tests.models.payment.slip_examples import SLIP


def words(page: bytes) -> str:
    [only] = PdfReader(BytesIO(page)).pages
    return only.extract_text()


def test_it_says_what_a_payer_and_a_teller_need() -> None:
    said = words(slip_pdf(SLIP))
    for each in (
        "341-7",
        "34191.09008 00015.710296 30132.800001 9 43950000002980",
        "10/04/2026",
        "R$ 29,80",
        "109/00000157-1",
        "Município de Exemplo · CNPJ 12345678000195",
        "José da Conceição",
        "IPTU 2025",
        "00000007",
    ):
        assert said.count(each) == 2, each


def test_the_payer_s_number_is_masked() -> None:
    assert SLIP.payer_tax_id not in words(slip_pdf(SLIP))


def test_a_collection_slip_has_its_line_in_four_blocks() -> None:
    code = slip_barcode(42, SLIP.amount, "1234")
    said = words(slip_pdf(replace(SLIP, at_bank=None, barcode=code.digits)))
    typed = code.typed
    assert f"{typed[:11]}-{typed[11]} {typed[12:23]}-{typed[23]}" in said
    assert "Nosso número" not in said


def test_the_same_slip_is_the_same_bytes() -> None:
    assert slip_pdf(SLIP) == slip_pdf(SLIP)


NARROW_WIDE = ["nnwwn", "wnnnw", "nwnnw", "wwnnn", "nnwnw", "wnwnn", "nwwnn", "nnnww", "wnnwn", "nwnwn"]
"""Interleaved 2 of 5: the five bars, or gaps, of each digit."""


def test_the_bars_are_the_44_digits() -> None:
    [page] = PdfReader(BytesIO(slip_pdf(SLIP))).pages
    tokens = page.get_contents().get_data().decode("latin-1").split()  # type: ignore[union-attr]
    drawn = [
        (float(tokens[at - 4]), float(tokens[at - 2]), float(tokens[at - 1]))
        for at, token in enumerate(tokens)
        if token == "re"
    ]
    tallest = max(height for _, _, height in drawn)
    bars = sorted((x, width) for x, width, height in drawn if height == tallest)
    narrow = min(width for _, width in bars)
    gaps = [right[0] - left[0] - left[1] for left, right in pairwise(bars)]
    widths = [size for pair in zip((width for _, width in bars), [*gaps, 0.0], strict=True) for size in pair]
    sizes = ["w" if size > 2 * narrow else "n" for size in widths]
    between = sizes[4:-4]
    digits = ""
    for at in range(0, len(between), 10):
        pair = between[at : at + 10]
        digits += "".join(str(NARROW_WIDE.index("".join(pair[start::2]))) for start in (0, 1))
    assert digits == SLIP.barcode
