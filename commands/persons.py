"""`person …`: who acts, and by which names they sign in."""

from operator import itemgetter
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from operations.tokens import link_person, put_person
from storage.audit.persons import list_people

person = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="As it stands in the audit log; case, accents and punctuation don't count.")]


def register(app: typer.Typer) -> None:
    app.add_typer(person, name="person")


@person.command("add")
def add_(name: Name, by: By, as_json: Json = False) -> None:
    """Put a person on record, or vouch for one whom another supervisor put there."""
    with answering_database() as engine:
        known = put_person(engine, who := credentials(by), name)
    emit({"person": known, "by": who.name}, as_json, lambda: say(f"{known} is on record"))


@person.command("link")
def link_(
    name: Name,
    other: Annotated[str, typer.Argument(metavar="SIGN-IN", help="Another name of the same person's.")],
    by: By,
    as_json: Json = False,
) -> None:
    """Put on record that a person goes by another name too: they are one from now on, for good."""
    with answering_database() as engine:
        known = link_person(engine, who := credentials(by), name, other)
    emit({"person": known, "sign_in": other, "by": who.name}, as_json, lambda: say(f"{other} is {known}"))


@person.command("list")
def list_(as_json: Json = False) -> None:
    """List the persons, their names, and who vouches for them."""
    with answering_database() as engine, engine.connect() as connection:
        found = list_people(connection)
    columns = ("person", "names", "added_by", "since")
    emit({"persons": found}, as_json, lambda: table(columns, map(itemgetter(*columns), found)))
