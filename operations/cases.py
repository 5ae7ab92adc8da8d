"""Acts on one case: approve or reject its suspension, pause and resume it, record hardship and contacts, reveal it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from models.case.blocks import Situation
from models.case.commands import Act as CaseAct
from models.case.commands import may, must_be_open, must_be_possible
from models.case.gate import approvals_wanted, at_stake, fingerprint, must_be_other
from models.case.journal import EntryKind
from models.case.state import CaseState
from models.case.status import Status
from models.errors import Refusal
from models.roles import must_be_apart
from operations.operation import Act, must_say, operation
from storage.audit.persons import read_people
from storage.audit.segregation import done_before
from storage.case import recovery
from storage.case.acts import clear_pause, locked_case, record_act, save_state, set_pause, status_of
from storage.case.cases import Case, read_case
from storage.case.hardship import record_hardship
from storage.case.recovery import Recovered
from storage.case.resumed import look_again
from storage.case.transaction import CaseTransaction, end_approvals
from storage.contact import contacts
from storage.contact.contacts import Given
from storage.law.approvals import put_approval
from storage.read_models.case_file import case_file
from storage.read_models.case_parts import CaseFile
from storage.read_models.dossier import Dossier, read_dossier
from storage.read_models.person import person_of


@dataclass(frozen=True)
class Acted:
    """An act on record, and the status that the case has come to by it."""

    case: str
    act: int
    status: Status
    """As far as it can be told without the case's workflow, which may have more to do."""


@operation("case approve")
def approve_suspension(act: Act, case: str, seen: str, reason: str, now: datetime) -> Acted:
    """Approve the suspension of the taxpayer's benefits. `seen` is the fingerprint of what was shown to whom, empty
    when nothing was. Raises Refusal when four eyes would not have seen it, or when it is no longer what they saw."""
    must_say("why", reason)
    with locked_case(act.engine, case, now) as tx:
        _must_be_judged(CaseAct.APPROVE, tx)
        if seen and seen != fingerprint(tx.view):
            raise Refusal(CHANGED)
        must_be_other_eyes(tx.connection, tx.case, tx.state, act.by)
        if len(tx.state.approvers) >= approvals_wanted(tx.case.ruler, tx.facts):
            raise Refusal("the suspension is approved already, and about to be carried out")
        put_approval(tx, act.by, reason)
        tx.journal(EntryKind.SUSPENSION_APPROVED, f"suspensão aprovada por {act.by}: {reason}", step=tx.step)
        save_state(tx, tx.state.approved(act.by, at_stake(tx.view), fingerprint(tx.view)))
        return _acted(act, tx, CaseAct.APPROVE, reason, seen)


def must_be_other_eyes(connection: Connection, case: Case, state: CaseState, by: str) -> None:
    """Check the segregation of duties and the four eyes. Raises Refusal when `by` may not approve this suspension."""
    people = read_people(connection)
    must_be_apart(approve_suspension.duty, by, done_before(connection, case.id), people)
    must_be_other(state, by, case.started_by, people)


@operation("case reject")
def reject_suspension(act: Act, case: str, reason: str, now: datetime, seen: str = "") -> Acted:
    """Refuse the suspension; the ruler asks again after its wait. `seen` is as for an approval."""
    must_say("why", reason)
    with locked_case(act.engine, case, now) as tx:
        _must_be_judged(CaseAct.REJECT, tx)
        if seen and seen != fingerprint(tx.view):
            raise Refusal(CHANGED)
        tx.journal(EntryKind.SUSPENSION_REJECTED, f"suspensão recusada por {act.by}: {reason}", step=tx.step)
        end_approvals(tx.connection, case, "lapsed")
        save_state(tx, tx.state.rejected(tx.today))
        return _acted(act, tx, CaseAct.REJECT, reason, seen)


@operation("case pause")
def pause_case(act: Act, case: str, now: datetime) -> Acted:
    """Stop the clock of a case that climbs, whatever else stops it."""
    with locked_case(act.engine, case, now) as tx:
        must_be_possible(CaseAct.PAUSE, _situation(tx))
        set_pause(tx, act.by)
        return _acted(act, tx, CaseAct.PAUSE)


@operation("case resume")
def resume_case(act: Act, case: str, now: datetime) -> Acted:
    """Let the clock of a paused case run on, with the wait that was left, unless something else stops it."""
    with locked_case(act.engine, case, now) as tx:
        must_be_possible(CaseAct.RESUME, _situation(tx))
        tx.journal(EntryKind.PAUSE_LIFTED, f"retomado por {act.by}")
        clear_pause(tx)
        look_again(tx.connection, case=case)
        return _acted(act, tx, CaseAct.RESUME)


CHANGED = "the case has changed since it was shown; look at it again and judge what it is now"


def _must_be_judged(asked: CaseAct, tx: CaseTransaction) -> None:
    """Refuse unless the suspension awaits a judgement, by the record and by today's facts, which the case's workflow
    may not have seen yet."""
    must_be_possible(asked, tx.case.situation)
    if not may(asked, tx.situation) or tx.state != tx.case.state:
        raise Refusal(CHANGED)


def _situation(tx: CaseTransaction) -> Situation:
    """The situation of a case by today's facts; a case that is held out is judged by nobody."""
    return tx.case.situation if tx.case.status is Status.CONTROL else tx.situation


def _acted(act: Act, tx: CaseTransaction, kind: CaseAct, reason: str = "", seen: str = "") -> Acted:
    row = record_act(tx.connection, kind, tx.case.id, act.actor, reason, seen)
    return Acted(tx.case.id, row, status_of(tx))


@operation("case hardship")
def declare_hardship(act: Act, case: str, now: datetime) -> date:
    """Record that the taxpayer declared to be unable to pay; returns the logical day from which that counts."""
    with act.engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        must_be_open(record.situation)
        if record.hardship_on is not None:
            raise Refusal(f"case {case} had a hardship declared on {record.hardship_on:%Y-%m-%d} already; once is all")
        today = record.clock.day_at(now)
        record_hardship(connection, record, act.by, today)
    return today


@operation("case contact")
def give_contact(
    act: Act,
    case: str,
    now: datetime,
    email: str | None = None,
    phone: str | None = None,
    address: str | None = None,
) -> Given:
    """Put another e-mail, telephone or postal address on record; a case that reached nobody goes on."""
    return contacts.give_contact(act.engine, case, act.by, now, email, phone, address)


@operation("case revive")
def recover_cases(act: Act) -> Recovered:
    """Make every open case look at its record, and start anew those whose workflow Temporal has lost."""
    with act.engine.begin() as connection:
        return recovery.look_again(connection)


@operation("case show --reveal")
def reveal_case(act: Act, case: str, reason: str = "") -> CaseFile:
    """Show all that is on record of a case, the tax id and the name with it; the reason is kept without them."""
    with act.engine.connect() as connection:
        act.tell(reason=person_of(connection, case).redacted(reason))
        return case_file(connection, case, reveal=True)


@operation("case explain --reveal")
def reveal_dossier(act: Act, case: str) -> Dossier:
    """Read the dossier from which a case is explained, to be told with the tax id, the name and the addresses."""
    return read_dossier(act.engine, case)
