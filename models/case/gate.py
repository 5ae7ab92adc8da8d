"""The door that can't be walked back through lightly: suspending benefits.

Pure: who was served when, what he answered, who approved. LC 225/2026 arts. 11–13 for the persistent defaulter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from models.case.credit import CreditId, is_return
from models.case.dwell import await_service, due, open_
from models.case.facts import CaseFacts, FormalNotice
from models.case.in_time import appeal_term, defence_term
from models.case.persistent_defaulter import Defaulting, persistent_defaulter
from models.case.referral import refer
from models.case.state import CaseState, OnRow, Suspended
from models.case.status import Status
from models.case.step import Action, Step, cell, wait
from models.case.view import View
from models.errors import Refusal
from models.formats import day
from models.law.calendar import Wait
from models.law.term import Term, term_of
from models.persons import NOBODY_KNOWN, People
from models.ruler.schema import Basis, Hypothesis, Ruler
from models.words import LADDER, REPEATED, STATUTE


def thresholds_met(view: View) -> Defaulting | None:
    """The finding that the thresholds of the law on persistent defaulters are met today."""
    facts = view.facts
    return persistent_defaulter(
        view.ruler, facts.debts, facts.live_evidence, view.state.started, facts.known_assets, facts.elsewhere
    )


def basis_of(view: View) -> tuple[Basis, str]:
    """The basis on which a case is at the gate: by the thresholds of LC 225/2026, where they may be used yet, or by the
    ruler's own ladder; in words too, which cite that law for the former only."""
    ruler, facts, found = view.ruler, view.facts, thresholds_met(view)
    if found and ruler.jurisdiction.may_use(found.law, facts.today):
        return "statutory", STATUTE.format(finding=found.reason)
    law = ruler.gate.law if ruler.gate else None
    cited = f" ({law.source})" if law and law.holds(facts.today) else ""
    if found:
        return "ladder", REPEATED.format(finding=found.finding, label=ruler.label) + cited
    return "ladder", LADDER.format(label=ruler.label) + cited


class Lack(StrEnum):
    """The one thing that a credit lacks before benefits may be suspended for it; the words are in pt-BR."""

    NOTICE = "notificação formal que o relacione"
    RAISED = "notificação formal do valor a que o lançamento foi elevado"
    SERVICE = "ciência"
    TERM = "fim do prazo de defesa"
    APPEAL = "fim do prazo de recurso"


@dataclass(frozen=True)
class Passage:
    """The passage of one credit through the gate, by the formal notice that listed it and was served last; the newest
    that lists it must have been served."""

    credit: CreditId
    lacks: Lack | None
    """None: it is through."""
    notice: FormalNotice | None = None
    term: Term | None = None
    opens: date | None = None
    """The first day on which the authority may act on it; none: nobody can tell yet."""


def passages(view: View) -> tuple[Passage, ...]:
    """The passages of all credits that may be pursued and whose law lets them suspend benefits; a ruler without a gate
    has none."""
    if view.ruler.gate is None:
        return ()
    may_suspend = [c.id for c in view.facts.credits if c.pursued and _suspends(view.ruler, c.id)]
    return tuple(_passage(view, credit) for credit in may_suspend)


def _suspends(ruler: Ruler, credit: CreditId) -> bool:
    return not is_return(credit) or (ruler.gate is not None and ruler.gate.returns_law is not None)


def _passage(view: View, credit: CreditId) -> Passage:
    listing = [notice for notice in view.facts.formal_notices if notice.lists(credit)]
    if not listing:
        known = any(credit in notice.credits for notice in view.facts.formal_notices)
        return Passage(credit, Lack.RAISED if known else Lack.NOTICE)
    if listing[-1].served_on is None:
        return Passage(credit, Lack.SERVICE, listing[-1])
    served = max((notice for notice in listing if notice.served_on), key=_service)
    term = defence_term(view, credit, _service(served))
    appeal = _appeal_over(view, credit)
    opens = max(day for day in (term.act_from, _dwelt(view, credit, _service(served)), appeal) if day)
    lacks = None
    if view.facts.today < opens:
        lacks = Lack.APPEAL if appeal == opens else Lack.TERM
    return Passage(credit, lacks, served, term, opens)


def _service(notice: FormalNotice) -> date:
    assert notice.served_on is not None  # noqa: S101 - the caller has chosen those that were served
    return notice.served_on


def _dwelt(view: View, credit: CreditId, served_on: date) -> date | None:
    """The end of the dwell of the rung before the suspension, where that is longer than the time for a defence."""
    row = view.state.row
    rungs = view.ruler.rows[row].rungs if row in view.ruler.rows else ()
    dwell = rungs[-2].wait if len(rungs) > 1 else None
    return view.term(served_on, dwell, view.state.stood_still(credit)).act_from if dwell else None


def _appeal_over(view: View, credit: CreditId) -> date | None:
    """The day after the last for an appeal against a rejection; none: nobody has rejected anything, or the appeal was
    decided too (LC 225/2026 art. 4º, VII)."""
    decided = [defence for defence in view.facts.defences_of(credit) if defence.decided_on]
    if not decided or decided[-1].appeal or decided[-1].decided_on is None:
        return None
    return appeal_term(view, credit, decided[-1].decided_on).act_from


def unlisted(view: View) -> tuple[CreditId, ...]:
    """The credits that joined after the formal notices, or were assessed at more since: each goes its own way, by a
    notice of its own."""
    pursued = (credit.id for credit in view.facts.credits if credit.pursued and _suspends(view.ruler, credit.id))
    return tuple(credit for credit in pursued if not _listed(credit, view.facts.formal_notices))


