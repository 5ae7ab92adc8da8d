"""The first evaluation of cases just opened, many in one transaction, before any workflow looks at them."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, insert, update

from models.contact.channel import Channel
from models.errors import Unreckonable
from storage.case.before_due import ask_before_due
from storage.case.cases import lock_open
from storage.case.facts import steady_debts
from storage.case.side_by_side import read_side_by_side
from storage.case.transaction import STEADY, CaseTransaction, transaction_of
from storage.schema import cases, decisions


def evaluate_first(
    engine: Engine, cohort: str, opened: Collection[str], now: datetime, unaddressed: Set[Channel]
) -> list[CaseTransaction]:
    """Evaluate, in one transaction, those cases of a cohort that no workflow has looked at; `unaddressed` are the
    channels that need no address of the taxpayer's. Empty when what somebody owes can't be told: then each workflow
    takes its own.

    They go on counting as unseen, until it is certain that their workflows run (`know_running`): done twice, it finds
    the same."""
    with engine.begin() as connection:
        # nobody is contacted in it, so it needn't queue for the persons as a case transaction does
        connection.execute(STEADY, {"cohort": cohort})
        unseen = lock_open(connection, cases.c.id.in_(opened), cases.c.revision == 0)
        if not unseen:
            return []
        today = unseen[0].clock.day_at(now)
        steady_debts(connection, [case.pair for case in unseen], today)
        try:
            read = [*read_side_by_side(connection, unseen, today, unaddressed)]
        except Unreckonable:
            return []
        transactions = [transaction_of(connection, each) for each in read]
        _save(connection, transactions)
        ask_before_due(connection, unseen, today)
    return transactions


def _save(connection: Connection, transactions: Sequence[CaseTransaction]) -> None:
    connection.execute(SEEN, [{"of": tx.case.id, **tx.values} for tx in transactions])
    if entries := [entry for tx in transactions for entry in tx.entries]:
        connection.execute(insert(decisions), entries)


SEEN = update(cases).where(cases.c.id == bindparam("of"))


def know_running(engine: Engine, started: Collection[str]) -> None:
    """Mark the cases whose workflows Temporal has taken, so that nobody starts them again."""
    unseen = cases.c.id.in_(started) & (cases.c.revision == 0)
    with engine.begin() as connection:
        connection.execute(update(cases).where(unseen).values(revision=1))
