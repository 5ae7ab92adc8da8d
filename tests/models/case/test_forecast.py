"""The forecast is what the ruler's own plan says, times the cases that wait for it."""

from datetime import date, timedelta

import pytest

from models.case.forecast import Waiting, forecast
from models.case.plan import imagined_case, plan
from models.case.step import Action
from models.ruler.schema import Hypothesis
from tests.builders import ICMS, REGISTERED, calendar_of, shipped

START = date(2026, 11, 3)
YEARS = START + timedelta(days=1000)


@pytest.mark.parametrize(
    ("name", "row"), [(ICMS, "h1"), (ICMS, "h3"), (ICMS, "h8"), (REGISTERED, "h1"), (REGISTERED, "h7")]
)
def test_it_is_the_rulers_plan(name: str, row: Hypothesis) -> None:
    ruler, calendar = shipped(name), calendar_of(name)
    steps = [step for step in plan(imagined_case(ruler, calendar, row, 1, START)) if step.action is Action.NOTIFY]
    first = steps[0]
    assert first.on is not None
    waiting = Waiting(row, 0, first.on, 1, tuple(route.channel for route in first.routes), 3)
    found = forecast(ruler, calendar, [waiting], START, YEARS)
    planned = sorted((step.on, route.channel) for step in steps for route in step.routes if step.on)
    assert [(on, channel) for on, channel, _ in found] == planned
    assert {notices for *_, notices in found} == {3}


def test_nothing_is_foreseen_beyond_the_horizon_and_what_is_late_leaves_today() -> None:
    ruler, calendar = shipped(ICMS), calendar_of(ICMS)
    late = Waiting("h1", 0, START - timedelta(days=5), 1, ("sms",), 2)
    far = Waiting("h1", 0, START + timedelta(days=40), 1, ("sms",), 2)
    found = forecast(ruler, calendar, [late, far], START, START + timedelta(days=2))
    assert found == ((START, "sms", 2),)
