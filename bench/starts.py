"""Cases started a second: opened on record, their workflow started, stock taken, and the first rung waited for.

Bare: the same number of bare workflows, started by a client alone, each doing nothing once and then waiting.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

from bench.climb import start_bare
from bench.figures import Figure, share_of_bare
from bench.ground import ASLEEP_SECONDS, SUNDAY, Ground, clock_of
from commands.cohort import start_cohort

FIRST_LEVEL = "asleep-1"


async def start_figures(ground: Ground) -> list[Figure]:
    """Leaves them asleep."""
    ours, bare = await _started_a_second(ground), await _bare_started_a_second(ground)
    return [share_of_bare(0.9, "cohort starts a second", ours, bare)]


async def _started_a_second(ground: Ground) -> float:
    ground.debtors(FIRST_LEVEL, ground.scale.starts)
    cohort = ground.cohort(FIRST_LEVEL, clock_of(ASLEEP_SECONDS, SUNDAY, datetime.now(UTC)))
    client = await ground.client()
    began = monotonic()
    handle = await start_cohort(client, cohort)
    await handle.result()
    return ground.scale.starts / (monotonic() - began)


async def _bare_started_a_second(ground: Ground) -> float:
    client, tomorrow = await ground.client(), datetime.now(UTC) + timedelta(days=1)
    began = monotonic()
    await start_bare(client, [[tomorrow]] * ground.scale.starts)
    return ground.scale.starts / (monotonic() - began)
