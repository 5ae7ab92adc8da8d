"""The tally that the demo shows while its city lives."""

from sqlalchemy import Engine

from commands.demo import in_short
from rehearsal.tally import Tally, take_tally
from tests.rehearsal.cases import CLOCK, case, opened


def test_resolved_are_those_that_are_resolved_and_no_others_that_are_over(engine: Engine) -> None:
    opened(engine, "cidade")
    with engine.begin() as connection:
        for status in ("running", "resolved", "resolved", "cancelled", "ended"):
            closed_at = None if status == "running" else CLOCK.origin_wall
            case(connection, "cidade", None, status=status, closed_at=closed_at)
    assert take_tally(engine).resolved == 2


def test_a_bar_and_the_time_left_fit_beside_it_in_80_columns() -> None:
    tally = Tally(
        notices=9999, receipts=999, payments=999, recovered=CLOCK.day_seconds, resolved=999, suspended=99, revisions=0
    )
    assert len("day 240/240  ") + len(in_short(tally)) + len("  0:00:00") <= 70
