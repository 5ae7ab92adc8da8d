"""A cohort goes over to another ruler: foreseen rung by rung, done in one transaction that overlaps none of a case."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection, Engine, RowMapping, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.assets import RulerBundle, assets_of_ruler
from models.case.cohort_state import State
from models.case.decision import decide
from models.case.facts import CaseFacts
from models.case.journal import EntryKind
from models.case.ruler_change import Outcome, cell_ahead, outcome, reason, translate
from models.case.state import CaseState, Cell, cell_reached
from models.case.status import Status
from models.case.view import View
from models.errors import Refusal
from models.events import RulerChanged
from models.formats import tax_name
from models.ruler.rivals import must_reach_alike
from models.ruler.schema import Ruler
from storage.case.cases import FrozenRuler, pauses_of
from storage.case.cohort_lifecycle import ALONE
from storage.case.cohorts import Cohort, pin_ruler, read_cohort
from storage.case.facts import PROCESS, read_facts, with_process
from storage.case.journal import JournalRow
from storage.case.transaction import end_approvals
from storage.outbox import CHANNEL
from storage.rows import typed_rows
from storage.schema import cases, cohorts, decisions

PAGE = 500

Progress = Callable[[int], None]
"""Hears how many cases each page had."""


@dataclass(frozen=True)
class Alike:
    """Cases of which the next step is of the same cell before and after, with the same outcome."""

    ahead: Cell
    then: Cell
    outcome: Outcome


@dataclass
class Foreseen:
    cohort: Cohort
    cases: Counter[Alike]
    owed: dict[Alike, Decimal]
    control: int = 0
    """Cases held out, which nobody contacts."""

    def total(self, what: Outcome) -> int:
        return sum(count for alike, count in self.cases.items() if alike.outcome is what)


class OnRuler(TypedDict):
    cohort: str
    cases: int
    """Open, and still on it."""


ON_RULER = text("""
    SELECT cohorts.name AS cohort, count(cases.id) AS cases
    FROM cohorts JOIN rulers ON rulers.digest = cohorts.ruler
    LEFT JOIN cases ON cases.cohort = cohorts.name AND cases.ruler = cohorts.ruler AND cases.closed_at IS NULL
    WHERE starts_with(rulers.label, :ruler || ' v') AND lifecycle <> 'cancelled'
    GROUP BY cohorts.name ORDER BY cohorts.name
""")


def cohorts_on(connection: Connection, ruler: str) -> list[OnRuler]:
    """The cohorts that go by some version of a ruler, and were not cancelled."""
    return typed_rows(OnRuler, connection.execute(ON_RULER, {"ruler": ruler}).mappings())


def foresee_migration(engine: Engine, name: str, to: RulerBundle, now: datetime, progress: Progress) -> Foreseen:
    """Foresee what becomes of each open case on the cohort's ruler, as if everybody could be reached. Raises Refusal
    when the ruler is no other version of the cohort's, or has no place for some of its cases; Unreckonable when what is
    owed can't be told."""
    ruler = to.ruler
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        cohort = read_cohort(connection, name)
        calendar = ruler.jurisdiction.days_off(_first_year(cohort))
        then = FrozenRuler("", ruler, calendar, assets_of_ruler(ruler, to.texts))
        _must_follow(cohort, then)
        foreseen = Foreseen(cohort, Counter(), defaultdict(Decimal))
        lost: Counter[str] = Counter()
        for page in _pages(_ids(connection, cohort)):
            rows = _rows(connection, page)
            foreseen.control += len(page) - len(rows)
            facts_by_pair = [_facts_by_pair(connection, cohort, on, rows, now) for on in (cohort.frozen.ruler, ruler)]
            for row, before, after in zip(rows, *facts_by_pair, strict=True):
                seen = _foresee(cohort.frozen, then, row, before, after)
                if isinstance(seen, str):
                    lost[seen] += 1
                else:
                    foreseen.cases[seen] += 1
                    foreseen.owed[seen] += before.balance
            progress(len(page))
    if lost:
        raise Refusal(_no_place(ruler, lost))
    return foreseen


