"""Contacts in bulk, and the numbers by which debts are found."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.errors import Refusal
from models.intake.contacts import contact_reader
from storage.case.access_keys import find_debts
from storage.case.cases import read_case
from storage.case.people import read_person, suppress_contact
from storage.contact.contacts import give_contact
from storage.intake.contacts import import_contacts
from storage.intake.files import look_over
from storage.intake.rejects import Rejects
from tests.storage.intake.test_imports import ABC, ACME
from tests.storage.intake.test_statements import NOON, OWN, Source, own

HEADER = "tax_id;email;phone;messenger;address;consent;source;date"


class Reached(Source):
    def contacts(self, *rows: str, header: str = HEADER, day: int = 10) -> Any:
        self.file.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        source, now = look_over(self.file), NOON + timedelta(days=day)
        with Rejects(self.rejects) as rejects, self.engine.begin() as connection:
            read = contact_reader(source.header, now.date())
            return import_contacts(connection, source, read, rejects, lambda read: None, now)

    def used(self) -> list[tuple[Any, ...]]:
        return self.ask("SELECT email, phone, messenger FROM taxpayers ORDER BY tax_id")


@pytest.fixture
def reached(engine: Engine, tmp_path: Path) -> Reached:
    reached = Reached(engine, tmp_path)
    reached.debts(f"{own()};old@x.example", header=f"{OWN};email")
    return reached


def test_several_contacts_are_kept_and_the_first_is_used(reached: Reached) -> None:
    reached.opens_cases()
    phones = "(82) 99999-0001 / 82 3333-0002"
    told = reached.contacts(f'{ACME};"b@x.example; c@x.example";{phones};m-7;Rua A, 1;SIM;censo;2026-11-25')
    assert (told.rows, told.taxpayers, told.contacts, told.changed, told.unknown) == (1, 1, 6, 1, 0)
    assert reached.used() == [("b@x.example", "+5582999990001", "m-7")]
    assert reached.ask("SELECT kind, value, source, said_on, consent FROM contacts ORDER BY kind, place") == [
        ("address", "Rua A, 1", "censo", date(2026, 11, 25), True),
        ("email", "b@x.example", "censo", date(2026, 11, 25), True),
        ("email", "c@x.example", "censo", date(2026, 11, 25), True),
        ("messenger", "m-7", "censo", date(2026, 11, 25), True),
        ("phone", "+5582999990001", "censo", date(2026, 11, 25), True),
        ("phone", "+558233330002", "censo", date(2026, 11, 25), True),
    ]
    assert [event for _, event in reached.owed()] == ["contact_given"]
    again = reached.contacts(f'{ACME};"b@x.example; c@x.example";{phones};m-7;Rua A, 1;SIM;censo;2026-11-25')
    assert (again.contacts, again.changed) == (0, 0)


def test_when_the_first_of_several_fails_for_good_the_next_is_used_on_that_channel(reached: Reached) -> None:
    reached.opens_cases()
    reached.contacts(
        f'{ACME};"b@x.example; c@x.example; d@x.example";(82) 99999-0001 / 82 3333-0002;;;;censo;2026-11-25'
    )
    assert addresses(reached) == ("b@x.example", "+5582999990001", "+5582999990001")
    fails(reached, "email", "b@x.example")
    fails(reached, "email", "c@x.example")
    fails(reached, "sms", "+5582999990001")
    assert addresses(reached) == ("d@x.example", "+558233330002", "+5582999990001")
    fails(reached, "email", "d@x.example")
    assert addresses(reached)[0] is None


def test_another_source_s_address_is_not_tried_in_the_place_of_one_that_fails(reached: Reached) -> None:
    reached.opens_cases()
    reached.contacts(f"{ACME};a@x.example;;;;;cadastro;2026-11-21")
    reached.contacts(f"{ACME};b@x.example;;;;;censo;2026-11-25")
    fails(reached, "email", "b@x.example")
    assert addresses(reached)[0] is None


def addresses(reached: Reached) -> tuple[str | None, ...]:
    """By e-mail, SMS and voice."""
    with reached.engine.connect() as connection:
        [case] = connection.scalars(text("SELECT id FROM cases"))
        clock = read_case(connection, case).clock
        contacts = read_person(connection, case, 0, clock, NOON.date()).contacts
    return tuple(contacts.address(channel) for channel in ("email", "sms", "voice"))


def fails(reached: Reached, channel: str, address: str) -> None:
    with reached.engine.begin() as connection:
        [taxpayer] = connection.scalars(text("SELECT taxpayer FROM cases"))
        suppress_contact(connection, taxpayer, channel, address, "não existe")


def test_the_newest_word_counts_whoever_said_it(reached: Reached) -> None:
    reached.opens_cases()
    [(case,)] = reached.ask("SELECT id FROM cases")
    reached.contacts(f"{ACME};a@x.example;;;;;censo;2026-11-21")
    give_contact(reached.engine, case, "ana", NOON + timedelta(days=5), email="person@x.example")
    reached.contacts(f"{ACME};b@x.example;;;;;censo;2026-11-22")
    assert reached.used() == [("person@x.example", None, None)]
    reached.debts(f"{own()};old@x.example", header=f"{OWN};email")
    assert reached.used() == [("person@x.example", None, None)]
    reached.contacts(f"{ACME};b@x.example;;;;;censo;2026-11-29")
    assert reached.used() == [("b@x.example", None, None)]
    reached.debts(f"{own()};old@x.example", header=f"{OWN};email")
    assert reached.used() == [("b@x.example", None, None)]
    reached.debts(f"{own()};newest@x.example", header=f"{OWN};email")
    assert reached.used() == [("newest@x.example", None, None)]


def test_who_consents_to_nothing_is_not_written_to(reached: Reached) -> None:
    reached.opens_cases()
    told = reached.contacts(f"{ACME};no@x.example;82999990001;;;NAO;censo;")
    assert told.refused == 1
    assert reached.ask("SELECT channel, via FROM opt_outs ORDER BY 1") == [
        (channel, "contacts import") for channel in ("email", "sms", "voice", "whatsapp")
    ]
    assert reached.used() == [("old@x.example", None, None)]
    assert {event for _, event in reached.owed()} == {"contact_lost"}


def test_an_address_that_failed_for_good_is_not_used_for_being_said_again(reached: Reached) -> None:
    with reached.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO suppressed_contacts (taxpayer, channel, address, why)"
            " SELECT id, 'email', 'gone@x.example', 'bounced' FROM taxpayers"
        )
    reached.contacts(f'{ACME};"gone@x.example, alive@x.example";;;;;;')
    assert reached.used() == [("alive@x.example", None, None)]


def test_a_contact_that_is_none_costs_itself_and_strangers_are_not_kept(reached: Reached) -> None:
    told = reached.contacts(f"{ACME};a@x,y@z.example;82999990001;;;;;", f"{ABC};abc@x.example;;;;;;")
    assert (told.unknown, reached.used()) == (1, [("y@z.example", "+5582999990001", None)])
    assert "2,email is not an e-mail address" in reached.rejected()
    assert reached.ask("SELECT count(*) FROM contacts JOIN taxpayers ON id = taxpayer WHERE name = 'ABC'") == [(0,)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{ACME};a@x.example;;;;maybe;;", "consent is neither"),
        (f"{ACME};a@x.example;;;;;;2027-01-01", "date is in the future"),
        ("1;a@x.example;;;;;;", "tax_id is neither"),
    ],
)
def test_rows_that_are_not_understood_are_rejected(reached: Reached, row: str, reason: str) -> None:
    reached.contacts(row)
    assert reason in reached.rejected()


def test_a_file_without_a_contact_is_refused(reached: Reached) -> None:
    with pytest.raises(Refusal, match="the header has none of email, phone, messenger, address"):
        reached.contacts(ACME, header="tax_id")


# ---- access keys


def found(source: Source, key: str, kind: str | None = None) -> list[tuple[Any, ...]]:
    with source.engine.connect() as connection:
        rows = find_debts(connection, key, kind)
        return [(row["inscription"], row["kind"], row["key"], row["balance"]) for row in rows]


def test_a_debt_is_found_by_any_number_it_is_known_by(reached: Reached) -> None:
    header = f"{OWN};sql;plate;renavam;process"
    reached.debts(
        f"{own(inscription='IPTU-7')};012.345.0067-8;;;0001234-56.2025.8.02.0001",
        f"{own('55.00', 'IPVA-7')};;ABC1D23;12345678900;",
        header=header,
    )
    assert found(reached, "01234500678") == [("IPTU-7", "sql", "012.345.0067-8", 1000)]
    assert found(reached, "abc-1d23") == [("IPVA-7", "plate", "ABC1D23", 55)]
    assert found(reached, "iptu 7") == [("IPTU-7", "inscription", "IPTU-7", 1000)]
    assert found(reached, "12345678900", "plate") == []
    reached.debts(f"{own('55.00', 'IPVA-7')};;XYZ9A87;;", header=header)
    assert (found(reached, "abc1d23"), len(found(reached, "xyz9a87"))) == ([], 1)
    assert len(found(reached, "12345678900", "renavam")) == 1
    with pytest.raises(Refusal, match="neither letters nor digits"):
        found(reached, "--")
