"""Turns: a small cohort that comes due while a big one is being reminded doesn't wait for the big one's end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench.climb import LAST_DAYS, PATIENCE_SECONDS
from bench.figures import Figure, at_most
from bench.ground import MONDAY, Ground, clock_of
from commands.cohort import start_cohort

MOST = 0.25
"""Of the time that all take. Were turns taken once, a small cohort had left when twice its own number has; but a notice
waits in line several times, for its workflow and for its activity."""

STARTED_A_SECOND = 40
"""How many cases are surely started."""
SENT_A_SECOND = 10
"""And how many notices surely sent."""
HEAD_START = timedelta(seconds=5)


async def turn_figures(ground: Ground) -> list[Figure]:
    """All have the same rung to leave: the crowd on one day, the few on the next, while the crowd waits in line."""
    crowd, few = ground.scale.crowd, ground.scale.few
    due = datetime.now(UTC) + HEAD_START + timedelta(seconds=(crowd + few) / STARTED_A_SECOND)
    day = timedelta(seconds=ground.scale.day_seconds)
    last = due + 2 * day
    client = await ground.client()
    for name, count, begins in (("crowd", crowd, due), ("few", few, due + day)):
        ground.debtors(name, count)
        clock = clock_of(ground.scale.day_seconds, MONDAY, begins, LAST_DAYS[1])
        await (await start_cohort(client, ground.cohort(name, clock))).result()
    await ground.until(lambda: ground.ask(SENT) == crowd + few, crowd / SENT_A_SECOND + PATIENCE_SECONDS)
    theirs, everybodys = (ground.ask(WAIT, last=last, cohorts=of) for of in (["few"], ["few", "crowd"]))
    figure = f"{few} notices due behind {crowd:,}: their wait, of everybody's"
    return [at_most(MOST, figure, max(theirs, 0.0) / everybodys)]


SENT = """
SELECT count(*) FROM notices JOIN cases ON cases.id = notices.case
WHERE cohort IN ('crowd', 'few') AND sent_at IS NOT NULL
"""

WAIT = """
SELECT CAST(extract(epoch FROM max(sent_at) - :last) AS float)
FROM notices JOIN cases ON cases.id = notices.case WHERE cohort = ANY(:cohorts)
"""
