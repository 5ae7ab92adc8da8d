"""Promises as people write them, told apart from what is none."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contact.promised import promise_in

WEDNESDAY = date(2026, 3, 4)

PROMISES = {
    "prometo pagar dia 10": (None, date(2026, 3, 10)),
    "Prometo pagar no dia 10!!": (None, date(2026, 3, 10)),
    "sexta": (None, date(2026, 3, 6)),
    "Sexta-feira 👍": (None, date(2026, 3, 6)),
    "sexta q vem pago": (None, date(2026, 3, 6)),
    "na próxima segunda": (None, date(2026, 3, 9)),
    "quarta": (None, date(2026, 3, 11)),
    "amanhã": (None, date(2026, 3, 5)),
    "amanha pago": (None, date(2026, 3, 5)),
    "depois de amanhã eu pago": (None, date(2026, 3, 6)),
    "prometo pagar hoje": (None, WEDNESDAY),
    "R$ 200 dia 5": (Decimal("200.00"), date(2026, 3, 5)),
    "R$200,50 dia 5": (Decimal("200.50"), date(2026, 3, 5)),
    "pago 1.200 sexta": (Decimal("1200.00"), date(2026, 3, 6)),
    "pago 1.234,56 na sexta": (Decimal("1234.56"), date(2026, 3, 6)),
    "vou pagar 300 reais dia 12": (Decimal("300.00"), date(2026, 3, 12)),
    "dia 2": (None, date(2026, 4, 2)),
    "dia 4": (None, WEDNESDAY),
    "dia 10 do mês que vem pago": (None, date(2026, 4, 10)),
    "pago 10/03": (None, date(2026, 3, 10)),
    "pago em 10/03/2026": (None, date(2026, 3, 10)),
    "10/3/26 pago": (None, date(2026, 3, 10)),
    "pago dia 10/03": (None, date(2026, 3, 10)),
    "pago 12 de março": (None, date(2026, 3, 12)),
    "pago 10 de janeiro": (None, date(2027, 1, 10)),
    "faço o pix em 5 dias": (None, date(2026, 3, 9)),
    "manda o boleto que eu pago sexta": (None, date(2026, 3, 6)),
    "100 amanhã": (Decimal("100.00"), date(2026, 3, 5)),
}

NONE = (
    "prometo pagar",
    "vou pagar",
    "pagar hoje",
    "quero pagar hoje",
    "pago dia 5 ou dia 10",
    "sexta ou segunda",
    "não pago sexta",
    "não vou pagar dia 10",
    "se eu receber pago sexta",
    "acho que pago sexta",
    "posso pagar sexta?",
    "pago metade dia 10",
    "pago 50% sexta",
    "pago em 3 vezes dia 10",
    "pago 200 ou 300 sexta",
    "2 mil sexta",
    "estive aí na sexta",
    "R$ 0 sexta",
    "R$ 200",
    "10",
    "bom dia",
    "",
)


@pytest.mark.parametrize("written", PROMISES)
def test_a_promise_is_understood(written: str) -> None:
    amount, day = PROMISES[written]
    said = promise_in(written)
    assert said
    assert (said.amount, said.day(WEDNESDAY)) == (amount, day)


@pytest.mark.parametrize("written", NONE)
def test_what_names_no_day_or_more_than_one_is_none(written: str) -> None:
    assert promise_in(written) is None


@pytest.mark.parametrize("written", ["dia 31", "pago 31/02", "pago 30 de fevereiro", "pago dia 0", "pago 5/13"])
def test_a_day_that_does_not_exist_is_none(written: str) -> None:
    said = promise_in(written)
    assert said is None or said.day(date(2026, 4, 2)) is None


def test_a_day_s_number_is_of_this_month_until_it_is_over() -> None:
    said = promise_in("dia 10")
    assert said
    assert said.day(date(2026, 3, 10)) == date(2026, 3, 10)
    assert said.day(date(2026, 3, 11)) == date(2026, 4, 10)
    assert said.day(date(2026, 12, 11)) == date(2027, 1, 10)


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.sampled_from(("segunda", "sexta", "domingo")))
def test_a_weekday_is_the_next_one(today: date, named: str) -> None:
    said = promise_in(named)
    assert said
    day = said.day(today)
    assert day is not None
    assert timedelta(0) < day - today <= timedelta(7)
    assert day.weekday() == {"segunda": 0, "sexta": 4, "domingo": 6}[named]


@given(st.text(), st.dates(date(2020, 1, 1), date(9000, 1, 1)))
def test_whatever_is_written_it_is_read(written: str, today: date) -> None:
    if said := promise_in(written):
        said.day(today)
        assert said.amount is None or said.amount > 0
