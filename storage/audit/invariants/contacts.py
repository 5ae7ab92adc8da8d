"""The invariants of the contacts with a taxpayer: each once, in order, in time, and nobody who is held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from models.case.ruler_change import last_done, way_up
from models.contact.delivery import Progress
from models.law.calendar import Clock, Unit
from models.ruler.schema import Stage
from storage.audit.life import Contact, Life, keeps_recess, of_cases
from storage.audit.terms import Terms
from storage.case.cases import FrozenRuler

MOVES = ("classified", "reclassified", "hardship", "reinstated", "lost", "resumed_after_break")
"""The journal's entries that explain a row changed, or a rung taken again, between two notices."""


def each_notice_once(life: Life) -> Iterator[str]:
    of_rungs = (notice for notice in life.notices if notice["communication"] is None)
    sent = Counter((notice["step"], notice["channel"]) for notice in of_rungs)
    for (step, channel), times in sent.items():
        if times > 1:
            yield f"contact {step} was made {times} times by {channel}"
    steps = sorted({step for step, _ in sent})
    if steps != list(range(len(steps))):
        yield f"its contacts are numbered {steps}, with gaps"


def no_rung_skipped(life: Life) -> Iterator[str]:
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
    """Whether it is the formal notice of credits alone that no notice before it had listed, or at less, of a stage that
    the case had come to already."""
    former = [other for other in life.contacts if other.step < contact.step and other.formal]
    come_to = any((other.row, other.stage) == (contact.row, contact.stage) for other in former)
    return come_to and bool(contact.credits) and all(_is_new(contact, credit, former) for credit in contact.credits)


def _is_new(contact: Contact, credit: str, former: Iterable[Contact]) -> bool:
    """Whether nobody was told of the credit before, or not of as much as it is assessed at now."""
    at = contact.assessed.get(credit, Decimal(0))
    return all(other.assessed.get(credit, at) < at for other in former if credit in other.credits)


def _tells_of_others(life: Life, before: Contact, after: Contact) -> bool:
    """Whether it tells of a suspension for none of the credits that the contact before it lists: each has its own term,
    by which the suspension is judged."""
    carried_out = [each for each in life.suspensions if each["recorded_at"] <= after.claimed_at]
    if after.stage is not Stage.SUSPENSION or not carried_out:
        return False
    return bool(before.credits) and not before.credits & {*carried_out[-1]["credits"]}


def _resumed(life: Life, until: datetime) -> bool:
    """Whether an agreement was broken before anybody was contacted: the ruler says at which rung that begins."""
    return any(d["kind"] == "resumed_after_break" and d["recorded_at"] <= until for d in life.decisions)


def _moved(life: Life, since: datetime, until: datetime) -> bool:
    return any(d["kind"] in MOVES and since < d["recorded_at"] <= until for d in life.decisions)


def no_rung_early(life: Life) -> Iterator[str]:
    """No rung comes before its wait is over, by logical dates: an hour of load moves none of them. A case that went
    over to another ruler in between has waited as long as one of them wants."""
    for before, after in pairwise(life.contacts):
        if before.lost or _goes_its_own_way(life, after) or _tells_of_others(life, before, after):
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
    end = terms.end(by.digest, max(counts_from, made.at), rung.wait, formal and keeps_recess(by))
    return end.last_day if rung.wait.unit is Unit.BUSINESS and not formal else end.act_from


def never_softer(life: Life) -> Iterator[str]:
    for before, after in pairwise(life.contacts):
        if after.rigidity < before.rigidity:
            yield f"{after} has rigidity {after.rigidity}, less than {before.rigidity} of {before}"


def in_contact_hours(life: Life) -> Iterator[str]:
    """Each notice might leave in its contact hours, by its logical instant."""
    for notice in life.notices:
        if notice["due_at"] is None:
            continue
        by = life.ruler_at(notice["claimed_at"])
        jurisdiction = by.ruler.jurisdiction
        local = notice["due_at"].astimezone(ZoneInfo(jurisdiction.timezone))
        if not jurisdiction.contact_hours.allows(local, [notice["channel"]], by.calendar):
            yield f"notice {notice['id']} was to leave on {local:%Y-%m-%d at %H:%M}, outside its contact hours"


