"""The check of a ruler: every fault and where it is, in one go."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from models.contact.contacts import OF_RECORD
from models.contact.habits import ContactHabits
from models.law.calendar_table import CalendarTable, calendar_table_faults
from models.law.dated import date_faults
from models.law.verification import marking_faults
from models.money.accrual_table import AccrualTable, table_faults
from models.money.offer import Offer
from models.money.prices import PriceTable, price_table_faults
from models.ruler.floors import floor_faults
from models.ruler.schema import MOST_RIGID, RECURRING, ByHabit, Entry, Hypothesis, Kind, Ruler, Rung, Stage
from models.yaml_file import Fault, Lines, key_path, read_keys, shape_faults

DEEPEST_PART = 3
"""How deep optional parts of a ruler nest outside its rows."""
STAND_INS = {"ruler": "sketch", "version": 1, "title": "–", "authority": "–", "sender": "sketch@authority.example"}
"""Keys that a ruler can't be without, and what stands for a faulty one while other faults are looked for."""


@dataclass(frozen=True)
class ReadRuler:
    """A ruler read from text: the ruler itself unless the file's shape is wrong, and all faults found so far."""

    ruler: Ruler | None
    faults: tuple[Fault, ...]
    lines: Lines
    sketch: Ruler | None = None
    """The ruler with its faulty keys left out, where that is enough of a ruler to look for more faults in."""

    def placed(self, faults: Iterator[Fault]) -> tuple[Fault, ...]:
        return tuple(Fault(fault.where, fault.what, self.lines.of(fault.where)) for fault in faults)


def read_ruler(text: str) -> ReadRuler:
    """Read a ruler's YAML. Faults of shape are all in `faults`; `rule_faults` finds those of meaning."""
    written, lines, faults = read_keys(text, "a ruler")
    if written is None:
        return ReadRuler(None, faults, lines)
    try:
        ruler = Ruler.model_validate(written)
        return ReadRuler(ruler, faults, lines, ruler)
    except ValidationError as invalid:
        told = {fault.where for fault in faults}
        shape = tuple(fault for fault in shape_faults(invalid, lines) if fault.where not in told)
        return ReadRuler(None, (*faults, *shape), lines, _sketch(written, [fault.where for fault in shape]))


def _sketch(written: dict[Any, Any], faulty: list[tuple[str | int, ...]]) -> Ruler | None:
    """Sketch a ruler of what can be read: leave out what is faulty, then what can't be without it; but never a row,
    on which all others depend."""
    rest = deepcopy(written)
    for _ in range(DEEPEST_PART):
        for where in faulty:
            _leave_out(rest, where)
        rest = {**STAND_INS, **rest}
        try:
            return Ruler.model_validate(rest)
        except ValidationError as invalid:
            faulty = [key_path(error["loc"]) for error in invalid.errors()]
        if any(where[:1] in (("rows",), ("entry",)) for where in faulty):
            return None
    return None


def _leave_out(rest: Any, where: tuple[str | int, ...]) -> None:
    """Delete the key at `where`, or the nearest key around it that is there."""
    holder, key = None, None
    for part in where:
        if isinstance(rest, dict) and part in rest:
            holder, key = rest, part
        elif not (isinstance(rest, list) and isinstance(part, int) and part < len(rest)):
            break
        rest = rest[part]
    if holder is not None:
        del holder[key]


def rule_faults(ruler: Ruler) -> Iterator[Fault]:
    """The faults that a well-formed ruler may still have; without those of templates, which need the files."""
    yield from (Fault(where, what) for where, what in marking_faults(ruler))
    yield from floor_faults(ruler)
    yield from _order(ruler)
    yield from _dangling(ruler)
    yield from _endless(ruler)
    yield from _unreachable(ruler)
    yield from _softening(ruler)
    yield from _dwells(ruler)
    yield from _channels(ruler)
    yield from _formal(ruler)
    yield from _published(ruler)
    yield from _hours(ruler)
    yield from _by_habit(ruler)
    yield from _suspension(ruler)
    yield from _persistent_defaulter(ruler)
    yield from _referral(ruler)
    yield from _tables(ruler)
    yield from _resume(ruler)
    yield from _promises(ruler)
    yield from _offer(ruler)


