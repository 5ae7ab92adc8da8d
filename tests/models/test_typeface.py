"""The typeface stays a family whichever documents are loaded, in whatever order."""

import subprocess
import sys
from itertools import permutations

import pytest

DOCUMENTS = ("reports.document_pdf", "channels.letter_pdf", "banks.slip_pdf")


@pytest.mark.parametrize("order", permutations(DOCUMENTS))
def test_bold_words_stay_bold(order: tuple[str, ...]) -> None:
    asked = f"import {', '.join(order)}; from reportlab.lib.fonts import tt2ps; print(tt2ps('vera', 1, 0))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "VeraBd\n"
