"""The invariants of every case, which must be true whatever happened to it, checked on the record alone.

Each violation is one sentence with opaque ids. The record is judged as it was at each moment: by the ruler the case was
on, balances from the payments and reversals recorded until then, returns and holds by the versions in force, and on the
logical day it was where the ruler has a table of accrual. What it doesn't keep are a debt's former amounts, the rates'
former values and when it was first known, so a debt counts with its latest amount from the beginning.
When a term ends, what serves a notice and what opens the gate is read from the law once more, apart from the code that
decides (`storage/audit/terms.py`).
On a live cohort a signal or a reinstatement may be under way while we look, and is then reported too early.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property, partial
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case.evidence import Debt, Filing
from models.case.facts import CaseFacts, facts_of
from models.case.ruler_change import last_done, way_up
from models.contact.delivery import Progress
from models.law.calendar import Clock, Unit, Wait
from models.law.grounds import INJUNCTIONS, days_without_fine
from models.law.spans import Span, joined
from models.money.accrual_table import AccrualTable
from models.money.imputation import Payment, replay
from models.money.rates import Rates
from models.ruler.schema import Hypothesis, Ruler, Stage
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import claim_of
from storage.amounts.rates import read_rates
from storage.audit.one_person import PERSONS, person_of
from storage.audit.terms import LISTS, SERVES, End, Terms
from storage.case.cases import FrozenRuler, case_ids, frozen_ruler
from storage.case.cohorts import read_cohort
from storage.case.prescription_events import Prescription, read_prescriptions

PAGE = 500

MOVES = ("classified", "reclassified", "hardship", "reinstated", "lost", "resumed_after_break")
"""The journal's entries that explain a row changed, or a rung taken again, between two notices."""


def violations(engine: Engine, cohort: str, progress: Callable[[int], None] = lambda cases: None) -> list[str]:
    """The violations of a cohort's cases, none when all is well; `progress` hears how many cases each page had. Raises
    Unreckonable when a rate that decides what was owed is missing."""
    with engine.connect() as connection:
        growth = Growth(read_cohort(connection, cohort).clock, read_rates(connection))
        terms = Terms(connection)
        ids = iter([case for case, _ in case_ids(connection, cohort)])
        found: list[str] = []
        while page := list(islice(ids, PAGE)):
            lives = _read(connection, page, growth, terms)
            found += [f"case {life.id}: {fault}" for life in lives for fault in _faults(life)]
            found += _ledger_faults(connection, page)
            found += _held_out_faults(connection, page)
            progress(len(page))
        return found


def _faults(life: Life) -> Iterator[str]:
    checks: tuple[Callable[[Life], Iterator[str]], ...] = (
        _each_notice_once,
        _no_rung_skipped,
        _no_rung_early,
        _never_softer,
        _in_contact_hours,
        _served_on_paper,
        _nothing_claimed_when_nothing_is_owed,
        _suspended_by_the_book,
        _given_back,
        _told_of_it,
        _referred_by_the_book,
        _explained,
        _told_once,
    )
    for check in checks:
        yield from check(life)


# ---- the life of a case, as recorded


@dataclass(frozen=True)
class Contact:
    """One rung done: its notices on all channels."""

    step: int
    row: Hypothesis
    rung: int
    stage: Stage
    rigidity: int
    formal: bool
    at: date
    served_on: date | None
    claimed_at: datetime
    credits: frozenset[str]
    """The credits that any of its notices lists."""
    lost: bool
    """It reached nobody: the rung is taken again, at once when another address is there."""
    by: FrozenRuler

    def __str__(self) -> str:
        return f"contact {self.step} ({self.row} {self.stage})"


@dataclass(frozen=True)
class Growth:
    """The growth of a cohort's debts from day to day, where a ruler has a table of accrual."""

    clock: Clock
    rates: Rates

    def owed(
        self,
        debt: RowMapping,
        money: Iterable[RowMapping],
        moment: datetime,
        table: AccrualTable | None,
        no_fine: Iterable[Span],
    ) -> Decimal:
        """The amount owed of one debt, after the payments and reversals known at that moment."""
        if table is None:
            owed: Decimal = debt["amount"] - sum((entry["amount"] for entry in money), Decimal(0))
            return max(owed, Decimal(0))
        kept: dict[tuple[int, date], Decimal] = defaultdict(Decimal)
        for entry in money:
            kept[entry["id"], entry["paid_on"]] += entry["amount"]
        payments = [Payment(number, day, amount) for (number, day), amount in kept.items() if amount > 0]
        on = self.clock.day_at(moment)
        claim = claim_of(debt, table, joined(no_fine))
        return replay([claim], payments, on, self.rates).accounts[claim.id].settled_by(on).total


