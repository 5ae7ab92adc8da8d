"""Cases started a second: opened on record, their workflow started, stock taken, and the first rung waited for.

Bare: the same number of bare workflows, started by a client alone, each doing nothing once and then waiting.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

from bench.bare_ruler import BareRuler
from bench.climb import start_bare
from bench.figures import Figure, share_of_bare
from bench.ground import ASLEEP_SECONDS, SUNDAY, Ground, clock_of
from commands.cohort import start_cohort

FIRST_LEVEL = "ASLEEP-1"
PATIENCE_SECONDS = 300.0

UNSETTLED = "SELECT count(*) FROM cases WHERE next_step IS NULL AND closed_at IS NULL"
"""Cases that nobody has taken stock of: what is measured next must not wait behind them."""


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
    took = monotonic() - began
    await ground.until(lambda: ground.ask(UNSETTLED) == 0, PATIENCE_SECONDS)
    return ground.scale.starts / took


async def _bare_started_a_second(ground: Ground) -> float:
    client, tomorrow = await ground.client(), datetime.now(UTC) + timedelta(days=1)
    began = monotonic()
    started = await start_bare(client, [[tomorrow]] * ground.scale.starts)
    took = monotonic() - began
    # the others were there before it
    await started[-1].execute_update(BareRuler.opened)
    return ground.scale.starts / took
