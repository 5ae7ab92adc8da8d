"""A notice whose day has passed leaves inside its hours, at whatever part of them its case has its turn."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.builders import FACTS, ICMS
from tests.record_world import Street


@pytest.mark.parametrize("hours", [0.5, 4, 11])
def test_a_late_notice_leaves_at_once_when_the_worker_is_back_in_its_hours(engine: Engine, hours: float) -> None:
    """Its case's turn comes 7 h 30 min after the opening; asking again and again until then would not do either."""
    street = Street(engine, ICMS, [FACTS["h1"]] * 3, compressed=False, providers=False, shared=False)
    late = street.lives[2]
    assert late.next_action
    assert late.next_action.runs_at
    due = late.next_action.runs_at
    opening_of_the_next_day = due.replace(hour=11, minute=0, second=0, microsecond=0) + timedelta(days=1)
    street.worker.now = opening_of_the_next_day + timedelta(hours=hours)
    street.rest()
    assert late.rows('SELECT status FROM notices WHERE "case" = :case') == [("sent",)]
