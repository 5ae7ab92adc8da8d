"""A cohort of which half is held out: what its ruler does to the one half, and never to the other."""

from decimal import Decimal

import pytest
from temporalio.service import RPCError

from storage.audit.invariants import violations
from tests.builders import unpaid
from tests.workflows.town import Town, until


async def test_the_control_group_is_followed_and_never_contacted(town: Town) -> None:
    lives = await town.begin(*[unpaid(1)] * 6, control=Decimal("0.5"))
    held = [life for life in lives if life.status == "control"]
    others = [life for life in lives if life not in held]
    assert len(held) == len(others) == 3
    for life in others:
        await life.climbs(1)
    await held[0].pays("1000.00")
    await others[0].pays("1000.00")
    assert await others[0].ends() == "resolved"
    await until(lambda: not held[0].rows('SELECT FROM outbox WHERE "case" = :case AND delivered_at IS NULL'))
    assert [(life.status, life.path) for life in held] == [("control", [])] * 3
    assert held[0].journal == ["payment"]
    for life in held:
        with pytest.raises(RPCError, match="not found"):
            await life.handle.describe()
    assert violations(town.engine, lives[0].get("cohort")) == []
