"""The arms of a cohort, of whom one is not contacted: drawn on record before anything is sent, compared, and then let
go."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.proof.holdout import Arm, Candidate, Habit, draw
from storage.case.cohorts import Cohort, read_cohort
from storage.proof.habits import HABIT, SPOKEN
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

SEND_ON = text("""
    UPDATE cases SET arm = line.arm, habit = line.habit, drawn_at = now(),
                     ruler = CASE line.arm WHEN 'rival' THEN :rival ELSE ruler END,
                     status = CASE line.arm WHEN 'control' THEN 'control' ELSE 'running' END
    FROM unnest(:ids, :arms, :habits) AS line (id, arm, habit) WHERE cases.id = line.id
""").bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("ids", "arms", "habits")))


def draw_arms(engine: Engine, cohort: Cohort) -> None:
    """Draw those of a cohort's cases that were not drawn yet; the others stay as they are. A case drawn for a ruler is
    `running` until its workflow looks at it, also when it is on hold."""
    if cohort.lot is None:
        return
    shares, rival = cohort.lot.shares, cohort.lot.rival.digest if cohort.lot.rival else None
    while True:
        with engine.begin() as connection:
            rows = connection.execute(UNDRAWN, {"cohort": cohort.name, "at_once": AT_ONCE}).all()
            if not rows:
                return
            line = [Candidate(row.id, row.tax, row.owed, Habit(row.habit)) for row in rows]
            arms = draw(line, shares, cohort.lot.salt)
            drawn = {
                "ids": [each.case for each in line],
                "arms": [arms.get(each.case, Arm.RULER) for each in line],
                "habits": [each.habit for each in line],
            }
            connection.execute(SEND_ON, {**drawn, "rival": rival})


def drawn(connection: Connection, cohort: str) -> dict[Arm, list[Candidate]]:
    """The cases as they were drawn; an arm that nobody was drawn for is empty."""
    arms: dict[Arm, list[Candidate]] = {arm: [] for arm in Arm}
    facts = (cases.c.id, cases.c.tax, cases.c.owed, func.coalesce(cases.c.habit, Habit.UNKNOWN).label("habit"))
    for row in connection.execute(
        select(*facts, cases.c.arm).where(cases.c.cohort == cohort, cases.c.arm.is_not(None))
    ):
        arms[Arm(row.arm)].append(Candidate(row.id, row.tax, row.owed, Habit(row.habit)))
    return arms


def release(engine: Engine, cohort: str) -> int:
    """Close the cases of a cohort's hold-out, so that another cohort may take them up; gives how many. They stay what
    they were drawn for, and what they pay goes on being followed. Raises Refusal when there is no such cohort."""
    with engine.begin() as connection:
        read_cohort(connection, cohort)
        held = (cases.c.cohort == cohort) & (cases.c.arm == Arm.CONTROL) & cases.c.closed_at.is_(None)
        return connection.execute(update(cases).where(held).values(closed_at=func.clock_timestamp())).rowcount