@dataclass
class Life:
    case: RowMapping
    pinned: Callable[[str], FrozenRuler]
    """A ruler by its digest."""
    growth: Growth
    terms: Terms
    notices: list[RowMapping] = field(default_factory=list)
    decisions: list[RowMapping] = field(default_factory=list)
    debts: list[RowMapping] = field(default_factory=list)
    holds: list[RowMapping] = field(default_factory=list)
    extinctions: list[RowMapping] = field(default_factory=list)
    prescriptions: dict[str, Prescription] = field(default_factory=dict)
    """By debt, as far as is known now."""
    money: list[RowMapping] = field(default_factory=list)
    """Payments, and reversals as negative ones; of an instalment's what each debt shares, as it is shared now; what was
    forgiven, which has no payment's id."""
    filings: list[RowMapping] = field(default_factory=list)
    suspensions: list[RowMapping] = field(default_factory=list)
    approvals: list[RowMapping] = field(default_factory=list)
    defences: list[RowMapping] = field(default_factory=list)
    prior_steps: list[RowMapping] = field(default_factory=list)
    signals: list[RowMapping] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.case["id"])

    def ruler_at(self, moment: datetime | None = None) -> FrozenRuler:
        """The ruler that the case went by at that moment; now, without one. What was done is journalled with its ruler,
        right after it in the same transaction."""
        later = (d["ruler"] for d in self.decisions if moment and d["recorded_at"] >= moment)
        return self.pinned(next(later, self.case["ruler"]))

    @cached_property
    def contacts(self) -> list[Contact]:
        steps: dict[int, list[RowMapping]] = defaultdict(list)
        for notice in self.notices:
            if notice["kind"] == "rung":
                steps[notice["step"]].append(notice)
        return [self._contact(step, steps[step]) for step in sorted(steps)]

    def _contact(self, step: int, notices: Sequence[RowMapping]) -> Contact:
        first = min(notices, key=lambda notice: notice["claimed_at"])
        by = self.ruler_at(first["claimed_at"])
        stages = [rung.stage for rung in by.ruler.rows[first["hypothesis"]].rungs]
        served = [notice["served_on"] for notice in notices if notice["serves"]]
        return Contact(
            step=step,
            row=first["hypothesis"],
            rung=stages.index(Stage(first["stage"])),
            stage=Stage(first["stage"]),
            rigidity=first["rigidity"],
            formal=first["formal"],
            at=first["at"],
            served_on=min(served, default=None),
            claimed_at=first["claimed_at"],
            credits=frozenset(credit for notice in notices for credit in notice["credits"]),
            lost=all(Progress(notice["status"]).lost for notice in notices),
            by=by,
        )

    def facts_at(self, moment: datetime | None = None) -> CaseFacts:
        """The facts of the case at that moment; now, without one."""
        ruler = self.ruler_at(moment).ruler
        table = accrual_of(ruler)

        def until(since: datetime, ended: datetime | None = None) -> bool:
            if moment is None:
                return ended is None
            return since <= moment and (ended is None or ended > moment)

        money: dict[str, list[RowMapping]] = defaultdict(list)
        for entry in self.money:
            if until(entry["recorded_at"]):
                money[entry["debt"]].append(entry)
        grounds: dict[str, set[str]] = defaultdict(set)
        no_fine: dict[str, list[Span]] = defaultdict(list)
        for hold in self.holds:
            in_force = until(hold["placed_at"], hold["lifted_at"])
            if in_force:
                grounds[hold["debt"]].add(hold["ground"])
            if hold["ground"] in INJUNCTIONS and (moment is None or hold["placed_at"] <= moment):
                no_fine[hold["debt"]].append(_without_fine(hold, in_force))
        extinct = {
            e["debt"]
            for e in self.extinctions
            if e["state"] == "confirmed" and until(e["recorded_at"]) and not (e["undone_at"] and until(e["undone_at"]))
        }
        debts = [
            Debt.model_validate(
                {
                    **debt,
                    "balance": Decimal(0)
                    if debt["id"] in extinct
                    else self.growth.owed(
                        debt, money[debt["id"]], moment or datetime.now(UTC), table, no_fine[debt["id"]]
                    ),
                    "prescribes": self.prescriptions[debt["id"]].on,
                    "prescription_refuted": self.prescriptions[debt["id"]].refuted,
                    "grounds": grounds[debt["id"]],
                }
            )
            for debt in self.debts
        ]
        filings = [Filing.model_validate(f) for f in self.filings if until(f["recorded_at"], f["superseded_at"])]
        return facts_of(ruler, (moment or self.case["opened_at"]).date(), debts, filings)


