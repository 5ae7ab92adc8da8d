"""Annulments: what was put on record by mistake counts no more, by a new entry with its reason and who says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, insert, select, text, update

from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import HoldsChanged
from models.formats import day
from models.words import CAUSES, PRIOR_STEPS
from storage.case.acts import locked_case, save_state
from storage.case.transaction import CaseTransaction, end_approvals
from storage.law.defences import ask_for_ruling
from storage.outbox import enqueue
from storage.schema import annulments, cases, defences, notices


class Mistake(StrEnum):
    """An entry that may have been made by mistake. Others have commands of their own: `payments unmatch`, and
    `debt write-off --undo`."""

    SERVICE = "service"
    STEP = "step"
    RULING = "ruling"
    HARDSHIP = "hardship"
    INTERRUPTION = "interruption"
    ANNULMENT = "annulment"
    """Which is none: it is refused."""


@dataclass(frozen=True)
class Annulled:
    kind: Mistake
    entry: str
    what: str
    """In pt-BR."""


def annul(engine: Engine, case: str, kind: Mistake, entry: str | None, by: str, reason: str, now: datetime) -> Annulled:
    """Annul an entry of the case, the newest of its kind unless it is named; what rested on it is judged again. Raises
    Refusal: no such entry, or annulled already."""
    if kind is Mistake.ANNULMENT:
        raise Refusal("an annulment is final: if it was wrong, put on record anew what it annulled")
    with locked_case(engine, case, now) as tx:
        found, what = ANNUL[kind](tx, entry)
        row = {"case": case, "kind": kind, "entry": found, "what": what, "annulled_by": by, "reason": reason}
        tx.connection.execute(insert(annulments).values({**row, "annulled_on": tx.today}))
        tx.journal(EntryKind.ENTRY_ANNULLED, f"anulado por {by}: {what}; {reason}")
        end_approvals(tx.connection, case, "lapsed")
        state = tx.case.state.lapsed()
        save_state(tx, state.off_the_map() if kind is Mistake.HARDSHIP and state.climbs else state)
        enqueue(tx.connection, [case], HoldsChanged())
        return Annulled(kind, found, what)


FORESEEN = notices.c.deemed_on.is_not(None)
"""Whether the law takes a notice as served on a day that may be to come: one in the domicile, a published one, a letter
whose receipt has no date."""


def _service(tx: CaseTransaction, entry: str | None) -> tuple[str, str]:
    served = select(notices).where(notices.c.case == tx.case.id, notices.c.served_on.is_not(None) | FORESEEN)
    if entry is not None:
        served = served.where(notices.c.id == entry)
    row = tx.connection.execute(served.order_by(notices.c.step.desc(), notices.c.id).limit(1)).one_or_none()
    if row is None:
        raise Refusal(_none(tx, "service of a notice", entry))
    unserved = dict.fromkeys(("served_on", "served_by", "served_reference"))
    if row.served_on is None or row.served_by == "deemed":
        # else the law would take it for served again
        unserved |= dict.fromkeys(("deemed_on", "deemed_by"))
    tx.connection.execute(update(notices).where(notices.c.id == row.id).values(unserved))
    if row.served_on is None:
        return row.id, f"ciência da notificação {row.id} prevista para {day(row.deemed_on)} ({row.deemed_by})"
    return row.id, f"ciência da notificação {row.id} em {day(row.served_on)}, registrada por {row.served_by}"


OF_STEP = text("""
    SELECT id, kind, "on", reference, EXISTS (
        SELECT FROM annulments WHERE annulments.kind = 'step' AND entry = CAST(prior_steps.id AS text)) AS annulled
    FROM prior_steps WHERE "case" = :case AND (CAST(:entry AS text) IS NULL OR CAST(id AS text) = :entry)
    ORDER BY annulled, id DESC LIMIT 1
