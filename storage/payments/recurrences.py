"""The authorisations by which agreements' instalments are debited (Pix Automático), and what their banks tell of them.

Who refuses or cancels one, and a debit that wasn't made, are tasks for people: the agreement stays, and its instalments
are paid by code or slip meanwhile.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models.events import InstalmentsChanged
from models.payment.recurrence import Debit, News, Status
from storage.agreement.agreements import read_row
from storage.case.cases import read_case
from storage.case.tasks import ask_people
from storage.outbox import enqueue
from storage.payments.charges import LIVE, close
from storage.schema import agreements, charges, instalments, recurrences

OPEN = recurrences.c.status.in_((Status.ASKED.value, Status.APPROVED.value))

ENDED = {
    Status.REJECTED: "o pagador não autorizou o débito automático",
    Status.EXPIRED: "o pagador não respondeu ao pedido de débito automático",
    Status.CANCELLED: "o débito automático foi cancelado",
}
NOT_DEBITED = {
    Debit.REJECTED: "foi recusado pelo banco do pagador",
    Debit.EXPIRED: "não foi feito no prazo",
    Debit.CANCELLED: "foi cancelado",
}


def record_asked(connection: Connection, recurrence: str, agreement: str, by: str) -> bool:
    """Record that an authorisation was asked for; False: another one of the agreement's is under way."""
    row = {"id": recurrence, "agreement": agreement, "asked_by": by}
    asked = insert(recurrences).values(row).on_conflict_do_nothing().returning(recurrences.c.id)
    return connection.scalars(asked).first() is not None


def asked_of(connection: Connection, agreement: str) -> str | None:
    """The authorisation of an agreement that was asked for and isn't over."""
    mine = select(recurrences.c.id).where(OPEN, recurrences.c.agreement == agreement)
    return connection.scalars(mine).one_or_none()


def approved_of(connection: Connection, agreement: str) -> str | None:
    """The authorisation by which an agreement's instalments are debited; None: they aren't, or no longer."""
    if "ended_on" in read_row(connection, agreement)["terms"].get("debit", {}):
        return None
    approved = recurrences.c.status == Status.APPROVED.value
    return connection.scalars(select(recurrences.c.id).where(approved, recurrences.c.agreement == agreement)).first()


def debited_by(connection: Connection, recurrence: str) -> set[str]:
    """The instalments that have a live charge of an authorisation."""
    mine = select(charges.c.instalment).where(LIVE, charges.c.recurrence == recurrence)
    return set(connection.scalars(mine))


def needless_of(connection: Connection, case: str) -> list[str]:
    """The authorisations of a case's agreements that nothing is debited by any more."""
    asked = select(recurrences.c.id).join_from(recurrences, agreements).where(OPEN, agreements.c.case == case)
    over = agreements.c.closed_at.is_not(None) | agreements.c.terms["debit"].has_key("ended_on")
    return list(connection.scalars(asked.where(over).order_by(recurrences.c.id)))


def end(connection: Connection, recurrence: str) -> None:
    """Record that we ended an authorisation."""
    _put(connection, recurrence, Status.CANCELLED)


def hear(engine: Engine, told: News, arrived_at: datetime) -> bool:
    """Record a bank's news; False: it is about nothing of ours. Repeating it changes nothing."""
    with engine.begin() as connection:
        found = connection.execute(_agreement_of(told)).one_or_none()
        if found is None:
            return told.status is Status.ASKED
        case = read_case(connection, found.case, lock=True)
        # what people did meanwhile is seen only now that the case is locked
        found = connection.execute(_agreement_of(told)).one()
        today = case.clock.day_at(arrived_at)
        if isinstance(told.status, Debit):
            if told.status.failed and found.status in ("claimed", "open"):
                close(connection, told.of, "removed")
                what = f"o débito da parcela {found.n}, do parcelamento {found.agreement}, {NOT_DEBITED[told.status]}"
                ask_people(connection, case, "debit", f"charge {told.of}", what, today)
        elif told.status.follows(Status(found.status)):
            _put(connection, told.of, told.status)
            if told.status.over:
                what = f"{ENDED[told.status]}: parcelamento {found.agreement}"
                ask_people(connection, case, "debit", f"recurrence {told.of}", what, today)
            # its charges are brought up to date by its workflow
            enqueue(connection, [case.id], InstalmentsChanged(agreement=found.agreement))
        return True


def _agreement_of(told: News) -> Select[*tuple[Any, ...]]:
    """The case, the agreement and the status of what news are about; of a debit its instalment too."""
    agreed = (agreements.c.case, agreements.c.id.label("agreement"))
    if isinstance(told.status, Status):
        of_recurrence = select(*agreed, recurrences.c.status).join_from(recurrences, agreements)
        return of_recurrence.where(recurrences.c.id == told.of)
    of_debit = select(*agreed, charges.c.state.label("status"), instalments.c.n)
    of_debit = of_debit.join_from(charges, instalments, charges.c.instalment == instalments.c.id).join(agreements)
    return of_debit.where(charges.c.txid == told.of, charges.c.recurrence.is_not(None))


def _put(connection: Connection, recurrence: str, status: Status) -> None:
    put = update(recurrences).where(recurrences.c.id == recurrence)
    connection.execute(put.values(status=status.value, updated_at=func.clock_timestamp()))
