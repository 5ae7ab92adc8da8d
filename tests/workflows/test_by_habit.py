"""Rungs by habit, whole: what one cohort learns of people leads to another channel in the next, for half of them, and
the report compares the halves."""

from collections import Counter
from datetime import UTC, date, datetime

from sqlalchemy import update

from reports.cohort import page
from storage.audit.invariants import violations
from storage.catalogue import RULERS
from storage.proof.results import read_results
from storage.schema import cohorts
from tests.builders import REGISTERED, inscribed
from tests.workflows.town import Life, Town

LATER = date(2027, 1, 5)
STANDARD = RULERS.read(REGISTERED)[1]
BY_SMS = STANDARD.replace("channels: [email]", "channels: [sms]")
BY_HABIT = STANDARD.replace("version: 1", "version: 2").replace(
    "        channels: [email]\n",
    "        channels: [email]\n        by_habit: [{paid_after: [sms], channels: [sms]}]\n",
)


def channels(life: Life) -> set[str]:
    query = """SELECT DISTINCT channel FROM notices WHERE "case" = :case AND kind = 'rung' AND sent_at IS NOT NULL"""
    return {row[0] for row in life.rows(query)}


async def is_read_in_its_time(town: Town, life: Life) -> None:
    """The town's time has run ahead of the wall's, by which a report knows its day: so its cohort began earlier."""
    ahead = await town.env.get_current_time() - datetime.now(UTC)
    clock = life.clock.model_copy(update={"origin_wall": life.clock.origin_wall - ahead})
    with town.engine.begin() as connection:
        connection.execute(
            update(cohorts).where(cohorts.c.name == life.get("cohort")).values(clock=clock.model_dump(mode="json"))
        )


async def test_who_paid_after_an_sms_hears_by_sms_unless_drawn_for_the_standard_rungs(town: Town) -> None:
    payers = await town.begin(*[inscribed()] * 4, ruler=REGISTERED, source=BY_SMS)
    for life in payers:
        await life.climbs(1)
        assert channels(life) == {"sms"}
        await life.pays_everything()
        assert await life.ends() == "resolved"

    new = [inscribed()] * 2
    lives = await town.begin(*new, ruler=REGISTERED, source=BY_HABIT, again=payers, first_day=LATER)
    strangers, known = lives[:2], lives[2:]
    assert Counter(life.get("arm") for life in known) == Counter(life.get("arm") for life in strangers * 2)
    for life in lives:
        await life.climbs(1)
        told_apart = life in known and life.get("arm") == "ruler"
        assert channels(life) == ({"sms"} if told_apart else {"email"})
        assert (life.get("contact_habits") is not None) == (life in known)

    paying = [life for life in known if life.get("arm") == "ruler"]
    for life in paying:
        await life.pays_everything()
        assert await life.ends() == "resolved"
    cohort = lives[0].get("cohort")
    assert violations(town.engine, cohort) == []
    await is_read_in_its_time(town, lives[0])
    found = read_results(town.engine, cohort)
    [compared] = found.by_ruler
    assert (compared.treated.cases, compared.treated.payers) == (2, 2)
    assert (compared.control.cases, compared.control.payers) == (2, 0)
    assert [(each.arm, each.group.cases, each.group.received > 0) for each in found.arms] == [
        ("ruler", 3, True),
        ("standard", 3, False),
    ]
    html = page(found)
    assert "régua A por hábito, de hábito conhecido (divida-ativa v2)" in html
    assert "régua A padrão, de hábito conhecido (divida-ativa v2)" in html
