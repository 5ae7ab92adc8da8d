"""SMS as it is billed: in which alphabet a text is sent, and in how many segments (3GPP TS 23.038 and TS 23.040)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM-7's characters of one septet each."""
EXTENSION = frozenset("^{}\\[~]|€\f")
"""GSM-7's characters of two septets each: an escape, and the character."""
GSM7 = BASIC | EXTENSION

LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("‘’‚′`´", "'"),
        **dict.fromkeys("“”„″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("•·∙", "*"),
        "\t": " ",
        "⁄": "/",
        "×": "x",
    }
)
"""The characters that Unicode doesn't know to be written otherwise."""


@dataclass(frozen=True)
class Measured:
    encoding: Literal["gsm7", "ucs2"]
    units: int
    """Septets of GSM-7, or 16-bit units of UCS-2."""
    segments: int
    """The units that are paid for."""


def measure(text: str) -> Measured:
    """The alphabet and number of segments of a text. One character outside GSM-7 makes the whole text UCS-2."""
    if GSM7.issuperset(text):
        widths = [2 if character in EXTENSION else 1 for character in text]
        return Measured("gsm7", sum(widths), _segments(widths, alone=160, joined=153))
    widths = [2 if character > "\uffff" else 1 for character in text]
    return Measured("ucs2", sum(widths), _segments(widths, alone=70, joined=67))


def _segments(widths: Iterable[int], alone: int, joined: int) -> int:
    """The number of segments. Joined ones lose room to a header, and no character is split between two of them."""
    widths = list(widths)
    if sum(widths) <= alone:
        return 1
    segments, left = 1, joined
    for width in widths:
        if width > left:
            segments, left = segments + 1, joined
        left -= width
    return segments


def transliterate(text: str) -> str:
    """The text in GSM-7. What that has stays (é, à, ñ, Ç, €), other letters lose their marks (ã, ç), the rest is
    `?`."""
    return "".join(map(_in_gsm7, unicodedata.normalize("NFC", text)))


def _in_gsm7(character: str) -> str:
    if character in GSM7:
        return character
    plain = unicodedata.normalize("NFKD", character.translate(LOOKALIKES)).translate(LOOKALIKES)
    kept = "".join(c for c in plain if c in GSM7)
    # marks, joiners and controls have no letter to lose
    unseen = all(unicodedata.category(c)[0] in "MC" for c in plain)
    return kept or ("" if unseen else "?")
