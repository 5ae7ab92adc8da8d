"""The two doors that can't be walked back through lightly: suspending benefits, and referring to court.

Pure: who was served when, what he answered, who approved, which steps the law wants first. LC 225/2026 arts. 11–13 for
the persistent defaulter, CNJ 547/2024 and Lei 14.973/2024 for what comes before a suit.
"""

from __future__ import annotations

from datetime import date

from models.case.evidence import persistent_defaulter
from models.case.facts import CaseFacts, Defence, StepKind
from models.case.state import CaseState
from models.case.status import Status
from models.case.step import Action, Step, cell, wait
from models.errors import Refusal
from models.formats import day, money
from models.law.calendar import Calendar
from models.ruler.schema import Basis, Ruler
from models.words import LADDER, PRIOR_STEPS, STATUTE


def basis_of(ruler: Ruler, state: CaseState, facts: CaseFacts) -> tuple[Basis, str]:
    """By what a case is at the gate: by the thresholds of the law, or since its ladder has ended; in words too."""
    found = persistent_defaulter(ruler, facts.debts, facts.live_evidence, state.started, facts.known_assets)
    if found:
        return "statutory", STATUTE.format(finding=found.reason)
    return "ladder", LADDER.format(label=ruler.label)


def due(calendar: Calendar, state: CaseState, facts: CaseFacts) -> date | None:
    """The day the wait is over; None while a formal notice is not proven served."""
    counts_from = state.anchor
    if state.awaits_service:
        served_on = facts.formal_notices[-1].served_on if facts.formal_notices else None
        if served_on is None:
            return None
        counts_from = max(counts_from, served_on)
    stood = state.stood_still
    over = calendar.after_standing(counts_from, state.wait, stood) if state.wait else counts_from
    return calendar.working(max(over, state.not_before))


def await_service(state: CaseState, facts: CaseFacts) -> Step:
    """Until the formal notice is proven served, or until the law takes it as served by silence."""
    last = facts.formal_notices[-1] if facts.formal_notices else None
    why = f"aguarda prova de ciência da notificação formal {last.id if last else ''}".rstrip()
    if last is None or last.deemed_on is None or last.served_on is not None:
        return wait(Status.RUNNING, state, why)
    why = f"{why}; sem ela, ciência tácita em {day(last.deemed_on)} ({last.deemed_by})"
    return Step(action=Action.DEEM_SERVED, status=Status.RUNNING, on=last.deemed_on, number=state.steps, reason=why)


def gate(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts, due: date) -> Step:
    """Benefits are suspended only after service, defence time, a balance still open and as many approvals as needed."""
    assert state.row is not None and ruler.gate is not None  # noqa: S101, PT018 - `ruler check` refuses the rest
    served = [notice.served_on for notice in facts.formal_notices if notice.served_on]
    if not served:
        return await_service(state, facts)
    if not facts.owes_money and ruler.gate.returns_law is None:
        why = "declaração em aberto: a régua não cita lei que permita suspender por ela"
        return wait(Status.RUNNING, state, why)
    defended = calendar.after_standing(max(served), ruler.gate.defence, state.stood_still)
    opens = max(due, defended)
    if state.rejected_on:
        asked_again = calendar.after_standing(state.rejected_on, ruler.gate.ask_again, state.stood_still)
        opens = max(opens, asked_again)
    basis, because = basis_of(ruler, state, facts)
    why = f"ciência em {day(max(served))}, {ruler.gate.defence} de defesa decorridos; {open_(facts)}; {because}"
    if hindrance := _why_no_suspension(ruler, facts, basis, max(served)):
        return refer(ruler, calendar, state, facts, opens, f"{hindrance}; {why}")
    index = len(ruler.rows[state.row].rungs) - 1
    wanted = approvals_wanted(ruler, facts)
    if len(state.approvers) >= wanted:
        why = f"suspensão aprovada por {' e '.join(state.approvers)}; {why}"
        return cell(Action.SUSPEND, Status.AWAITING_APPROVAL, ruler, state, state.row, index, facts.today, why)
    if state.asked_on:
        given = f" ({len(state.approvers)} de {wanted})" if wanted > 1 else ""
        why = f"suspensão de benefícios aguarda aprovação{given} desde {day(state.asked_on)}; {why}"
        return wait(Status.AWAITING_APPROVAL, state, why)
    return cell(Action.ASK_APPROVAL, Status.RUNNING, ruler, state, state.row, index, opens, why)


