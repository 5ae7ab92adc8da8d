"""The ends of terms and the service of notices, by the audit's own reading of the law: SQL over raw rows.

It shares no definition with `models/law/calendar.py` and `models/case/gate.py`, so that it can tell when one of them is
wrong. Working days are counted on a relation of days, made from the holidays that were frozen with each ruler.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Date, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from models.law.calendar import Wait


class End(NamedTuple):
    """The end of a term of CTN art. 210: the day of the event isn't counted, the first day counted is a working day,
    the last is rolled forward to one and is the taxpayer's."""

    last_day: date
    act_from: date
    """The day after it, on which the authority may act."""


END = text("""
    WITH days AS (
        SELECT CAST(day AS date) AS day,
               extract(isodow FROM day) < 6 AND NOT jsonb_exists(holidays, to_char(day, 'YYYY-MM-DD')) AS works
        FROM rulers, generate_series(
            CAST(:event AS date) + 1,
            CAST(:event AS date) + 2 * :days + 120 + cardinality(:stood), interval '1 day') AS day
        WHERE digest = :ruler AND NOT (:recess AND to_char(day, 'MM-DD') NOT BETWEEN '01-21' AND '12-19')
          AND NOT CAST(day AS date) = ANY(:stood)
    ), counted AS (
        SELECT day, row_number() OVER (ORDER BY day) AS nth FROM days
        WHERE works OR (:unit = 'legal' AND day > (SELECT min(day) FROM days WHERE works))
    ), ends AS (
        SELECT min(day) AS last_day FROM days WHERE works AND day >= (SELECT day FROM counted WHERE nth = :days)
    )
    SELECT last_day, last_day + 1 AS act_from FROM ends
""").bindparams(bindparam("stood", type_=ARRAY(Date)))

LISTS = "ARRAY(SELECT credit FROM notice_credits WHERE notice = notices.id)"
"""The credits that a notice lists."""
ASSESSED = """
    (SELECT jsonb_object_agg(credit, CAST(assessed AS text)) FROM notice_credits
     WHERE notice = notices.id AND assessed IS NOT NULL)
"""
"""At how much each of them was assessed, where that was kept."""

SERVES = f"""
    (served_on IS NOT NULL AND channel NOT IN ('sms', 'whatsapp', 'messenger', 'voice')
     AND cardinality({LISTS}) > 0)
"""
"""Whether a notice has served the act: it lists its credits, and its channel carries it; the others announce."""


class Terms:
    """The ends of terms, each asked of the database once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, date, Wait, bool, frozenset[date]], End] = {}

    def end(
        self, ruler: str, event: date, wait: Wait, recess: bool = False, stood: frozenset[date] = frozenset()
    ) -> End:
        """The end of a wait that counts from `event`, on the days of the ruler with that digest; it stands still from
        20/12 to 20/01 for `recess`, and on the days `stood`: it neither counts them nor begins or ends on one."""
        asked = (ruler, event, wait, recess, stood)
        if asked not in self._known:
            given: dict[str, Any] = {"ruler": ruler, "event": event, "days": wait.days, "unit": str(wait.unit)}
            given |= {"recess": recess, "stood": sorted(stood)}
            self._known[asked] = End(*self._connection.execute(END, given).one())
        return self._known[asked]
