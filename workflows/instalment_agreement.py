"""One instalment agreement: wait for the next due date, break or payment, until all is paid or it is broken.

As with cases the record decides and the workflow obeys: each activity answers with what comes next.
"""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from models.agreement.instalments import State
    from models.events import InstalmentsChanged
    from models.formats import day
    from models.words import AGREEMENT_STATES, CHANNELS
    from workflows.effects import (
        PATIENCE,
        UNSENT,
        AgreementEffects,
        AgreementNextAction,
        AgreementReview,
        AgreementStart,
        InstalmentMessage,
        UnsentMessage,
    )
    from workflows.start import SUMMARY_BYTES
    from workflows.visibility import NEXT_STEP, STATUS, FoundBy, details, noon_of, updates


TWICE: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=60),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(minutes=10), maximum_attempts=2, non_retryable_error_types=["Refusal"]
    ),
}
"""Each attempt hands a message over once at most. So one whose answer was lost leaves twice at worst, and only by a
provider that can't tell what it took; one that a provider had no time for is tried once more, after its own delay."""


@workflow.defn
class InstalmentAgreement:
    @workflow.init
    def __init__(self, start: AgreementStart) -> None:
        self.start = start
        self.next_action: AgreementNextAction | None = None
        self.news = False

    @workflow.run
    async def run(self, start: AgreementStart) -> str:
        await self._look("acordo aberto")
        while True:
            if self.news:
                await self._look("pagamento ou devolução")
            elif self.now.state is not State.ACTIVE:
                return self.now.state
            elif workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self.start)
            elif await self._is_due():
                await self._carry_out()

    @property
    def now(self) -> AgreementNextAction:
        assert self.next_action is not None  # noqa: S101 - it is looked at first
        return self.next_action

    async def _look(self, why: str) -> None:
        # before the record is read: a payment that comes while the activity runs may have come too late for it
        self.news = False
        await self._do(AgreementEffects.review_agreement, AgreementReview(agreement=self.start.agreement), why)

    async def _is_due(self) -> bool:
        """Whether the next step's time has come; news ends the wait."""
        current = self.now
        timeout = current.runs_at - workflow.now() if current.runs_at else None
        if timeout is not None and timeout <= timedelta(0):
            return True
        try:
            await workflow.wait_condition(lambda: self.news, timeout=timeout, timeout_summary=_label(current))
        except TimeoutError:
            return True
        return False

    async def _carry_out(self) -> None:
        step = self.now.step
        assert step is not None  # noqa: S101 - without a step no day comes
        effect = AgreementEffects.review_agreement if step.kind == "break" else AgreementEffects.write_about_instalment
        summary = step.reason.encode()[:SUMMARY_BYTES].decode(errors="ignore")
        await self._do(effect, AgreementReview(agreement=self.start.agreement, step=step), summary)
        await asyncio.gather(*[self._hand_over(message) for message in self.now.messages])

    async def _hand_over(self, message: InstalmentMessage) -> None:
        """Hand a message over inside the contact hours of its channel. What does not leave is on record too."""
        sending = {**TWICE, "task_queue": message.queue, "summary": CHANNELS[message.channel]}
        try:
            while opens := await workflow.execute_activity_method(
                AgreementEffects.hand_over_message, message, **sending
            ):
                await workflow.sleep(opens - workflow.now(), summary=CHANNELS[message.channel])
        except ActivityError as failed:
            if is_cancelled_exception(failed):
                raise
            unsent = UnsentMessage(message=message, why=_why(failed.cause))
            await workflow.execute_activity_method(AgreementEffects.record_unsent, unsent, **PATIENCE)

    async def _do(self, effect: Any, dispatch: AgreementReview, summary: str) -> None:
        next_action: AgreementNextAction = await workflow.execute_activity_method(
            effect, dispatch, summary=summary, **PATIENCE
        )
        before, self.next_action = self.next_action, next_action
        if before is None or _searchable(before) != _searchable(next_action):
            workflow.upsert_search_attributes(updates(_searchable(next_action)))
        workflow.set_current_details(self._details())

    def _details(self) -> str:
        now, step = self.now, self.now.step
        rows = [
            ("Situação", AGREEMENT_STATES[now.state]),
            ("Parcelas pagas", f"{now.paid} de {now.of}"),
            ("Exigibilidade suspensa desde", day(now.on_hold_since) if now.on_hold_since else "—"),
            ("Próximo passo", f"{_label(now)}, {day(step.on)}" if step else "—"),
            ("Motivo", step.reason if step else "—"),
            ("Caso", f"case-{self.start.case}"),
        ]
        return details(rows)

    @workflow.signal
    def instalments_changed(self, event: InstalmentsChanged) -> None:
        """The record has changed; what is true now is read there."""
        self.news = True

    @workflow.query(name="next_action")
    def current_action(self) -> AgreementNextAction | None:
        return self.next_action


def _why(cause: BaseException | None) -> str:
    return cause.message if isinstance(cause, ApplicationError) and cause.type == UNSENT else "o envio falhou"


LABELS = {"reminder": "lembrete", "alert": "alerta", "break": "rompimento"}


def _label(next_action: AgreementNextAction) -> str:
    return f"{LABELS[next_action.step.kind]} · parcela {next_action.step.n}" if next_action.step else "pagamento"


def _searchable(next_action: AgreementNextAction) -> FoundBy:
    return {
        STATUS: next_action.state,
        NEXT_STEP: next_action.runs_at or noon_of(next_action.step.on if next_action.step else None),
    }
