"""Activities on one case: each is one transaction on the case's row, and doing it twice does it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from temporalio import activity

from activities.dependencies import Dependencies
from models.case.status import Status
from models.case.step import Action
from models.formats import day
from storage.case.acts import must_be_recorded
from storage.case.transaction import CaseTransaction, end_approvals
from storage.payments.offers import settle
from storage.schema import benefits, cases, decisions, suspensions
from workflows.effects import CaseEffects, Evaluation, EvaluationRequest, NextAction


class CaseActivities(CaseEffects):
    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies

    @activity.defn
    def evaluate(self, asked: EvaluationRequest) -> Evaluation:
        """Reads how the case stands now; a hardship that reached only the workflow is put on record.

        Raises Refusal when it is told of an act that nobody did.
        """
        with self.dependencies.case_transaction(asked.case) as tx:
            if asked.act is not None:
                must_be_recorded(tx.connection, asked.case, asked.act)
            if asked.hardship_on and tx.case.hardship_on is None:
                tx.journal("hardship_declared", "dificuldade declarada por sinal", asked.hardship_on)
                _set(tx, hardship_on=asked.hardship_on)
                tx.look_again()
        return self.dependencies.evaluation(tx, path=_path(self.dependencies.engine, tx))

    @activity.defn
    def ask_approval(self, case: str) -> NextAction:
        def ask(tx: CaseTransaction) -> None:
            on = tx.case.clock.carried(tx.step.on or tx.today, tx.today)
            tx.journal("approval_asked", tx.step.reason, on, tx.step)
            tx.judge(tx.state.asked(on))

        return self._if_due(case, Action.ASK_APPROVAL, ask)

    @activity.defn
    def suspend_benefits(self, case: str) -> NextAction:
        def suspend(tx: CaseTransaction) -> None:
            held = select(benefits.c.id).where(
                benefits.c.taxpayer == tx.case.taxpayer, func.coalesce(benefits.c.tax, tx.case.tax) == tx.case.tax
            )
            approved_by = ", ".join(tx.state.approvers)
            for benefit in tx.connection.scalars(held).all():
                tx.connection.execute(
                    insert(suspensions)
                    .values(benefit=benefit, case=case, suspended_on=tx.today, approved_by=approved_by)
                    .on_conflict_do_nothing()
                )
            tx.journal("suspended", tx.step.reason, step=tx.step)
            end_approvals(tx.connection, case, "carried_out")
            tx.judge(tx.state.suspended_now(tx.today))

        return self._if_due(case, Action.SUSPEND, suspend)

    @activity.defn
    def reinstate_benefits(self, case: str) -> NextAction:
        def reinstate(tx: CaseTransaction) -> None:
            _give_back(tx)
            tx.journal("reinstated", tx.step.reason)
            tx.judge(tx.state.reinstated(tx.case.ruler, tx.today))

        return self._if_due(case, Action.REINSTATE, reinstate)

    @activity.defn
    def deem_served(self, case: str) -> NextAction:
        def deem(tx: CaseTransaction) -> None:
            for notice in tx.connection.execute(DEEMED, {"case": case, "today": tx.today}):
                why = f"ciência tácita da notificação {notice.id} em {day(notice.served_on)}: {notice.deemed_by}"
                tx.journal("served", why, notice.served_on)
            tx.look_again()

        return self._if_due(case, Action.DEEM_SERVED, deem)

    @activity.defn
    def refer(self, case: str) -> NextAction:
        def refer(tx: CaseTransaction) -> None:
            tx.journal("referred", tx.step.reason, tx.step.on)
            tx.judge(tx.state.referred_now())

        return self._if_due(case, Action.REFER, refer)

    @activity.defn
    def resolve(self, case: str) -> NextAction:
        def resolve(tx: CaseTransaction) -> None:
            tx.journal("resolved", tx.step.reason)
            tx.close(Status.RESOLVED)

        return self._if_due(case, Action.RESOLVE, resolve)

    @activity.defn
    def end_campaign(self, case: str) -> NextAction:
        """End a case whose campaign is over. What its payments have earned is judged once more, should a rate have been
        missing when they came."""

        def end(tx: CaseTransaction) -> None:
            if earned := settle(tx.connection, [debt.id for debt in tx.facts.debts]):
                tx.connection.execute(insert(decisions), earned)
                tx.look_again()
            if tx.step.action is Action.END:
                tx.journal("ended", tx.step.reason)
                tx.close(Status.ENDED)

        return self._if_due(case, Action.END, end)

    @activity.defn
    def cancel(self, case: str) -> NextAction:
        """The case is over whatever it owes, alone or with its cohort; a benefit that it holds suspended is given
        back."""
        with self.dependencies.case_transaction(case) as tx:
            if tx.case.closed_at is None:
                _give_back(tx)
                tx.journal("cancelled", tx.facts.cancelled_because or "caso cancelado por um supervisor")
                end_approvals(tx.connection, case, "lapsed")
                tx.close(Status.CANCELLED)
        return self.dependencies.next_action(tx)

    def _if_due(self, case: str, action: Action, act: Callable[[CaseTransaction], None]) -> NextAction:
        """Acts when `action` is still what comes next; overtaken or done already, it changes nothing."""
        with self.dependencies.case_transaction(case) as tx:
            if tx.case.closed_at is None and tx.step.action is action and tx.due:
                act(tx)
        return self.dependencies.next_action(tx)


def _set(tx: CaseTransaction, **values: Any) -> None:
    tx.connection.execute(update(cases).where(cases.c.id == tx.case.id).values(**values))


def _give_back(tx: CaseTransaction) -> None:
    tx.connection.execute(
        update(suspensions)
        .where(suspensions.c.case == tx.case.id, suspensions.c.reinstated_at.is_(None))
        .values(reinstated_on=tx.today, reinstated_at=func.clock_timestamp())
    )


DEEMED = text("""
    UPDATE notices SET served_on = deemed_on, served_by = 'deemed', served_reference = deemed_by
    WHERE "case" = :case AND formal AND served_on IS NULL AND deemed_on <= :today RETURNING id, served_on, deemed_by
""")

PATH = text("""
    SELECT at, hypothesis, stage, rigidity FROM notices WHERE "case" = :case AND kind = 'rung'
    GROUP BY step, at, hypothesis, stage, rigidity ORDER BY step
""")


def _path(engine: Engine, tx: CaseTransaction) -> tuple[str, ...]:
    with engine.connect() as connection:
        rows = connection.execute(PATH, {"case": tx.case.id}).all()
    return tuple(f"{day(row.at)} · {row.hypothesis.upper()} · {row.stage} · {row.rigidity}" for row in rows)
