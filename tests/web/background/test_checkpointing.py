from functools import partial

import anyio
import pytest
from sqlalchemy import Engine

from models.case.journal import EntryKind
from storage.case.cases import read_case
from storage.case.transaction import record_decision
from storage.engine import connect
from tests.delivery_world import NOW, DeliveryWorld
from tests.workflows.town import until
from web.background.checkpointing import checkpoint_regularly


async def test_new_decisions_are_sealed_by_one_of_several(engine: Engine) -> None:
    world = DeliveryWorld(engine)
    case = world.case(world.taxpayer())

    def checkpoints() -> int:
        return len(world.rows("SELECT FROM audit_log"))

    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(checkpoint_regularly, engine, 0.01)
        for number in range(1, 3):
            with engine.begin() as connection:
                record_decision(
                    connection, read_case(connection, case, lock=True), EntryKind.CASE_CLASSIFIED, "a", NOW.date()
                )
            await until(partial(lambda wanted: checkpoints() == wanted, number))
        tasks.cancel_scope.cancel()
    assert world.rows("SELECT actor, command, detail ->> 'decisions' FROM audit_log") == [("régua", "seal", "1")] * 2


@pytest.mark.parametrize("database", ["postgresql://regua:x@127.0.0.1:1/regua"])
async def test_a_database_that_is_down_is_asked_again(database: str) -> None:
    with anyio.move_on_after(0.2) as scope:
        await checkpoint_regularly(connect(database), 0.01)
    assert scope.cancelled_caught
