"""The acts that people may do to a case: which one makes sense on it as it stands, and which days may be put on record.

One answer for workflow validators, operations and pages alike, each refusal one sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum

from models.case.blocks import Situation
from models.case.facts import Defence
from models.case.status import Status
from models.errors import Refusal
from models.law.dated import EARLIEST, LATEST

CLOSED = "the case is {}: nothing more can be done to it"


class Act(StrEnum):
    """Something that a person does to a case; the words are those of the command line."""

    APPROVE = "approve"
    REJECT = "reject"
    PAUSE = "pause"
    RESUME = "resume"
    SIGN = "sign"
    BREAK = "break"
    """Ending its agreement by a word of theirs."""
    END_DEBIT = "end-debit"
    REFUSE_OFFSET = "refuse-offset"
    HOLD = "hold"
    RELEASE = "release"
    DEFENCE = "defence"
    RULING = "ruling"
    """Deciding the defence that is open."""
    STEP = "step"
    SERVED = "served"
    HARDSHIP = "hardship"


def may(act: Act, case: Situation) -> bool:
    return why_not(act, case) is None


def must_be_possible(act: Act, case: Situation) -> None:
    """Check an act. Raises Refusal where it makes no sense on the case."""
    if why := why_not(act, case):
        raise Refusal(why)


def must_be_open(case: Situation) -> None:
    """Check that a case is open. Raises Refusal on a closed one, to which nothing at all can be done."""
    if case.state.closed:
        raise Refusal(CLOSED.format(case.state))


def why_not(act: Act, case: Situation) -> str | None:
    """The sentence why the act makes no sense on the case; None: it may be done."""
    if case.state.closed:
        return CLOSED.format(case.state)
    match act:
        case Act.APPROVE | Act.REJECT if not case.has(Status.AWAITING_APPROVAL):
            return f"the case is {case.status}, not awaiting approval"
        case Act.PAUSE:
            return _why_no_pause(case)
        case Act.RESUME:
            return _why_no_resumption(case)
    return None


def _why_no_pause(case: Situation) -> str | None:
    """The reason against a pause, whatever else blocks the case: a pause lasts when that has ended."""
    if case.has(Status.PAUSED):
        return "the case is paused already"
    if case.state is not Status.RUNNING:
        return f"the case is {case.state}; there is nothing to pause"
    return None


def _why_no_resumption(case: Situation) -> str | None:
    if case.has(Status.PAUSED):
        return None
    if case.has(Status.PAUSED, whole_cohort=True):
        return "not the case alone, the whole cohort is paused; resume it with `cohort resume`"
    return f"the case is {case.status}, not paused"


def must_have_been(what: str, on: date, today: date) -> None:
    if on > today:
        raise Refusal(f"{what} on {on}, which is yet to come: today is {today}")


def must_be_likely(what: str, day: date) -> None:
    """Check a day that a person puts on record: near the ends of the calendar none is left to reckon with."""
    if not EARLIEST <= day <= LATEST:
        raise Refusal(f"{what} on {day}: write a day from {EARLIEST} to {LATEST}")


def check_hold(since: date, until: date | None, today: date) -> None:
    """Check the days of a hold, both included."""
    must_be_likely("a hold can't begin", since)
    must_be_likely("a hold can't end", until or since)
    must_have_been("a hold can't begin", since, today)
    if until is None:
        return
    if until < since:
        raise Refusal(f"a hold can't end on {until}, before it begins on {since}")
    if until < today:
        raise Refusal(f"a hold until {until} is over already: today is {today}")


def check_release(published: date, since: date, today: date) -> None:
    """Check the day of the decision by which a hold that began `since` ended."""
    must_have_been("a decision can't have been published", published, today)
    if published < since:
        raise Refusal(f"a decision can't have been published on {published}, before the hold it ends began on {since}")


def check_defence(filed_on: date, first_notice_on: date | None, known: Collection[Defence], today: date) -> None:
    """Check that a defence may be filed: against what a formal notice announces, and one at a time; `known` are those
    against the same credits."""
    for defence in known:
        if defence.state == "open":
            raise Refusal(f"a defence filed on {defence.filed_on} is open already; decide it first, with --decided")
        if defence.state == "accepted":
            raise Refusal(f"the defence filed on {defence.filed_on} was accepted: nothing is left to defend there")
    if first_notice_on is None:
        raise Refusal("no formal notice was sent, so there is nothing yet to defend oneself against")
    must_have_been("a defence can't be filed", filed_on, today)
    if filed_on < first_notice_on:
        raise Refusal(f"a defence can't be filed on {filed_on}, before the first formal notice of {first_notice_on}")
    rejected_on = max((defence.decided_on for defence in known if defence.decided_on), default=first_notice_on)
    if filed_on < rejected_on:
        raise Refusal(f"an appeal can't be filed on {filed_on}, before the rejection of {rejected_on}")


def to_be_ruled_on(known: Sequence[Defence]) -> Defence:
    """The one defence that is open among these. Raises Refusal where that is none, or several."""
    open_ones = [defence for defence in known if defence.state == "open"]
    if not known:
        raise Refusal("no defence is on record; file it first, with --reference")
    if not open_ones:
        newest = known[-1]
        raise Refusal(f"the defence filed on {newest.filed_on} was {newest.state} on {newest.decided_on} already")
    if len(open_ones) > 1:
        days = ", ".join(str(defence.filed_on) for defence in open_ones)
        raise Refusal(
            f"{len(open_ones)} defences are open, filed on {days}; say which is meant, with --debt or --period of "
            "`case defence`"
        )
    return open_ones[0]


def check_ruling(decided_on: date, defence: Defence, today: date) -> None:
    """Check the day of a ruling."""
    must_have_been("a defence can't be decided", decided_on, today)
    if decided_on < defence.filed_on:
        raise Refusal(f"a defence can't be decided on {decided_on}, before it was filed on {defence.filed_on}")
