"""The facts of many locked cases at once: a statement for all of them, not one for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from models.case.facts import CaseFacts
from models.contact.channel import Channel
from storage.case.cases import Case, Pair
from storage.case.facts import PROCESS, facts_in_case, read_facts
from storage.case.people import Person, read_people


@dataclass(frozen=True)
class CaseRead:
    """A case with all that it is judged by."""

    case: Case
    facts: CaseFacts
    person: Person
    needless: Set[Channel]
    """The channels that need no address of the taxpayer's."""


def read_side_by_side(
    connection: Connection, locked: Sequence[Case], today: date, unaddressed: Set[Channel]
) -> Iterator[CaseRead]:
    """Read the facts of cases on one clock, at least one. Raises Unreckonable when what somebody owes can't be told."""
    before = _facts_by_pair(connection, locked, today)
    people = read_people(connection, {case.id: case.state.steps - 1 for case in locked}, locked[0].clock, today)
    processes = {row.id: row for row in connection.execute(PROCESS, {"cases": [case.id for case in locked]})}
    for case in locked:
        person, needless = people[case.id], case.needless(unaddressed)
        reach = person.contacts.reach(needless)
        facts = facts_in_case(connection, case, before[case.pair], processes[case.id], person, reach)
        yield CaseRead(case, facts, person, needless)


def _facts_by_pair(connection: Connection, locked: Sequence[Case], today: date) -> dict[Pair, CaseFacts]:
    by_ruler: dict[str, list[Case]] = defaultdict(list)
    for case in locked:
        by_ruler[case.frozen.digest].append(case)
    return {
        pair: facts
        for alike in by_ruler.values()
        for pair, facts in read_facts(connection, alike[0].ruler, [case.pair for case in alike], today).items()
    }
