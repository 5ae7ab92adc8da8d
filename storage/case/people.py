"""The person behind a case: addresses, refusals, and the contacts made lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Text

from models.contact.contacts import Contacts
from models.contact.delivery import Delivery, Progress
from models.law.calendar import Clock
from storage.schema import suppressed_contacts

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Contacted:
    """A contact that counts against a person's limits, and the ruler (its digest) that made it."""

    on: date
    ruler: str


@dataclass(frozen=True)
class Person:
    name: str
    tax_id: str
    is_company: bool
    contacts: Contacts
    contacted: tuple[Contacted, ...]
    deliveries: tuple[Delivery, ...]
    """The fate of the case's last rung."""


def read_person(connection: Connection, case: str, last_step: int, clock: Clock, today: date) -> Person:
    return read_people(connection, {case: last_step}, clock, today)[case]


def read_people(connection: Connection, last_steps: Mapping[str, int], clock: Clock, today: date) -> dict[str, Person]:
    """Read the person behind each case, given its last step. Their contacts are counted over all cases, but for those
    of rulers on another clock: a rehearsal's days can't be compared with anybody else's."""
    asked = {
        "cases": list(last_steps),
        "steps": list(last_steps.values()),
        "since": today - WEEK,
        "compressed": clock.compressed,
    }
    return {row.case: _person(row) for row in connection.execute(PEOPLE, asked)}


def _person(row: Row[Any]) -> Person:
    return Person(
        name=row.name,
        tax_id=row.tax_id,
        is_company=row.is_company,
        contacts=Contacts(
            addresses={"email": row.email, "phone": row.phone, "messenger": row.messenger, "address": row.address},
            others=row.others,
            suppressed=frozenset(map(tuple, row.suppressed)),
            refused=frozenset(row.refused),
        ),
        contacted=tuple(Contacted(date.fromisoformat(on), ruler) for on, ruler in row.contacted),
        deliveries=tuple(_delivery(*delivery) for delivery in row.deliveries),
    )


def _delivery(channel: Any, rung_channel: Any, status: str) -> Delivery:
    return Delivery(channel=channel, rung_channel=rung_channel, progress=Progress(status))


def suppress_contact(
    connection: Connection, taxpayer: int, channel: str, address: str | None, why: str, notice: str | None = None
) -> None:
    """Put an address on the suppression list: no message goes there again until people give it anew."""
    row = {"taxpayer": taxpayer, "channel": channel, "address": address, "why": why, "notice": notice}
    connection.execute(insert(suppressed_contacts).values(row).on_conflict_do_nothing())


PEOPLE = text("""
    SELECT own.id AS "case", name, tax_id, is_company, email, phone, messenger, taxpayers.address,
        (SELECT coalesce(jsonb_object_agg(kind, list), '{}') FROM (
            SELECT kind, jsonb_agg(others.value ORDER BY others.place, others.value) AS list
            FROM contacts AS used JOIN contacts AS others USING (taxpayer, kind, source, said_on)
            WHERE used.taxpayer = own.taxpayer AND used.value IN (email, phone, messenger)
              AND others.value <> used.value AND coalesce(others.consent, true)
            GROUP BY kind) AS stated) AS others,
        (SELECT coalesce(jsonb_agg(channel), '[]') FROM opt_outs WHERE opt_outs.taxpayer = own.taxpayer) AS refused,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(channel, address)), '[]') FROM suppressed_contacts
         WHERE suppressed_contacts.taxpayer = own.taxpayer AND recovered_at IS NULL) AS suppressed,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(channel, rung_channel, status) ORDER BY claimed_at, id), '[]')
         FROM notices WHERE notices."case" = own.id AND notices.step = asked.step) AS deliveries,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(at, ruler)), '[]') FROM (
            SELECT min(notices.at) AS at, cases.ruler
            FROM cases JOIN cohorts ON cohorts.name = cases.cohort JOIN notices ON notices."case" = cases.id
            WHERE cases.taxpayer = own.taxpayer AND notices.at > :since
              AND (notices.kind IN ('instalment_reminder', 'instalment_alert', 'before_due', 'promise_reminder')
                   OR NOT notices.formal AND notices.stage <> 'suspension')
              AND CASE WHEN :compressed THEN cohorts.name = own.cohort
                       ELSE CAST(cohorts.clock->>'day_seconds' AS numeric) = 86400 END
            GROUP BY notices."case", notices.step, notices.communication, cases.ruler
            UNION ALL
            SELECT calls.at, cases.ruler
            FROM cases JOIN cohorts ON cohorts.name = cases.cohort JOIN tasks ON tasks."case" = cases.id
            JOIN calls ON calls.task = tasks.id
            WHERE cases.taxpayer = own.taxpayer AND calls.at > :since
              AND (counts OR ended_at IS NULL AND queue IN ('promises', 'collection'))
              AND CASE WHEN :compressed THEN cohorts.name = own.cohort
                       ELSE CAST(cohorts.clock->>'day_seconds' AS numeric) = 86400 END) AS made) AS contacted
    FROM unnest(:cases, :steps) AS asked ("case", step)
    JOIN cases AS own ON own.id = asked."case" JOIN taxpayers ON taxpayers.id = own.taxpayer
""").bindparams(bindparam("cases", type_=ARRAY(Text)), bindparam("steps", type_=ARRAY(Integer)))