def _without_fine(hold: RowMapping, in_force: bool) -> Span:
    since = hold["since"] or hold["placed_at"].date()
    if in_force:
        return days_without_fine(since, hold["until"])
    return days_without_fine(since, hold["ended_on"] or hold["until"] or hold["lifted_at"].date())


# ---- the checks


def _each_notice_once(life: Life) -> Iterator[str]:
    of_rungs = (notice for notice in life.notices if notice["communication"] is None)
    sent = Counter((notice["step"], notice["channel"]) for notice in of_rungs)
    for (step, channel), times in sent.items():
        if times > 1:
            yield f"contact {step} was made {times} times by {channel}"
    steps = sorted({step for step, _ in sent})
    if steps != list(range(len(steps))):
        yield f"its contacts are numbered {steps}, with gaps"


def _no_rung_skipped(life: Life) -> Iterator[str]:
    first = next(iter(life.contacts), None)
    if first and first.rung != 0 and not _resumed(life, first.claimed_at):
        yield f"{first} is its first, and not the first rung of its row"
    for before, after in pairwise(life.contacts):
        if _goes_its_own_way(life, after):
            continue
        if not (_follows(before, after) or _moved(life, before.claimed_at, after.claimed_at)):
            yield f"{after} follows {before}, which is not the rung before it"


def _follows(before: Contact, after: Contact) -> bool:
    """Whether it is the next rung. Where the case went over to another ruler in between, that may leave out what is
    softer than the last notice, and a rung may be taken again that is formal there."""
    ruler, cell = after.by.ruler, (after.row, after.rung)
    if before.row not in ruler.rows:
        return False
    done = last_done(before.by.ruler, ruler, before.row, before.rung)
    way = list(way_up(ruler, before.row, done))
    if cell in way[:1] or before.by.digest == after.by.digest:
        return cell in way[:1]
    if cell not in way:
        return cell == (before.row, done)
    # by recurrence; not read from the notice after it, which is no softer than the last even where its ruler is
    hotter = before.rigidity - before.by.ruler.rung(before.row, before.rung).rigidity
    return all(ruler.rung(*each).rigidity + hotter < before.rigidity for each in way[: way.index(cell)])


def _goes_its_own_way(life: Life, contact: Contact) -> bool:
    """Whether it is the formal notice of credits alone that no notice before it had listed, of a stage that the case
    had come to already."""
    former = [other for other in life.contacts if other.step < contact.step and other.formal]
    listed = {credit for other in former for credit in other.credits}
    come_to = any((other.row, other.stage) == (contact.row, contact.stage) for other in former)
    return come_to and bool(contact.credits) and not listed & contact.credits


def _resumed(life: Life, until: datetime) -> bool:
    """Whether an agreement was broken before anybody was contacted: the ruler says at which rung that begins."""
    return any(d["kind"] == "resumed_after_break" and d["recorded_at"] <= until for d in life.decisions)


def _moved(life: Life, since: datetime, until: datetime) -> bool:
    return any(d["kind"] in MOVES and since < d["recorded_at"] <= until for d in life.decisions)


def _no_rung_early(life: Life) -> Iterator[str]:
    """No rung comes before its wait is over, by logical dates: an hour of load moves none of them. A case that went
    over to another ruler in between has waited as long as one of them wants."""
    for before, after in pairwise(life.contacts):
        if before.lost or _goes_its_own_way(life, after):
            continue
        rulers = {by.digest: by for by in (before.by, after.by)}
        ends = [_end_of_wait(life.terms, before, by) for by in rulers.values()]
        known = [end for end in ends if end is not None]
        if not known:
            yield f"{after} was made, though {before} was never served"
        elif after.at < min(known):
            yield f"{after} is of {after.at}, before {min(known)}, when the dwell of {before} was over"


