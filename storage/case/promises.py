"""The promises of a case as it is judged: kept, broken or reopened in the very transaction that knows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select, update

from models.case.facts import CaseFacts
from models.case.journal import EntryKind
from models.collections.promise import Owed, Promise, PromiseState, judged, open_promises, outcome_in_words
from models.contact.channel import CHANNELS
from models.errors import Unreckonable
from storage.case.cases import Case, lock_open
from storage.case.journal import JournalRow
from storage.case.side_by_side import read_side_by_side
from storage.case.tasks import ask_people, finish_of
from storage.schema import cases, decisions, promises

CAME_TO = {
    PromiseState.OPEN: EntryKind.PROMISE_REOPENED,
    PromiseState.KEPT: EntryKind.PROMISE_KEPT,
    PromiseState.KEPT_IN_PART: EntryKind.PROMISE_KEPT_IN_PART,
    PromiseState.BROKEN: EntryKind.PROMISE_BROKEN,
    PromiseState.OVERTAKEN: EntryKind.PROMISE_OVERTAKEN,
}


def judge_promises(connection: Connection, case: Case, facts: CaseFacts) -> tuple[CaseFacts, list[JournalRow]]:
    """Judge the promises of a locked case by its facts; gives the facts with them as they are now, and the entries
    for the journal."""
    return _saved(connection, case, facts, judged(facts.promises, facts.payments, owed_in(facts), facts.today))


def owed_in(facts: CaseFacts) -> Owed:
    in_all = sum((debt.balance for debt in facts.debts), Decimal(0))
    left_alone = in_all < facts.minimum_balance
    return Owed(Decimal(0) if left_alone else in_all, facts.balance if facts.owes_money else Decimal(0))


def overtake_promises(connection: Connection, case: Case, facts: CaseFacts) -> list[JournalRow]:
    """End the open promises of a locked case that is being closed."""
    ended = [each.model_copy(update={"state": PromiseState.OVERTAKEN}) for each in open_promises(facts.promises)]
    return _saved(connection, case, facts, ended)[1]


def _saved(
    connection: Connection, case: Case, facts: CaseFacts, now: Iterable[Promise]
) -> tuple[CaseFacts, list[JournalRow]]:
    former, entries = {promise.id: promise for promise in facts.promises}, []
    for promise in now:
        before = former[promise.id]
        if promise == before:
            continue
        former[promise.id] = promise
        moved = {"decided_on": facts.today} if promise.state is not before.state else {}
        values = {"state": promise.state, "paid": promise.paid, **moved}
        connection.execute(update(promises).where(promises.c.id == promise.id).values(values))
        if moved:
            entries.append(_entry(case, facts.today, promise))
            _follow_up(connection, case, facts.today, promise)
    return facts.model_copy(update={"promises": tuple(former.values())}), entries


def _entry(case: Case, today: date, promise: Promise) -> JournalRow:
    return {
        "case": case.id,
        "at": today,
        "kind": CAME_TO[promise.state],
        "reason": outcome_in_words(promise),
        "ruler": case.frozen.digest,
        "evidence": {"promise": promise.id, "amount": f"{promise.amount:.2f}", "paid": f"{promise.paid:.2f}"},
        "hypothesis": case.state.row,
    }


def _follow_up(connection: Connection, case: Case, today: date, promise: Promise) -> None:
    """Have people ask after a promise that wasn't kept, and no more once it was."""
    task = f"promise {promise.id}"
    if promise.state in (PromiseState.BROKEN, PromiseState.KEPT_IN_PART):
        ask_people(connection, case, "promise", task, outcome_in_words(promise), today)
    else:
        finish_of(connection, "promise", [task], "régua")


def judge_promised(connection: Connection, told: Collection[str], now: datetime) -> None:
    """Judge the promises of those of some locked cases that have any, in the transaction that posts their payment."""
    promised = select(promises.c.id).where(promises.c.case == cases.c.id, promises.c.state.in_(MOVABLE))
    by_cohort: dict[str, list[Case]] = defaultdict(list)
    for case in lock_open(connection, cases.c.id.in_(told), promised.exists()):
        by_cohort[case.cohort].append(case)
    if entries := [entry for alike in by_cohort.values() for entry in _entries(connection, alike, now)]:
        connection.execute(insert(decisions), entries)


def _entries(connection: Connection, alike: list[Case], now: datetime) -> Iterator[JournalRow]:
    today = alike[0].clock.day_at(now)
    try:
        # nobody is contacted, so no address is looked for
        for read in read_side_by_side(connection, alike, today, frozenset(CHANNELS)):
            yield from judge_promises(connection, read.case, read.facts)[1]
    except Unreckonable:
        return  # each is left to its workflow, which says what lacks


MOVABLE = [state.value for state in PromiseState if not state.final]
