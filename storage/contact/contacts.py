"""Contacts of taxpayers that people put on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine, text, update
from sqlalchemy.dialects.postgresql import insert

from models.case.journal import EntryKind
from models.contact.contacts import ADDRESS
from models.contact.email_address import email_address
from models.contact.phone import e164
from models.contact.postal_address import postal_address
from models.errors import Refusal
from models.events import ContactGiven
from storage.case.cases import read_case
from storage.contact.delivery import lock_cases_of
from storage.schema import contacts, taxpayers


@dataclass(frozen=True)
class Given:
    kinds: tuple[str, ...]
    """The kinds put on record: email, phone, address."""
    recovered: tuple[str, ...]
    """Channels on which these addresses had been on the suppression list."""
    refused: tuple[str, ...]
    """Channels of these addresses on which the taxpayer wants no messages."""


def give_contact(
    engine: Engine,
    case: str,
    by: str,
    now: datetime,
    email: str | None = None,
    phone: str | None = None,
    address: str | None = None,
) -> Given:
    """Put a contact on record. Raises Refusal when there is no such case, nothing to put on record, or something
    malformed."""
    given = {
        kind: _checked(f"--{kind}", read, written)
        for kind, read, written in (
            ("email", email_address, email),
            ("phone", e164, phone),
            ("address", _line, address),
        )
        if written is not None
    }
    if not given:
        raise Refusal("say --email, --phone or --address: there is nothing to put on record")
    with engine.begin() as connection:
        taxpayer = read_case(connection, case).taxpayer
        locked = lock_cases_of(connection, [taxpayer], now)
        connection.execute(update(taxpayers).where(taxpayers.c.id == taxpayer).values(given))
        _keep(connection, taxpayer, given, now.astimezone().date())
        recovered = _recover(connection, taxpayer, given, by)
        said = " e ".join({"email": "e-mail", "phone": "telefone", "address": "endereço"}[kind] for kind in given)
        for each in locked.open_of(taxpayer):
            locked.note(each, EntryKind.CONTACT_GIVEN, f"{said} informado por {by}", locked.today(each), {})
        locked.enqueue_all(taxpayer, ContactGiven())
        locked.write()
        return Given(tuple(given), recovered, _refused(connection, taxpayer, given))


def _keep(connection: Connection, taxpayer: int, given: dict[str, str], on: date) -> None:
    rows = [
        {"taxpayer": taxpayer, "kind": kind, "value": value, "source": "person", "said_on": on}
        for kind, value in given.items()
    ]
    said = insert(contacts).values(rows)
    newer = {"source": said.excluded.source, "said_on": said.excluded.said_on}
    key = (contacts.c.taxpayer, contacts.c.kind, contacts.c.value)
    connection.execute(said.on_conflict_do_update(index_elements=key, set_=newer))


def _checked(option: str, read: Callable[[str], str], written: str) -> str:
    try:
        return read(written)
    except ValueError as wrong:
        raise Refusal(f"{option} {wrong}") from None


def _line(written: str) -> str:
    """A postal address in one line. Raises ValueError when no letter finds it."""
    postal_address(written)
    return " ".join(written.split())


RECOVERED = text("""
    UPDATE suppressed_contacts SET recovered_at = clock_timestamp(), recovered_by = :by
    WHERE taxpayer = :taxpayer AND address = ANY(:addresses) AND recovered_at IS NULL RETURNING channel
""")


def _recover(connection: Connection, taxpayer: int, given: dict[str, str], by: str) -> tuple[str, ...]:
    asked = {"taxpayer": taxpayer, "by": by, "addresses": list(given.values())}
    return tuple(sorted(connection.scalars(RECOVERED, asked)))


REFUSED = text("SELECT channel FROM opt_outs WHERE taxpayer = :taxpayer ORDER BY channel")


def _refused(connection: Connection, taxpayer: int, given: dict[str, str]) -> tuple[str, ...]:
    refused: list[str] = list(connection.scalars(REFUSED, {"taxpayer": taxpayer}))
    concerned = {channel for channel, kind in ADDRESS.items() if kind in given}
    return tuple(channel for channel in refused if channel in concerned)