def migrate_cohort(
    engine: Engine,
    name: str,
    to: RulerBundle,
    by: str,
    now: datetime,
    progress: Progress,
    *,
    unverified: bool = False,
) -> int:
    """Take every open case on the cohort's ruler over to this one, and with it the cohort; gives how many cases. Each
    is told to look again, but those held out; `unverified` as `storage.case.cohorts.Cohort` has it. Raises Refusal as
    `foresee_migration`."""
    with engine.begin() as connection:
        connection.execute(ALONE, {"cohort": name})
        cohort = read_cohort(connection, name)
        then = pin_ruler(connection, to.ruler, to.source, _first_year(cohort), to.texts)
        _must_follow(cohort, then)
        ids = _ids(connection, cohort, lock=True)
        for page in _pages(ids):
            _move(connection, cohort, then, _rows(connection, page), by, now)
            progress(len(page))
        connection.execute(HOLD_OUT, {"cohort": name, "ruler": cohort.frozen.digest, "then": then.digest})
        connection.execute(
            update(cohorts).where(cohorts.c.name == name).values(ruler=then.digest, unverified=unverified)
        )
        event = RulerChanged(ruler=to.ruler.label)
        connection.execute(
            OWE_EACH,
            {"cohort": name, "ruler": then.digest, "signal": event.signal(), "payload": event.model_dump_json()},
        )
        connection.execute(text(f"NOTIFY {CHANNEL}"))
        return len(ids)


def _first_year(cohort: Cohort) -> int:
    """The first year of the holidays that the cohort's present ruler has."""
    pinned = (day.year for day in cohort.frozen.calendar.holidays)
    return min(pinned, default=cohort.clock.origin_day.year - 1)


# ---- which ruler may follow


def _must_follow(cohort: Cohort, then: FrozenRuler) -> None:
    """Check the new ruler. Raises Refusal with the first reason against it."""
    was, to, name = cohort.frozen.ruler, then.ruler, cohort.name
    if cohort.lifecycle.state is State.CANCELLED:
        raise Refusal(f"cohort {name} was cancelled by {cohort.lifecycle.by}, which is for good")
    if cohort.frozen.is_as(then):
        raise Refusal(f"cohort {name} goes by {was.label} already, word for word")
    places = [(each.jurisdiction.name, each.jurisdiction.state, each.jurisdiction.timezone) for each in (was, to)]
    if places[0] != places[1]:
        raise Refusal(f"{to.label} is for {to.jurisdiction.name}, and cohort {name} is of {was.jurisdiction.name}")
    if to.goes_by_habit != (cohort.lot is not None and cohort.lot.standard is not None):
        one, other = (to.label, was.label) if to.goes_by_habit else (was.label, to.label)
        raise Refusal(f"{one} has rungs by habit and {other} none, and its arms are drawn: start another cohort")
    for arm in cohort.lot.others if cohort.lot else ():
        must_reach_alike(to, arm.frozen.ruler)
    taxes, taken = _taxes(cohort), {tax_name(tax) for tax in to.taxes}
    if taken and not (taxes and taxes <= taken):
        asked = ", ".join(sorted(taxes)) or "any tax"
        raise Refusal(f"{to.label} is for {', '.join(sorted(taken))}, and cohort {name} is for {asked}")
    if (to.offer is None) != (was.offer is None):
        has, hasn_t = (to, was) if to.offer else (was, to)
        raise Refusal(f"{has.label} makes an offer and {hasn_t.label} none: start another cohort on it")
    if was.offer and to.offer:
        longer = was.offer.model_copy(update={"until": to.offer.until})
        if to.offer != longer or to.offer.until < was.offer.until:
            raise Refusal(f"what {was.label} offers was promised: {to.label} may only extend it")


def _taxes(cohort: Cohort) -> set[str]:
    """The taxes of a ruler; empty for any."""
    return {tax_name(tax) for tax in ([cohort.selection.tax] if cohort.selection.tax else cohort.frozen.ruler.taxes)}


BENEFITS_SUSPENDED, UNCLASSIFIED = "benefits suspended", "nothing that says where they belong"


def _no_place(ruler: Ruler, lost: Counter[str]) -> str:
    said = " and ".join(f"{count} with {why}" for why, count in sorted(lost.items()))
    return f"{ruler.label} has no row for {lost.total()} open cases: {said}; give it the rows that they stand in"


# ---- reading cases


def _ids(connection: Connection, cohort: Cohort, lock: bool = False) -> Sequence[str]:
    """The cohort's open cases that are on its own ruler: a case that went over to another stays there."""
    mine = (cases.c.cohort == cohort.name, cases.c.ruler == cohort.frozen.digest, cases.c.closed_at.is_(None))
    query = select(cases.c.id).where(*mine).order_by(cases.c.id)
    return connection.scalars(query.with_for_update() if lock else query).all()