def _rung_place(row: Hypothesis, index: int, *keys: str | int) -> tuple[str | int, ...]:
    return ("rows", row, "rungs", index, *keys)


def _entries(entry: Entry) -> Iterator[tuple[tuple[str | int, ...], Hypothesis]]:
    for kind in RECURRING:
        for index, row in enumerate(entry.by_occurrence(kind) or ()):
            yield ("entry", str(kind), index), row
    if entry.registered_debt:
        for case, row in entry.registered_debt:
            yield ("entry", "registered_debt", case), row
    if entry.thresholds:
        yield ("entry", "thresholds", "row"), entry.thresholds.row


def _order(ruler: Ruler) -> Iterator[Fault]:
    rows = list(ruler.rows)
    if rows != sorted(rows):
        yield Fault(("rows",), f"must be in order h1…h8, not {', '.join(rows)}")


def _dangling(ruler: Ruler) -> Iterator[Fault]:
    if not any(ruler.entry.takes(kind) for kind in Kind):
        yield Fault(("entry",), f"takes no evidence: give at least one of {', '.join(Kind)}")
    named = list(_entries(ruler.entry))
    if ruler.hardship:
        named += [(("hardship", "from"), ruler.hardship.from_row), (("hardship", "to"), ruler.hardship.to_row)]
    named += [(("rows", name, "climbs_to"), row.climbs_to) for name, row in ruler.rows.items() if row.climbs_to]
    for where, row in named:
        if row not in ruler.rows:
            yield Fault(where, f"names the row {row}, which this ruler doesn't have")
    for name, row_of in ruler.rows.items():
        suspends = row_of.rungs[-1].stage is Stage.SUSPENSION
        if [bool(row_of.climbs_to), bool(row_of.ends_in), suspends].count(True) != 1:
            yield Fault(("rows", name), "must end in exactly one way: climbs_to, ends_in, or a suspension as last rung")


def _endless(ruler: Ruler) -> Iterator[Fault]:
    for name in ruler.rows:
        path: list[Hypothesis] = [name]
        above = ruler.rows[name].climbs_to
        while above in ruler.rows and above not in path:
            path.append(above)
            above = ruler.rows[above].climbs_to
        if above == name:
            yield Fault(("rows", name, "climbs_to"), f"climbs without end: {' → '.join([*path, name])}")


def _unreachable(ruler: Ruler) -> Iterator[Fault]:
    reached = {row for _, row in _entries(ruler.entry) if row in ruler.rows}
    reached |= {above for row in reached for above in ruler.climb(row)}
    if ruler.hardship and ruler.hardship.from_row in reached and ruler.hardship.to_row in ruler.rows:
        reached |= {ruler.hardship.to_row, *ruler.climb(ruler.hardship.to_row)}
    for name in ruler.rows:
        if name not in reached:
            yield Fault(("rows", name), "can't be reached from the evidence this ruler takes")


def _softening(ruler: Ruler) -> Iterator[Fault]:
    for name, row in ruler.rows.items():
        for index, (before, after) in enumerate(pairwise(row.rungs), start=1):
            if after.rigidity < before.rigidity:
                what = f"softens along the row: {after.rigidity} after {before.rigidity}"
                yield Fault(_rung_place(name, index, "rigidity"), what)
            if after.stage.severity <= before.stage.severity:
                yield Fault(_rung_place(name, index, "stage"), f"{after.stage} can't follow {before.stage}")
        if row.climbs_to in ruler.rows:
            above = ruler.rows[row.climbs_to].rungs[0]
            if above.rigidity < row.rungs[-1].rigidity:
                what = f"softens on the climb from {name}: {above.rigidity} after {row.rungs[-1].rigidity}"
                yield Fault(_rung_place(row.climbs_to, 0, "rigidity"), what)
    if ruler.recurrence.step < 0:
        yield Fault(("recurrence", "step"), "softens with recurrence: it must not be negative")
    yield from _softening_entries(ruler)


