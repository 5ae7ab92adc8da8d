"""The outcomes of a person's call, or of a visit at the counter: what each says of the contact, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Outcome(StrEnum):
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    MACHINE = "machine"
    WRONG_NUMBER = "wrong_number"
    THIRD_PERSON = "third_person"
    CALL_BACK = "call_back"
    PROMISE = "promise"
    PAID = "paid"
    DISPUTES = "disputes"
    CANNOT_PAY = "cannot_pay"
    AGREES = "agrees"
    REFUSES = "refuses"
    CEASED = "ceased"
    """The person has died, or the company is closed, as somebody says."""
    OPT_OUT = "opt_out"
    DONE = "done"
    """The end of a task of the office's: nobody was called."""


@dataclass(frozen=True)
class Rule:
    connects: bool = True
    """Somebody answered."""
    right_party: bool = True
    """It is the taxpayer who spoke, so nothing of this may be said before that is confirmed (CTN art. 198)."""
    again_in: timedelta | None = None
    """When the task is given out again; None: it is done."""


DAY = timedelta(days=1)

RULES: dict[Outcome, Rule] = {
    Outcome.NO_ANSWER: Rule(connects=False, right_party=False, again_in=timedelta(hours=4)),
    Outcome.BUSY: Rule(connects=False, right_party=False, again_in=timedelta(minutes=30)),
    Outcome.MACHINE: Rule(connects=False, right_party=False, again_in=timedelta(hours=4)),
    Outcome.WRONG_NUMBER: Rule(right_party=False),
    Outcome.THIRD_PERSON: Rule(right_party=False, again_in=DAY),
    Outcome.CALL_BACK: Rule(right_party=False),
    Outcome.CEASED: Rule(right_party=False),
    Outcome.DONE: Rule(connects=False, right_party=False),
    **{
        outcome: Rule()
        for outcome in (
            Outcome.PROMISE,
            Outcome.PAID,
            Outcome.DISPUTES,
            Outcome.CANNOT_PAY,
            Outcome.AGREES,
            Outcome.REFUSES,
            Outcome.OPT_OUT,
        )
    },
}

ATTEMPTS = 3
"""Calls of one task that nobody answered; after the last it is given up, and the ruler goes on alone."""
