"""The invariants of suspended benefits: by the book, given back when their cause is gone, and told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import zip_longest

from sqlalchemy import RowMapping

from models.case.facts import CaseFacts
from models.law.calendar import Wait
from storage.audit.life import Life, keeps_recess, open_debts
from storage.audit.terms import End
from storage.case.cases import FrozenRuler


def suspended_by_the_book(life: Life) -> Iterator[str]:
    """A suspension went by the book: formal notice served, defence time over and none undecided, something outstanding
    that allows it, and approved by as many as were needed, of whom none started the cohort, and not by the approvals of
    another suspension."""
    asked_since = datetime.min.replace(tzinfo=life.case["opened_at"].tzinfo)
    moments: dict[tuple[date, str], list[RowMapping]] = defaultdict(list)
    for suspension in life.suspensions:
        moments[suspension["suspended_on"], suspension["approved_by"]].append(suspension)
    for together in moments.values():
        first = min(together, key=lambda suspension: suspension["recorded_at"])
        what, recorded = f"the suspension of {first['suspended_on']}", first["recorded_at"]
        facts = life.facts_at(first["suspended_on"], recorded)
        yield from (f"{what} {fault}" for fault in _unapproved(life, facts, asked_since, recorded))
        yield from (f"{what} {fault}" for fault in _unserved(life, first, recorded))
        yield from (f"{what} {fault}" for fault in _unlawful(life, facts, first, recorded))
        asked_since = recorded


def _unapproved(life: Life, facts: CaseFacts, asked_since: datetime, recorded: datetime) -> Iterator[str]:
    given = [a for a in life.approvals if asked_since < a["recorded_at"] <= recorded and a["state"] == "carried_out"]
    people = {approval["person"] for approval in given}
    gate = life.ruler_at(recorded).ruler.gate
    above = gate.second_above if gate else None
    wanted = 2 if above is not None and sum(debt.balance for debt in open_debts(facts)) > above else 1
    if len(people) < wanted:
        yield f"has {len(people)} approvals in force, and needs {wanted}"
    if life.case["starter"] in people:
        yield "was approved by who started the cohort"


def _unserved(life: Life, suspension: RowMapping, recorded: datetime) -> Iterator[str]:
    """The faults of service before a suspension, credit by credit: the newest notice that lists it was served, and the
    time for a defence since the last service is over."""
    by, on = life.ruler_at(recorded), suspension["suspended_on"]
    if not suspension["credits"]:
        yield "names no credit that it is for"
    for credit in suspension["credits"]:
        listing: dict[int, date | None] = {}
        for notice in life.notices:
            of_gate = notice["formal"] and notice["stage"] != "suspension" and notice["claimed_at"] < recorded
            if of_gate and credit in notice["credits"]:
                known = listing.get(notice["step"])
                served = notice["served_on"] if notice["serves"] else None
                listing[notice["step"]] = min(filter(None, (known, served)), default=None)
        if not listing or listing[max(listing)] is None:
            yield f"has no formal notice that was served for credit {credit}"
        elif by.ruler.gate is None:
            yield "has no gate in its ruler"
        else:
            end = _defence_ends(life, by, by.ruler.gate.defence, max(filter(None, listing.values())))
            if on < end.act_from:
                yield f"is before the time for defence ended on {end.last_day} for credit {credit}"


def _defence_ends(
    life: Life, by: FrozenRuler, defence: Wait, served_on: date, stood: frozenset[date] = frozenset()
) -> End:
    return life.terms.end(by.digest, served_on, defence, keeps_recess(by), stood)


def _unlawful(life: Life, facts: CaseFacts, suspension: RowMapping, recorded: datetime) -> Iterator[str]:
    by = life.ruler_at(recorded)
    gate, credits = by.ruler.gate, set(suspension["credits"])
    if not facts.owes_money and not (facts.owes_return and gate and gate.returns_law):
        yield "had nothing outstanding that allows it"
    owed = {debt.id for debt in open_debts(facts)}
    for credit in sorted(credit for credit in credits if not credit.startswith("return:")):
        if credit not in owed:
            yield f"is for credit {credit}, which was not owed"
    for defence in life.defences:
        against = defence["recorded_at"] < recorded and (not defence["credits"] or credits & set(defence["credits"]))
        decided = defence["decided_at"] is not None and defence["decided_at"] <= recorded
        if not against:
            continue
        if not decided and _filed_in_time(life, by, defence, credits, recorded):
            yield f"was carried out while the defence of {defence['filed_on']} was open"
        elif decided and defence["state"] == "accepted":
            yield f"was carried out though the defence of {defence['filed_on']} was accepted"
        elif decided and gate and not defence["appeal"] and not _appealed(life, defence, recorded):
            end = _defence_ends(life, by, gate.appeal, defence["decided_on"])
            if suspension["suspended_on"] < end.act_from:
                yield f"is before the time for an appeal ended on {end.last_day}"


def _filed_in_time(life: Life, by: FrozenRuler, defence: RowMapping, credits: set[str], recorded: datetime) -> bool:
    """Whether an open defence suspends any of these credits: one after its last day doesn't. It isn't counted
    on any day on which it may have stood still, so that what is said to be late was late."""
    gate = by.ruler.gate
    if gate is None:
        return True
    mine = credits & set(defence["credits"] or credits)
    if defence["appeal"]:
        rejected = [each["decided_on"] for each in life.defences if each["id"] < defence["id"] and each["decided_on"]]
        wait, events = gate.appeal, rejected[-1:]
    else:
        wait, events = gate.defence, [_last_service(life, credit, recorded) for credit in mine]
    if not all(events):
        return True
    ends = (_defence_ends(life, by, wait, event, _days_stood(life, mine, event, defence)) for event in events if event)
    return any(defence["filed_on"] <= end.last_day for end in ends)


def _last_service(life: Life, credit: str, recorded: datetime) -> date | None:
    served = [
        notice["served_on"]
        for notice in life.notices
        if notice["serves"] and credit in notice["credits"] and notice["claimed_at"] < recorded
    ]
    return max(served, default=None)


def _days_stood(life: Life, credits: set[str], event: date, defence: RowMapping) -> frozenset[date]:
    """The days after an event and before a defence on which its case stood still, or something of it was held or
    defended."""
    until, stood = defence["filed_on"], set[date]()
    spans = [
        (hold["since"] or hold["placed_at"].date(), hold["ended_on"] or hold["until"] or until)
        for hold in life.holds
        if hold["debt"] in credits
    ]
    spans += [(each["filed_on"], each["decided_on"] or until) for each in life.defences if each["id"] < defence["id"]]
    stops = [
        decision for decision in life.decisions if decision["kind"] in ("paused", "on_hold", "under_defence", "resumed")
    ]
    for stop, then in zip_longest(stops, stops[1:]):
        if stop["kind"] != "resumed":
            spans.append((stop["at"], then["at"] if then else until))
    for first, last in spans:
        begins = max(first, event + timedelta(days=1))
        stood.update(begins + timedelta(days=n) for n in range((min(last, until) - begins).days + 1))
    return frozenset(stood)


def _appealed(life: Life, rejected: RowMapping, recorded: datetime) -> bool:
    """Whether an appeal against the rejection was decided too."""
    return any(
        other["appeal"] and other["id"] > rejected["id"] and other["decided_at"] and other["decided_at"] <= recorded
        for other in life.defences
    )


def given_back(life: Life) -> Iterator[str]:
    held = [suspension["benefit"] for suspension in life.suspensions if suspension["reinstated_at"] is None]
    if held and life.case["closed_at"] is not None:
        yield f"is closed and holds {len(held)} benefits suspended"
    elif held and not life.facts_at(life.last_day).outstanding:
        yield f"has nothing outstanding and holds {len(held)} benefits suspended"


def told_of_it(life: Life) -> Iterator[str]:
    """Everybody who gets his benefits back has a notice that says so."""
    back = [each for each in life.suspensions if each["reinstated_at"] and not each["kept"]]
    waits = life.case["to_tell"] or life.case["status"] == "cancelled"
    if back and not waits and not any(notice["kind"] == "reinstatement" for notice in life.notices):
        yield "had benefits given back, and no notice says so"
