"""The first evaluation of cases just opened, many in one transaction, before any workflow looks at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence, Set
from datetime import date, datetime

from sqlalchemy import Connection, Engine, bindparam, insert, update

from models.case.facts import CaseFacts
from models.contact.channel import Channel
from models.errors import Unreckonable
from storage.case.cases import Case, Pair, lock_unseen
from storage.case.facts import PROCESS, facts_in_case, read_facts, steady_debts
from storage.case.people import read_people
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
        unseen = lock_unseen(connection, opened)
        if not unseen:
            return []
        today = unseen[0].clock.day_at(now)
        steady_debts(connection, [case.pair for case in unseen], today)
        try:
            before = _facts_by_pair(connection, unseen, today)
        except Unreckonable:
            return []
        transactions = _transactions(connection, unseen, before, today, unaddressed)
        _save(connection, transactions)
    return transactions


def _facts_by_pair(connection: Connection, unseen: Sequence[Case], today: date) -> dict[Pair, CaseFacts]:
    by_ruler: dict[str, list[Case]] = defaultdict(list)
    for case in unseen:
        by_ruler[case.frozen.digest].append(case)
    return {
        pair: facts
        for alike in by_ruler.values()
        for pair, facts in read_facts(connection, alike[0].ruler, [case.pair for case in alike], today).items()
    }


def _transactions(
    connection: Connection,
    unseen: Sequence[Case],
    before: dict[Pair, CaseFacts],
    today: date,
    unaddressed: Set[Channel],
) -> list[CaseTransaction]:
    people = read_people(connection, {case.id: case.state.steps - 1 for case in unseen}, unseen[0].clock, today)
    processes = {row.id: row for row in connection.execute(PROCESS, {"cases": [case.id for case in unseen]})}
    transactions = []
    for case in unseen:
        person, needless = people[case.id], case.needless(unaddressed)
        reach = person.contacts.reach(needless)
        facts = facts_in_case(connection, case, before[case.pair], processes[case.id], person, reach)
        transactions.append(transaction_of(connection, case, facts, person, needless))
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
