"""Rungs a second: a timer fires, a notice is judged, rendered, written to a file and to PostgreSQL, the next waits.

Payloads are encrypted for ours and for bare alike; ours has one channel a rung.
"""

from bench.climb import Climb
from bench.figures import Figure, beside_bare, share_of_bare


def rung_figures(ours: Climb, bare: Climb) -> list[Figure]:
    return [
        share_of_bare(0.6, "rungs a second", ours.rungs_a_second, bare.rungs_a_second),
        beside_bare(0.75, "processor ms a rung, all processes", ours.processor_ms, bare.processor_ms),
    ]
