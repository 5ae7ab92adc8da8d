"""One instalment agreement: wait for the next due date, break or payment, until all is paid or it is broken.

As with cases the record decides and the workflow obeys: each activity answers with what comes next.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.agreement.instalments import State
    from models.events import InstalmentsChanged
    from models.formats import day
    from models.words import AGREEMENT_STATES
    from workflows.asking import ask, charge, note_cancellation, sleep_until, undeterred
    from workflows.effects import AgreementEffects, AgreementNextAction, AgreementReview, AgreementStart
    from workflows.start import SUMMARY_BYTES
    from workflows.visibility import NEXT_STEP, STATUS, FoundBy, details, noon_of, updates


@workflow.defn
class InstalmentAgreement:
    def __init__(self) -> None:
        self.next_action: AgreementNextAction | None = None
        self.news = False

    @workflow.run
    async def run(self, start: AgreementStart) -> str:
        self.start = start
        return await undeterred(self._live, self._note_cancellation)

    async def _live(self) -> str:
        if self.next_action is None:
            await self._look("acordo aberto")
        await self._charge()
        while True:
            if self.news:
                await self._look("pagamento ou devolução")
                await self._charge()
            elif self._is_over():
                return self.now.state
            elif self._begins_anew():
                workflow.continue_as_new(self.start)
            elif await self._is_due():
                await self._carry_out()

    @property
    def now(self) -> AgreementNextAction:
        assert self.next_action is not None  # noqa: S101 - it is looked at first
        return self.next_action

    def _begins_anew(self) -> bool:
        return workflow.info().is_continue_as_new_suggested()

    async def _look(self, why: str) -> None:
        # before the record is read: a payment that comes while the activity runs may have come too late for it
        self.news = False
        await self._do(AgreementEffects.review_agreement, AgreementReview(agreement=self.start.agreement), why)

    async def _is_due(self) -> bool:
        """Whether the next step's time has come; news ends the wait."""
        return await sleep_until(self.now.runs_at, lambda: self.news or self._begins_anew(), _label(self.now))

    async def _carry_out(self) -> None:
        step = self.now.step
        assert step is not None  # noqa: S101 - without a step no day comes
        if step.kind != "break":
            await self._charge()
        effect = AgreementEffects.review_agreement if step.kind == "break" else AgreementEffects.tell_of_instalment
        summary = step.reason.encode()[:SUMMARY_BYTES].decode(errors="ignore")
        await self._do(effect, AgreementReview(agreement=self.start.agreement, step=step), summary)

    async def _charge(self) -> None:
        """Have each instalment charged at the bank, of which there may be many."""
        if self.now.charges:
            summary = "cobranças Pix das parcelas em dia"
            await charge(self.start.case, summary, start_to_close_timeout=timedelta(minutes=5))

    def _is_over(self) -> bool:
        return self.now.state is not State.ACTIVE

    async def _do(self, effect: Any, dispatch: AgreementReview, summary: str) -> None:
        next_action: AgreementNextAction = await ask(effect, dispatch, summary=summary)
        before, self.next_action = self.next_action, next_action
        if before is None or _searchable(before) != _searchable(next_action):
            workflow.upsert_search_attributes(updates(_searchable(next_action)))
        workflow.set_current_details(self._details())

    async def _note_cancellation(self) -> None:
        self.news = True
        await note_cancellation(self.start.agreement, self.start.case)

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


LABELS = {"reminder": "lembrete", "alert": "alerta", "break": "rompimento"}


def _label(next_action: AgreementNextAction) -> str:
    return f"{LABELS[next_action.step.kind]} · parcela {next_action.step.n}" if next_action.step else "pagamento"


def _searchable(next_action: AgreementNextAction) -> FoundBy:
    return {
        STATUS: next_action.state,
        NEXT_STEP: next_action.runs_at or noon_of(next_action.step.on if next_action.step else None),
    }
