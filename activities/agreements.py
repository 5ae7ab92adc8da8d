"""The activities of one instalment agreement: each is one case transaction, and doing it twice does it once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import select
from temporalio import activity

from activities.dependencies import Dependencies, contact_at, now, share_of
from models.agreement.instalments import State, Step
from models.case.journal import EntryKind
from models.contact.channel import Channel
from models.contact.communication import CommunicationKind
from storage.agreement.agreements import AgreementTransaction, agreement_transaction
from storage.contact.communications import ask_about_instalment
from storage.schema import instalments
from workflows.effects import AgreementEffects, AgreementNextAction, AgreementReview

ABOUT = {"reminder": CommunicationKind.REMINDER, "alert": CommunicationKind.ALERT}
"""The communication of each step that tells of an instalment; a break has none."""


class AgreementActivities(AgreementEffects):
    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies

    @activity.defn
    def review_agreement(self, dispatch: AgreementReview) -> AgreementNextAction:
        """Review an agreement as the record tells it now; a break that is certain by the day of the step is decided."""
        with self._case_transaction(dispatch.agreement, dispatch.step) as tx:
            return self._next_action(tx)

    @activity.defn
    def tell_of_instalment(self, dispatch: AgreementReview) -> AgreementNextAction:
        """Ask for the message of a step that is due, once: a communication (activities/communications.py), which looks
        again before it leaves."""
        step = dispatch.step
        assert step is not None  # noqa: S101 - there is no message without a step
        with self._case_transaction(dispatch.agreement, step) as tx:
            if _is_next(tx, step):
                agreed, connection = tx.agreed, tx.connection
                at = agreed.case.clock.carried(step.on, tx.today)
                tx.note(EntryKind(f"agreement_{step.kind}"), step.reason, at, step.n)
                mine = (instalments.c.agreement == agreed.id) & (instalments.c.n == step.n)
                instalment = connection.execute(select(instalments.c.id).where(mine)).scalar_one()
                about = (agreed.case.id, agreed.id, step.n)
                ask_about_instalment(connection, *about, ABOUT[step.kind], instalment, at)
            return self._next_action(tx)

    def _case_transaction(self, agreement: str, step: Step | None) -> AbstractContextManager[AgreementTransaction]:
        return agreement_transaction(self.dependencies.engine, agreement, now(), step.on if step else None)

    def _next_action(self, tx: AgreementTransaction) -> AgreementNextAction:
        agreed = tx.agreed
        step, active = agreed.step, agreed.life.state is State.ACTIVE
        return AgreementNextAction(
            revision=agreed.revision,
            state=agreed.life.state,
            step=step,
            runs_at=_runs_at(tx, step) if step else None,
            paid=sum(entry.paid_on is not None for entry in agreed.life.entries),
            of=len(agreed.life.entries),
            on_hold_since=agreed.life.effective_on if active else None,
            charges=self.dependencies.bank is not None,
        )


def _is_next(tx: AgreementTransaction, step: Step) -> bool:
    coming = tx.agreed.step
    return coming is not None and (coming.kind, coming.n) == (step.kind, step.n) and coming.on <= tx.today


def _runs_at(tx: AgreementTransaction, step: Step) -> datetime | None:
    """The wall instant of a step: of a message in the hours of the first of its channels, so that it isn't asked for in
    the evening of its day and sent on the next."""
    case = tx.agreed.case
    channels: Iterable[Channel] = ABOUT[step.kind].fallbacks if step.kind in ABOUT else ()
    openings = [at for channel in channels if (at := contact_at(case, step.on, [channel]))]
    return min(openings, default=case.clock.instant_of(step.on, share_of(tx.agreed.id)))
