"""A hold-out on record: who is drawn, that it can be repeated, and that it takes in who comes later."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from models.case.selection import Selection
from models.errors import Refusal
from models.law.calendar import Clock
from models.proof.holdout import RIVALS, Arm, Candidate, draw, shares_of
from models.ruler.schema import Ruler
from storage.case.cohorts import (
    Cohort,
    Lot,
    OtherArm,
    candidates,
    cases_to_run,
    create_cohort,
    open_cases,
    pin_ruler,
    read_cohort,
)
from storage.case.dry_run import foresee
from storage.case.selection import must_be_unheard
from storage.catalogue import RULERS
from storage.proof.holdout import draw_arms, drawn, release
from tests.builders import REGISTERED, bundled, shipped

TODAY = date(2026, 11, 3)
TENTH = Decimal("0.1")
CLOCK = Clock(
    day_seconds=Decimal(86_400),
    origin_wall=datetime(2026, 11, 3, tzinfo=UTC),
    origin_day=TODAY,
    timezone="America/Sao_Paulo",
)
RULER = shipped(REGISTERED)
SOURCE = RULERS.read(REGISTERED)[1]
BOLDER = SOURCE.replace("version: 1", "version: 2")
"""Another ruler for the same people."""
STERNER = BOLDER.replace("version: 2", "version: 3")
HELD: dict[str, Decimal] = {Arm.CONTROL: TENTH}


def read(source: str) -> Ruler:
    return bundled(source).ruler


OWING = """
    INSERT INTO taxpayers (key, tax_id, name, is_company)
    SELECT 't' || n, n, 'Empresa', true FROM generate_series(CAST(:first AS int), :last) AS n;
    INSERT INTO debts (id, tax, inscription, due, amount)
    SELECT 't' || n, CASE n % 3 WHEN 0 THEN 'ISS' ELSE 'IPTU' END, n, '2026-10-09', 10 ^ (1 + n % 4)
    FROM generate_series(CAST(:first AS int), :last) AS n;
    INSERT INTO debtors (debt, taxpayer)
    SELECT key, id FROM taxpayers WHERE substr(key, 2)::int BETWEEN :first AND :last
"""


class Roll:
    """A city's roll that grows, and a cohort on it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.owing = 0

    def grows(self, by: int) -> None:
        with self.engine.begin() as connection:
            for statement in OWING.split(";"):
                connection.execute(text(statement), {"first": self.owing + 1, "last": self.owing + by})
        self.owing += by

    def cohort(
        self, name: str = "roll", share: Decimal | None = TENTH, salt: str = "salt", rivals: Sequence[str] = ()
    ) -> Cohort:
        with self.engine.begin() as connection:
            frozen = pin_ruler(connection, RULER, SOURCE, 2025)
            pinned = [pin_ruler(connection, read(each), each, 2025) for each in rivals]
        shares = shares_of(share, dict.fromkeys(RIVALS[: len(rivals)]))
        others = tuple(OtherArm(arm, shares[arm], each) for arm, each in zip(RIVALS, pinned, strict=False))
        lot = Lot(salt, share, others) if shares else None
        return create_cohort(self.engine, Cohort(name, frozen, Selection(), CLOCK, "ana", lot=lot))

    def opens(self, cohort: Cohort) -> int:
        pages = candidates(self.engine, RULER, Selection(), TODAY)
        return sum(open_cases(self.engine, cohort, page, TODAY) for page in pages)

    def to_run(self, cohort: Cohort) -> set[str]:
        pages = candidates(self.engine, RULER, Selection(), TODAY)
        return {case for page in pages for case in cases_to_run(self.engine, cohort, page).unseen}

    def arms(self) -> dict[Arm, list[Candidate]]:
        with self.engine.connect() as connection:
            return drawn(connection, "roll")

    def undrawn(self) -> set[str]:
        with self.engine.connect() as connection:
            return {*connection.scalars(text("SELECT id FROM cases WHERE arm IS NULL"))}

    def rulers_of(self, cases: list[Candidate]) -> set[str]:
        query = text("SELECT DISTINCT ruler FROM cases WHERE id = ANY(:ids)")
        with self.engine.connect() as connection:
            return {*connection.scalars(query, {"ids": [each.case for each in cases]})}

    def labels_to_run(self, cohort: Cohort) -> Counter[str]:
        pages = candidates(self.engine, RULER, Selection(), TODAY)
        return Counter(label for page in pages for label in cases_to_run(self.engine, cohort, page).unseen.values())

    def held_and_others(self) -> tuple[list[Candidate], list[Candidate]]:
        arms = self.arms()
        return arms[Arm.CONTROL], arms[Arm.RULER]


@pytest.fixture
def roll(engine: Engine) -> Roll:
    return Roll(engine)