def _why_no_suspension(ruler: Ruler, facts: CaseFacts, basis: Basis, served_on: date) -> str | None:
    """What shuts the gate for good, though not the way to court."""
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
    """Two where what is owed lies above the ruler's amount, else one."""
    above = ruler.gate.second_above if ruler.gate else None
    return 2 if above is not None and facts.balance > above else 1


def must_be_other(state: CaseState, by: str, started_by: str) -> None:
    """Four eyes. Raises Refusal when who approves has started the cohort, or has approved already."""
    if _same(by, started_by):
        raise Refusal(f"four eyes: {by} started the cohort, so somebody else must approve")
    if any(_same(by, other) for other in state.approvers):
        raise Refusal(f"four eyes: {by} has approved already; a second person must")


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def cause_ended(ruler: Ruler, calendar: Calendar, facts: CaseFacts) -> str | None:
    """Why benefits that are suspended must be given back now; None: the cause lasts."""
    if not facts.outstanding:
        return "cessou a causa da suspensão: benefícios devolvidos"
    defence = facts.defence
    if defence is None or ruler.gate is None:
        return None
    if defence.state == "accepted":
        return f"defesa aceita em {day(defence.decided_on or facts.today)}: benefícios devolvidos"
    if defence.state == "open" and _in_time(ruler, calendar, facts, defence):
        return f"defesa apresentada no prazo, em {day(defence.filed_on)}, tem efeito suspensivo: benefícios devolvidos"
    return None


def _in_time(ruler: Ruler, calendar: Calendar, facts: CaseFacts, defence: Defence) -> bool:
    assert ruler.gate is not None  # noqa: S101 - the caller has a gate
    served = [notice.served_on for notice in facts.formal_notices if notice.served_on]
    return bool(served) and defence.filed_on <= calendar.after(max(served), ruler.gate.defence)


def refer(ruler: Ruler, calendar: Calendar, state: CaseState, facts: CaseFacts, due: date, why: str) -> Step:
    """To protest and to court, once the steps that the law wants first are on record."""
    if missing := steps_missing(ruler, facts):
        wanted = ", ".join(PRIOR_STEPS[kind] for kind in missing)
        return wait(Status.AWAITING_PRIOR_STEPS, state, f"o encaminhamento aguarda: {wanted}; {why}")
    told = [step.on for step in facts.prior_steps if step.kind == "cadin_notice"]
    if ruler.referral.cadin and told:
        due = max(due, calendar.after(min(told), ruler.referral.cadin))
    return Step(action=Action.REFER, status=Status.RUNNING, on=due, number=state.steps, reason=why)


def steps_missing(ruler: Ruler, facts: CaseFacts) -> tuple[StepKind, ...]:
    """Of CNJ 547/2024, arts. 2º and 3º, and of Lei 14.973/2024 for CADIN. What is in court already needs none."""
    unpaid = [debt for debt in facts.debts if debt.outstanding]
    if not unpaid or all(debt.litigation for debt in unpaid):
        return ()
    known = {step.kind for step in facts.prior_steps}
    # art. 2º, § 2º: to have notified the debtor before the suit is an administrative solution
    notified = any(notice.served_on for notice in facts.formal_notices)
    protested = all(debt.protested or debt.litigation for debt in unpaid)
    missing: list[StepKind] = []
    if not (notified or known & {"conciliation", "administrative_solution"}):
        missing.append("administrative_solution")
    if not (protested or known & {"protest", "protest_exception"}):
        missing.append("protest")
    if ruler.referral.cadin and "cadin_notice" not in known:
        missing.append("cadin_notice")
    return tuple(missing)


def waited(state: CaseState, facts: CaseFacts) -> str:
    if state.wait is None:
        contact = "primeiro contato" if state.steps == 0 else "contato refeito"
        return f"{contact}; {state.entered_because}; {open_(facts)}"
    since = "ciência" if state.awaits_service else "último passo"
    return f"{state.wait} desde {since} ({day(state.anchor)}); {open_(facts)}"


def open_(facts: CaseFacts) -> str:
    parts = []
    if facts.owes_money:
        parts.append(f"em aberto {money(facts.balance)}")
    if facts.owes_return:
        parts.append("declaração a entregar ou corrigir")
    return " e ".join(parts)
