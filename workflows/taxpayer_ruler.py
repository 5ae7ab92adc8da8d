"""One taxpayer and one tax on a ruler: wait for the next step or for news, carry it out, until nothing is left.

The map decides, the workflow obeys: each activity answers with the step that is next, and the newest answer counts.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from temporalio import workflow
from temporalio.common import Priority, RawValue
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from models.case.step import Action, Step
    from models.events import RulerChanged
    from models.ruler.schema import Stage
    from models.words import CHANNELS
    from workflows.asking import (
        NeverTaken,
        UnderWay,
        ask,
        ask_once,
        charge,
        note_cancellation,
        sleep_until,
        undeterred,
    )
    from workflows.effects import (
        PATIENCE,
        CaseEffects,
        CaseStart,
        Contact,
        Dispatch,
        Evaluation,
        EvaluationRequest,
        NextAction,
        NoticeEffects,
        PlannedStep,
        Unfinished,
    )
    from workflows.foreign import NOT_OURS, ours
    from workflows.names import ACTED, case_of
    from workflows.refusals import Refusals
    from workflows.start import SUMMARY_BYTES
    from workflows.visibility import RULER, details, searchable, updates

FIRST = Priority(priority_key=1)
"""Who has paid, or acted, doesn't wait for a campaign's notices."""

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
    def __init__(self) -> None:
        self.case = case_of(workflow.info().workflow_id)
        self.next_action: NextAction | None = None
        self.path: list[str] = []
        self.plan_ahead: tuple[PlannedStep, ...] = ()
        self.news = False
        self.sending = UnderWay()
        self.refusals = Refusals(self.case)

    @workflow.run
    async def run(self, start: CaseStart) -> str:
        if start.evaluation and self.next_action is None:
            # who started it has seen to its search attributes
            self.next_action, self.plan_ahead = start.evaluation.next_action, start.evaluation.plan
            workflow.set_current_details(self._details())
        return await undeterred(partial(self._live, start), self._note_cancellation)

    async def _live(self, start: CaseStart) -> str:
        if self.next_action is None:
            await self._evaluate("caso aberto")
        while True:
            if self.sending.failure:
                raise self.sending.failure
            if self.news:
                await self._hear()
            elif self.now.closed:
                # who acted on the case is answered before it is over, and what is on its way arrives
                await workflow.wait_condition(lambda: self.news or self._is_idle())
                if not self.news:
                    return self.now.step.status
            elif self._begins_anew():
                # no news is lost with it, since there is none; a handler under way would lose its caller
                workflow.continue_as_new(start.model_copy(update={"evaluation": None}))
            elif await self._is_due():
                await self._carry_out(self.now.step)

    @property
    def now(self) -> NextAction:
        assert self.next_action is not None  # noqa: S101 - the case is evaluated first
        return self.next_action

    def _is_idle(self) -> bool:
        return workflow.all_handlers_finished() and not self.sending

    def _begins_anew(self) -> bool:
        """Whether the history is to be cut, which may have grown by what somebody else sent it."""
        return workflow.info().is_continue_as_new_suggested() and self._is_idle()

    async def _hear(self) -> None:
        """Look at what has changed. A payment may have resolved the case in the transaction that took it, and nobody
        is to pay again by a charge that is still there."""
        await self._evaluate("novidade no registro", FIRST)
        if self.now.closed and self.now.charges:
            await self._charge()

    async def _evaluate(self, why: str, priority: Priority = Priority.default) -> None:
        # before the record is read: news that comes while the activity runs may have come too late for it
        self.news = False
        await self._look(EvaluationRequest(case=self.case), why, priority)

    async def _look(self, asked: EvaluationRequest, why: str, priority: Priority) -> None:
        taken: Evaluation = await ask(CaseEffects.evaluate, asked, summary=why, priority=priority)
        self.path, self.plan_ahead = list(taken.path), taken.plan
        self._adopt(taken.next_action)
        for left in taken.unfinished:
            if not self.sending.includes(left.step.number):
                self.sending.begin((left.step.number, left.dispatch.channel), partial(self._resume, left))
        await self.refusals.settle()

    async def _resume(self, left: Unfinished) -> None:
        """Send what a workflow of before had begun, once nobody can be at it any more."""
        await workflow.sleep(PATIENCE["start_to_close_timeout"], summary="aviso interrompido")
        await self._notify(left.step, left.dispatch)

    async def _is_due(self) -> bool:
        """Whether the next step's time has come; news and newer next actions end the wait."""
        current = self.now
        return current.step.action.at_once or await sleep_until(
            current.runs_at, lambda: self._is_stirred(current) or self._begins_anew(), _label(current.step)
        )

    def _is_stirred(self, current: NextAction) -> bool:
        return self.news or self.now is not current or self.sending.failure is not None

    async def _carry_out(self, step: Step) -> None:
        if step.action is Action.WAIT:
            await self._evaluate("chegou o dia de olhar de novo")
        elif step.action.contacts:
            # a provider may let a notice wait, and a payment is heard meanwhile
            current = self.now
            self.sending.begin(step.number, partial(self._send, step, current))
            await workflow.wait_condition(lambda: self._is_stirred(current) or not self.sending.includes(step.number))
        else:
            self._adopt(await self._act(step))
            if step.action is Action.RESOLVE and self.now.charges:
                await self._charge()

    async def _send(self, step: Step, current: NextAction) -> None:
        if current.charges and step.action is Action.NOTIFY:
            await self._charge()
        await asyncio.gather(*[self._notify(step, dispatch) for dispatch in current.dispatches])

    async def _notify(self, step: Step, dispatch: Dispatch) -> None:
        contact = Contact(case=self.case, step=step, channel=dispatch.channel, rung_channel=dispatch.rung_channel)
        try:
            # the channels of a rung answer in any order, and an update may have been answered meanwhile
            self._adopt(
                await ask_once(
                    NoticeEffects.notify,
                    contact,
                    task_queue=dispatch.queue,
                    summary=f"{_label(step)} · {CHANNELS[dispatch.channel]}",
                    priority=Priority(priority_key=URGENCY[step.stage] if step.stage else None),
                )
            )
        except NeverTaken:
            self.news = True

    async def _charge(self) -> None:
        await charge(self.case, "cobranças Pix em dia")

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
        taken: NextAction = await ask(effect, self.case, summary=summary)
        return taken

    async def _note_cancellation(self) -> None:
        self.news = True
        await note_cancellation(self.case, self.case)

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
    def ruler_changed(self, event: RulerChanged) -> None:
        self.news = True
        workflow.upsert_search_attributes([RULER.value_set(event.ruler)])

    @workflow.signal(dynamic=True)
    def any_other(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Each of `models.events`, unread: the sandbox of every case has to set up what is written here."""
        self.news = True

    # What is asked, and answered when it is done.

    @workflow.update(dynamic=True)
    async def command(self, name: str, payloads: Sequence[RawValue]) -> str:
        """`acted`: a person has acted on the case, and the value is the row that says who and what. Nothing else is
        believed, and what the act changed is on record already. The status that it led to.

        Whatever else is asked, by whoever reaches Temporal, is refused, and on record as refused.
        """
        if name != ACTED or not ours(payloads):
            raise await self.refusals.refuse(name, NOT_OURS)
        act = workflow.payload_converter().from_payload(payloads[0].payload, int)
        try:
            await self._look(EvaluationRequest(case=self.case, act=act), "ato no registro", FIRST)
        except ActivityError as failed:
            if is_cancelled_exception(failed):
                raise
            raise await self.refusals.refuse(name, f"no act {act} of case {self.case} is on record") from None
        # an approval is answered once the suspension is carried out, or once something overtook it
        await workflow.wait_condition(lambda: self.now.step.action is not Action.SUSPEND)
        return self.now.step.status

    @workflow.query(name="next_action")
    def current_action(self) -> NextAction | None:
        return self.next_action

    @workflow.query
    def plan(self) -> list[PlannedStep]:
        """The steps that would come if nothing happened, as far as they still lie ahead."""
        done = self.now.step.on
        return [step for step in self.plan_ahead if step.on is None or done is None or step.on >= done]


def _label(step: Step) -> str:
    if step.action is Action.NOTIFY and step.row and step.stage:
        return f"{step.row.upper()} · {step.stage}"
    return step.action.replace("_", " ")
