"""The page of the status says what `status` says, in the words of those who read it, and names nobody."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from models.roles import Role
from tests.delivery_world import DeliveryWorld
from tests.web.console.console_world import browser, signed_in_as
from web.background.vitals import GAUGES
from web.console.status import FIGURES, lasting


def rows(page: str) -> dict[str, str]:
    """The values that the page shows, by their titles."""
    cells = re.findall(r'<tr><td data-name="O quê">(.*?)</td><td data-name="Agora">(.*?)</td>', page)
    return {html.unescape(what): html.unescape(re.sub("<[^>]+>", "", now)) for what, now in cells}


async def test_it_says_what_is_wrong_first_and_the_rest_after_it(engine: Engine) -> None:
    world = DeliveryWorld(engine)
    world.case(world.taxpayer())
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO quarantined_items (digest, sealed, reason, arrived_at, last_arrived_at)
                VALUES ('\\x01', '\\x01', 'no amount', now(), now())
            """)
        )
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        shown = await http.get("/console/status")
    said = rows(shown.text)
    assert shown.status_code == 200
    assert list(said)[:2] == ["Temporal responde", "Avisos de pagamento ilegíveis"]
    assert said["Temporal responde"] == "não — atenção"
    assert said["Avisos de pagamento ilegíveis"] == "1 — atenção"
    assert said["Tarefas fora do prazo"] == "0"
    assert said["Última importação de contribuintes e débitos, há"] == "nunca"
    assert "Padaria" not in shown.text


async def test_who_is_not_signed_in_is_led_to_the_sign_in(engine: Engine) -> None:
    async with browser(engine) as http:
        answer = await http.get("/console/status")
    assert (answer.status_code, "sign-in" in answer.headers["location"]) == (303, True)


def test_each_measured_figure_is_told() -> None:
    assert GAUGES.keys() <= FIGURES.keys()


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7_200, "2 h 0 min"), (90_000, "1 d 1 h")]
)
def test_a_stretch_of_time_is_told_by_its_two_largest_units(seconds: int, said: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == said