def to_be_listed(view: View, row: Hypothesis, index: int) -> tuple[CreditId, ...]:
    """The credits that the formal notice of a rung lists: all that may be pursued and no notice of its stage has listed
    yet; where the case is past that rung, what no notice has listed at all."""
    pursued = tuple(credit.id for credit in view.facts.credits if credit.pursued)
    if view.state.row == row and view.state.rung >= index:
        return unlisted(view) or pursued
    stage = view.ruler.rung(row, index).stage
    of_stage = [notice for notice in view.facts.formal_notices if notice.stage is stage]
    return tuple(credit for credit in pursued if not _listed(credit, of_stage)) or pursued


def _listed(credit: CreditId, notices: Iterable[FormalNotice]) -> bool:
    return any(notice.lists(credit) for notice in notices)


def at_stake(view: View) -> tuple[CreditId, ...]:
    """The credits that a suspension is approved and carried out for: those that somebody has approved, else all that
    are through."""
    through = tuple(each.credit for each in passages(view) if each.lacks is None)
    approval = view.state.approval
    if approval is None or not approval.approvers:
        return through
    return tuple(credit for credit in approval.credits if credit in through)


def fingerprint(view: View) -> str:
    """The fingerprint of all that an approval rests on: its credits with their money by the ledger, so not what delay
    adds by the day, and the notices that opened the gate; the benefits, the known assets, a pause."""
    facts, credits = view.facts, set(at_stake(view))
    seen = (
        sorted((debt.id, str(debt.ledger)) for debt in facts.debts if debt.id in credits),
        sorted(credits),
        sorted((s.credit, s.notice and s.notice.id, str(s.opens)) for s in passages(view) if s.credit in credits),
        sorted(facts.benefits),
        str(facts.known_assets),
        facts.paused_by,
    )
    return sha256(json.dumps(seen).encode()).hexdigest()


def gate(view: View, on: OnRow) -> Step:
    """The step at the gate. Benefits are suspended only for credits that a served formal notice has listed, after the
    time for a defence and an appeal, and by as many approvals as needed."""
    ruler, facts = view.ruler, view.facts
    assert ruler.gate is not None  # noqa: S101 - `ruler check` refuses the rest
    if not facts.owes_money and ruler.gate.returns_law is None:
        return wait(view, "declaração em aberto: a régua não cita lei que permita suspender por ela")
    passing = [each for each in passages(view) if each.opens]
    basis, because = basis_of(view)
    hindrance = _why_no_suspension(view, on, basis)
    if not passing and not (hindrance and unlisted(view)):
        return await_service(view)
    opens = _opens(view, min((each.opens for each in passing if each.opens), default=facts.today))
    ready = [each for each in passing if each.opens and each.opens <= max(opens, facts.today)]
    why = "; ".join([*in_words(ready, ruler.gate.defence), open_(facts), because])
    if hindrance:
        return refer(view, view.calendar.working(opens), f"{hindrance}; {why}")
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


def in_words(passing: Iterable[Passage], wait: Wait) -> Iterator[str]:
    """The services of these credits, and of each the last day for a defence and the first for the authority."""
    terms = {each.term for each in passing if each.term}
    for term in sorted(terms, key=lambda term: (term.event, term.last_day)):
        yield f"ciência em {day(term.event)}, defesa de {wait} {term.until}, ato a partir de {day(term.act_from)}"


def _opens(view: View, first: date) -> date:
    """The day the gate may be asked for: after the first term to end, and after the wait since benefits were given back
    or their suspension was refused."""
    assert view.ruler.gate is not None  # noqa: S101 - the caller has a gate
    clock = view.state.clock
    days = [first, clock.not_before]
    if not clock.awaits_service and (dwelt := due(view)):
        days.append(dwelt)
    if rejected_on := view.state.rejected_on:
        again = term_of(rejected_on, view.ruler.gate.ask_again, view.calendar, stood=clock.stood_still)
        days.append(again.last_day)
    return max(days)


def _why_no_suspension(view: View, on: OnRow, basis: Basis) -> str | None:
    """The reason that shuts the gate for good, though not the referral to court."""
    assert view.ruler.gate is not None  # noqa: S101 - the caller has a gate
    if not view.facts.has_benefits:
        return "não há benefício fiscal a suspender"
    if basis == "statutory":
        return None
    if on.by_thresholds and thresholds_met(view) is None:
        return "os limites do devedor contumaz por lei deixaram de ser atingidos"
    if view.ruler.gate.basis == "statutory":
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


def cause_ended(view: View, place: Suspended) -> str | None:
    """The reason why benefits that are suspended must be given back now; None: the cause lasts for a credit of the act,
    or for any where the act names none."""
    facts = view.facts
    act = set(place.credits or [credit.id for credit in facts.credits])
    lasting = [credit.id for credit in facts.credits if credit.id in act and credit.outstanding]
    if lasting and place.credits and not any(_was_served(facts, credit) for credit in lasting):
        return "foi anulada a ciência em que a suspensão se apoiava: benefícios devolvidos"
    owed = sum((debt.balance for debt in facts.debts if debt.id in lasting), Decimal(0))
    if any(map(is_return, lasting)) or (owed > 0 and owed >= facts.minimum_balance):
        return None
    answered = [defence for defence in facts.defences if any(map(defence.suspends, act))]
    if not answered or not any(credit.id in act for credit in facts.credits):
        return "cessou a causa da suspensão: benefícios devolvidos"
    defence = answered[-1]
    if defence.state == "accepted":
        return f"defesa aceita em {day(defence.decided_on or facts.today)}: benefícios devolvidos"
    return f"defesa apresentada no prazo, em {day(defence.filed_on)}, tem efeito suspensivo: benefícios devolvidos"


def _was_served(facts: CaseFacts, credit: CreditId) -> bool:
    return any(notice.served_on and credit in notice.credits for notice in facts.formal_notices)
