"""A life that goes over to another version of its ruler half way up."""

import asyncio

from storage.audit.invariants import violations
from storage.case.ruler_change import foresee_migration, migrate_cohort
from tests.builders import FACTS, bundled, revised_icms
from tests.workflows.town import Town, until


async def test_a_case_goes_on_by_the_new_ruler_with_the_wait_that_is_left(town: Town) -> None:
    life, other = await town.begin(FACTS["h1"], FACTS["h2"])
    await life.climbs(2)
    await life.passes(1)
    cohort, source, due, seen = town.cohorts[-1], revised_icms(), life.next_on, life.get("revision")
    to = bundled(source)
    now = await town.env.get_current_time()
    await asyncio.to_thread(foresee_migration, town.engine, cohort, to, now, lambda cases: None)
    await asyncio.to_thread(migrate_cohort, town.engine, cohort, to, "Bia", now, lambda cases: None)
    await until(lambda: life.get("revision") > seen)
    assert life.next_on == due
    described = await life.handle.describe()
    assert described.search_attributes["Ruler"] == ["alagoas-icms v2"]
    await life.climbs(3)
    await other.climbs(5)
    assert life.path[:3] == [("h1", "reminder"), ("h1", "alert"), ("h1", "warning")]
    assert other.path[:5] == [("h2", "alert"), ("h2", "warning"), ("h2", "notice"), ("h7", "alert"), ("h7", "warning")]
    assert life.journal.count("migrated") == 1
    assert await asyncio.to_thread(violations, town.engine, cohort) == []