def _softening_entries(ruler: Ruler) -> Iterator[Fault]:
    """Entries whose first message softens: it must not get softer with one more occurrence, until nothing can get
    hotter."""
    for kind in RECURRING:
        rows = [row for row in ruler.entry.by_occurrence(kind) or () if row in ruler.rows]
        saturation = len(rows) + MOST_RIGID
        heats = [ruler.rigidity(rows[min(n, len(rows)) - 1], 0, n) for n in range(1, saturation + 1) if rows]
        for n, (before, after) in enumerate(pairwise(heats), start=2):
            if after < before:
                where = ("entry", str(kind), min(n, len(rows)) - 1)
                yield Fault(
                    where, f"softens with recurrence: occurrence {n} starts at {after}, the one before {before}"
                )
                break
    if (registered := ruler.entry.registered_debt) and all(row in ruler.rows for _, row in registered):
        for milder, case in (("single", "older"), ("older", "several"), ("older", "litigation")):
            before, after = (ruler.rigidity(getattr(registered, each), 0, 1) for each in (milder, case))
            if after < before:
                what = f"softens with recurrence: it starts at {after}, {milder} at {before}"
                yield Fault(("entry", "registered_debt", case), what)


def _dwells(ruler: Ruler) -> Iterator[Fault]:
    for name, index, rung in ruler.cells():
        if rung.stage is not Stage.SUSPENSION and rung.dwell is None and not ruler.offer:
            yield Fault(_rung_place(name, index, "dwell"), "is missing: say how long a case stays here at least")
        if rung.stage is Stage.SUSPENSION and rung.dwell is not None:
            yield Fault(_rung_place(name, index, "dwell"), "has no meaning after a suspension: nothing follows it")
        if rung.stage is Stage.SUSPENSION and index < len(ruler.rows[name].rungs) - 1:
            yield Fault(_rung_place(name, index, "stage"), "a suspension must be the last rung of its row")


def _channels(ruler: Ruler) -> Iterator[Fault]:
    for name, index, rung in ruler.cells():
        if len(set(rung.channels)) < len(rung.channels):
            yield Fault(_rung_place(name, index, "channels"), "names a channel twice")


def _formal(ruler: Ruler) -> Iterator[Fault]:
    of_record = OF_RECORD - {"gazette"}
    for name, index, rung in ruler.cells():
        if rung.formal and not of_record & set(rung.channels):
            what = f"are all ones that may be refused: a formal notice goes by {' or '.join(sorted(of_record))} too"
            yield Fault(_rung_place(name, index, "channels"), what)


def _published(ruler: Ruler) -> Iterator[Fault]:
    """The faults of published notices: only a formal one is published, by its law, once a personal means has failed."""
    for name, index, rung in ruler.cells():
        if "gazette" in rung.channels:
            what = "publish a notice before a personal means has failed: write `gazette` as the `fallback` of one"
            yield Fault(_rung_place(name, index, "channels"), what)
        for channel, fallbacks in ruler.fallbacks(name, index).items():
            if "gazette" not in fallbacks or "gazette" in rung.channels:
                continue
            where = ("fallback", channel) if rung.fallback is None else _rung_place(name, index, "fallback", channel)
            if not rung.formal:
                what = f"publishes what is no formal notice, in row {name}: write it in the `fallback` of formal rungs"
                yield Fault(where, what)
            elif not ruler.serves(channel):
                yield Fault(where, f"publishes a notice after {channel}, which serves none: no means of service failed")
            elif ruler.service.gazette is None:
                yield Fault(where, "publishes a notice: cite in service.gazette the law by which that serves")


def _hours(ruler: Ruler) -> Iterator[Fault]:
    if ruler.jurisdiction.notices_at is not None:
        what = "is no longer a key: write contact_hours, or nothing for weekdays 08:00-20:00 and Saturdays 08:00-14:00"
        yield Fault(("jurisdiction", "notices_at"), what)
    for name, index, rung in ruler.cells():
        if shut := _never_open(ruler, rung):
            yield Fault(_rung_place(name, index, "hours" if rung.hours else "channels"), shut)


