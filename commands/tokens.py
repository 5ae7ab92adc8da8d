"""`token …`: by which people prove who they are to commands, and over HTTP."""

from datetime import UTC, datetime
from operator import itemgetter
from typing import Annotated

import typer

from commands.acting import By, credentials
from commands.console import Json, emit, say, table
from commands.imports import answering_database
from commands.portuguese import ROLES
from commands.typed import one_of
from models.roles import Role
from operations.tokens import issue_token, revoke_token
from storage.audit.tokens import list_tokens

token = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Whose it is; it stands in the audit log.")]


def register(app: typer.Typer) -> None:
    app.add_typer(token, name="token")


@token.command("issue")
def issue_(
    name: Name,
    by: By,
    role: Annotated[Role, one_of(ROLES, Role, help="What it lets its holder do; docs/audit.md says it.")],
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="How long it is in force; default: until revoked.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a token, once: what is kept tells nobody what it was."""
    with answering_database() as engine:
        made = issue_token(engine, credentials(by), name, role, days)
    emit({"name": name, "role": role, "token": made}, as_json, lambda: say(made))


@token.command("list")
def list_(as_json: Json = False) -> None:
    """List the tokens that were issued, and which are in force."""
    with answering_database() as engine, engine.connect() as connection:
        found = list_tokens(connection, datetime.now(UTC))
    columns = ("name", "role", "state", "issued_by", "issued_at", "expires_at", "revoked_at", "revoked_by")
    emit({"tokens": found}, as_json, lambda: table(columns, map(itemgetter(*columns), found)))


@token.command("revoke")
def revoke_(name: Name, by: By, as_json: Json = False) -> None:
    """End a token from now on."""
    with answering_database() as engine:
        revoke_token(engine, who := credentials(by), name)
    emit({"name": name, "revoked_by": who.name}, as_json, lambda: say(f"{name}'s token is no longer in force"))
