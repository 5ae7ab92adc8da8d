"""A whole life explained from its record alone."""

from reports.document import Entry, Verbatim
from reports.explanation import explain
from storage.read_models.dossier import read_dossier
from tests.builders import FACTS
from tests.workflows.town import Life, Town


async def suspended_and_given_back(town: Town) -> Life:
    """Climbs from the third unpaid period to the suspension, is approved, suspended; pays, and is told."""
    life = await town.begin_one(FACTS["h7"])
    await life.pays("400.00")
    await life.reaches("awaiting_approval")
    await life.command("approve")
    await life.reaches("benefits_suspended")
    await life.passes(5)
    await life.pays_everything()
    await life.reaches("resolved")
    return life


async def test_every_decision_notice_and_approval_of_a_life_is_in_its_explanation(town: Town) -> None:
    life = await suspended_and_given_back(town)
    dossier = read_dossier(town.engine, life.case)
    document = explain(dossier, reveal=False)
    blocks = [block for section in document.sections for block in section.blocks]
    entries = [block for block in blocks if isinstance(block, Entry)]
    assert [entry.kind for entry in entries] == life.journal
    texts = [block for block in blocks if isinstance(block, Verbatim) and block.heading.split(". ")[0].isdigit()]
    assert len(texts) == len(dossier.notices) > 5
    for kind in ("notice", "approved", "suspended", "reinstated"):
        assert all(entry.led_to for entry in entries if entry.kind == kind)
