"""A cohort on its ruler: whom it takes in is started once, at a bounded rate, whatever restarts in between."""

from datetime import timedelta
from functools import partial

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.asking import ask, note_cancellation, undeterred
    from workflows.effects import CohortEffects, Intake, StartCursor
    from workflows.visibility import details


@workflow.defn
class CohortRuler:
    def __init__(self) -> None:
        self.reached = StartCursor()

    @workflow.run
    async def run(self, intake: Intake) -> StartCursor:
        self.reached = intake.cursor
        workflow.set_current_details("abrindo os casos")
        return await undeterred(partial(self._take_in, intake), partial(note_cancellation, intake.cohort))

    async def _take_in(self, intake: Intake) -> StartCursor:
        while not self.reached.done:
            rest = intake.model_copy(update={"cursor": self.reached})
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(rest)
            before, began = self.reached, workflow.now()
            self.reached = await ask(
                CohortEffects.start_cases,
                rest,
                start_to_close_timeout=timedelta(hours=12),
                heartbeat_timeout=timedelta(minutes=2),
                retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1), non_retryable_error_types=["Refusal"]),
                summary="abre os casos e inicia cada régua",
            )
            self._show(self.reached.seen - before.seen, workflow.now() - began)
        return self.reached

    def _show(self, seen: int, took: timedelta) -> None:
        """Show progress in the Web UI. `seen` is of the last batch alone: the rate is the present one."""
        reached, rate = self.reached, seen / max(took.total_seconds(), 0.001)
        rows = [
            ("Examinados", f"{reached.seen} de {reached.total}"),
            ("Iniciados", str(reached.started)),
            ("Já em outro caso", str(reached.already_open)),
            ("A tentar de novo", str(reached.failed)),
        ]
        if not reached.done:
            left = timedelta(seconds=round(reached.left / max(rate, 0.001)))
            rows += [("Ritmo", f"{rate:.0f} por segundo"), ("Tempo restante", str(left))]
        workflow.set_current_details(details(rows))

    @workflow.query
    def progress(self) -> StartCursor:
        return self.reached
