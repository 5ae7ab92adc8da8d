"""The typeface stays a family whichever documents are loaded, in whatever order."""

import importlib
from itertools import permutations

import pytest
from reportlab.lib.fonts import tt2ps

DOCUMENTS = ("reports.document_pdf", "channels.letter_pdf", "banks.slip_pdf")


@pytest.mark.parametrize("order", permutations(DOCUMENTS))
def test_bold_words_stay_bold(order: tuple[str, ...]) -> None:
    for name in order:
        importlib.reload(importlib.import_module(name))
    assert (tt2ps("vera", 1, 0), tt2ps("vera", 0, 0)) == ("VeraBd", "Vera")
