"""The end of a direct debit: what its discount had taken off is owed again, as an instalment of its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Engine, update

from models.agreement.added import due_of_added, lost_with_debit
from models.agreement.instalments import State
from models.case.commands import Act
from models.case.journal import EntryKind
from models.errors import Refusal
from models.events import InstalmentsChanged
from models.formats import day, money
from models.roles import Actor
from storage.agreement.added import add_instalment
from storage.agreement.agreement_row import Debit
from storage.agreement.agreements import AgreementRecord, agreement_transaction, read_row, tell
from storage.case.acts import put_act
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import agreements


def end_debit(engine: Engine, agreement: str, who: Actor, why: str, now: datetime) -> AgreementRecord:
    """Record that an agreement's instalments are no longer debited, from today on. Raises Refusal: they never were, it
    was said before, or the agreement is over."""
    with agreement_transaction(engine, agreement, now) as tx:
        deal, life = tx.agreed.deal, tx.agreed.life
        if life.state is not State.ACTIVE:
            raise Refusal(f"agreement {agreement} is {life.state}: nothing of it is debited any more")
        terms = read_row(tx.connection, agreement)["terms"]
        debit = terms.get("debit", Debit(authorization=""))
        if "ended_on" in debit:
            raise Refusal(f"the direct debit of agreement {agreement} ended on {debit['ended_on']} already")
        lost = lost_with_debit(deal, sum((entry.left for entry in life.entries), Decimal(0)))
        ended: Debit = {**debit, "ended_on": tx.today.isoformat()}
        changed = update(agreements).where(agreements.c.id == agreement)
        tx.connection.execute(changed.values(terms={**terms, "debit": ended}))
        what = f"débito em conta encerrado; registrado por {who.name}: {why}"
        if lost:
            due = due_of_added(deal.policy, tx.today)
            add_instalment(tx.connection, agreement, lost, due)
            what += f"; {money(lost)} do desconto se perdem, a pagar em mais uma parcela até {day(due)}"
        record_decision(tx.connection, tx.agreed.case, EntryKind.AGREEMENT_DEBIT_ENDED, what, tx.today)
        put_act(tx.connection, Act.END_DEBIT, tx.agreed.case.id, who, f"{what} ({agreement})")
        # what its bank would still debit is called off
        enqueue(tx.connection, [tx.agreed.case.id], InstalmentsChanged(agreement=agreement))
        return tell(tx.connection, agreement, tx.today)
