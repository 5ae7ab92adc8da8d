"""Two rulers in one cohort: each taxpayer climbs on the one that was drawn."""

from temporalio.common import SearchAttributeKey

from storage.audit.invariants import violations
from storage.catalogue import RULERS
from tests.builders import ICMS, cells_from, shipped, unpaid
from tests.workflows.town import Town

ALERT = """      - stage: alert
        rigidity: 2
        dwell: 5 business
        channels: [email]
        template: alagoas-icms/h1-alert
"""
BRISKER = RULERS.read(ICMS)[1].replace("version: 1", "version: 2").replace(ALERT, "")
"""From the reminder of h1 straight to its warning."""


async def test_two_people_climb_on_different_rulers_within_one_cohort(town: Town) -> None:
    lives = {life.get("arm"): life for life in await town.begin(*[unpaid(1)] * 2, rival=BRISKER)}
    for life in lives.values():
        await life.climbs(3)
    assert lives["ruler"].path == cells_from(shipped(ICMS), "h1")[:3]
    assert lives["rival"].path == [("h1", "reminder"), ("h1", "warning"), ("h2", "alert")]
    labels = {
        arm: (await life.handle.describe()).typed_search_attributes[SearchAttributeKey.for_keyword("Ruler")]
        for arm, life in lives.items()
    }
    assert labels == {"ruler": "alagoas-icms v1", "rival": "alagoas-icms v2"}
    assert violations(town.engine, lives["ruler"].get("cohort")) == []
