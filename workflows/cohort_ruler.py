"""A cohort on its ruler: whom it takes in is started once, at a bounded rate, whatever restarts in between."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.effects import CohortEffects, StartCursor


@workflow.defn
class CohortRuler:
    @workflow.run
    async def run(self, cohort: str) -> StartCursor:
        workflow.set_current_details("abrindo os casos")
        done: StartCursor = await workflow.execute_activity_method(
            CohortEffects.start_cases,
            cohort,
            start_to_close_timeout=timedelta(hours=12),
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1), non_retryable_error_types=["Refusal"]),
            summary="abre os casos e inicia cada régua",
        )
        workflow.set_current_details(
            f"| | |\n|---|---|\n| Examinados | {done.seen} |\n| Iniciados | {done.started} |\n"
            f"| Já em outro caso | {done.already_open} |"
        )
        return done