""")

OF_INTERRUPTION = text("""
    SELECT interruptions.id, cause, "on", reference, EXISTS (
        SELECT FROM annulments WHERE annulments.kind = 'interruption'
           AND entry = CAST(interruptions.id AS text)) AS annulled
    FROM interruptions JOIN debts ON debts.id = interruptions.debt JOIN debtors ON debtors.debt = debts.id
    JOIN cases ON cases.taxpayer = debtors.taxpayer AND cases.tax = debts.tax
    WHERE cases.id = :case AND (CAST(:entry AS text) IS NULL OR CAST(interruptions.id AS text) = :entry)
    ORDER BY annulled, interruptions.id DESC LIMIT 1
""")


def _step(tx: CaseTransaction, entry: str | None) -> tuple[str, str]:
    row = tx.connection.execute(OF_STEP, {"case": tx.case.id, "entry": entry}).one_or_none()
    if row is None or row.annulled:
        raise Refusal(_none(tx, "prior step", entry, annulled=row is not None))
    return str(row.id), f"{PRIOR_STEPS[row.kind]}, em {day(row.on)}: {row.reference}"


def _interruption(tx: CaseTransaction, entry: str | None) -> tuple[str, str]:
    row = tx.connection.execute(OF_INTERRUPTION, {"case": tx.case.id, "entry": entry}).one_or_none()
    if row is None or row.annulled:
        raise Refusal(_none(tx, "interruption", entry, annulled=row is not None))
    return str(row.id), f"{CAUSES[row.cause]}, em {day(row.on)}: {row.reference}"


OF_RULING = text("""
    SELECT id, filed_on, reference, recorded_by, appeal, state, decided_on, decided_by, reason, EXISTS (
        SELECT FROM annulments WHERE annulments.kind = 'ruling' AND entry = CAST(defences.id AS text)) AS annulled
    FROM defences WHERE "case" = :case AND (CAST(:entry AS text) IS NULL OR CAST(id AS text) = :entry)
    ORDER BY id DESC LIMIT 1
""")


SAME_CREDITS = """
    INSERT INTO defence_credits (defence, credit) SELECT :again, credit FROM defence_credits WHERE defence = :defence
"""


def _ruling(tx: CaseTransaction, entry: str | None) -> tuple[str, str]:
    """The defence is open again, as a new entry: what was decided stays on record as it was."""
    row = tx.connection.execute(OF_RULING, {"case": tx.case.id, "entry": entry}).one_or_none()
    if row is None or row.annulled or row.state == "open":
        raise Refusal(_none(tx, "ruling", entry, annulled=row is not None and row.annulled))
    same = {"filed_on": row.filed_on, "reference": row.reference, "recorded_by": row.recorded_by, "appeal": row.appeal}
    made = insert(defences).values({"case": tx.case.id, **same}).returning(defences.c.id)
    again = tx.connection.execute(made).scalar_one()
    tx.connection.execute(text(SAME_CREDITS), {"again": again, "defence": row.id})
    if row.appeal:
        ask_for_ruling(tx.connection, tx.case, again, row.filed_on, tx.today)
    verb = {"accepted": "aceita", "rejected": "rejeitada"}[row.state]
    return str(row.id), f"defesa {verb} em {day(row.decided_on)} por {row.decided_by}: {row.reason}"


def _hardship(tx: CaseTransaction, entry: str | None) -> tuple[str, str]:
    declared_on = tx.case.hardship_on
    if declared_on is None:
        raise Refusal(_none(tx, "declared hardship", entry))
    tx.connection.execute(update(cases).where(cases.c.id == tx.case.id).values(hardship_on=None))
    return tx.case.id, f"dificuldade declarada em {day(declared_on)}"


def _none(tx: CaseTransaction, what: str, entry: str | None, annulled: bool = False) -> str:
    if annulled and entry is not None:
        return f"the {what} {entry} of case {tx.case.id} was annulled already"
    named = f" {entry}" if entry else ""
    return f"case {tx.case.id} has no {what}{named} on record to annul; `case show {tx.case.id}` lists what it has"


ANNUL: dict[Mistake, Callable[[CaseTransaction, str | None], tuple[str, str]]] = {
    Mistake.SERVICE: _service,
    Mistake.STEP: _step,
    Mistake.RULING: _ruling,
    Mistake.HARDSHIP: _hardship,
    Mistake.INTERRUPTION: _interruption,
}
