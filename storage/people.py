"""What is on record of the person behind a case: addresses, refusals, and the contacts made lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from models.calendar import Clock
from models.contacts import Contacts
from models.delivery import Delivery, Progress
from storage.schema import dead_contacts

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Contacted:
    """A contact that counts against a person's limits, and the ruler (its digest) that made it."""

    on: date
    ruler: str


@dataclass(frozen=True)
class Person:
    contacts: Contacts
    contacted: tuple[Contacted, ...]
    deliveries: tuple[Delivery, ...]
    """What became of the case's last rung."""


def read_person(connection: Connection, taxpayer: int, case: str, last_step: int, clock: Clock, today: date) -> Person:
    """Whoever else contacts this person queues until the transaction ends: its contacts are counted over all cases.

    Those of rulers on another clock don't count: a rehearsal's days can't be compared with anybody else's.
    """
    connection.execute(LOCK, {"taxpayer": taxpayer})
    asked = {
        "taxpayer": taxpayer,
        "case": case,
        "step": last_step,
        "since": today - WEEK,
        "compressed": clock.compressed,
    }
    row = connection.execute(PERSON, asked).one()
    return Person(
        contacts=Contacts(
            addresses={"email": row.email, "phone": row.phone, "messenger": row.messenger},
            dead=frozenset(map(tuple, row.dead)),
            refused=frozenset(row.refused),
        ),
        contacted=tuple(Contacted(date.fromisoformat(on), ruler) for on, ruler in row.contacted),
        deliveries=tuple(_delivery(*delivery) for delivery in row.deliveries),
    )


def _delivery(channel: Any, way: Any, status: str) -> Delivery:
    return Delivery(channel=channel, way=way, progress=Progress(status))


def bury(
    connection: Connection, taxpayer: int, channel: str, address: str | None, why: str, notice: str | None = None
) -> None:
    """No message goes to a dead address again, until people revive it."""
    row = {"taxpayer": taxpayer, "channel": channel, "address": address, "why": why, "notice": notice}
    connection.execute(insert(dead_contacts).values(row).on_conflict_do_nothing())


LOCK = text("SELECT pg_advisory_xact_lock(:taxpayer)")

PERSON = text("""
    SELECT email, phone, messenger,
        (SELECT coalesce(jsonb_agg(channel), '[]') FROM opt_outs WHERE taxpayer = :taxpayer) AS refused,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(channel, address)), '[]') FROM dead_contacts
         WHERE taxpayer = :taxpayer AND revived_at IS NULL) AS dead,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(channel, way, status) ORDER BY claimed_at, id), '[]')
         FROM notices WHERE "case" = :case AND step = :step) AS deliveries,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(at, ruler)), '[]') FROM (
            SELECT min(notices.at) AS at, cases.ruler
            FROM cases JOIN cohorts ON cohorts.name = cases.cohort JOIN notices ON notices."case" = cases.id
            WHERE cases.taxpayer = :taxpayer AND notices.at > :since
              AND NOT notices.formal AND notices.stage <> 'suspension'
              AND CASE WHEN :compressed THEN cohorts.name = (SELECT cohort FROM cases WHERE id = :case)
                       ELSE CAST(cohorts.clock->>'day_seconds' AS numeric) = 86400 END
            GROUP BY notices."case", notices.step, cases.ruler) AS made) AS contacted
    FROM taxpayers WHERE id = :taxpayer
""")