def _never_open(ruler: Ruler, rung: Rung) -> str | None:
    """The fault of a rung that no hour of a working day is open for."""
    if not ruler.jurisdiction.contact_hours.meet(rung.channels):
        return f"{' and '.join(rung.channels)} have no contact hours in common: a rung is one contact"
    if not ruler.jurisdiction.contact_hours.meet(rung.channels, rung.hours):
        return f"{rung.hours} lies outside of the contact hours of {' and '.join(rung.channels)}"
    return None


def _by_habit(ruler: Ruler) -> Iterator[Fault]:
    """The faults of rungs by habit: they may differ in channel, hour and wording, and in nothing that weighs."""
    rigid = {rung.template: rung.rigidity for _, _, rung in ruler.cells()}
    for name, index, rung in ruler.cells():
        if rung.by_habit and (rung.formal or rung.stage is Stage.SUSPENSION):
            what = "would let habit decide whether and when a formal notice is served: leave it out here"
            yield Fault(_rung_place(name, index, "by_habit"), what)
        for n, habit in enumerate(rung.by_habit):
            for key, what in _faults_of_habit(ruler, rung, habit):
                yield Fault(_rung_place(name, index, "by_habit", n, *key), what)
            if habit.template and rigid.get(habit.template, rung.rigidity) != rung.rigidity:
                what = f"are the words of a rung of rigidity {rigid[habit.template]}, and this one has {rung.rigidity}"
                yield Fault(_rung_place(name, index, "by_habit", n, "template"), what)


def _faults_of_habit(ruler: Ruler, rung: Rung, habit: ByHabit) -> Iterator[tuple[tuple[str, ...], str]]:
    if habit.of == ContactHabits():
        yield (), "is for nobody: name a habit with paid_after, opened, answered or active"
    if not habit.changes:
        yield (), "changes nothing: name other channels, hours, a template or a content"
    if habit.channels:
        if len(set(habit.channels)) < len(habit.channels):
            yield ("channels",), "names a channel twice"
        if "gazette" in habit.channels:
            yield ("channels",), "publish a notice: that is no channel for a habit"
    if what := _never_open(ruler, rung.for_habit(habit)):
        yield ("hours" if habit.hours else "channels",), what


def _suspension(ruler: Ruler) -> Iterator[Fault]:
    for name, index, rung in ruler.cells():
        if rung.stage is not Stage.SUSPENSION:
            continue
        if not any(before.formal for before in ruler.rows[name].rungs[:index]):
            what = f"suspends benefits without a formal notice before it in row {name}"
            yield Fault(_rung_place(name, index, "stage"), what)
        if ruler.gate is None:
            yield Fault(("gate",), "is missing: a ruler that suspends benefits states the defence time")


def _persistent_defaulter(ruler: Ruler) -> Iterator[Fault]:
    thresholds, laws = ruler.entry.thresholds, ruler.jurisdiction.persistent_defaulter
    if thresholds and thresholds.amount is None and not laws:
        what = "has no amount: write jurisdiction.persistent_defaulter, the law's, or an amount here"
        yield Fault(("entry", "thresholds"), what)
    if ruler.gate and ruler.gate.basis == "statutory" and thresholds is None:
        what = "is statutory, and entry.thresholds is missing: nobody would ever meet the thresholds of the law"
        yield Fault(("gate", "basis"), what)


def _referral(ruler: Ruler) -> Iterator[Fault]:
    """The faults of a referral: whose benefits can't be suspended is referred too."""
    refers = any(row.ends_in == "referral" or row.rungs[-1].stage is Stage.SUSPENSION for row in ruler.rows.values())
    if "referral" in ruler.model_fields_set and not refers:
        yield Fault(("referral",), "has no meaning: no row ends in a referral or a suspension")