def _end_of_wait(terms: Terms, made: Contact, by: FrozenRuler) -> date | None:
    """The day the wait ends by that ruler: a wait of working days is the authority's own choice, one of legal days a
    term of the taxpayer's. None, never, while the notice that was sent isn't served."""
    rungs = by.ruler.rows[made.row].rungs if made.row in by.ruler.rows else ()
    rung = next((rung for rung in rungs if rung.stage is made.stage), made.by.ruler.rung(made.row, made.rung))
    formal = made.formal and rung.formal and made.stage is not Stage.SUSPENSION
    counts_from = made.served_on if formal else made.at
    if counts_from is None or rung.wait is None:
        return counts_from
    end = terms.end(by.digest, max(counts_from, made.at), rung.wait, formal and _keeps_recess(by))
    return end.last_day if rung.wait.unit is Unit.BUSINESS and not formal else end.act_from


def _keeps_recess(by: FrozenRuler) -> bool:
    return by.ruler.recess.waived_by is None


def _never_softer(life: Life) -> Iterator[str]:
    for before, after in pairwise(life.contacts):
        if after.rigidity < before.rigidity:
            yield f"{after} has rigidity {after.rigidity}, less than {before.rigidity} of {before}"


def _in_contact_hours(life: Life) -> Iterator[str]:
    """Each notice might leave in its contact hours, by its logical instant."""
    for notice in life.notices:
        if notice["due_at"] is None:
            continue
        by = life.ruler_at(notice["claimed_at"])
        jurisdiction = by.ruler.jurisdiction
        local = notice["due_at"].astimezone(ZoneInfo(jurisdiction.timezone))
        if not jurisdiction.contact_hours.allows(local, [notice["channel"]], by.calendar):
            yield f"notice {notice['id']} was to leave on {local:%Y-%m-%d at %H:%M}, outside its contact hours"


def _served_on_paper(life: Life) -> Iterator[str]:
    """A letter serves no day before it was posted, and nothing is published unless a notice of the same contact that
    could have served it was lost."""
    for notice in life.notices:
        if notice["left_on"] and notice["served_on"] and notice["served_on"] < notice["left_on"]:
            yield f"notice {notice['id']} was served on {notice['served_on']}, and left on {notice['left_on']}"
        same = [other for other in life.notices if other["step"] == notice["step"] and other["credits"]]
        failed = [other for other in same if other["channel"] != "gazette" and Progress(other["status"]).lost]
        if notice["channel"] == "gazette" and not failed:
            yield f"notice {notice['id']} was published, and no personal means had failed"


def _nothing_claimed_when_nothing_is_owed(life: Life) -> Iterator[str]:
    for notice in life.notices:
        if notice["kind"] == "rung" and not life.facts_at(notice["claimed_at"]).outstanding:
            yield f"notice {notice['id']} was claimed when nothing was outstanding"


def _suspended_by_the_book(life: Life) -> Iterator[str]:
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
        facts = life.facts_at(recorded)
        yield from (f"{what} {fault}" for fault in _unapproved(life, facts, asked_since, recorded))
        yield from (f"{what} {fault}" for fault in _unserved(life, first, recorded))
        yield from (f"{what} {fault}" for fault in _unlawful(life, facts, first, recorded))
        asked_since = recorded


def _unapproved(life: Life, facts: CaseFacts, asked_since: datetime, recorded: datetime) -> Iterator[str]:
    given = [a for a in life.approvals if asked_since < a["recorded_at"] <= recorded and a["state"] == "carried_out"]
    people = {approval["person"] for approval in given}
    gate = life.ruler_at(recorded).ruler.gate
    above = gate.second_above if gate else None
    wanted = 2 if above is not None and sum(debt.balance for debt in _owed(facts)) > above else 1
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


def _defence_ends(life: Life, by: FrozenRuler, defence: Wait, served_on: date) -> End:
    return life.terms.end(by.digest, served_on, defence, _keeps_recess(by))


