"""The door that can't be walked back through lightly: suspending benefits.

Pure: who was served when, what he answered, who approved. LC 225/2026 arts. 11–13 for the persistent defaulter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from models.case.facts import CaseFacts, Defence
from models.case.persistent_defaulter import persistent_defaulter
from models.case.referral import refer
from models.case.state import CaseState, OnRow
from models.case.status import Status
from models.case.step import Action, Step, act, cell, wait
from models.case.view import View
from models.errors import Refusal
from models.formats import day, money
from models.law.calendar import Standstill, Unit, Wait
from models.law.term import Term, term_of
from models.persons import NOBODY_KNOWN, People
from models.ruler.schema import Basis, Ruler
from models.words import LADDER, REPEATED, STATUTE


def basis_of(view: View) -> tuple[Basis, str]:
    """The basis on which a case is at the gate: by the thresholds of LC 225/2026, where they may be used yet, or by the
    ruler's own ladder; in words too, which cite that law for the former only."""
    ruler, facts = view.ruler, view.facts
    found = persistent_defaulter(
        ruler, facts.debts, facts.live_evidence, view.state.started, facts.known_assets, facts.elsewhere
    )
    if found and ruler.jurisdiction.may_use(found.law, facts.today):
        return "statutory", STATUTE.format(finding=found.reason)
    law = ruler.gate.law if ruler.gate else None
    cited = f" ({law.source})" if law and law.holds(facts.today) else ""
    if found:
        return "ladder", REPEATED.format(finding=found.finding, label=ruler.label) + cited
    return "ladder", LADDER.format(label=ruler.label) + cited


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
    """The wait until the formal notice is proven served, or until the law takes it as served by silence."""
    last = view.facts.formal_notices[-1] if view.facts.formal_notices else None
    why = f"aguarda prova de ciência da notificação formal {last.id if last else ''}".rstrip()
    if last is None or last.deemed_on is None or last.served_on is not None:
        return wait(view, why)
    why = f"{why}; sem ela, ciência tácita em {day(last.deemed_on)} ({last.deemed_by})"
    return act(view, Action.DEEM_SERVED, last.deemed_on, why)


def gate(view: View, on: OnRow, due: date) -> Step:
    """The step at the gate. Benefits are suspended only after service, defence time, a balance still open and as many
    approvals as needed."""
    ruler, facts = view.ruler, view.facts
    assert ruler.gate is not None  # noqa: S101 - `ruler check` refuses the rest
    served = [notice.served_on for notice in facts.formal_notices if notice.served_on]
    if not served:
        return await_service(view)
    if not facts.owes_money and ruler.gate.returns_law is None:
        return wait(view, "declaração em aberto: a régua não cita lei que permita suspender por ela")
    basis, because = basis_of(view)
    term = defence_term(view, max(served))
    why = f"{in_words(term, ruler.gate.defence)}; {open_(facts)}; {because}"
    opens = _opens(view, due, term)
    if hindrance := _why_no_suspension(ruler, facts, basis, max(served)):
        return refer(view, opens, f"{hindrance}; {why}")
    last = len(ruler.rows[on.row].rungs) - 1
    if on.approval is None:
        return cell(view, Action.ASK_APPROVAL, on.row, last, opens, why)
    wanted, approvers = approvals_wanted(ruler, facts), on.approval.approvers
    if len(approvers) >= wanted:
        why = f"suspensão aprovada por {' e '.join(approvers)}; {why}"
        step = cell(view, Action.SUSPEND, on.row, last, facts.today, why)
        return step.model_copy(update={"status": Status.AWAITING_APPROVAL})
    given = f" ({len(approvers)} de {wanted})" if wanted > 1 else ""
    why = f"suspensão de benefícios aguarda aprovação{given} desde {day(on.approval.asked_on)}; {why}"
    return wait(view, why, blocked=Status.AWAITING_APPROVAL)


def defence_term(view: View, served_on: date) -> Term:
    """The taxpayer's term to pay, agree or defend himself: one for the gate, for what is in time, and for the texts."""
    assert view.ruler.gate is not None  # noqa: S101 - the caller has a gate
    stood = [still for credit in view.facts.credits for still in view.state.stood_still(credit.id)]
    return view.term(served_on, view.ruler.gate.defence, stood)


def in_words(term: Term, wait: Wait) -> str:
    last, first = day(term.last_day), day(term.act_from)
    return f"ciência em {day(term.event)}, defesa de {wait} até {last}, ato a partir de {first}"


def _opens(view: View, due: date, term: Term) -> date:
    """The day the gate may be asked for: after the defence time, and after the wait since a refusal."""
    assert view.ruler.gate is not None  # noqa: S101 - the caller has a gate
    days = [due, term.act_from]
    if rejected_on := view.state.rejected_on:
        stood = view.state.clock.stood_still
        days.append(term_of(rejected_on, view.ruler.gate.ask_again, view.calendar, stood=stood).last_day)
    return max(days)


def _why_no_suspension(ruler: Ruler, facts: CaseFacts, basis: Basis, served_on: date) -> str | None:
    """The reason that shuts the gate for good, though not the referral to court."""
    assert ruler.gate is not None  # noqa: S101 - the caller has a gate
    if not facts.has_benefits:
        return "não há benefício fiscal a suspender"
    defence = facts.defence
    if defence and defence.state == "accepted" and defence.decided_on and defence.decided_on >= served_on:
        return f"defesa aceita em {day(defence.decided_on)}: a suspensão não cabe"
    if ruler.gate.basis == "statutory" and basis != "statutory":
        return "a régua só suspende benefícios de devedor contumaz por lei, e os limites não foram atingidos"
    return None


def approvals_wanted(ruler: Ruler, facts: CaseFacts) -> int:
    """The number of approvals wanted: two where what is owed lies above the ruler's amount, else one."""
    above = ruler.gate.second_above if ruler.gate else None
    return 2 if above is not None and facts.balance > above else 1


def must_be_other(state: CaseState, by: str, started_by: str, people: People = NOBODY_KNOWN) -> None:
    """Check the four eyes. Raises Refusal when the person who approves has started the cohort, has approved already, or
    is vouched for by nobody but another approver, or the other way round."""
    if people.same(by, started_by):
        raise Refusal(f"four eyes: {by} started the cohort, so somebody else must approve")
    for other in state.approvers:
        if people.same(by, other):
            raise Refusal(f"four eyes: {by} has approved already; a second person must")
        for one, alone in ((by, other), (other, by)):
            if people.vouched_by(one, alone):
                raise Refusal(f"four eyes: only {alone} says who {one} is; let another supervisor `person add {one}`")


def cause_ended(view: View) -> str | None:
    """The reason why benefits that are suspended must be given back now; None: the cause lasts."""
    if not view.facts.outstanding:
        return "cessou a causa da suspensão: benefícios devolvidos"
    if view.facts.formal_notices and not any(notice.served_on for notice in view.facts.formal_notices):
        return "foi anulada a ciência em que a suspensão se apoiava: benefícios devolvidos"
    defence = view.facts.defence
    if defence is None or view.ruler.gate is None:
        return None
    if defence.state == "accepted":
        return f"defesa aceita em {day(defence.decided_on or view.facts.today)}: benefícios devolvidos"
    if defence.state == "open" and _in_time(view, defence):
        return f"defesa apresentada no prazo, em {day(defence.filed_on)}, tem efeito suspensivo: benefícios devolvidos"
    return None


def _in_time(view: View, defence: Defence) -> bool:
    served = [notice.served_on for notice in view.facts.formal_notices if notice.served_on]
    return bool(served) and defence.filed_on <= defence_term(view, max(served)).last_day


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