def _tables(ruler: Ruler) -> Iterator[Fault]:
    for key in ("deemed", "persistent_defaulter"):
        of_the_law = date_faults(("jurisdiction", key), getattr(ruler.jurisdiction, key), gapless=False)
        yield from (Fault(where, what) for where, what in of_the_law)
    if isinstance(calendar := ruler.jurisdiction.calendar, CalendarTable):
        of_days = calendar_table_faults(calendar)
        yield from (Fault(("jurisdiction", "calendar", *where), what) for where, what in of_days)
    if isinstance(ruler.accrual, AccrualTable):
        yield from (Fault(("accrual", *where), what) for where, what in table_faults(ruler.accrual))
    if isinstance(ruler.prices, PriceTable):
        yield from (Fault(("prices", *where), what) for where, what in price_table_faults(ruler.prices))


def _resume(ruler: Ruler) -> Iterator[Fault]:
    if ruler.agreements is None:
        return
    row, stage = ruler.agreements.resume.row, ruler.agreements.resume.stage
    if row not in ruler.rows:
        yield Fault(("agreements", "resume", "row"), f"names the row {row}, which this ruler doesn't have")
    elif stage is Stage.SUSPENSION or stage not in (rung.stage for rung in ruler.rows[row].rungs):
        notices = ", ".join(rung.stage for rung in ruler.rows[row].rungs if rung.stage is not Stage.SUSPENSION)
        yield Fault(("agreements", "resume", "stage"), f"{stage} is no notice of the row {row}, which has {notices}")


LONGEST_PROMISE = 60
"""Days after which what is promised would be an agreement, with its law and its interest."""


def _promises(ruler: Ruler) -> Iterator[Fault]:
    if ruler.promises.longest.days > LONGEST_PROMISE:
        what = f"lets a promise put rungs off for more than {LONGEST_PROMISE} days; that is an instalment agreement's"
        yield Fault(("promises", "longest"), what)


def _offer(ruler: Ruler) -> Iterator[Fault]:
    if ruler.offer is None:
        yield from _without_offer(ruler)
        return
    if ruler.accrual is None:
        yield Fault(("accrual",), "is missing: an offer is on fine and interest, which only a table of accrual tells")
    for name, row in ruler.rows.items():
        if row.ends_in == "referral":
            yield Fault(("rows", name, "ends_in"), "a campaign ends with its offer: write `ends_in: deadline`")
    for name, index, rung in ruler.cells():
        if rung.before is None:
            what = "is missing: say how long before the offer's deadline, for example `10 business`"
            yield Fault(_rung_place(name, index, "before"), what)
        if rung.formal or rung.stage is Stage.SUSPENSION:
            yield Fault(_rung_place(name, index, "stage"), "a campaign offers: it neither serves notice nor suspends")
    if not isinstance(ruler.jurisdiction.calendar, str):  # what isn't there is told by its name
        yield from _away_from_deadline(ruler, ruler.offer)


def _without_offer(ruler: Ruler) -> Iterator[Fault]:
    for name, index, rung in ruler.cells():
        if rung.before is not None:
            what = "counts back from the deadline of an offer, and this ruler has none"
            yield Fault(_rung_place(name, index, "before"), what)
    for name, row in ruler.rows.items():
        if row.ends_in == "deadline":
            yield Fault(("rows", name, "ends_in"), "names the deadline of an offer, and this ruler has none")


def _away_from_deadline(ruler: Ruler, offer: Offer) -> Iterator[Fault]:
    """The faults of a campaign's rungs: each must be nearer to the deadline than the one before it, along a row and on
    the climb from it."""
    calendar = ruler.jurisdiction.days_off(offer.from_.year - 1)
    days = {
        (name, index): calendar.before(offer.deadline_day, rung.before)
        for name, index, rung in ruler.cells()
        if rung.before
    }
    for (name, index), on in days.items():
        if on < offer.from_:
            yield Fault(_rung_place(name, index, "before"), f"is {on}, before the offer begins on {offer.from_}")
    for name, row in ruler.rows.items():
        above = [(row.climbs_to, 0)] if row.climbs_to in ruler.rows else []
        path = [(name, index) for index in range(len(row.rungs))] + above
        for before, after in pairwise(cell for cell in path if cell in days):
            if days[after] <= days[before]:
                what = f"must be nearer to the deadline than the rung before it: {days[after]} after {days[before]}"
                yield Fault(_rung_place(*after, "before"), what)


# ---- a table in a file of its own