def _unlawful(life: Life, facts: CaseFacts, suspension: RowMapping, recorded: datetime) -> Iterator[str]:
    by = life.ruler_at(recorded)
    gate, credits = by.ruler.gate, set(suspension["credits"])
    if not facts.owes_money and not (facts.owes_return and gate and gate.returns_law):
        yield "had nothing outstanding that allows it"
    owed = {debt.id for debt in _owed(facts)}
    for credit in sorted(credit for credit in credits if not credit.startswith("return:")):
        if credit not in owed:
            yield f"is for credit {credit}, which was not owed"
    for defence in life.defences:
        against = defence["recorded_at"] < recorded and (not defence["credits"] or credits & set(defence["credits"]))
        decided = defence["decided_at"] is not None and defence["decided_at"] <= recorded
        if not against:
            continue
        if not decided:
            yield f"was carried out while the defence of {defence['filed_on']} was open"
        elif defence["state"] == "accepted":
            yield f"was carried out though the defence of {defence['filed_on']} was accepted"
        elif gate and not defence["appeal"] and not _appealed(life, defence, recorded):
            end = _defence_ends(life, by, gate.appeal, defence["decided_on"])
            if suspension["suspended_on"] < end.act_from:
                yield f"is before the time for an appeal ended on {end.last_day}"


def _appealed(life: Life, rejected: RowMapping, recorded: datetime) -> bool:
    """Whether an appeal against the rejection was decided too."""
    return any(
        other["appeal"] and other["id"] > rejected["id"] and other["decided_at"] and other["decided_at"] <= recorded
        for other in life.defences
    )


def _given_back(life: Life) -> Iterator[str]:
    held = [suspension["benefit"] for suspension in life.suspensions if suspension["reinstated_at"] is None]
    if held and life.case["closed_at"] is not None:
        yield f"is closed and holds {len(held)} benefits suspended"
    elif held and not life.facts_at().outstanding:
        yield f"has nothing outstanding and holds {len(held)} benefits suspended"


def _told_of_it(life: Life) -> Iterator[str]:
    """Everybody who gets his benefits back has a notice that says so."""
    back = [each for each in life.suspensions if each["reinstated_at"] and not each["kept"]]
    waits = life.case["to_tell"] or life.case["status"] == "cancelled"
    if back and not waits and not any(notice["kind"] == "reinstatement" for notice in life.notices):
        yield "had benefits given back, and no notice says so"


def _referred_by_the_book(life: Life) -> Iterator[str]:
    """For each debt a registration, an administrative attempt, which a notice served is too, a protest or one of its
    alternatives, and CADIN's notice (CNJ 547/2024 arts. 2º and 3º, Lei 14.973/2024); nothing that is in court already.
    """
    for referral in (decision for decision in life.decisions if decision["kind"] == "referred"):
        moment = referral["recorded_at"]
        ruler = life.ruler_at(moment).ruler
        owed = [debt for debt in _owed(life.facts_at(moment)) if debt.id in (referral["referred"] or [debt.id])]
        for debt in owed:
            taken = {
                step["kind"]
                for step in life.prior_steps
                if step["recorded_at"] <= moment
                and debt.id in step["debts"]
                and not (step["annulled_at"] and step["annulled_at"] <= moment)
            }
            if debt.litigation:
                yield f"was referred for debt {debt.id}, which was in court already"
            lacks = [*_lacked(life, debt, taken), *(["cadin_notice"] if _not_told(ruler, taken) else [])]
            if lacks and not debt.litigation:
                yield f"was referred without {' and '.join(lacks)} of debt {debt.id}"
            registered = ruler.credit == "registered" or debt.registered_on or debt.protested or debt.litigation
            if not registered:
                yield f"was referred for debt {debt.id}, which is not registered"
        if not owed:
            yield "was referred with no debt to refer"


def _lacked(life: Life, debt: Debt, taken: set[str]) -> Iterator[str]:
    served = any(notice["serves"] and notice["at"] >= debt.due for notice in life.notices)
    if not served and not taken & {"conciliation", "administrative_solution"}:
        yield "administrative_solution"
    alternatives = "protest protest_exception credit_bureau_notice registry_annotation indicated_assets cadin_notice"
    if not debt.protested and not taken & {*alternatives.split()}:
        yield "protest"


def _not_told(ruler: Ruler, taken: set[str]) -> bool:
    return bool(ruler.referral.cadin) and "cadin_notice" not in taken


