"""Persons on record: who there is, by which names, and who said so. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from sqlalchemy import Connection, insert, select

from models.errors import Refusal
from models.persons import People, SignIn, must_be_name
from storage.schema import sign_ins


def read_people(connection: Connection) -> People:
    rows = connection.execute(select(sign_ins.c.person, sign_ins.c.name, sign_ins.c.linked_by).order_by(sign_ins.c.id))
    return People.of(SignIn(row.person, row.name, row.linked_by) for row in rows)


def add_person(connection: Connection, name: str, by: str) -> str:
    """Put on record that there is a person, once more where it is known: then another vouches for it. Returns the
    person's name."""
    must_be_name(name)
    person = read_people(connection).named(name)
    connection.execute(insert(sign_ins).values(person=person, name=person, linked_by=by))
    return person


def link_name(connection: Connection, person: str, name: str, by: str) -> str:
    """Put on record that a person goes by a name too. Where that is another person's they are one from now on. Returns
    the person's name. Raises Refusal when there is no such person."""
    must_be_name(name)
    people = read_people(connection)
    if not people.knows(person):
        raise Refusal(f"nobody is known as {person}; `person list` shows who is, `person add` puts somebody on record")
    connection.execute(insert(sign_ins).values(person=people.named(person), name=name, linked_by=by))
    return people.named(person)


class ListedPerson(TypedDict):
    person: str
    names: list[str]
    added_by: list[str]
    since: datetime


def list_people(connection: Connection) -> list[ListedPerson]:
    """The persons in the order in which they came, with all their names and everybody who vouches for them."""
    people, found = read_people(connection), dict[str, ListedPerson]()
    for row in connection.execute(select(sign_ins).order_by(sign_ins.c.id)):
        person = people.named(row.person)
        listed = found.setdefault(person, ListedPerson(person=person, names=[], added_by=[], since=row.linked_at))
        listed["names"] = [*dict.fromkeys((*listed["names"], row.person, row.name))]
        listed["added_by"] = [*dict.fromkeys((*listed["added_by"], row.linked_by))]
    return [*found.values()]
