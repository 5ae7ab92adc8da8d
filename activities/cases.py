"""Activities on one case: each is one transaction on the case's row, and doing it twice does it once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import insert
from temporalio import activity

from activities.current import unclaimed
from activities.dependencies import Dependencies, now
from models.case.gate import at_stake
from models.case.journal import EntryKind
from models.case.referral import ready_to_refer
from models.case.status import Status
from models.case.step import Action, Step
from models.contact.delivery import Route
from models.formats import day
from storage.case.acts import must_be_recorded
from storage.case.path import claimed_notices, last_contact, path_of
from storage.case.transaction import CaseTransaction, end_approvals
from storage.law.service import deem_served
from storage.law.suspensions import give_back, suspend_benefits
from storage.payments.offers import settle
from storage.schema import decisions
from workflows.effects import CaseEffects, Evaluation, EvaluationRequest, NextAction

UNTIL_LEFT = timedelta(minutes=2)
"""How long an approval waits for a notice that is still to leave, before it is looked at again."""


class CaseActivities(CaseEffects):
    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies

    @activity.defn
    def evaluate(self, asked: EvaluationRequest) -> Evaluation:
        """Read how the case stands now. Raises Refusal when it is told of an act that nobody did."""

        def look(tx: CaseTransaction) -> Step | None:
            if asked.act is not None:
                must_be_recorded(tx.connection, asked.case, asked.act)
            return last_contact(tx.connection, asked.case)

        # who has paid, or acted, doesn't wait for a campaign's notices
        tx, begun = self.dependencies.carry_out(asked.case, look, first=True)
        with self.dependencies.engine.connect() as connection:
            path, claimed = path_of(connection, asked.case), claimed_notices(connection, asked.case)
        return self.dependencies.evaluation(tx, path, claimed, begun)

    @activity.defn
    def ask_approval(self, case: str) -> NextAction:
        """Ask people, once the contact before it has left by all its channels: one that carries the act may be missing,
        as where the workflow that was sending it was lost."""
        left: list[Route] = []

        def ask(tx: CaseTransaction) -> None:
            begun = last_contact(tx.connection, case)
            left.extend(unclaimed(tx, begun) if begun else [])
            if left:
                return
            on = tx.case.clock.carried(tx.step.on or tx.today, tx.today)
            tx.journal(EntryKind.SUSPENSION_ASKED, tx.step.reason, on, tx.step)
            tx.judge(tx.state.asked(on))

        answer = self._if_due(case, Action.ASK_APPROVAL, ask)
        return answer.model_copy(update={"runs_at": now() + UNTIL_LEFT}) if left else answer

    @activity.defn
    def suspend_benefits(self, case: str) -> NextAction:
        def suspend(tx: CaseTransaction) -> None:
            credits = at_stake(tx.view)
            suspend_benefits(tx.connection, tx.case, tx.state.approvers, tx.today, credits)
            tx.journal(EntryKind.BENEFITS_SUSPENDED, tx.step.reason, step=tx.step)
            end_approvals(tx.connection, case, "carried_out")
            tx.judge(tx.state.suspended_now(tx.today, credits, tx.facts.benefits))

        return self._if_due(case, Action.SUSPEND, suspend)

    @activity.defn
    def reinstate_benefits(self, case: str) -> NextAction:
        def reinstate(tx: CaseTransaction) -> None:
            give_back(tx.connection, case, tx.today)
            tx.journal(EntryKind.BENEFITS_REINSTATED, tx.step.reason)
            back = tx.facts.benefits - tx.facts.kept_elsewhere
            tx.judge(tx.state.reinstated(tx.case.ruler, tx.today, tell=bool(back)))

        return self._if_due(case, Action.REINSTATE, reinstate)

    @activity.defn
    def deem_served(self, case: str) -> NextAction:
        def deem(tx: CaseTransaction) -> None:
            for notice in deem_served(tx.connection, case, tx.today):
                why = f"ciência tácita da notificação {notice.id} em {day(notice.served_on)}: {notice.deemed_by}"
                tx.journal(EntryKind.NOTICE_SERVED, why, notice.served_on)
            tx.look_again()

        return self._if_due(case, Action.DEEM_SERVED, deem)

    @activity.defn
    def refer(self, case: str) -> NextAction:
        def refer(tx: CaseTransaction) -> None:
            referred = ready_to_refer(tx.view)
            tx.journal(EntryKind.CASE_REFERRED, tx.step.reason, tx.step.on, evidence={"referred": [*referred]})
            tx.judge(tx.state.referred_now(referred))

        return self._if_due(case, Action.REFER, refer)

    @activity.defn
    def resolve(self, case: str) -> NextAction:
        return self._if_due(case, Action.RESOLVE, CaseTransaction.resolve)

    @activity.defn
    def end_campaign(self, case: str) -> NextAction:
        """End a case whose campaign is over. What its payments have earned is judged once more, should a rate have been
        missing when they came."""

        def end(tx: CaseTransaction) -> None:
            if earned := settle(tx.connection, [debt.id for debt in tx.facts.debts]):
                tx.connection.execute(insert(decisions), earned)
                tx.look_again()
            if tx.step.action is Action.END:
                tx.journal(EntryKind.CASE_ENDED, tx.step.reason)
                tx.close(Status.ENDED)

        return self._if_due(case, Action.END, end)

    @activity.defn
    def cancel(self, case: str) -> NextAction:
        """The case is over with its cohort, whatever it owes; a benefit that it holds suspended is given back."""

        def cancel(tx: CaseTransaction) -> None:
            give_back(tx.connection, case, tx.today)
            tx.journal(EntryKind.CASE_CANCELLED, tx.step.reason)
            end_approvals(tx.connection, case, "lapsed")
            tx.close(Status.CANCELLED)

        return self._if_due(case, Action.CANCEL, cancel)

    def _if_due(self, case: str, action: Action, act: Callable[[CaseTransaction], None]) -> NextAction:
        """Act when `action` is still what comes next; overtaken or done already, it changes nothing."""

        def act_if_due(tx: CaseTransaction) -> None:
            if tx.case.closed_at is None and tx.step.action is action and tx.due:
                act(tx)

        tx, _ = self.dependencies.carry_out(case, act_if_due, first=True)
        return self.dependencies.next_action(tx)