def test_until_it_is_drawn_nobody_is_to_be_contacted(roll: Roll) -> None:
    roll.grows(600)
    cohort = roll.cohort()
    assert roll.opens(cohort) == 600
    assert roll.to_run(cohort) == set()
    draw_arms(roll.engine, cohort)
    held, others = roll.held_and_others()
    assert (len(held), len(others)) == (60, 540)
    assert roll.to_run(cohort) == {each.case for each in others}


def test_the_draw_on_record_can_be_repeated_with_the_salt(roll: Roll) -> None:
    roll.grows(300)
    cohort = roll.cohort()
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    held, others = roll.held_and_others()
    assert {each.case for each in held} == set(draw([*held, *others], {"control": TENTH}, "salt"))
    assert {each.amount for each in others} == {10, 100, 1000, 10000}, "what each owed is on record"


def test_who_was_drawn_stays_and_who_comes_later_is_drawn_as_fairly(roll: Roll) -> None:
    roll.grows(300)
    cohort = roll.cohort()
    for _ in range(2):
        roll.opens(cohort)
        draw_arms(roll.engine, cohort)
    first = {each.case for each in roll.held_and_others()[0]}
    roll.grows(200)
    assert roll.opens(cohort) == 200
    draw_arms(roll.engine, cohort)
    later = {each.case for each in roll.held_and_others()[0]}
    assert first < later
    assert (len(first), len(later)) == (30, 50)


def test_another_cohort_takes_up_the_control_group_only_once_it_is_released(roll: Roll) -> None:
    roll.grows(100)
    cohort, other = roll.cohort(), roll.cohort("other", None)
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    assert roll.opens(other) == 0
    release(roll.engine, cohort.name)
    assert roll.opens(other) == 10
    assert len(roll.held_and_others()[0]) == 10, "they stay what they were drawn for"


def test_a_cohort_keeps_its_share_and_its_salt(roll: Roll) -> None:
    assert roll.cohort().lot == roll.cohort(salt="another").lot == Lot("salt", TENTH)
    assert roll.cohort(share=None).lot == Lot("salt", TENTH)
    with pytest.raises(
        Refusal, match="was started with 10% held out, and no other ruler to compare with; choose another name"
    ):
        roll.cohort(share=Decimal("0.2"))
    roll.cohort("all", None)
    with pytest.raises(Refusal, match="was started with nobody held out"):
        roll.cohort("all")


def test_the_dry_run_says_how_many_would_be_held_out(roll: Roll) -> None:
    roll.grows(50)
    assert foresee(roll.engine, RULER, Selection(), TODAY, shares=HELD)["control"] == 5
    assert foresee(roll.engine, RULER, Selection(), TODAY)["control"] == 0


def test_the_dry_run_shows_the_strata_of_the_draw(roll: Roll) -> None:
    roll.grows(50)
    strata = foresee(roll.engine, RULER, Selection(), TODAY, shares=HELD)["strata"]
    assert sum(each["cases"] for each in strata) == 50
    assert {each["habit"] for each in strata} == {"unknown"}
    assert foresee(roll.engine, RULER, Selection(), TODAY)["strata"] == []


def test_who_is_not_held_out_goes_half_to_each_ruler_and_is_pinned_to_it(roll: Roll) -> None:
    roll.grows(600)
    cohort = roll.cohort(rivals=(BOLDER,))
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    arms = roll.arms()
    assert {arm: len(cases) for arm, cases in arms.items() if cases} == {"control": 60, "ruler": 270, "rival": 270}
    assert cohort.lot
    assert roll.rulers_of(arms[Arm.RIVAL]) == {cohort.lot.others[0].frozen.digest}
    assert roll.rulers_of(arms[Arm.RULER]) == roll.rulers_of(arms[Arm.CONTROL]) == {cohort.frozen.digest}
    assert roll.labels_to_run(cohort) == {"divida-ativa v1": 270, "divida-ativa v2": 270}
    everybody = [each for cases in arms.values() for each in cases]
    again = draw(everybody, shares_of(TENTH, {Arm.RIVAL: None}), "salt")
    assert {each.case for each in arms[Arm.RIVAL]} == {case for case, arm in again.items() if arm == "rival"}


def test_more_rulers_than_two_have_the_shares_that_they_were_given(roll: Roll) -> None:
    roll.grows(600)
    cohort = roll.cohort(rivals=(BOLDER, STERNER))
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    arms = roll.arms()
    assert {arm: len(cases) for arm, cases in arms.items() if cases} == {
        "control": 60,
        "ruler": 180,
        "rival": 180,
        "rival_2": 180,
    }
    assert cohort.lot
    for each in cohort.lot.others:
        assert roll.rulers_of(arms[each.arm]) == {each.frozen.digest}
    assert roll.labels_to_run(cohort) == {"divida-ativa v1": 180, "divida-ativa v2": 180, "divida-ativa v3": 180}
    with roll.engine.connect() as connection:
        assert read_cohort(connection, "roll").lot == cohort.lot


