"""The invariant of referrals to court: after all that comes before a suit, for debts that are registered."""

from __future__ import annotations

from collections.abc import Iterator

from models.case.evidence import Debt
from models.ruler.schema import Ruler
from storage.audit.life import Life, open_debts


def referred_by_the_book(life: Life) -> Iterator[str]:
    """For each debt a registration, an administrative attempt, which a notice served is too, a protest or one of its
    alternatives, and CADIN's notice (CNJ 547/2024 arts. 2º and 3º, Lei 14.973/2024); nothing that is in court already.
    """
    for referral in (decision for decision in life.decisions if decision["kind"] == "referred"):
        moment = referral["recorded_at"]
        ruler = life.ruler_at(moment).ruler
        owed = [
            debt
            for debt in open_debts(life.facts_at(referral["at"], moment))
            if debt.id in (referral["referred"] or [debt.id])
        ]
        for debt in owed:
            taken = {
                step["kind"]
                for step in life.prior_steps
                if step["recorded_at"] <= moment
                and debt.id in step["debts"]
                and not (step["annulled_at"] and step["annulled_at"] <= moment)
            }
            if debt.litigation:
                yield f"was referred for debt {debt.id}, which was in court already"
            lacks = [*_lacked(life, debt, taken), *(["cadin_notice"] if _not_told(ruler, taken) else [])]
            if lacks and not debt.litigation:
                yield f"was referred without {' and '.join(lacks)} of debt {debt.id}"
            registered = ruler.credit == "registered" or debt.registered_on or debt.protested or debt.litigation
            if not registered:
                yield f"was referred for debt {debt.id}, which is not registered"
        if not owed:
            yield "was referred with no debt to refer"


def _lacked(life: Life, debt: Debt, taken: set[str]) -> Iterator[str]:
    served = any(notice["serves"] and notice["at"] >= debt.due for notice in life.notices)
    if not served and not taken & {"conciliation", "administrative_solution"}:
        yield "administrative_solution"
    alternatives = "protest protest_exception credit_bureau_notice registry_annotation indicated_assets cadin_notice"
    if not debt.protested and not taken & {*alternatives.split()}:
        yield "protest"


def _not_told(ruler: Ruler, taken: set[str]) -> bool:
    return bool(ruler.referral.cadin) and "cadin_notice" not in taken