def _owed(facts: CaseFacts) -> list[Debt]:
    """The debts that are open and not on hold."""
    return [debt for debt in facts.debts if debt.balance > 0 and not debt.grounds]


def _explained(life: Life) -> Iterator[str]:
    for decision in life.decisions:
        if not decision["reason"].strip():
            yield f"the decision {decision['kind']} of {decision['recorded_at']:%Y-%m-%d} says no reason"


def _told_once(life: Life) -> Iterator[str]:
    """Each payment that came while the case was open was told by one delivered signal."""
    signals = Counter(signal["payment"] for signal in life.signals)
    journalled = Counter(decision["payment"] for decision in life.decisions if decision["kind"] == "payment")
    reopened = any(decision["kind"] == "reopened" for decision in life.decisions)
    for payment in (money for money in life.money if money["id"] and money["amount"] > 0):
        was_open = life.case["opened_at"] <= payment["recorded_at"] and (
            life.case["closed_at"] is None or payment["recorded_at"] < life.case["closed_at"]
        )
        # when a case that was opened again had been closed before is not kept: its journal says what it was to hear
        owed = journalled[payment["id"]] if reopened else int(was_open)
        if (times := signals[payment["id"]]) != owed:
            yield f"payment {payment['id']} is owed to it {owed} times, and was signalled {times} times"
    for signal in life.signals:
        if signal["delivered_at"] is None:
            yield f"the signal {signal['id']} of payment {signal['payment']} is not delivered"


def _ledger_faults(connection: Connection, cases: list[str]) -> Iterator[str]:
    for debt in connection.execute(UNBALANCED, {"cases": cases}).mappings():
        yield f"debt {debt['id']}: received is {debt['received']}, payments less reversals are {debt['net']}"


def _held_out_faults(connection: Connection, cases: list[str]) -> Iterator[str]:
    for notice in connection.execute(TO_THE_HELD_OUT, {"cases": cases}).mappings():
        yield f"case {notice['case']}: is of the control group, and yet has the notice {notice['id']}"


# ---- reading a page of cases


def _read(connection: Connection, cases: list[str], growth: Growth, terms: Terms) -> Iterable[Life]:
    def rows(query: Any) -> Iterator[RowMapping]:
        return iter(connection.execute(query, {"cases": cases}).mappings())

    pinned = partial(frozen_ruler, connection)
    lives = {row["id"]: Life(row, pinned, growth, terms) for row in rows(CASES)}
    for name, query in PARTS.items():
        for row in rows(query):
            getattr(lives[row["case"]], name).append(row)
    stated = {debt["id"]: debt["prescribes"] for life in lives.values() for debt in life.debts}
    # what is suspended still does not prescribe, whatever the day is on the cohort's clock
    prescriptions = read_prescriptions(connection, stated, date(2200, 1, 1))
    for life in lives.values():
        life.prescriptions = prescriptions
    return lives.values()


def _of_cases(sql: str) -> Any:
    return text(sql).bindparams(bindparam("cases", type_=ARRAY(Text)))


CASES = _of_cases(f"""
    {PERSONS}
    SELECT id, cases.ruler, cases.status, opened_at, closed_at, {person_of("started_by")} AS starter,
           coalesce(CAST(state->>'to_tell' AS boolean), false) AS to_tell
    FROM cases JOIN cohorts ON cohorts.name = cohort WHERE id = ANY(:cases) ORDER BY opened_at, id
""")  # noqa: S608 - constants

OWED = """
    SELECT cases.id AS "case", debts.* FROM cases
    JOIN debtors ON debtors.taxpayer = cases.taxpayer JOIN debts ON debts.id = debtors.debt AND debts.tax = cases.tax
    WHERE cases.id = ANY(:cases)
"""

