"""Roles and duties: the roles that a token proves, and which of them each command asks for."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Refusal
from models.persons import People


class Role(StrEnum):
    ANALYST = "analyst"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    AGENT = "agent"
    """Who talks to taxpayers, at the call centre or the counter."""


@dataclass(frozen=True)
class Actor:
    name: str
    role: Role | None = None
    """None: nobody proved to be that person."""
    signed_in_at: datetime | None = None
    """For who is signed in at the console; None: the proof came with what is asked."""

    @property
    def authenticated(self) -> bool:
        return self.role is not None


WORK = frozenset({Role.ANALYST, Role.SUPERVISOR})
TALK = WORK | {Role.AGENT}
OVERSIGHT = frozenset({Role.SUPERVISOR, Role.AUDITOR})
JUDGEMENT = frozenset({Role.SUPERVISOR})
ANYBODY = frozenset(Role)

DUTIES = {
    "taxpayers import": WORK,
    "taxpayers export": WORK,
    "filings import": WORK,
    "benefits import": WORK,
    "contacts import": WORK,
    "rates import": WORK,
    "payments import": WORK,
    "import upload": WORK,
    "import check": WORK,
    "import start": WORK,
    "import rejects": WORK,
    "import drop": WORK,
    "payments match": WORK,
    "payments unmatch": WORK,
    "payments move": WORK,
    "payments refund": WORK,
    "payments retry": WORK,
    "slip issue": WORK,
    "slip remit": WORK,
    "letter post": WORK,
    "letter outcome": WORK,
    "letter import": WORK,
    "gazette draw": WORK,
    "gazette published": WORK,
    "catalogue import": JUDGEMENT,
    "ruler draft": WORK,
    "ruler edit": WORK,
    "ruler draft --drop": WORK,
    "ruler publish": JUDGEMENT,
    "cohort draft": WORK,
    "cohort draft --drop": WORK,
    "cohort check": WORK,
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
    "case hardship": TALK,
    "case contact": TALK,
    "case revive": WORK,
    "case served": WORK,
    "case hold": WORK,
    "case release": WORK,
    "case defence": WORK,
    "case defence --decided": JUDGEMENT,
    "case step": WORK,
    "case promise": TALK,
    "case promise --another": JUDGEMENT,
    "case promise --cancel": JUDGEMENT,
    "case interruption": WORK,
    "case annul": JUDGEMENT,
    "case review": TALK,
    "case review --decided": JUDGEMENT,
    "case review --taken": WORK,
    "case extinct": JUDGEMENT,
    "case approve": JUDGEMENT,
    "case reject": JUDGEMENT,
    "case show --reveal": ANYBODY,
    "case explain --reveal": ANYBODY,
    "debt write-off": JUDGEMENT,
    "debt write-off --undo": JUDGEMENT,
    "agreement sign": TALK,
    "agreement break": WORK,
    "agreement end-debit": WORK,
    "agreement ask-debit": WORK,
    "agreement refuse-offset": WORK,
    "task done": TALK,
    "call next": TALK,
    "call visit": TALK,
    "call confirm": TALK,
    "call outcome": TALK,
    "call reassign": JUDGEMENT,
    "call queues": JUDGEMENT,
    "conversation claim": TALK,
    "conversation answer": TALK,
    "conversation return": TALK,
    "conversation end": TALK,
    "person add": JUDGEMENT,
    "person link": JUDGEMENT,
    "token issue": JUDGEMENT,
    "token revoke": JUDGEMENT,
    "session end": ANYBODY,
    "taxpayer reveal": ANYBODY,
}
"""The operations, as the audit log names them, and by whose token each may be done once tokens were issued."""

READINGS = {
    "home": ANYBODY,
    "sessions": ANYBODY,
    "waiting": ANYBODY,
    "approvals": WORK | {Role.AUDITOR},
    "search": ANYBODY,
    "taxpayer": ANYBODY,
    "case": ANYBODY,
    "cohort": ANYBODY,
    "drafts": WORK | {Role.AUDITOR},
    "imports": WORK | {Role.AUDITOR},
    "rulers": WORK | {Role.AUDITOR},
    "status": ANYBODY,
    "calls": ANYBODY,
    "conversations": ANYBODY,
    "call centre": ANYBODY,
    "audit": OVERSIGHT,
}
"""The parts of the record that pages and the staff API show, and who may read each."""

FRESH = frozenset({"case approve", "case step", "catalogue import", "ruler publish"})
"""Duties at whose doors a person who is signed in proves anew who it is: what suspends benefits, what leads to court,
and what publishes a ruler."""

FRESH_FOR = timedelta(minutes=15)

APART = {"case approve": ("cohort start", "schedule create", "taxpayers import", "filings import", "benefits import")}
"""Segregation of duties: what a person must not have done about a case, or about that on which it rests, who does
this. Who has approved already is told apart by the case itself (`models/case/gate.py`)."""

ALONE = frozenset({Role.AUDITOR})
"""The roles that nobody has beside another: who audits does nothing that is audited."""


def must_be_compatible(person: str, role: Role, other: Role) -> None:
    """Check that a person may have both roles. Raises Refusal."""
    if role is not other and {role, other} & ALONE:
        raise Refusal(f"{person} is {other}, and an auditor is nothing else; `token revoke {person}` ends that first")


def must_be_apart(duty: str, by: str, done: Iterable[tuple[str, str]], people: People) -> None:
    """Check that who does something is not who did what has to be another's; `done` are duties with who did them.
    Raises Refusal."""
    for before, who in done:
        if before in APART.get(duty, ()) and people.same(who, by):
            raise Refusal(f"four eyes: {by} did `{before}`, on which this rests, so somebody else must `{duty}`")


class SignInAnew(Refusal):
    """The person signed in too long ago for what is asked."""


def must_be_fresh(duty: str, actor: Actor, now: datetime) -> None:
    """Check that whoever is signed in was so just now, where the duty wants it. Raises SignInAnew."""
    if duty in FRESH and actor.signed_in_at is not None and now - actor.signed_in_at > FRESH_FOR:
        minutes = FRESH_FOR // timedelta(minutes=1)
        raise SignInAnew(f"`{duty}` wants a sign-in of the last {minutes} minutes; sign in again")


def must_be_readable(reading: str, actor: Actor) -> None:
    """Check that a role may read something. Raises Refusal: the role that is needed."""
    if actor.role not in READINGS[reading]:
        readers = " or ".join(sorted(READINGS[reading]))
        raise Refusal(f"`{reading}` is read by role {readers}; {actor.name}'s is {actor.role}")


def must_be_allowed(command: str, actor: Actor, issued: Set[Role]) -> None:
    """Check that a role may do something. `issued` are the roles that tokens were ever issued for; while there are
    none, everybody may do everything, but for who is signed in with a role. What protects is never off again: tokens
    that expired don't count as none. Tokens can be issued until a supervisor has had one. Raises Refusal: the role that
    is needed."""
    allowed = DUTIES.get(command, JUDGEMENT)
    unguarded = not (issued & JUDGEMENT if command.startswith("token ") else issued)
    if actor.role in allowed or (unguarded and actor.signed_in_at is None):
        return
    has = f"{actor.name}'s is {actor.role}" if actor.role else "set REGUA_TOKEN to yours"
    raise Refusal(f"`{command}` needs a token of role {' or '.join(sorted(allowed))}; {has}")
