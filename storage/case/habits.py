"""Taxpayers' conduct in earlier cases (models.proof.holdout.Habit), read from the record for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import BigInteger, Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from models.contact.habits import ContactHabits
from models.proof.holdout import Habit

HABIT = """
    SELECT CASE WHEN last >= since THEN 'paid_after_notice'
                WHEN last IS NOT NULL THEN 'paid_unprompted'
                WHEN answered OR earlier.status = 'resolved' OR hardship_on IS NOT NULL OR claimed_paid_on IS NOT NULL
                  OR earlier.id IN (SELECT "case" FROM spoken) THEN 'answered'
                ELSE 'silent' END AS habit
    FROM cases AS earlier
    CROSS JOIN LATERAL (
        SELECT min(at) AS since, bool_or(status = 'answered') AS answered FROM notices
        WHERE "case" = earlier.id AND kind = 'rung' AND sent_at IS NOT NULL) AS notified
    CROSS JOIN LATERAL (
        SELECT max(paid_on) AS last
        FROM debtors JOIN debts ON debts.id = debtors.debt
        CROSS JOIN LATERAL (
            SELECT id FROM payments WHERE payments.debt = debts.id
            UNION ALL SELECT payment FROM allocations WHERE allocations.debt = debts.id) AS came (payment)
        JOIN payments ON payments.id = came.payment
        WHERE debtors.taxpayer = earlier.taxpayer AND debts.tax = earlier.tax
          AND paid_on >= earlier.opened_on AND payments.recorded_at <= earlier.closed_at
          AND payments.amount > coalesce(
              (SELECT sum(amount) FROM reversals WHERE reversals.payment = payments.id), 0)) AS paid
    WHERE earlier.taxpayer = people.taxpayer AND earlier.closed_at IS NOT NULL
      AND (since IS NOT NULL OR last IS NOT NULL)
    ORDER BY earlier.closed_at DESC, earlier.id LIMIT 1"""
"""That of each taxpayer of a relation `people`, as a lateral query beside it: by his own rows alone, since nobody knows
how many join. No row: nothing is known of him."""

SPOKEN = """
    SELECT "case" FROM replies WHERE "case" IS NOT NULL
    UNION ALL SELECT "case" FROM agreements UNION ALL SELECT "case" FROM defences"""
"""The relation `spoken`, which HABIT reads: cases in which the taxpayer spoke up."""

CHANNELS_OF: Mapping[str, str] = {
    "paid_after": """
        SELECT notices.channel FROM cases AS earlier JOIN debtors ON debtors.taxpayer = earlier.taxpayer
        JOIN debts ON debts.id = debtors.debt AND debts.tax = earlier.tax
        JOIN payments ON payments.debt = debts.id AND payments.paid_on >= earlier.opened_on
        CROSS JOIN LATERAL (
            SELECT max(step) AS step FROM notices
            WHERE "case" = earlier.id AND kind = 'rung' AND sent_at IS NOT NULL AND at <= paid_on) AS last
        JOIN notices ON notices."case" = earlier.id AND notices.step = last.step AND sent_at IS NOT NULL
        WHERE earlier.taxpayer = people.taxpayer""",
    "opened": """
        SELECT notices.channel FROM cases AS earlier JOIN notices ON notices."case" = earlier.id
        WHERE earlier.taxpayer = people.taxpayer AND notices.status IN ('read', 'answered')""",
    "answered": """
        SELECT channel FROM replies WHERE replies.taxpayer = people.taxpayer
        UNION ALL SELECT channel FROM cases AS earlier JOIN notices ON notices."case" = earlier.id
        WHERE earlier.taxpayer = people.taxpayer AND notices.status = 'answered'""",
}
"""Channels of a taxpayer of a relation `people`: that of the last notice before a payment of his, and those on which he
read or answered."""

ACTIVE = """
        SELECT mode() WITHIN GROUP (ORDER BY CASE WHEN hour < 12 THEN 'morning' WHEN hour < 18 THEN 'afternoon'
                                             ELSE 'evening' END)
        FROM (SELECT extract(hour FROM at AT TIME ZONE :timezone) AS hour
              FROM (SELECT delivery_events.at
                    FROM cases AS earlier JOIN notices ON notices."case" = earlier.id
                    JOIN delivery_events ON delivery_events.notice = notices.id
                    WHERE earlier.taxpayer = people.taxpayer AND delivery_events.kind IN ('open', 'click', 'read')
                    UNION ALL SELECT recorded_at FROM replies WHERE replies.taxpayer = people.taxpayer) AS acts
             ) AS hours"""
"""The part of the day in which a taxpayer of a relation `people` most often reads or answers, by the clock of
`:timezone`."""

OF_CHANNELS: Mapping[str, str] = {
    **{
        habit: f"EXISTS (SELECT FROM ({channels}) AS known (channel) WHERE channel = ANY(:{habit}))"
        for habit, channels in CHANNELS_OF.items()
    },
    "active": f":active = ({ACTIVE})",
}
"""Conditions on a taxpayer of a relation `people`."""

LISTED = ", ".join(
    f"ARRAY(SELECT DISTINCT channel FROM ({channels}) AS known (channel) ORDER BY 1) AS {habit}"  # noqa: S608 - constants
    for habit, channels in CHANNELS_OF.items()
)
CONTACT_HABITS = text(f"""
    SELECT taxpayer, {LISTED}, ({ACTIVE}) AS active
    FROM unnest(:taxpayers) AS people (taxpayer)
""").bindparams(bindparam("taxpayers", type_=ARRAY(BigInteger)))  # noqa: S608 - constants

HABITS = text(f"""
    WITH people AS (SELECT unnest(:taxpayers) AS taxpayer), spoken AS ({SPOKEN})
    SELECT taxpayer, habit FROM people JOIN LATERAL ({HABIT}) AS past ON true
""").bindparams(bindparam("taxpayers", type_=ARRAY(BigInteger)))  # noqa: S608 - constants


def contact_habits_of(connection: Connection, taxpayers: Iterable[int], timezone: str) -> dict[int, ContactHabits]:
    """Taxpayer → the channels and hours that he is known by, empty where by none."""
    found = connection.execute(CONTACT_HABITS, {"taxpayers": sorted(set(taxpayers)), "timezone": timezone})
    return {
        row.taxpayer: ContactHabits(
            paid_after=row.paid_after, opened=row.opened, answered=row.answered, active=row.active
        )
        for row in found
    }


def habits_of(connection: Connection, taxpayers: Iterable[int]) -> dict[int, Habit]:
    """Taxpayer → habit, of those of whom anything is known."""
    found = connection.execute(HABITS, {"taxpayers": sorted(set(taxpayers))})
    return {row.taxpayer: Habit(row.habit) for row in found}
