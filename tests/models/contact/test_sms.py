import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.contact.sms import BASIC, EXTENSION, GSM7, Measured, measure, transliterate

GSM7_TEXT = st.text(st.sampled_from(sorted(GSM7)))
LAST_CALL = "Ultima chamada para a Anistia 2023, ate 23/06 com remissao de ate 90% nos juros e multas."


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("", Measured("gsm7", 0, 1)),
        (LAST_CALL, Measured("gsm7", 89, 1)),
        ("a" * 160, Measured("gsm7", 160, 1)),
        ("a" * 161, Measured("gsm7", 161, 2)),
        ("a" * 306, Measured("gsm7", 306, 2)),
        ("a" * 307, Measured("gsm7", 307, 3)),
        ("€" * 80, Measured("gsm7", 160, 1)),
        ("€" * 81, Measured("gsm7", 162, 2)),
        # the escape and its character stay together: one septet of the first segment is lost
        ("a" * 152 + "€" + "a" * 152, Measured("gsm7", 306, 3)),
        ("ã" * 70, Measured("ucs2", 70, 1)),
        ("ã" * 71, Measured("ucs2", 71, 2)),
        ("ã" * 134, Measured("ucs2", 134, 2)),
        ("ã" * 135, Measured("ucs2", 135, 3)),
        ("ã" + "a" * 70, Measured("ucs2", 71, 2)),
        ("😀" * 35, Measured("ucs2", 70, 1)),
        # and so do the halves of a surrogate pair
        ("😀" * 67, Measured("ucs2", 134, 3)),
    ],
)
def test_measures(text: str, measured: Measured) -> None:
    assert measure(text) == measured


def test_the_alphabet_is_the_standards() -> None:
    """128 septets, one of them the escape; ten more behind it."""
    assert (len(BASIC), len(EXTENSION), len(BASIC & EXTENSION)) == (127, 10, 0)


@given(st.text())
def test_segments_hold_what_they_are_given(text: str) -> None:
    measured = measure(text)
    alone, joined = (160, 153) if measured.encoding == "gsm7" else (70, 67)
    assert (measured.segments == 1) == (measured.units <= alone)
    if measured.segments > 1:
        # a double-width character may leave one unit of each segment empty
        assert math.ceil(measured.units / joined) <= measured.segments <= math.ceil(measured.units / (joined - 1))
    assert measured.units == (
        sum(2 if c in EXTENSION else 1 for c in text)
        if GSM7.issuperset(text)
        else len(text.encode("utf-16-be", "surrogatepass")) // 2
    )


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("remissão à vista, até amanhã", "remissao à vista, até amanha"),
        ("AÇÃO ação Ñ ñ ü", "AÇAO acao Ñ ñ ü"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "café"),
        ("“aspas” – ‘simples’…", "\"aspas\" - 'simples'..."),
        ("n.º 1ª 2² ½", "n.o 1a 22 1/2"),
        ("R$\N{NO-BREAK SPACE}10,00 ou €\N{NARROW NO-BREAK SPACE}2", "R$ 10,00 ou € 2"),
        ("a\tb\N{ZERO WIDTH SPACE}c\x00", "a bc"),
        ("pago 👍 債", "pago ? ?"),
    ],
)
def test_transliterates(text: str, sent: str) -> None:
    assert transliterate(text) == sent


@given(st.text() | st.text(st.characters(max_codepoint=0x2FF)))
@example("\N{OHM SIGN}\N{ANGSTROM SIGN}")
def test_a_transliterated_text_is_gsm7_for_good(text: str) -> None:
    sent = transliterate(text)
    assert measure(sent).encoding == "gsm7"
    assert transliterate(sent) == sent


@given(GSM7_TEXT)
def test_what_gsm7_has_stays(text: str) -> None:
    assert transliterate(text) == text


@given(st.text(st.sampled_from("áàâãçéêíóôõúüÁÀÂÃÇÉÊÍÓÔÕÚÜ")))
def test_no_letter_of_portuguese_is_lost(text: str) -> None:
    sent = transliterate(text)
    assert len(sent) == len(text)
    assert "?" not in sent