PARTS = {
    "notices": _of_cases(f"""
        SELECT notices.*, formal AND {SERVES} AS serves, {LISTS} AS credits, left_on
        FROM notices LEFT JOIN batched_notices ON batched_notices.notice = notices.id
        WHERE "case" = ANY(:cases) ORDER BY step, communication, channel
    """),  # noqa: S608 - constants
    "decisions": _of_cases("""
        SELECT "case", kind, reason, ruler, recorded_at, CAST(evidence->>'payment' AS bigint) AS payment,
               evidence->'referred' AS referred
        FROM decisions WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "debts": _of_cases(f"{OWED} ORDER BY debts.id"),
    "holds": _of_cases(f"""
        SELECT owed."case", holds.* FROM ({OWED}) AS owed JOIN holds ON holds.debt = owed.id
    """),  # noqa: S608 - OWED is a constant
    "extinctions": _of_cases(f"""
        SELECT owed."case", extinctions.* FROM ({OWED}) AS owed JOIN extinctions ON extinctions.debt = owed.id
    """),  # noqa: S608 - OWED is a constant
    "money": _of_cases(f"""
        SELECT owed."case", owed.id AS debt, payments.id, payments.amount, paid_on,
               coalesce(payments.matched_at, payments.recorded_at) AS recorded_at
        FROM ({OWED}) AS owed JOIN payments ON payments.debt = owed.id
        UNION ALL
        SELECT owed."case", owed.id, payments.id, -reversals.amount, paid_on,
               greatest(payments.matched_at, reversals.recorded_at)
        FROM ({OWED}) AS owed JOIN payments ON payments.debt = owed.id
        JOIN reversals ON reversals.payment = payments.id
        UNION ALL
        SELECT owed."case", owed.id, payments.id, allocations.amount, payments.paid_on, payments.recorded_at
        FROM ({OWED}) AS owed JOIN allocations ON allocations.debt = owed.id
        JOIN payments ON payments.id = allocations.payment
        UNION ALL
        SELECT owed."case", owed.id, 0, remissions.amount, remitted_on, remissions.recorded_at
        FROM ({OWED}) AS owed JOIN remissions ON remissions.debt = owed.id
        ORDER BY recorded_at
    """),  # noqa: S608 - OWED is a constant
    "filings": _of_cases("""
        SELECT cases.id AS "case", filings.* FROM cases
        JOIN filings ON filings.taxpayer = cases.taxpayer AND filings.tax = cases.tax
        WHERE cases.id = ANY(:cases) ORDER BY filings.id
    """),
    "suspensions": _of_cases("""
        SELECT suspensions.*, EXISTS (
            SELECT FROM suspensions AS other WHERE other.benefit = suspensions.benefit AND other.id <> suspensions.id
              AND other.recorded_at < suspensions.reinstated_at
              AND coalesce(other.reinstated_at > suspensions.reinstated_at, true)) AS kept
        FROM suspensions WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "approvals": _of_cases(f"""
        {PERSONS} SELECT *, {person_of("given_by")} AS person FROM approvals WHERE "case" = ANY(:cases) ORDER BY id
    """),  # noqa: S608 - constants
    "defences": _of_cases("""
        SELECT defences.*, ARRAY(SELECT credit FROM defence_credits WHERE defence = defences.id) AS credits
        FROM defences WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "prior_steps": _of_cases("""
        SELECT *, ARRAY(SELECT debt FROM prior_step_debts WHERE prior_step = prior_steps.id) AS debts,
               (SELECT min(recorded_at) FROM annulments
                WHERE annulments.kind = 'step' AND entry = CAST(prior_steps.id AS text)) AS annulled_at
        FROM prior_steps WHERE "case" = ANY(:cases) ORDER BY id
    """),
    "signals": _of_cases("""
        SELECT id, "case", CAST(payload->>'payment' AS bigint) AS payment, delivered_at FROM outbox
        WHERE name = 'payment_received' AND "case" = ANY(:cases) ORDER BY id
    """),
}

UNBALANCED = _of_cases(f"""
    SELECT * FROM (
        SELECT DISTINCT owed.id, owed.received,
               (SELECT coalesce(sum(amount), 0) FROM payments WHERE payments.debt = owed.id)
               - (SELECT coalesce(sum(reversals.amount), 0) FROM payments
                  JOIN reversals ON reversals.payment = payments.id WHERE payments.debt = owed.id)
               + (SELECT coalesce(sum(amount), 0) FROM allocations WHERE allocations.debt = owed.id) AS net
        FROM ({OWED}) AS owed
    ) AS ledger WHERE received <> net ORDER BY id
""")  # noqa: S608 - OWED is a constant

TO_THE_HELD_OUT = _of_cases("""
    SELECT notices.id, "case" FROM notices JOIN cases ON cases.id = notices."case"
    WHERE "case" = ANY(:cases) AND arm = 'control' AND communication IS NULL ORDER BY notices.id
""")
