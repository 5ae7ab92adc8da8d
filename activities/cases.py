"""What is done to one case: each activity is one sitting on the case's row, and doing it twice does it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from temporalio import activity

from activities.desk import Desk
from models.case import Status
from models.step import Action
from models.words import day
from storage.case.acts import must_be_recorded
from storage.cases import Sitting, end_approvals
from storage.offers import settle
from storage.schema import benefits, cases, decisions, suspensions
from workflows.effects import CaseEffects, Hearing, Outlook, Stocktaking


class CaseActivities(CaseEffects):
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @activity.defn
    def take_stock(self, hearing: Hearing) -> Stocktaking:
        """Reads how the case stands now; a hardship that reached only the workflow is put on record.

        Raises Refusal when it is told of an act that nobody did.
        """
        with self.desk.sitting(hearing.case) as sat:
            if hearing.act is not None:
                must_be_recorded(sat.connection, hearing.case, hearing.act)
            if hearing.hardship_on and sat.case.hardship_on is None:
                sat.journal("hardship_declared", "dificuldade declarada por sinal", hearing.hardship_on)
                _set(sat, hardship_on=hearing.hardship_on)
                sat.look_again()
        return self.desk.stock(sat, path=_path(self.desk.engine, sat))

    @activity.defn
    def ask_approval(self, case: str) -> Outlook:
        def ask(sat: Sitting) -> None:
            on = sat.case.clock.carried(sat.step.on or sat.today, sat.today)
            sat.journal("approval_asked", sat.step.reason, on, sat.step)
            sat.judge(sat.position.asked(on))

        return self._if_due(case, Action.ASK_APPROVAL, ask)

    @activity.defn
    def suspend_benefits(self, case: str) -> Outlook:
        def suspend(sat: Sitting) -> None:
            held = select(benefits.c.id).where(
                benefits.c.taxpayer == sat.case.taxpayer, func.coalesce(benefits.c.tax, sat.case.tax) == sat.case.tax
            )
            approved_by = ", ".join(sat.position.approvers)
            for benefit in sat.connection.scalars(held).all():
                sat.connection.execute(
                    insert(suspensions)
                    .values(benefit=benefit, case=case, suspended_on=sat.today, approved_by=approved_by)
                    .on_conflict_do_nothing()
                )
            sat.journal("suspended", sat.step.reason, step=sat.step)
            end_approvals(sat.connection, case, "carried_out")
            sat.judge(sat.position.suspended_now(sat.today))

        return self._if_due(case, Action.SUSPEND, suspend)

    @activity.defn
    def reinstate_benefits(self, case: str) -> Outlook:
        def reinstate(sat: Sitting) -> None:
            _give_back(sat)
            sat.journal("reinstated", sat.step.reason)
            sat.judge(sat.position.reinstated(sat.case.ruler, sat.today))

        return self._if_due(case, Action.REINSTATE, reinstate)

    @activity.defn
    def deem_served(self, case: str) -> Outlook:
        def deem(sat: Sitting) -> None:
            for notice in sat.connection.execute(DEEMED, {"case": case, "today": sat.today}):
                why = f"ciência tácita da notificação {notice.id} em {day(notice.served_on)}: {notice.deemed_by}"
                sat.journal("served", why, notice.served_on)
            sat.look_again()

        return self._if_due(case, Action.DEEM_SERVED, deem)

    @activity.defn
    def refer(self, case: str) -> Outlook:
        def refer(sat: Sitting) -> None:
            sat.journal("referred", sat.step.reason, sat.step.on)
            sat.judge(sat.position.referred_now())

        return self._if_due(case, Action.REFER, refer)

    @activity.defn
    def resolve(self, case: str) -> Outlook:
        def resolve(sat: Sitting) -> None:
            sat.journal("resolved", sat.step.reason)
            sat.close(Status.RESOLVED)

        return self._if_due(case, Action.RESOLVE, resolve)

    @activity.defn
    def end_campaign(self, case: str) -> Outlook:
        """What its payments have earned is judged once more, should a rate have been missing when they came."""

        def end(sat: Sitting) -> None:
            if earned := settle(sat.connection, [debt.id for debt in sat.standing.debts]):
                sat.connection.execute(insert(decisions), earned)
                sat.look_again()
            if sat.step.action is Action.END:
                sat.journal("ended", sat.step.reason)
                sat.close(Status.ENDED)

        return self._if_due(case, Action.END, end)

    @activity.defn
    def cancel(self, case: str) -> Outlook:
        """The case is over whatever it owes, alone or with its cohort; a benefit that it holds suspended is given
        back."""
        with self.desk.sitting(case) as sat:
            if sat.case.closed_at is None:
                _give_back(sat)
                sat.journal("cancelled", sat.standing.cancelled_because or "caso cancelado por um supervisor")
                end_approvals(sat.connection, case, "lapsed")
                sat.close(Status.CANCELLED)
        return self.desk.outlook(sat)

    def _if_due(self, case: str, action: Action, act: Callable[[Sitting], None]) -> Outlook:
        """Acts when `action` is still what comes next; overtaken or done already, it changes nothing."""
        with self.desk.sitting(case) as sat:
            if sat.case.closed_at is None and sat.step.action is action and sat.due:
                act(sat)
        return self.desk.outlook(sat)


def _set(sat: Sitting, **values: Any) -> None:
    sat.connection.execute(update(cases).where(cases.c.id == sat.case.id).values(**values))


def _give_back(sat: Sitting) -> None:
    sat.connection.execute(
        update(suspensions)
        .where(suspensions.c.case == sat.case.id, suspensions.c.reinstated_at.is_(None))
        .values(reinstated_on=sat.today, reinstated_at=func.clock_timestamp())
    )


DEEMED = text("""
    UPDATE notices SET served_on = deemed_on, served_by = 'deemed', served_reference = deemed_by
    WHERE "case" = :case AND formal AND served_on IS NULL AND deemed_on <= :today RETURNING id, served_on, deemed_by
""")

PATH = text("""
    SELECT at, hypothesis, stage, rigidity FROM notices WHERE "case" = :case AND kind = 'rung'
    GROUP BY step, at, hypothesis, stage, rigidity ORDER BY step
""")


def _path(engine: Engine, sat: Sitting) -> tuple[str, ...]:
    with engine.connect() as connection:
        rows = connection.execute(PATH, {"case": sat.case.id}).all()
    return tuple(f"{day(row.at)} · {row.hypothesis.upper()} · {row.stage} · {row.rigidity}" for row in rows)
