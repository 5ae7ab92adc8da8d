"""Cases started a second: opened on record, evaluated, their workflow started; and until the first rung is waited for.

Bare: the same number of bare workflows, started by a client alone, each doing nothing once and then waiting.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

from bench.bare_ruler import BareRuler
from bench.climb import start_bare
from bench.figures import Figure, share_of_bare, stated
from bench.ground import ASLEEP_SECONDS, SUNDAY, Ground, clock_of
from workflows.intakes import start_cohort
from workflows.names import case_workflow_id
from workflows.taxpayer_ruler import TaxpayerRuler

FIRST_LEVEL = "ASLEEP-1"
PATIENCE_SECONDS = 300.0

UNSETTLED = "SELECT count(*) FROM cases WHERE next_step IS NULL AND closed_at IS NULL"
"""Cases that nobody has evaluated: what is measured next must not wait behind them."""


async def start_figures(ground: Ground) -> list[Figure]:
    """Measure starts, and leave the started cases asleep."""
    (started, waiting), (bare_started, bare_waiting) = await _started_a_second(ground), await _bare_started(ground)
    return [
        share_of_bare(0.9, "cohort starts a second", started, bare_started),
        stated("cases started and waiting for their first rung, a second", waiting, bare_waiting),
    ]


async def _started_a_second(ground: Ground) -> tuple[float, float]:
    ground.debtors(FIRST_LEVEL, ground.scale.starts)
    cohort = ground.cohort(FIRST_LEVEL, clock_of(ASLEEP_SECONDS, SUNDAY, datetime.now(UTC)))
    client = await ground.client()
    began = monotonic()
    handle = await start_cohort(client, cohort.name, cohort.frozen.ruler.label)
    await handle.result()
    started = monotonic() - began
    last = case_workflow_id(ground.ask(LAST, cohort=cohort.name))
    # answered once its first workflow task is done, and the others were there before it
    await client.get_workflow_handle(last).query(TaxpayerRuler.current_action)
    waiting = monotonic() - began
    await ground.until(lambda: ground.ask(UNSETTLED) == 0, PATIENCE_SECONDS)
    return ground.scale.starts / started, ground.scale.starts / waiting


LAST = "SELECT id FROM cases WHERE cohort = :cohort ORDER BY taxpayer DESC LIMIT 1"


async def _bare_started(ground: Ground) -> tuple[float, float]:
    client, tomorrow = await ground.client(), datetime.now(UTC) + timedelta(days=1)
    began = monotonic()
    handles = await start_bare(client, [[tomorrow]] * ground.scale.starts)
    started = monotonic() - began
    await handles[-1].execute_update(BareRuler.opened)
    waiting = monotonic() - began
    return ground.scale.starts / started, ground.scale.starts / waiting
