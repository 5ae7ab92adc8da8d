"""Acts on the tokens by which people prove who they are."""

from __future__ import annotations

from models.roles import Role
from operations.operation import Act, operation
from storage.audit.tokens import issue, revoke


@operation("token issue")
def issue_token(act: Act, name: str, role: Role, days: int | None) -> str:
    """Issue a token and return it, this once; without days it is in force until it is revoked."""
    act.tell(role=role, days=days)
    with act.engine.begin() as connection:
        return issue(connection, name, role, act.by, days)


@operation("token revoke")
def revoke_token(act: Act, name: str) -> None:
    """End a token from now on."""
    with act.engine.begin() as connection:
        revoke(connection, name, act.by)
