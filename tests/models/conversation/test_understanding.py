"""Answers as people write them: menus, numbers, days and keys."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.conversation.flow import Kind, Option
from models.conversation.understanding import chosen, day_in, number_in, read_answer

OPTIONS = (
    Option(title="Pagar", words=("pix", "boleto", "segunda via"), to="a"),
    Option(title="Já paguei", words=("comprovante", "quitei"), to="b"),
    Option(title="Falar com atendente", words=("atendente", "pessoa"), to="c"),
)
MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("written", "to"),
    [
        ("1", "a"),
        (" opção 2 ", "b"),
        ("dois", "b"),
        ("quero a terceira", "c"),
        ("PAGAR", "a"),
        ("quero pagar por favor", "a"),
        ("ja paguei", "b"),
        ("Já paguéi!", "b"),
        ("pagr", "a"),
        ("atendnte", "c"),
        ("me manda o bolteo", "a"),
        ("quero a segunda via", "a"),
        ("comprovamte", "b"),
    ],
)
def test_an_item_is_chosen_as_people_write(written: str, to: str) -> None:
    option = chosen(OPTIONS, written)
    assert option is not None
    assert option.to == to


@pytest.mark.parametrize("written", ["", "4", "0", "99", "banana", "sim", "pix ou atendente", "😀" * 4096, "p", "1 2"])
def test_what_is_no_item_or_two_is_none(written: str) -> None:
    assert chosen(OPTIONS, written) is None


@pytest.mark.parametrize(
    ("said", "number"),
    [("10", 10), ("DEZ", 10), ("VINTE E TRES", 23), ("SEIS", 6), ("MEIA", 6), ("NOVENTA E NOVE", 99), ("DIA 5", 5)],
)
def test_numbers_are_read_in_words(said: str, number: int) -> None:
    assert number_in(said) == number


@pytest.mark.parametrize("said", ["", "DEZ DEZ", "VINTE DEZ", "1 2", "NADA", "1" * 10, "TRINTA E QUARENTA"])
def test_what_is_no_number_is_none(said: str) -> None:
    assert number_in(said) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("hoje", date(2026, 11, 30)),
        ("amanhã", date(2026, 12, 1)),
        ("depois de amanhã", date(2026, 12, 2)),
        ("sexta", date(2026, 12, 4)),
        ("sexta-feira", date(2026, 12, 4)),
        ("segunda que vem", date(2026, 12, 7)),
        ("terça", date(2026, 12, 1)),
        ("dia 10", date(2026, 12, 10)),
        ("dia dez", date(2026, 12, 10)),
        ("30", date(2026, 11, 30)),
        ("dia 31", date(2026, 12, 31)),
        ("10/12", date(2026, 12, 10)),
        ("10 de dezembro", date(2026, 12, 10)),
        ("5/1", date(2027, 1, 5)),
        ("10/12/2026", date(2026, 12, 10)),
    ],
)
def test_days_are_read_as_people_say_them(written: str, day: date) -> None:
    assert read_answer("date", written, MONDAY) == day.isoformat()


@pytest.mark.parametrize(
    "written", ["", "ontem", "32", "31/02", "10/13", "10/11/2026", "dia", "10/12/26", "0", "x" * 5000]
)
def test_what_is_no_day_ahead_is_none(written: str) -> None:
    assert read_answer("date", written, MONDAY) is None


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("plate", "abc-1d23", "ABC1D23"),
        ("plate", "moto", None),
        ("renavam", "639884962", "00639884962"),
        ("renavam", "12345678901", None),
        ("tax_id", "111.444.777-35", "11144477735"),
        ("tax_id", "11144477736", None),
        ("digits", "12.34-5", "12345"),
        ("digits", "doze", None),
        ("number", "três", "3"),
        ("text", "  bom dia ", "bom dia"),
    ],
)
def test_keys_are_held_to_their_digits(kind: Kind, written: str, kept: str | None) -> None:
    assert read_answer(kind, written, MONDAY) == kept


@pytest.mark.hypothesis
@given(st.text(max_size=400), st.sampled_from(["digits", "number", "date", "tax_id", "plate", "renavam", "text"]))
def test_nothing_that_anybody_writes_is_a_fault(written: str, kind: Kind) -> None:
    answer = read_answer(kind, written, MONDAY)
    assert answer is None or answer.strip()
    assert chosen(OPTIONS, written) in (None, *OPTIONS)


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(1, 31))
def test_a_day_of_the_month_is_the_next_one(today: date, number: int) -> None:
    found = day_in(f"DIA {number}", today)
    assert found is not None
    assert found.day == number
    assert 0 <= (found - today).days <= 61
