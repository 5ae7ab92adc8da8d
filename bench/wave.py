"""Payments during the wave: while a campaign's first notices leave, all due at once."""

from __future__ import annotations

from bench.climb import PATIENCE_SECONDS
from bench.fairness import SENT_A_SECOND, begin_wave
from bench.figures import Figure, at_most, percentile, stated
from bench.ground import Ground
from bench.payments import pay

ACCEPTED_MS, RESOLVED_MS = 100, 2_000


async def wave_figures(ground: Ground) -> list[Figure]:
    """Cases that pay have been asleep since the levels of `live` were measured."""
    due = ground.scale.crowd
    await begin_wave(ground, {"wave": due})
    accepted, resolved = await pay(ground, "ASLEEP-%", ground.scale.payments)
    left = due - ground.ask(SENT)
    await ground.until(lambda: ground.ask(SENT) == due, due / SENT_A_SECOND + PATIENCE_SECONDS)
    during = f"during the wave of {due:,}"
    return [
        at_most(ACCEPTED_MS, f"webhook accepted p99, ms, {during}", percentile(accepted, 99)),
        at_most(RESOLVED_MS, f"payment to case resolved p99, ms, {during}", percentile(resolved, 99)),
        stated(f"notices still in line after the payments {during}", left),
    ]


SENT = (
    "SELECT count(*) FROM notices JOIN cases ON cases.id = notices.case WHERE cohort = 'wave' AND sent_at IS NOT NULL"
)