def test_two_rulers_need_no_control_group_and_who_comes_later_is_drawn_too(roll: Roll) -> None:
    cohort = roll.cohort(share=None, rivals=(BOLDER,))
    for owing in (101, 1, 100):
        roll.grows(owing)
        roll.opens(cohort)
        assert not roll.to_run(cohort) & roll.undrawn()
        draw_arms(roll.engine, cohort)
    arms = roll.arms()
    assert arms[Arm.CONTROL] == []
    assert len(arms[Arm.RULER]) + len(arms[Arm.RIVAL]) == 202
    assert abs(len(arms[Arm.RULER]) - len(arms[Arm.RIVAL])) <= 3


def test_a_cohort_keeps_its_other_ruler(roll: Roll) -> None:
    roll.cohort(rivals=(BOLDER,))
    known = roll.cohort(share=None)
    assert known.lot
    assert known.lot.others
    for other in ((), (BOLDER.replace("version: 2", "version: 3"),), (BOLDER, STERNER)):
        with pytest.raises(
            Refusal, match="was started with 10% held out, and 45% on divida-ativa v2 as it was then to"
        ):
            roll.cohort(rivals=other)
    roll.cohort("one", None)
    with pytest.raises(Refusal, match="cohort one was started with nobody held out, and no other ruler"):
        roll.cohort("one", None, rivals=(BOLDER,))


def test_the_dry_run_says_how_many_each_ruler_would_get(roll: Roll) -> None:
    roll.grows(50)
    shares = shares_of(TENTH, {Arm.RIVAL: None})
    foreseen = foresee(roll.engine, RULER, Selection(), TODAY, shares=shares, rivals={Arm.RIVAL: read(BOLDER)})
    assert foreseen["arms"] == {"control": 5, "rival": 22, "ruler": 23}
    assert foreseen["rival"] is not None
    assert foreseen["rival"]["costs"]["whole_ladder"] == foreseen["costs"]["whole_ladder"]
    assert foresee(roll.engine, RULER, Selection(), TODAY)["arms"] == {"ruler": 50}


# ---- units


def test_who_joins_a_drawn_person_goes_where_he_went(roll: Roll) -> None:
    """Forty people are drawn for one of their taxes; months later each owes another."""
    roll.grows(40)
    cohort = roll.cohort(share=Decimal("0.5"))
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    with roll.engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO debts (id, tax, inscription, due, amount)
                SELECT 'n' || key, CASE debts.tax WHEN 'ISS' THEN 'IPTU' ELSE 'ISS' END, 'n' || key, '2026-10-09', 70
                FROM taxpayers JOIN debts ON debts.id = key""")
        )
        connection.execute(text("INSERT INTO debtors (debt, taxpayer) SELECT 'n' || key, id FROM taxpayers"))
    assert roll.opens(cohort) == 40
    draw_arms(roll.engine, cohort)
    torn = "SELECT count(*) FROM (SELECT FROM cases GROUP BY taxpayer HAVING count(DISTINCT (arm, unit)) > 1) AS torn"
    with roll.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM cases WHERE arm IS NOT NULL")) == 80
        assert connection.scalar(text(torn)) == 0


def test_who_shares_a_telephone_is_one_unit(roll: Roll) -> None:
    roll.grows(12)
    with roll.engine.begin() as connection:
        connection.execute(text("UPDATE taxpayers SET phone = '+5582911110000' WHERE key IN ('t1', 't5', 't9')"))
    cohort = roll.cohort(share=Decimal("0.5"))
    roll.opens(cohort)
    draw_arms(roll.engine, cohort)
    sizes = "SELECT count(*) FROM cases GROUP BY unit ORDER BY 1 DESC"
    with roll.engine.connect() as connection:
        assert list(connection.scalars(text(sizes))) == [3, *[1] * 9]


def test_nobody_whom_another_cohort_contacts_may_be_held_out_unawares(roll: Roll) -> None:
    roll.grows(10)
    first = roll.cohort("first", share=None)
    roll.opens(first)
    with roll.engine.connect() as connection:
        must_be_unheard(connection, RULER, Selection(), "first", TODAY)
        with pytest.raises(Refusal, match=r"10 of these people are contacted by first: .* say --contacted-too"):
            must_be_unheard(connection, RULER, Selection(), "roll", TODAY)


def test_the_day_of_reading_stays_as_it_was_named(roll: Roll) -> None:
    roll.grows(10)
    cohort = roll.cohort()
    assert cohort.lot is not None
    moved = replace(cohort, lot=replace(cohort.lot, reads_on=date(2027, 3, 31)))
    with pytest.raises(Refusal, match="was started with 10% held out, and no other ruler to compare with; choose"):
        create_cohort(roll.engine, moved)
