"""Who of a cohort is not contacted: drawn on record before anything is sent, compared with the rest, then let go."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case import Status
from models.holdout import Candidate, draw
from storage.cohorts import Cohort, read_cohort
from storage.schema import cases

CONTROL, RULER = "control", "ruler"
"""Arms: held out, and contacted by the cohort's ruler."""

AT_ONCE = 100_000
"""Cases that are drawn together: a line of the draw is held in memory, some 300 bytes a case."""

UNDRAWN = text("""
    SELECT id, tax, owed FROM cases
    WHERE cohort = :cohort AND status = 'control' AND arm IS NULL ORDER BY id LIMIT :at_once FOR UPDATE
""")

SEND_ON = text("""
    UPDATE cases SET arm = CASE WHEN held.id IS NULL THEN 'ruler' ELSE 'control' END, drawn_at = now(),
                     status = CASE WHEN held.id IS NULL THEN 'running' ELSE 'control' END
    FROM unnest(:drawn) AS line (id) LEFT JOIN unnest(:held) AS held (id) ON held.id = line.id
    WHERE cases.id = line.id
""").bindparams(bindparam("drawn", type_=ARRAY(Text)), bindparam("held", type_=ARRAY(Text)))


def draw_arms(engine: Engine, cohort: Cohort) -> None:
    """Draws those of its cases that were not drawn yet; the others stay as they are. A case drawn for the ruler is
    `running` until its workflow looks at it, also when it is on hold."""
    if cohort.holdout is None:
        return
    shares = {CONTROL: cohort.holdout.share}
    while True:
        with engine.begin() as connection:
            rows = connection.execute(UNDRAWN, {"cohort": cohort.name, "at_once": AT_ONCE}).all()
            if not rows:
                return
            held = draw((Candidate(row.id, row.tax, row.owed) for row in rows), shares, cohort.holdout.salt)
            connection.execute(SEND_ON, {"drawn": [row.id for row in rows], "held": list(held)})


def drawn(connection: Connection, cohort: str) -> tuple[list[Candidate], list[Candidate]]:
    """The hold-out, and those the ruler contacts: as they were drawn."""
    arms: dict[str, list[Candidate]] = {CONTROL: [], RULER: []}
    query = select(cases.c.id, cases.c.tax, cases.c.owed, cases.c.arm).where(cases.c.cohort == cohort)
    for row in connection.execute(query.where(cases.c.arm.is_not(None))):
        arms[row.arm].append(Candidate(row.id, row.tax, row.owed))
    return arms[CONTROL], arms[RULER]


def release(engine: Engine, cohort: str) -> int:
    """Closes the cases of its hold-out, so that another cohort may take them up; how many. They stay what they were
    drawn for, and what they pay goes on being followed. Raises Refusal when there is no such cohort."""
    with engine.begin() as connection:
        read_cohort(connection, cohort)
        held = (cases.c.cohort == cohort) & (cases.c.status == Status.CONTROL) & cases.c.closed_at.is_(None)
        return connection.execute(update(cases).where(held).values(closed_at=func.clock_timestamp())).rowcount
