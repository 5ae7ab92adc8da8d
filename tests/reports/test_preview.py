"""The preview: every message of every rung, as it will be sent, and what it costs."""

import re
from datetime import date
from decimal import Decimal

import pytest

from channels.template_check import SAMPLE_LINK
from models.ruler.schema import Ruler
from models.words import CHANNELS
from reports.preview import Shown, page, price, shown_rungs
from storage.amounts.prices import prices_of
from tests.builders import ICMS, REGISTERED, SHIPPED_WORDS, shipped
from tests.html import Opened

ON = date(2026, 11, 23)


def shown(ruler: Ruler) -> list[Shown]:
    return [message for rung in shown_rungs(ruler, prices_of(ruler), SHIPPED_WORDS, ON) for message in rung.messages]


def with_fallbacks(name: str) -> Ruler:
    return shipped(name).model_copy(update={"fallback": {"email": ("whatsapp", "messenger"), "sms": ("voice",)}})


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_every_rung_shows_each_way_its_notices_may_leave(name: str) -> None:
    ruler = with_fallbacks(name)
    rungs = list(shown_rungs(ruler, prices_of(ruler), SHIPPED_WORDS, ON))
    assert [(rung.row, rung.rung) for rung in rungs] == [(row, rung) for row, _, rung in ruler.cells()]
    for rung in rungs:
        assert [each.channel for each in rung.messages if each.instead_of is None] == list(rung.rung.channels)
        assert {each.channel for each in rung.messages if each.instead_of == "email"} == {"whatsapp", "messenger"}


def test_a_rung_costs_what_its_channels_cost_and_no_fallback() -> None:
    rungs = list(shown_rungs(with_fallbacks(ICMS), prices_of(shipped(ICMS)), SHIPPED_WORDS, ON))
    assert rungs[0].cost == Decimal("0.0050")
    last = next(rung for rung in rungs if rung.rung.channels == ("email", "sms"))
    assert last.cost == Decimal("0.1650"), "an e-mail, and an SMS whose mark as an example makes it two segments"


def test_a_second_segment_is_paid_for_and_a_third_is_marked() -> None:
    long = shipped(REGISTERED).model_copy(update={"authority": "Procuradoria do Município " * 3})
    longer = shipped(REGISTERED).model_copy(update={"authority": "Procuradoria do Município " * 12})
    [two, *_] = [each for each in shown(long) if each.channel == "sms"]
    [three, *_] = [each for each in shown(longer) if each.channel == "sms"]
    assert two.sms is not None
    assert (two.sms.segments, two.cost, two.too_long) == (2, Decimal("0.1600"), False)
    assert three.too_long
    assert "Mais de 2 segmentos" in page(longer, prices_of(longer), SHIPPED_WORDS, ON)
    assert "Mais de 2 segmentos" not in page(long, prices_of(long), SHIPPED_WORDS, ON)


@pytest.mark.parametrize("name", [ICMS, REGISTERED])
def test_the_page_holds_every_message_and_needs_nothing_else(name: str) -> None:
    ruler = with_fallbacks(name)
    html = page(ruler, prices_of(ruler), SHIPPED_WORDS, ON)
    opened = Opened(html)
    assert opened.stack == []
    assert opened.fetched == []
    assert "script" not in opened.tags
    assert not re.search(r"@import|url\(", html)
    assert set(opened.links) == {SAMPLE_LINK, ruler.contact.site}
    text = " ".join(opened.text.split())
    for each in shown(ruler):
        lines = [line.removeprefix("- ") for line in each.message.body.splitlines()]
        assert all(" ".join(line.split()) in text for line in lines)
        assert CHANNELS[each.channel] in text
        assert price(each.cost) in text


def test_what_a_ruler_says_of_itself_is_no_markup() -> None:
    evil = "<script>alert(1)</script>"
    ruler = shipped(ICMS).model_copy(update={"authority": evil, "title": evil})
    assert "<script" not in page(ruler, prices_of(ruler), SHIPPED_WORDS, ON)
