"""One taxpayer and one tax on a ruler: wait for the next step or for news, carry it out, until nothing is left.

The map decides, the workflow obeys: each activity answers with the step that is next, and the newest answer counts.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

from temporalio import workflow
from temporalio.common import Priority, RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from models.case.blocks import Situation
    from models.case.commands import Act, why_not
    from models.case.status import Status
    from models.case.step import Action, Step
    from models.events import HardshipDeclared, RulerChanged
    from models.ruler.schema import Stage
    from models.words import CHANNELS
    from workflows.effects import (
        PATIENCE,
        AgreementEffects,
        AgreementRequest,
        CaseEffects,
        CaseStart,
        ChargeEffects,
        Contact,
        Dispatch,
        Evaluation,
        EvaluationRequest,
        NextAction,
        NoticeEffects,
        PlannedStep,
        Signed,
    )
    from workflows.start import SUMMARY_BYTES
    from workflows.visibility import RULER, details, searchable, updates

URGENCY = {
    Stage.SUSPENSION: 1,
    Stage.FINAL_NOTICE: 1,
    Stage.NOTICE: 2,
    Stage.WARNING: 3,
    Stage.ALERT: 4,
    Stage.REMINDER: 5,
}
"""1 leaves first: a campaign of sixty thousand reminders doesn't delay a final notice."""


