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

from collections.abc import Callable, Iterator
from itertools import islice

from sqlalchemy import Engine

from storage.amounts.rates import read_rates
from storage.audit.invariants.contacts import (
    each_notice_once,
    half_sent_faults,
    held_out_faults,
    in_contact_hours,
    never_softer,
    no_rung_early,
    no_rung_skipped,
    nothing_claimed_when_nothing_is_owed,
    served_on_paper,
)
from storage.audit.invariants.contests import contested_left_alone
from storage.audit.invariants.journal import explained, told_once
from storage.audit.invariants.ledger import ledger_faults
from storage.audit.invariants.promises import promise_faults
from storage.audit.invariants.referrals import referred_by_the_book
from storage.audit.invariants.suspensions import given_back, suspended_by_the_book, told_of_it
from storage.audit.life import Growth, Life, read_lives
from storage.audit.terms import Terms
from storage.case.cases import case_ids
from storage.case.cohorts import read_cohort

PAGE = 500


def violations(engine: Engine, cohort: str, progress: Callable[[int], None] = lambda cases: None) -> list[str]:
    """The violations of a cohort's cases, none when all is well; `progress` hears how many cases each page had. Raises
    Unreckonable when a rate that decides what was owed is missing."""
    with engine.connect() as connection:
        growth = Growth(read_cohort(connection, cohort).clock, read_rates(connection))
        terms = Terms(connection)
        ids = iter([case for case, _ in case_ids(connection, cohort)])
        found: list[str] = []
        while page := list(islice(ids, PAGE)):
            lives = read_lives(connection, page, growth, terms)
            found += [f"case {life.id}: {fault}" for life in lives for fault in _faults(life)]
            found += ledger_faults(connection, page)
            found += held_out_faults(connection, page)
            found += half_sent_faults(connection, page, growth.clock)
            found += promise_faults(connection, page, growth.clock)
            progress(len(page))
        return found


def _faults(life: Life) -> Iterator[str]:
    checks: tuple[Callable[[Life], Iterator[str]], ...] = (
        each_notice_once,
        no_rung_skipped,
        no_rung_early,
        never_softer,
        in_contact_hours,
        served_on_paper,
        nothing_claimed_when_nothing_is_owed,
        suspended_by_the_book,
        contested_left_alone,
        given_back,
        told_of_it,
        referred_by_the_book,
        explained,
        told_once,
    )
    for check in checks:
        yield from check(life)
