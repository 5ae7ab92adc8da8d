"""The arms of a cohort, of whom one is not contacted: drawn on record before anything is sent, compared, and then let
go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.proof.holdout import Arm, Candidate, Habit, draw, strata_of
from models.proof.units import units
from storage.case.cohorts import Cohort, read_cohort
from storage.case.habits import HABIT, SPOKEN, contact_habits_of
from storage.schema import cases

AT_ONCE = 100_000
"""Cases that are drawn together: a line of the draw is held in memory, some 300 bytes a case."""

UNDRAWN = text(f"""
    WITH people AS (
        SELECT id, taxpayer, tax, owed FROM cases
        WHERE cohort = :cohort AND status = 'control' AND arm IS NULL ORDER BY id LIMIT :at_once FOR UPDATE),
    spoken AS ({SPOKEN})
    SELECT id, tax, owed, coalesce(habit, 'unknown') AS habit FROM people LEFT JOIN LATERAL ({HABIT}) AS past ON true
""")  # noqa: S608 - constants

TOGETHER = text("""
    WITH people AS (
        SELECT cases.id, taxpayer, email, phone, arm IS NOT NULL AS drawn
        FROM cases JOIN taxpayers ON taxpayers.id = taxpayer WHERE cohort = :cohort),
    shared AS (
        SELECT id, drawn, 'person ' || taxpayer AS key FROM people
        UNION SELECT id, drawn, 'debt ' || debt FROM people JOIN debtors USING (taxpayer)
        UNION SELECT id, drawn, 'e-mail ' || lower(email) FROM people
        UNION SELECT id, drawn, 'phone ' || phone FROM people)
    SELECT array_agg(id ORDER BY id) FROM shared WHERE key IS NOT NULL
    GROUP BY key HAVING count(*) > 1 AND NOT bool_and(drawn)
""")
"""Cases of a cohort, some of them yet to be drawn, that share a person, a debt, an e-mail or a telephone."""

DRAWN = text("""
    SELECT id, coalesce(unit, id) AS unit, arm FROM cases WHERE id = ANY(:ids) AND arm IS NOT NULL ORDER BY drawn_at, id
""").bindparams(bindparam("ids", type_=ARRAY(Text)))

SEND_ON = text("""
    UPDATE cases SET arm = line.arm, habit = line.habit, unit = line.unit, stratum = line.stratum, drawn_at = now(),
                     contact_habits = CAST(line.contact_habits AS jsonb),
                     ruler = coalesce((SELECT arms.ruler FROM arms WHERE arms.cohort = cases.cohort
                                         AND arms.arm = line.arm), cases.ruler),
                     status = CASE line.arm WHEN 'control' THEN 'control' ELSE 'running' END
    FROM unnest(:ids, :arms, :habits, :units, :strata, :contact_habits)
        AS line (id, arm, habit, unit, stratum, contact_habits)
    WHERE cases.id = line.id
""").bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("ids", "arms", "habits", "units", "strata", "contact_habits"))
)


def draw_arms(engine: Engine, cohort: Cohort) -> None:
    """Draw those of a cohort's cases that were not drawn yet; the others stay as they are. A case drawn for a ruler is
    `running` until its workflow looks at it, also when it is on hold."""
    if cohort.lot is None:
        return
    while True:
        with engine.begin() as connection:
            line, earlier = _line(connection, cohort.name)
            if not line:
                return
            new = [each for each in line if each.unit not in earlier]
            arms, strata = draw(new, cohort.lot.shares, cohort.lot.salt) | earlier, strata_of(line)
            drawn: dict[str, list[Any]] = {
                "ids": [each.case for each in line],
                "arms": [arms.get(each.unit, Arm.RULER) for each in line],
                "habits": [each.habit for each in line],
                "units": [each.unit for each in line],
                "strata": [strata[each.unit].key for each in line],
            }
            drawn["contact_habits"] = _told_apart(connection, cohort, drawn["ids"])
            connection.execute(SEND_ON, drawn)


TAXPAYERS = text("SELECT id, taxpayer FROM cases WHERE id = ANY(:ids)").bindparams(bindparam("ids", type_=ARRAY(Text)))


def _told_apart(connection: Connection, cohort: Cohort, ids: Sequence[str]) -> list[str | None]:
    """The contact habits of those cases that the cohort's ruler has other rungs for, whatever arm they are in."""
    ruler = cohort.frozen.ruler
    if not ruler.goes_by_habit:
        return [None] * len(ids)
    people = {row.id: row.taxpayer for row in connection.execute(TAXPAYERS, {"ids": ids})}
    known = contact_habits_of(connection, people.values(), ruler.jurisdiction.timezone)
    habits = [known[people[case]] for case in ids]
    return [each.model_dump_json() if ruler.tells_apart(each) else None for each in habits]


def _line(connection: Connection, cohort: str) -> tuple[list[Candidate], dict[str, str]]:
    """The cases to be drawn, and the arms of those of their units that were drawn with an earlier line."""
    rows = connection.execute(UNDRAWN, {"cohort": cohort, "at_once": AT_ONCE}).all()
    joined = units(connection.scalars(TOGETHER, {"cohort": cohort})) if rows else {}
    earlier: dict[str, str] = {}
    named: dict[str, str] = {}
    for row in connection.execute(DRAWN, {"ids": list(joined)}):
        earlier.setdefault(named.setdefault(joined[row.id], row.unit), row.arm)
    unit_of = {case: named.get(unit, unit) for case, unit in joined.items()}
    line = [Candidate(row.id, row.tax, row.owed, Habit(row.habit), unit_of.get(row.id, "")) for row in rows]
    return line, earlier


def drawn(connection: Connection, cohort: str) -> dict[Arm, list[Candidate]]:
    """The cases as they were drawn; an arm that nobody was drawn for is empty."""
    arms: dict[Arm, list[Candidate]] = {arm: [] for arm in Arm}
    unit, habit = func.coalesce(cases.c.unit, ""), func.coalesce(cases.c.habit, Habit.UNKNOWN)
    facts = (cases.c.id, cases.c.tax, cases.c.owed, habit.label("habit"), unit.label("unit"))
    for row in connection.execute(
        select(*facts, cases.c.arm).where(cases.c.cohort == cohort, cases.c.arm.is_not(None))
    ):
        arms[Arm(row.arm)].append(Candidate(row.id, row.tax, row.owed, Habit(row.habit), row.unit))
    return arms


def release(engine: Engine, cohort: str) -> int:
    """Close the cases of a cohort's hold-out, so that another cohort may take them up; gives how many. They stay what
    they were drawn for, and what they pay goes on being followed. Raises Refusal when there is no such cohort."""
    with engine.begin() as connection:
        read_cohort(connection, cohort)
        held = (cases.c.cohort == cohort) & (cases.c.arm == Arm.CONTROL) & cases.c.closed_at.is_(None)
        return connection.execute(update(cases).where(held).values(closed_at=func.clock_timestamp())).rowcount
