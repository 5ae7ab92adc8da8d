"""The gate: what must be so before benefits are suspended and before a suit, read from the law apart from the product.

LC 225/2026 arts. 11–13 for the suspension; CNJ 547/2024 arts. 2º and 3º and Lei 14.973/2024 for the suit.
"""

from datetime import date, timedelta

from models.case.evidence import Debt
from models.case.facts import CaseFacts, Defence
from models.law.calendar import Wait
from models.law.calendar_table import CalendarTable
from models.ruler.schema import Ruler
from tests.oracle.calendar import BY_DECREE, DAY, STATE, Days, last_day


def days_of(ruler: Ruler) -> Days:
    """The days of the authority: by its decrees, where the ruler goes by a calendar."""
    calendar = ruler.jurisdiction.calendar
    return BY_DECREE[calendar.calendar] if isinstance(calendar, CalendarTable) else STATE[ruler.jurisdiction.state]


def first_act(ruler: Ruler, event: date, wait: Wait, recess: bool = False) -> date:
    """The first day on which the authority may act: the one after the last of a term of the taxpayer's."""
    return last_day(days_of(ruler), event, wait.days, str(wait.unit), recess) + DAY


def keeps_recess(ruler: Ruler) -> bool:
    return ruler.recess.waived_by is None


def over(ruler: Ruler, event: date, dwell: Wait, formal: bool) -> date:
    """The day from which the next rung may follow: the authority's own choice where a reminder counts working days,
    else a term's end."""
    if str(dwell.unit) == "business" and not formal:
        return last_day(days_of(ruler), event, dwell.days, "business")
    return first_act(ruler, event, dwell, formal and keeps_recess(ruler))


def works(ruler: Ruler, day: date) -> bool:
    return days_of(ruler).works(day)


def served_on(facts: CaseFacts, credit: str) -> date | None:
    """The day on which a formal notice that lists that credit was last served; none: the newest of them wasn't."""
    listing = [notice for notice in facts.formal_notices if credit in notice.credits]
    if not listing or listing[-1].served_on is None:
        return None
    return max(notice.served_on for notice in listing if notice.served_on)


def may_be_suspended_for(ruler: Ruler, facts: CaseFacts, credit: str, on: date) -> bool:
    """Whether a served notice listed the credit, its time for a defence is over, none against it is open or accepted,
    and the time for an appeal against a rejection is over or used."""
    served = served_on(facts, credit)
    if served is None or ruler.gate is None or on < first_act(ruler, served, ruler.gate.defence, keeps_recess(ruler)):
        return False
    against = [defence for defence in facts.defences if not defence.credits or credit in defence.credits]
    if any(defence.state == "accepted" for defence in against):
        return False
    if any(defence.state == "open" and not filed_late(ruler, served, defence, against) for defence in against):
        return False
    decided = [defence for defence in against if defence.state == "rejected"]
    last = decided[-1] if decided else None
    if last is None or last.appeal or last.decided_on is None:
        return True
    return on >= first_act(ruler, last.decided_on, ruler.gate.appeal, keeps_recess(ruler))


def filed_late(ruler: Ruler, served: date, filed: Defence, against: list[Defence]) -> bool:
    """Whether it came after its last day, were nothing to have stopped that: a defence after the service, an appeal
    after the rejection that it is against."""
    assert ruler.gate
    event, time = served, ruler.gate.defence
    if filed.appeal:
        rejections = [each.decided_on for each in against[: against.index(filed)] if each.decided_on]
        event, time = rejections[-1], ruler.gate.appeal
    return filed.filed_on >= first_act(ruler, event, time, keeps_recess(ruler))


def people_wanted(ruler: Ruler, facts: CaseFacts) -> int:
    """Two above the amount that the ruler names, of what is owed and not on hold."""
    owed = sum(debt.balance for debt in facts.debts if not debt.grounds)
    above = ruler.gate.second_above if ruler.gate else None
    return 1 + (above is not None and owed > above)


ALTERNATIVES = {
    *("protest", "protest_exception", "credit_bureau_notice", "registry_annotation", "indicated_assets"),
    "cadin_notice",
}
"""A protest, or what art. 3º of CNJ 547/2024 takes in its place."""


def may_be_sued(ruler: Ruler, facts: CaseFacts, on: date) -> bool:
    """Whether some debt is registered, not in court yet, and has had an administrative attempt, a protest or its
    alternative, and CADIN's notice of its own."""
    return any(
        debt_may_be_sued(ruler, facts, debt, on) for debt in facts.debts if debt.balance > 0 and not debt.grounds
    )


def debt_may_be_sued(ruler: Ruler, facts: CaseFacts, debt: Debt, on: date) -> bool:
    if debt.litigation or not (ruler.credit == "registered" or debt.registered_on or debt.protested):
        return False
    steps = {step.kind: step.on for step in facts.prior_steps if debt.id in step.debts}
    attempted = steps.keys() & {"conciliation", "administrative_solution"} or any(
        notice.served_on and notice.at >= debt.due for notice in facts.formal_notices
    )
    told = steps.get("cadin_notice")
    waited = ruler.referral.cadin is None or (
        told is not None and on >= first_act(ruler, told, ruler.referral.cadin) and on - told >= timedelta(days=1)
    )
    return bool(attempted and (debt.protested or steps.keys() & ALTERNATIVES) and waited)