def _pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[first : first + PAGE] for first in range(0, len(ids), PAGE))


def _rows(connection: Connection, page: Sequence[str]) -> Sequence[RowMapping]:
    """The cases, but for those held out."""
    contacted = (cases.c.id == func.any(bindparam("page", page, ARRAY(Text)))) & (cases.c.status != Status.CONTROL)
    return connection.execute(select(cases).where(contacted).order_by(cases.c.id)).mappings().all()


def _facts_by_pair(
    connection: Connection, cohort: Cohort, ruler: Ruler, rows: Sequence[RowMapping], now: datetime
) -> Iterator[CaseFacts]:
    today = cohort.clock.day_at(now)
    before = read_facts(connection, ruler, [(row["taxpayer"], row["tax"]) for row in rows], today)
    asked = {"cases": [row["id"] for row in rows]}
    process = {row.id: row for row in connection.execute(PROCESS, asked)}
    for row in rows:
        of_case = {
            "hardship_on": row["hardship_on"],
            "claimed_paid_on": row["claimed_paid_on"],
            "pauses": pauses_of(row["paused_by"], row["paused_on"], cohort.lifecycle),
        }
        yield with_process(before[row["taxpayer"], row["tax"]], process[row["id"]]).model_copy(update=of_case)


# ---- one case


def _foresee(was: FrozenRuler, then: FrozenRuler, row: RowMapping, before: CaseFacts, after: CaseFacts) -> Alike | str:
    """Foresee one case; gives the reason why it has no place there, where it has none."""
    here = decide(View(was.ruler, was.calendar, CaseState.model_validate(row["state"]), before))
    moved = translate(was.ruler, then.ruler, here.state)
    if moved is None:
        return BENEFITS_SUSPENDED
    there = decide(View(then.ruler, then.calendar, moved, after))
    if there.state.row is None and here.state.row is not None and before.outstanding:
        return UNCLASSIFIED
    return Alike(
        cell_ahead(was.ruler, here.state, here.step),
        cell_ahead(then.ruler, there.state, there.step),
        outcome(was.ruler, here.state, here.step, there.step, before.today),
    )


MOVE = text("""
    UPDATE cases SET ruler = :ruler, state = CAST(moved.state AS jsonb)
    FROM unnest(:cases, :states) AS moved (id, state) WHERE cases.id = moved.id
""").bindparams(bindparam("cases", type_=ARRAY(Text)), bindparam("states", type_=ARRAY(Text)))

HOLD_OUT = text("""
    UPDATE cases SET ruler = :then
    WHERE cohort = :cohort AND ruler = :ruler AND status = 'control' AND closed_at IS NULL
""")

OWE_EACH = text("""
    INSERT INTO outbox ("case", name, payload)
    SELECT id, :signal, CAST(:payload AS jsonb) FROM cases
    WHERE cohort = :cohort AND ruler = :ruler AND status <> 'control' AND closed_at IS NULL ORDER BY id
""")


def _move(
    connection: Connection, cohort: Cohort, then: FrozenRuler, rows: Sequence[RowMapping], by: str, now: datetime
) -> None:
    """Move the cases. Raises Refusal when one has no place on the new ruler."""
    if not rows:
        return
    was, on = cohort.frozen.ruler, cohort.clock.day_at(now)
    states: dict[str, str] = {}
    entries: list[JournalRow] = []
    for row in rows:
        state = CaseState.model_validate(row["state"])
        moved = translate(was, then.ruler, state)
        if moved is None:
            raise Refusal(_no_place(then.ruler, Counter([BENEFITS_SUSPENDED])))
        if state.approvers:
            end_approvals(connection, row["id"], "lapsed")
        states[row["id"]] = moved.model_dump_json()
        entries.append(_entry(row["id"], on, reason(was, then.ruler, state, moved, by), then, moved))
    moves = {"cases": list(states), "states": list(states.values()), "ruler": then.digest}
    connection.execute(MOVE, moves)
    connection.execute(insert(decisions), entries)


def _entry(case: str, on: date, why: str, then: FrozenRuler, state: CaseState) -> JournalRow:
    hypothesis, stage = cell_reached(then.ruler, state)
    return {
        "case": case,
        "at": on,
        "kind": EntryKind.RULER_CHANGED,
        "reason": why,
        "hypothesis": hypothesis,
        "stage": stage,
        "rigidity": state.last_rigidity or None,
        "occurrences": state.occurrences,
        "ruler": then.digest,
        "evidence": {},
    }
