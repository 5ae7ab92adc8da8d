"""The ends of terms and the service of notices, by the audit's own reading of the law: SQL over raw rows.

It shares no definition with `models/law/calendar.py` and `models/case/gate.py`, so that it can tell when one of them is
wrong. Working days are counted on a relation of days, made from the holidays that were frozen with each ruler.

What is known to be wrong and let pass until it is mended is named by the id of its case in `tests/casebook`.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, text

from models.law.calendar import Wait


class End(NamedTuple):
    """The end of a term of CTN art. 210: the day of the event isn't counted, the first day counted is a working day,
    the last is rolled forward to one and is the taxpayer's."""

    last_day: date
    act_from: date
    """The day after it, on which the authority may act."""
    acted_from: date
    """The day on which the product acts today, counting from the day after the event though nobody works on it, and
    taking the last day for its own (L1, L2)."""

    @property
    def allowed_from(self) -> date:
        """The first day that the audit lets pass: L1 and L2 are to make it `act_from`."""
        return min(self.act_from, self.acted_from)


END = text("""
    WITH days AS (
        SELECT CAST(day AS date) AS day,
               extract(isodow FROM day) < 6 AND NOT jsonb_exists(holidays, to_char(day, 'YYYY-MM-DD')) AS works
        FROM rulers, generate_series(CAST(:event AS date) + 1, CAST(:event AS date) + 2 * :days + 60, interval '1 day')
                     AS day
        WHERE digest = :ruler
    ), working AS (
        SELECT day, row_number() OVER (ORDER BY day) AS nth FROM days WHERE works
    ), ends AS (
        SELECT CASE :unit WHEN 'business' THEN (SELECT day FROM working WHERE nth = :days)
               ELSE (SELECT min(day) FROM working
                     WHERE day >= (SELECT day FROM working WHERE nth = 1) + CAST(:days AS int) - 1) END AS last_day,
               CASE :unit WHEN 'business' THEN (SELECT day FROM working WHERE nth = :days)
               ELSE (SELECT min(day) FROM working WHERE day >= CAST(:event AS date) + CAST(:days AS int)) END
                   AS acted_from
    )
    SELECT last_day, last_day + 1 AS act_from, acted_from FROM ends
""")

SERVES = """
    (served_on IS NOT NULL AND (channel = 'domicile' OR served_by NOT IN ('file', 'delivered', 'read', 'answered')
                                OR channel IN ('email', 'sms')))
"""
"""Whether a notice has served the act: read or deemed in the electronic domicile, or proven by a person. What a
provider tells of an e-mail or an SMS proves no service; it is let pass until L9 takes the last line away."""


class Terms:
    """The ends of terms, each asked of the database once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, date, Wait], End] = {}

    def end(self, ruler: str, event: date, wait: Wait) -> End:
        """The end of a wait that counts from `event`, on the days of the ruler with that digest."""
        asked = (ruler, event, wait)
        if asked not in self._known:
            row = self._connection.execute(
                END, {"ruler": ruler, "event": event, "days": wait.days, "unit": str(wait.unit)}
            )
            self._known[asked] = End(*row.one())
        return self._known[asked]
