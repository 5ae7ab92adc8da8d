"""The person who acts by the command line: the one option that says it, and the token in the environment that proves
it."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Refusal

if TYPE_CHECKING:
    from operations.operation import Credentials

By = Annotated[
    str,
    typer.Option(
        help="Who acts; it is kept on record. Default: whose token REGUA_TOKEN is, else the user of this machine.",
        default_factory=str,
        show_default=False,
    ),
]


def credentials(by: str = "") -> Credentials:
    """The credentials of who acts: a name, and the token of REGUA_TOKEN. Raises Refusal when the token is somebody
    else's."""
    from operations.operation import Credentials

    if by and not by.strip():
        raise typer.BadParameter("must not be empty", param_hint="--by")
    token = os.environ.get("REGUA_TOKEN")
    if not token:
        return Credentials(by or getpass.getuser())
    from models.persons import folded
    from storage.audit.tokens import name_in

    owner = name_in(token)
    if by and folded(by) != folded(owner):
        raise Refusal(f"REGUA_TOKEN is {owner}'s token, and --by says {by}: leave --by out")
    return Credentials(owner, token)
