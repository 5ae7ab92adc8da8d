"""The wait between two rungs: from when it counts, when it is over, and what is awaited meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from models.case.facts import CaseFacts
from models.case.state import OnRow
from models.case.step import Action, Step, act, wait
from models.case.view import View
from models.formats import day, money
from models.law.calendar import Standstill, Unit, Wait
from models.law.term import term_of


def due(view: View) -> date | None:
    """The day the wait is over; None while a formal notice is not proven served."""
    clock, facts = view.state.clock, view.facts
    counts_from = clock.anchor
    if clock.awaits_service:
        served_on = facts.formal_notices[-1].served_on if facts.formal_notices else None
        if served_on is None:
            return None
        counts_from = max(counts_from, served_on)
    dwell = clock.wait
    over = dwell_over(view, counts_from, dwell, clock.awaits_service, clock.stood_still) if dwell else counts_from
    return view.calendar.working(max(over, clock.not_before))


def dwell_over(view: View, since: date, dwell: Wait, formal: bool, stood: Iterable[Standstill] = ()) -> date:
    """The first day on which the next rung may follow. Continuous days, and any that a formal notice gives, are a term
    of the taxpayer's; working days of a reminder are the authority's own choice, and it acts on the last of them."""
    if formal:
        return view.term(since, dwell, stood).act_from
    term = term_of(since, dwell, view.calendar, stood=stood)
    return term.act_from if dwell.unit is Unit.LEGAL else term.last_day


def await_service(view: View) -> Step:
    """The wait until a formal notice is proven served, or until the law takes it as served by silence."""
    unserved = [notice for notice in view.facts.formal_notices if notice.served_on is None]
    why = f"aguarda prova de ciência da notificação formal {unserved[-1].id if unserved else ''}".rstrip()
    silent = min((notice.deemed_on for notice in unserved if notice.deemed_on), default=None)
    if silent is None:
        return wait(view, why)
    law = next(notice.deemed_by for notice in unserved if notice.deemed_on == silent)
    return act(view, Action.DEEM_SERVED, silent, f"{why}; sem ela, ciência tácita em {day(silent)} ({law})")


def waited(view: View, on: OnRow) -> str:
    clock = view.state.clock
    if clock.wait is None:
        contact = "primeiro contato" if view.state.steps == 0 else "contato refeito"
        return f"{contact}; {on.entered_because}; {open_(view.facts)}"
    since = "ciência" if clock.awaits_service else "último passo"
    return f"{clock.wait} desde {since} ({day(clock.anchor)}); {open_(view.facts)}"


def open_(facts: CaseFacts) -> str:
    parts = []
    if facts.owes_money:
        parts.append(f"em aberto {money(facts.balance)}")
    if facts.owes_return:
        parts.append("declaração a entregar ou corrigir")
    return " e ".join(parts)
