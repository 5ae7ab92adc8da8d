"""Precatórios that pay part of an agreement: written off the debts when it is signed, and owed again when the offset is
refused, as an instalment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, insert, update

from models.agreement.added import due_of_added
from models.agreement.instalments import State
from models.case.commands import Act
from models.case.journal import EntryKind
from models.case.status import Status
from models.errors import Refusal
from models.formats import day, money
from models.roles import Actor
from storage.agreement.added import add_instalment
from storage.agreement.agreement_row import Offset
from storage.agreement.agreements import AgreementRecord, agreement_transaction, read_row, tell
from storage.case.acts import put_act
from storage.case.cases import Case
from storage.case.transaction import record_decision
from storage.schema import agreements, cases, debts, remissions

GROUND = "offset"


def put_offset(connection: Connection, agreement: str, parts: Mapping[str, Decimal], on: date) -> None:
    """Take the parts of its debts off that a precatório pays; put them back where they are negative."""
    for debt, part in parts.items():
        row = {"debt": debt, "amount": part, "ground": GROUND, "reference": agreement, "remitted_on": on}
        connection.execute(insert(remissions).values(row))
        connection.execute(update(debts).where(debts.c.id == debt).values(remitted=debts.c.remitted + part))


def refuse_offset(engine: Engine, agreement: str, who: Actor, why: str, now: datetime) -> AgreementRecord:
    """Take back what a precatório paid: its debts owe it again, and an agreement that isn't broken has an instalment
    more, due in a month. Raises Refusal: it has no such offset, or it was refused before."""
    with agreement_transaction(engine, agreement, now) as tx:
        row = read_row(tx.connection, agreement)
        offset = row["terms"].get("offset")
        if offset is None:
            raise Refusal(f"agreement {agreement} has no precatório that pays a part")
        if "refused_on" in offset:
            raise Refusal(f"the offset of agreement {agreement} was refused on {offset['refused_on']} already")
        refused: Offset = {**offset, "refused_on": tx.today.isoformat()}
        terms = {**row["terms"], "offset": refused}
        tx.connection.execute(update(agreements).where(agreements.c.id == agreement).values(terms=terms))
        # as of the day it was granted on, so that the debt is as if it never had been
        parts = {debt: -Decimal(part) for debt, part in offset["debts"].items()}
        put_offset(tx.connection, agreement, parts, row["signed_on"])
        amount, until = -sum(parts.values(), Decimal(0)), None
        if tx.agreed.life.state is not State.BROKEN:
            until = due_of_added(tx.agreed.deal.policy, tx.today)
            add_instalment(tx.connection, agreement, amount, until)
        owed = f", a pagar em mais uma parcela até {day(until)}" if until else ""
        what = f"compensação de {money(amount)} com precatório recusada{owed}; registrado por {who.name}: {why}"
        case = tx.agreed.case
        record_decision(tx.connection, case, EntryKind.AGREEMENT_OFFSET_REFUSED, what, tx.today)
        put_act(tx.connection, Act.REFUSE_OFFSET, case.id, who, f"{what} ({agreement})")
        _reopen(tx.connection, case, tx.today)
        return tell(tx.connection, agreement, tx.today)


def _reopen(connection: Connection, case: Case, today: date) -> None:
    """Open a case again that the offset had helped to resolve."""
    if case.status is not Status.RESOLVED:
        return
    open_again = {"closed_at": None, "status": Status.RUNNING.value}
    connection.execute(update(cases).where(cases.c.id == case.id).values(open_again))
    record_decision(connection, case, EntryKind.CASE_REOPENED, "caso reaberto: a compensação foi recusada", today)
