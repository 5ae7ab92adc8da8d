"""A street's cohort goes over to another version of its ruler, on record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, insert, literal, select, text, update

from models.assets import RulerBundle
from models.case.cohort_state import State
from models.case.ruler_change import Outcome
from models.case.selection import Selection
from models.errors import Refusal
from models.ruler.check import read_ruler
from models.ruler.schema import Ruler
from reports.explanation import explain
from storage.audit.invariants import violations
from storage.case import ruler_change as migration
from storage.case.cohort_lifecycle import change_cohort_state
from storage.case.cohorts import Cohort, create_cohort, pin_ruler, read_cohort
from storage.case.ruler_change import Foreseen, foresee_migration, migrate_cohort
from storage.case.transaction import case_transaction
from storage.catalogue import RULERS, SHIPPED
from storage.read_models.dossier import read_dossier
from storage.schema import arms, cohorts
from tests.builders import FACTS, ICMS, REFIS, REGISTERED, bundled, revised_icms, shipped
from tests.record_world import Street
from tests.storage.case.test_cohort_lifecycle import until_it_waits
from workflows.effects import Contact

PEOPLE = 24
SOURCE = revised_icms()


def ruler_of(source: str) -> Ruler:
    ruler = read_ruler(source).ruler
    assert ruler is not None
    return ruler


BUNDLE = bundled(SOURCE)
NEW = BUNDLE.ruler


def settled(engine: Engine, people: int, days: int = 5) -> Street:
    """A street of all hypotheses, some days on."""
    rows = sorted(FACTS)
    street = Street(engine, ICMS, [FACTS[rows[n % 8]] for n in range(people)], True, False, False)
    street.passes(days)
    return street


@pytest.fixture
def street(engine: Engine) -> Street:
    return settled(engine, 8)


def silent(cases: int) -> None:
    pass


def foreseen(street: Street, to: RulerBundle = BUNDLE) -> Foreseen:
    return foresee_migration(street.engine, street.cohort.name, to, street.now, silent)


def moved(street: Street, source: str = SOURCE, progress: Callable[[int], None] = silent) -> int:
    return migrate_cohort(street.engine, street.cohort.name, bundled(source), "Bia", street.now, progress)


def ask(street: Street, query: str) -> list[tuple[Any, ...]]:
    with street.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def everything(street: Street) -> list[Any]:
    tables = ("rulers", "cohorts", "cases", "decisions", "outbox", "approvals")
    return [ask(street, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


def test_a_new_decree_reaches_what_runs_by_a_migration_alone(engine: Engine) -> None:
    street, day = settled(engine, 1, days=0), date(2026, 12, 9)
    listed = SHIPPED["calendars/alagoas.yaml"]
    decreed = listed.replace("      - 2026-12-24", "      - 2026-12-09 Ponto facultativo\n      - 2026-12-24")
    to = bundled(SOURCE, {**SHIPPED, "calendars/alagoas.yaml": decreed})
    with engine.connect() as connection:
        assert read_cohort(connection, street.cohort.name).frozen.calendar.is_working(day)
    migrate_cohort(engine, street.cohort.name, to, "Bia", street.now, silent)
    with engine.connect() as connection:
        frozen = read_cohort(connection, street.cohort.name).frozen
    assert not frozen.calendar.is_working(day)
    assert frozen.texts["calendars/alagoas.yaml"] == decreed
    assert frozen.calendar.listed_to == date(2026, 12, 31)


def test_a_cohort_goes_on_by_the_new_ruler_and_nothing_is_amiss(engine: Engine) -> None:
    street = settled(engine, PEOPLE)
    before = everything(street)
    seen = foreseen(street)
    assert everything(street) == before, "to foresee changes nothing"
    still_open = ask(street, "SELECT id FROM cases WHERE closed_at IS NULL")
    assert sum(seen.cases.values()) == len(still_open) == moved(street)
    assert all(seen.total(what) for what in (Outcome.MOVES, Outcome.WAITS, Outcome.UNCHANGED))
    assert ask(street, "SELECT DISTINCT label FROM cases JOIN rulers ON digest = ruler") == [("alagoas-icms v2",)]
    told_of = ask(street, "SELECT name, payload ->> 'ruler' FROM outbox WHERE delivered_at IS NULL")
    assert told_of == [("ruler_changed", "alagoas-icms v2")] * len(still_open)
    [(reason,)] = ask(street, "SELECT DISTINCT reason FROM decisions WHERE kind = 'migrated' AND hypothesis = 'h1'")
    assert reason == "régua trocada por Bia, de alagoas-icms v1 para alagoas-icms v2: H1, a seguir advertência"
    street.passes(40)
    assert violations(street.engine, street.cohort.name) == []
    assert {stage for (stage,) in ask(street, "SELECT stage FROM notices WHERE hypothesis = 'h7'")} >= {"alert"}
    document = str(explain(read_dossier(street.engine, street.lives[0].case), False))
    assert "alagoas-icms v1" in document
    assert "alagoas-icms v2" in document


def test_what_was_foreseen_comes_true(street: Street) -> None:
    seen = foreseen(street)
    moved(street)
    street.rest()
    steps = ask(street, "SELECT next_step ->> 'row', next_step ->> 'stage' FROM cases WHERE closed_at IS NULL")
    ahead = sorted(each for alike, count in seen.cases.items() for each in [alike.then] * count)
    assert ahead == sorted((str(row), str(stage)) for row, stage in steps)


def test_twice_is_refused_and_changes_nothing(street: Street) -> None:
    moved(street)
    before = everything(street)
    with pytest.raises(Refusal, match="goes by alagoas-icms v2 already, word for word"):
        moved(street)
    assert everything(street) == before


def test_one_that_is_interrupted_changes_nothing(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "PAGE", 3)
    before = everything(street)
    pages: list[int] = []

    def die(cases: int) -> None:
        pages.append(cases)
        if len(pages) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        moved(street, progress=die)
    assert everything(street) == before


def test_the_cohort_s_name_stands_for_the_new_ruler_from_then_on(street: Street) -> None:
    moved(street)
    cohort = street.cohort
    with street.engine.begin() as connection:
        then = pin_ruler(connection, NEW, SOURCE, 2024)
    again = Cohort(cohort.name, then, cohort.selection, cohort.clock, "ana")
    assert create_cohort(street.engine, again).frozen.digest == then.digest
    with pytest.raises(Refusal, match="already runs on alagoas-icms v2"):
        create_cohort(street.engine, cohort)


def test_those_held_out_change_their_ruler_alone(street: Street) -> None:
    held = street.lives[0].case
    with street.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET status = 'control' WHERE id = :case"), {"case": held})
    state = f"SELECT state FROM cases WHERE id = '{held}'"
    before = ask(street, state)
    assert foreseen(street).control == 1
    moved(street)
    assert ask(street, state) == before
    assert not ask(street, f"SELECT 1 FROM outbox WHERE \"case\" = '{held}' AND name = 'ruler_changed'")
    [(label,)] = ask(street, f"SELECT label FROM cases JOIN rulers ON digest = ruler WHERE id = '{held}'")
    assert label == "alagoas-icms v2"


def test_a_case_on_another_ruler_than_its_cohort_s_stays_on_it(street: Street) -> None:
    apart = street.lives[0].case
    with street.engine.begin() as connection:
        other = pin_ruler(connection, shipped(REGISTERED), RULERS.read(REGISTERED)[1], 2025)
        connection.execute(text("UPDATE cases SET ruler = :r WHERE id = :case"), {"r": other.digest, "case": apart})
    moved(street)
    assert ask(street, f"SELECT ruler FROM cases WHERE id = '{apart}'") == [(other.digest,)]


REFUSED = {
    SOURCE.replace("name: Alagoas", "name: Sergipe"): "is for Sergipe, and cohort street-.* is of Alagoas",
    SOURCE.replace("title:", "taxes: [ISS]\ntitle:"): "is for ISS, and cohort street-.* is for ICMS",
    RULERS.read(ICMS)[1]: "goes by alagoas-icms v1 already",
}


@pytest.mark.parametrize(("source", "sentence"), REFUSED.items(), ids=["jurisdiction", "tax", "the same"])
def test_a_ruler_that_can_t_follow_is_refused(engine: Engine, source: str, sentence: str) -> None:
    street = Street(engine, ICMS, [FACTS["h1"]], True, False, False)
    with pytest.raises(Refusal, match=sentence):
        foreseen(street, bundled(source))
    with pytest.raises(Refusal, match=sentence):
        moved(street, source)


def test_beside_a_rival_only_a_ruler_that_reaches_the_same_people_follows(street: Street) -> None:
    source = RULERS.read(ICMS)[1]
    with street.engine.begin() as connection:
        rival = pin_ruler(connection, shipped(ICMS), source, 2025)
        connection.execute(update(cohorts).values(salt="salt"))
        others = select(cohorts.c.name, literal("rival"), literal(rival.digest), literal(0.5))
        connection.execute(insert(arms).from_select(["cohort", "arm", "ruler", "share"], others))
    with pytest.raises(Refusal, match="differ in taxes and in the tolerance"):
        moved(street, SOURCE.replace('tolerance: "1.00"', 'tolerance: "2.00"'))


def test_an_offer_is_promised(engine: Engine) -> None:
    refis = RULERS.read(REFIS)[1]
    with engine.begin() as connection:
        pinned = pin_ruler(connection, shipped(REFIS), refis, 2022)
    street = Street(engine, ICMS, [FACTS["h1"]], True, False, False)
    create_cohort(engine, Cohort("refis", pinned, Selection(), street.clock, "ana"))

    def refused(source: str) -> str:
        with pytest.raises(Refusal) as why:
            foresee_migration(engine, "refis", bundled(source), street.now, silent)
        return str(why.value)

    assert refis.count("2023-06-23 16:00") == 1
    assert "may only extend it" in refused(refis.replace("2023-06-23 16:00", "2023-06-22 16:00"))
    longer = bundled(refis.replace("2023-06-23 16:00", "2023-06-30 16:00"))
    assert foresee_migration(engine, "refis", longer, street.now, silent).cases.total() == 0


def test_a_cancelled_cohort_goes_over_to_nothing(street: Street) -> None:
    change_cohort_state(street.engine, street.cohort.name, State.CANCELLED, "Ana", "lei nova", street.now)
    with pytest.raises(Refusal, match="was cancelled by Ana, which is for good"):
        foreseen(street)


def test_rows_that_cases_stand_in_may_not_be_missing(street: Street) -> None:
    rows = {name: row for name, row in NEW.rows.items() if name not in ("h3", "h4")}
    entry = NEW.entry.model_copy(update={"return_": None})
    with pytest.raises(Refusal, match=r"has no row for \d+ open cases: \d+ with nothing that says where they belong"):
        foreseen(street, replace(BUNDLE, ruler=NEW.model_copy(update={"rows": rows, "entry": entry})))


def test_a_case_transaction_under_way_is_over_first(street: Street) -> None:
    life = street.lives[0]
    with ThreadPoolExecutor() as people:
        with case_transaction(street.engine, life.case, street.now):
            moving = people.submit(moved, street)
            until_it_waits(street.engine)
            assert not moving.done()
        assert moving.result() == len(street.lives)


def test_a_rung_left_out_on_the_way_to_the_new_ruler_is_found(owner: Engine) -> None:
    street = settled(owner, 1)
    moved(street)
    street.passes(20)
    assert violations(owner, street.cohort.name) == []
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM notices WHERE stage = 'warning'"))
        connection.execute(text("UPDATE notices SET step = step - 1 WHERE step > 1"))
    [fault] = violations(owner, street.cohort.name)
    assert "contact 1 (h2 alert) follows contact 0 (h1 reminder), which is not the rung before it" in fault


def test_a_step_that_was_asked_for_by_the_former_ruler_sends_nothing(street: Street) -> None:
    """Where it was the alert's turn it is the warning's now, by the same index."""
    life = street.lives[0]
    assert life.next_action
    assert life.next_action.runs_at
    asked = Contact(case=life.case, step=life.next_action.step, channel="email", rung_channel="email")
    moved(street)
    street.worker.now = life.next_action.runs_at
    sent = ask(street, "SELECT count(*) FROM notices")
    answer = street.worker.run(street.notices.notify, asked)
    assert (asked.step.stage, answer.step.stage) == ("alert", "warning")
    assert ask(street, "SELECT count(*) FROM notices") == sent