def served_on_paper(life: Life) -> Iterator[str]:
    """A letter serves no day before it was posted, and nothing is published unless a notice of the same contact that
    could have served it was lost."""
    for notice in life.notices:
        if notice["left_on"] and notice["served_on"] and notice["served_on"] < notice["left_on"]:
            yield f"notice {notice['id']} was served on {notice['served_on']}, and left on {notice['left_on']}"
        same = [other for other in life.notices if other["step"] == notice["step"] and other["credits"]]
        failed = [other for other in same if other["channel"] != "gazette" and Progress(other["status"]).lost]
        if notice["channel"] == "gazette" and not failed:
            yield f"notice {notice['id']} was published, and no personal means had failed"


def nothing_claimed_when_nothing_is_owed(life: Life) -> Iterator[str]:
    for notice in life.notices:
        if notice["kind"] == "rung" and not life.facts_at(notice["at"], notice["claimed_at"]).outstanding:
            yield f"notice {notice['id']} was claimed when nothing was outstanding"


def held_out_faults(connection: Connection, cases: list[str]) -> Iterator[str]:
    for notice in connection.execute(TO_THE_HELD_OUT, {"cases": cases}).mappings():
        yield f"case {notice['case']}: is of the control group, and yet has the notice {notice['id']}"


def half_sent_faults(connection: Connection, cases: list[str], clock: Clock) -> Iterator[str]:
    """The notices that nobody claimed of the contact on which a case stands, though another of it left a week ago: no
    hours close for so long. A channel that was refused meanwhile is none, nor one whose address failed; a notice that
    the law requires leaves by e-mail, domicile, letter and gazette all the same."""
    week = timedelta(seconds=float(clock.day_seconds) * 7)
    before = datetime.now(UTC) - max(week, UNTIL_BACK)
    for lost in connection.execute(NEVER_CLAIMED, {"cases": cases, "before": before}).mappings():
        yield f"case {lost['case']}: contact {lost['step']} was begun, and nothing ever claimed by {lost['channel']}"


UNTIL_BACK = timedelta(minutes=3)
"""In which a lost workflow has been started again, and has sent the rest; on a compressed clock a week is less."""

NEVER_CLAIMED = of_cases("""
    SELECT cases.id AS "case", begun.number AS step, route.channel
    FROM cases, jsonb_to_record(last_contact) AS begun (number int, "row" text, rung int, routes jsonb),
         jsonb_to_recordset(begun.routes) AS route (channel text, rung_channel text)
    WHERE cases.id = ANY(:cases) AND closed_at IS NULL AND blocks = '[]'
      AND CAST(state->>'steps' AS int) = begun.number + 1 AND CAST(state->'place'->>'stands' AS boolean)
      AND (state->'place'->>'row', CAST(state->'place'->>'rung' AS int)) = (begun."row", begun.rung)
      AND NOT EXISTS (SELECT FROM notices WHERE notices."case" = cases.id AND notices.step = begun.number
                      AND notices.rung_channel = route.rung_channel)
      AND EXISTS (SELECT FROM notices WHERE notices."case" = cases.id AND notices.step = begun.number
                  AND claimed_at < :before)
      AND NOT EXISTS (SELECT FROM suppressed_contacts WHERE suppressed_contacts.taxpayer = cases.taxpayer
                      AND suppressed_contacts.channel = route.channel AND recovered_at IS NULL)
      AND NOT EXISTS (SELECT FROM opt_outs JOIN notices ON notices."case" = cases.id AND notices.step = begun.number
                      WHERE opt_outs.taxpayer = cases.taxpayer AND opt_outs.channel = route.channel
                        AND NOT (notices.formal AND route.channel IN ('email', 'domicile', 'letter', 'gazette')))
    ORDER BY cases.id, route.channel
""")


TO_THE_HELD_OUT = of_cases("""
    SELECT notices.id, "case" FROM notices JOIN cases ON cases.id = notices."case"
    WHERE "case" = ANY(:cases) AND arm = 'control' AND communication IS NULL ORDER BY notices.id
""")
