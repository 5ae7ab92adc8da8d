"""Contacts in bulk: what a source says of how taxpayers are reached, and what they consented to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from models.contact.contacts import ADDRESS
from models.events import ContactGiven
from models.intake.contacts import BETWEEN, ContactRow
from models.intake.extract import Reader
from storage.contact.delivery import lock_cases_of, refuse
from storage.intake.files import SourceFile
from storage.intake.rejects import Rejects
from storage.intake.staging import Progress, begin_merge, count, stage

COLUMNS = """tax_id text, key text, email text, phone text, messenger text, address text, consent boolean, source text,
    said_on date"""
VIA = "contacts import"


@dataclass(frozen=True)
class ContactsImported:
    rows: int
    taxpayers: int
    contacts: int
    """The contacts that were not on record as they are now."""
    changed: int
    """Taxpayers who are reached otherwise from now on."""
    refused: int
    """Taxpayers who want no messages on some channel, by what they said now."""
    unknown: int
    """Rows of people who owe nothing that is known here; nothing of theirs is kept."""


def import_contacts(
    connection: Connection,
    source: SourceFile,
    read: Reader[ContactRow],
    rejects: Rejects,
    progress: Progress,
    now: datetime,
) -> ContactsImported:
    """Import contacts in the caller's transaction, and tell open cases. The newest that was said counts, whoever said
    it; an address that failed for good is not tried again for being said once more."""
    rows = stage(connection, COLUMNS, source, read, rejects, progress)
    begin_merge(connection)
    unknown = connection.execute(text(DROP_STRANGERS)).rowcount
    connection.execute(text(SAID), {"between": BETWEEN})
    contacts = connection.execute(text(KEEP)).rowcount
    connection.execute(text(NEWEST))
    changed = list(connection.execute(text(OTHERWISE)).scalars())
    no = connection.execute(text(REFUSING)).tuples().all()
    locked = lock_cases_of(connection, {*changed, *(who for who, _ in no)}, now)
    connection.execute(text(CHANGE))
    kinds = defaultdict(list)
    for channel, kind in ADDRESS.items():
        kinds[kind].append(channel)
    refuse(connection, locked, [(who, channel) for who, kind in no for channel in kinds[kind]], VIA)
    for who in changed:
        locked.enqueue_all(who, ContactGiven())
    locked.write()
    return ContactsImported(
        rows=rows,
        taxpayers=count(connection, "SELECT DISTINCT key FROM staged"),
        contacts=contacts,
        changed=len(changed),
        refused=len({who for who, _ in no}),
        unknown=unknown,
    )


DROP_STRANGERS = """
DELETE FROM staged WHERE NOT EXISTS (SELECT FROM taxpayers WHERE taxpayers.key = staged.key)
"""

# the last row that says it decides
SAID = """
CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT DISTINCT ON (taxpayer, kind, value)
       taxpayers.id AS taxpayer, kind, value, source, said_on, consent, place
FROM staged JOIN taxpayers USING (key)
CROSS JOIN LATERAL (VALUES
    ('email', staged.email), ('phone', staged.phone), ('messenger', staged.messenger), ('address', staged.address)
) AS given (kind, list)
CROSS JOIN LATERAL unnest(string_to_array(list, :between)) WITH ORDINALITY AS each (value, place)
ORDER BY taxpayer, kind, value, said_on DESC, line DESC
"""

KEEP = """
INSERT INTO contacts (taxpayer, kind, value, source, said_on, consent, place)
SELECT taxpayer, kind, value, source, said_on, consent, place FROM said ORDER BY taxpayer, kind, value
ON CONFLICT (taxpayer, kind, value) DO UPDATE
SET source = excluded.source, said_on = excluded.said_on, place = excluded.place,
    consent = coalesce(excluded.consent, contacts.consent)
WHERE excluded.said_on >= contacts.said_on
  AND (contacts.source, contacts.said_on, contacts.place, contacts.consent) IS DISTINCT FROM
      (excluded.source, excluded.said_on, excluded.place, coalesce(excluded.consent, contacts.consent))
"""

# of each taxpayer of the file; a person's word is a contact too, with its day
NEWEST = """
CREATE TEMP TABLE newest ON COMMIT DROP AS
SELECT taxpayer, max(value) FILTER (WHERE kind = 'email') AS email, max(value) FILTER (WHERE kind = 'phone') AS phone,
       max(value) FILTER (WHERE kind = 'messenger') AS messenger, max(value) FILTER (WHERE kind = 'address') AS address
FROM (
    SELECT DISTINCT ON (taxpayer, kind) taxpayer, kind, value
    FROM contacts
    WHERE taxpayer IN (SELECT taxpayer FROM said) AND coalesce(consent, true)
      AND NOT EXISTS (
          SELECT FROM suppressed_contacts
          WHERE suppressed_contacts.taxpayer = contacts.taxpayer AND suppressed_contacts.address = value
            AND recovered_at IS NULL)
    ORDER BY taxpayer, kind, said_on DESC, place, value
) AS one
GROUP BY taxpayer
"""

OTHERWISE = """
SELECT id FROM taxpayers JOIN newest ON newest.taxpayer = taxpayers.id
WHERE (coalesce(newest.email, taxpayers.email), coalesce(newest.phone, taxpayers.phone),
       coalesce(newest.messenger, taxpayers.messenger), coalesce(newest.address, taxpayers.address))
      IS DISTINCT FROM (taxpayers.email, taxpayers.phone, taxpayers.messenger, taxpayers.address)
ORDER BY id
"""

CHANGE = """
UPDATE taxpayers
SET email = coalesce(newest.email, taxpayers.email), phone = coalesce(newest.phone, taxpayers.phone),
    messenger = coalesce(newest.messenger, taxpayers.messenger),
    address = coalesce(newest.address, taxpayers.address)
FROM newest
WHERE newest.taxpayer = taxpayers.id
  AND (coalesce(newest.email, taxpayers.email), coalesce(newest.phone, taxpayers.phone),
       coalesce(newest.messenger, taxpayers.messenger), coalesce(newest.address, taxpayers.address))
      IS DISTINCT FROM (taxpayers.email, taxpayers.phone, taxpayers.messenger, taxpayers.address)
"""

REFUSING = """
SELECT DISTINCT taxpayer, kind FROM said WHERE NOT consent AND kind <> 'address' ORDER BY taxpayer, kind
"""
