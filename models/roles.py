"""Roles and duties: the roles that a token proves, and which of them each command asks for."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from models.errors import Refusal


class Role(StrEnum):
    ANALYST = "analyst"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"


@dataclass(frozen=True)
class Actor:
    name: str
    role: Role | None = None
    """None: nobody proved to be that person."""

    @property
    def authenticated(self) -> bool:
        return self.role is not None


WORK = frozenset({Role.ANALYST, Role.SUPERVISOR})
JUDGEMENT = frozenset({Role.SUPERVISOR})
ANYBODY = frozenset(Role)

DUTIES = {
    "taxpayers import": WORK,
    "filings import": WORK,
    "benefits import": WORK,
    "rates import": WORK,
    "payments import": WORK,
    "payments match": WORK,
    "payments unmatch": WORK,
    "payments move": WORK,
    "payments refund": WORK,
    "payments retry": WORK,
    "catalogue import": JUDGEMENT,
    "cohort start": WORK,
    "cohort budget": WORK,
    "cohort release": WORK,
    "cohort pause": WORK,
    "cohort resume": WORK,
    "cohort cancel": JUDGEMENT,
    "cohort migrate": JUDGEMENT,
    "schedule create": WORK,
    "schedule pause": WORK,
    "schedule resume": WORK,
    "schedule delete": WORK,
    "schedule backfill": WORK,
    "case pause": WORK,
    "case resume": WORK,
    "case hardship": WORK,
    "case contact": WORK,
    "case revive": WORK,
    "case served": WORK,
    "case hold": WORK,
    "case release": WORK,
    "case defence": WORK,
    "case defence --decided": JUDGEMENT,
    "case step": WORK,
    "case approve": JUDGEMENT,
    "case reject": JUDGEMENT,
    "case show --reveal": ANYBODY,
    "case explain --reveal": ANYBODY,
    "agreement sign": WORK,
    "agreement break": WORK,
    "task done": WORK,
    "token issue": JUDGEMENT,
    "token revoke": JUDGEMENT,
}
"""The operations, as the audit log names them, and by whose token each may be done once tokens are in force."""


def must_be_allowed(command: str, actor: Actor, in_force: Set[Role]) -> None:
    """Check that a role may do something. `in_force` are the roles that have tokens; while there are none, everybody
    may do everything. Tokens can be issued as long as no supervisor has one, so that nobody is locked out. Raises
    Refusal: the role that is needed."""
    allowed = DUTIES.get(command, JUDGEMENT)
    unguarded = not (in_force & JUDGEMENT if command.startswith("token ") else in_force)
    if unguarded or actor.role in allowed:
        return
    has = f"{actor.name}'s is {actor.role}" if actor.role else "set REGUA_TOKEN to yours"
    raise Refusal(f"`{command}` needs a token of role {' or '.join(sorted(allowed))}; {has}")