@workflow.defn
class TaxpayerRuler:
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        self.start = start
        self.next_action: NextAction | None = None
        self.path: list[str] = []
        self.plan_ahead: tuple[PlannedStep, ...] = ()
        self.news = False
        self.hardship_on: date | None = None
        if start.evaluation:
            self.next_action, self.plan_ahead = start.evaluation.next_action, start.evaluation.plan

    @workflow.run
    async def run(self, start: CaseStart) -> str:
        try:
            return await self._live()
        except BaseException as error:
            if is_cancelled_exception(error):
                await self._cancel()
            raise

    async def _live(self) -> str:
        if self.start.evaluation:
            # who started it has seen to its search attributes
            workflow.set_current_details(self._details())
        else:
            await self._evaluate("caso aberto")
        while True:
            if self.news:
                await self._evaluate("novidade no registro")
            elif self.now.closed:
                # who acted on the case is answered before it is over
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self.news:
                    return self.now.step.status
            elif workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished():
                # no news is lost with it, since there is none; a handler under way would lose its caller
                workflow.continue_as_new(self.start.model_copy(update={"evaluation": None}))
            elif await self._is_due():
                await self._carry_out(self.now.step)

    @property
    def now(self) -> NextAction:
        assert self.next_action is not None  # noqa: S101 - the case is evaluated first
        return self.next_action

    async def _evaluate(self, why: str) -> None:
        asked = EvaluationRequest(case=self.start.case, hardship_on=self.hardship_on)
        # before the record is read: news that comes while the activity runs may have come too late for it
        self.news, self.hardship_on = False, None
        await self._look(asked, why)

    async def _look(self, asked: EvaluationRequest, why: str) -> None:
        taken: Evaluation = await workflow.execute_activity_method(CaseEffects.evaluate, asked, summary=why, **PATIENCE)
        self.path, self.plan_ahead = list(taken.path), taken.plan
        self._adopt(taken.next_action)

    async def _is_due(self) -> bool:
        """Whether the next step's time has come; news and newer next actions end the wait."""
        current = self.now
        if current.step.action.at_once:
            return True
        timeout = current.runs_at - workflow.now() if current.runs_at else None
        if timeout is not None and timeout <= timedelta(0):
            return True
        try:
            await workflow.wait_condition(
                lambda: self.news or self.now is not current, timeout=timeout, timeout_summary=_label(current.step)
            )
        except TimeoutError:
            return True
        return False

    async def _carry_out(self, step: Step) -> None:
        if step.action is Action.WAIT:
            await self._evaluate("chegou o dia de olhar de novo")
            return
        if step.action.contacts:
            if self.now.charges and step.action is Action.NOTIFY:
                await self._charge()
            dispatches = [self._notify(step, dispatch) for dispatch in self.now.dispatches]
            next_actions: list[NextAction] = await asyncio.gather(*dispatches)
        else:
            next_actions = [await self._act(step)]
            if step.action is Action.RESOLVE and self.now.charges:
                await self._charge()
        # the channels of a rung answer in any order, and an update may have been answered meanwhile: the newest counts
        for next_action in sorted(next_actions, key=lambda next_action: next_action.revision):
            self._adopt(next_action)

    async def _notify(self, step: Step, dispatch: Dispatch) -> NextAction:
        contact = Contact(case=self.start.case, step=step, channel=dispatch.channel, rung_channel=dispatch.rung_channel)
        return await workflow.execute_activity_method(
            NoticeEffects.notify,
            contact,
            task_queue=dispatch.queue,
            summary=f"{_label(step)} · {CHANNELS[dispatch.channel]}",
            priority=Priority(priority_key=URGENCY[step.stage] if step.stage else None),
            **PATIENCE,
        )

    async def _charge(self) -> None:
        """A bank that doesn't answer holds no notice up: what is owed can be paid otherwise."""
        try:
            await workflow.execute_activity_method(
                ChargeEffects.charge,
                self.start.case,
                summary="cobranças Pix em dia",
                start_to_close_timeout=timedelta(seconds=60),
                retry_policy=RetryPolicy(maximum_attempts=3),
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("the charges of this case are not up to date")

    async def _act(self, step: Step) -> NextAction:
        effect = {
            Action.ASK_APPROVAL: CaseEffects.ask_approval,
            Action.SUSPEND: CaseEffects.suspend_benefits,
            Action.REINSTATE: CaseEffects.reinstate_benefits,
            Action.DEEM_SERVED: CaseEffects.deem_served,
            Action.REFER: CaseEffects.refer,
            Action.RESOLVE: CaseEffects.resolve,
            Action.END: CaseEffects.end_campaign,
            Action.CANCEL: CaseEffects.cancel,
        }[step.action]
        summary = step.reason.encode()[:SUMMARY_BYTES].decode(errors="ignore")
        return await workflow.execute_activity_method(effect, self.start.case, summary=summary, **PATIENCE)

    async def _cancel(self) -> None:
        """Temporal's own cancellation: the record learns of it, and benefits are given back."""
        self._adopt(
            await workflow.execute_activity_method(CaseEffects.cancel, self.start.case, summary="cancelado", **PATIENCE)
        )

    def _adopt(self, next_action: NextAction) -> None:
        """The newer next action counts; what can be searched and read in the Web UI follows it."""
        before = self.next_action
        if before is not None and next_action.revision < before.revision:
            return
        self.next_action = next_action
        if before is not None and next_action.step.number > before.step.number and before.step.on:
            self.path.append(f"{before.step.on:%d/%m/%Y} · {_label(before.step)} · {before.step.rigidity}")
        if before is None or searchable(before) != searchable(next_action):
            workflow.upsert_search_attributes(updates(searchable(next_action)))
        workflow.set_current_details(self._details())

    def _details(self) -> str:
        step = self.now.step
        cell = f"{(self.now.hypothesis or '—').upper()} · {self.now.stage or '—'} · {self.now.rigidity or '—'}"
        rows = [
            ("Situação", " · ".join(dict.fromkeys(block.kind for block in self.now.situation.blocks)) or step.status),
            ("Posição", cell),
            ("Próximo passo", f"{_label(step)}, {step.on:%d/%m/%Y}" if step.on and not self.now.closed else "—"),
            ("Motivo", step.reason),
            ("Caminho", "<br>".join(self.path) or "—"),
        ]
        return details(rows)

    # What happens outside. A signal only says that the record has changed; what is true now is read there.

    @workflow.signal
    def hardship_declared(self, event: HardshipDeclared) -> None:
        self.hardship_on = event.on
        self.news = True

    @workflow.signal
    def ruler_changed(self, event: RulerChanged) -> None:
        self.news = True
        workflow.upsert_search_attributes([RULER.value_set(event.ruler)])

    @workflow.signal(dynamic=True)
    def any_other(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Each of `models.events`, unread: the sandbox of every case has to set up what is written here."""
        self.news = True

    # What is asked, and answered when it is done.

    @workflow.update
    async def acted(self, act: int) -> str:
        """A person has acted on the case: `act` is the row that says who and what. Nothing else is believed, and what
        the act changed is on record already. The status that it led to."""
        try:
            await self._look(EvaluationRequest(case=self.start.case, act=act), "ato no registro")
        except ActivityError as failed:
            raise _refused(failed) from None
        # an approval is answered once the suspension is carried out, or once something overtook it
        await workflow.wait_condition(lambda: self.now.step.action is not Action.SUSPEND)
        return self.now.step.status

    @workflow.update
    async def sign_agreement(self, wanted: AgreementRequest) -> Signed:
        """Sign an agreement by the taxpayer's own link: what the policy doesn't grant is refused, with its rule."""
        try:
            signed: Signed = await workflow.execute_activity_method(
                AgreementEffects.sign_agreement, wanted, summary="parcelamento", **PATIENCE
            )
        except ActivityError as failed:
            raise _refused(failed) from None
        return signed

    @sign_agreement.validator
    def _may_sign(self, wanted: AgreementRequest) -> None:
        if wanted.case != self.start.case:
            raise ApplicationError(f"this is case {self.start.case}, not {wanted.case}", non_retryable=True)
        if not wanted.by.strip():
            raise ApplicationError("say who signs", non_retryable=True)
        if wanted.instalments < 1:
            raise ApplicationError("an agreement has at least one instalment", non_retryable=True)
        self._must_be_possible(Act.SIGN)

    def _must_be_possible(self, act: Act) -> None:
        """Check that something makes sense on the case as the workflow was last told of it; before that, on one that
        nothing blocks."""
        situation = self.next_action.situation if self.next_action else Situation(state=Status.RUNNING)
        if why := why_not(act, situation):
            raise ApplicationError(why, non_retryable=True)

    @workflow.query(name="next_action")
    def current_action(self) -> NextAction | None:
        return self.next_action

    @workflow.query
    def plan(self) -> list[PlannedStep]:
        """The steps that would come if nothing happened, as far as they still lie ahead."""
        done = self.now.step.on
        return [step for step in self.plan_ahead if step.on is None or done is None or step.on >= done]


def _refused(failed: ActivityError) -> ApplicationError:
    """A refusal in the words of who refused."""
    cause = failed.cause
    words = cause.message if isinstance(cause, ApplicationError) else str(cause)
    return ApplicationError(words, non_retryable=True)


def _label(step: Step) -> str:
    if step.action is Action.NOTIFY and step.row and step.stage:
        return f"{step.row.upper()} · {step.stage}"
    return step.action.replace("_", " ")
