"""The auditor looks through the log by kind, person and day, takes it along as a sheet, and has the record verified."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, text

from models.roles import Role
from tests.delivery_world import DeliveryWorld
from tests.web.console.console_world import browser, signed_in_as


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


async def test_the_log_is_looked_through_by_kind_and_person(engine: Engine, world: DeliveryWorld) -> None:
    case = world.case(world.taxpayer())
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        await http.post(f"/console/cases/{case}/pause")
        await http.post(f"/console/cases/{case}/annul", data={"kind": "service", "reason": "engano"})
        await http.post(f"/console/cases/{case}/reveal", data={"reason": "ligação"})
        assert (await http.get("/console/audit")).status_code == 403
    async with browser(engine, signed_in_as(engine, "caio", Role.AUDITOR)) as http:

        async def told(asked: str) -> list[str]:
            shown = (await http.get(f"/console/audit?{asked}")).text
            return [each.strip() for each in re.findall(r'<td data-name="O quê">([^<]*)</td>', shown)]

        assert await told("by=ana") == ["case show --reveal", "case annul", "case pause", "sign in"]
        assert await told("kind=reveals") == ["case show --reveal"]
        assert await told("kind=refused") == ["case annul"]
        assert await told("kind=sign-ins") == ["sign in", "sign in"]
        assert await told(f"subject={case}&command=case+pause") == ["case pause"]
        assert await told("until=2001-01-01") == []
        assert "Nada assim" in (await http.get("/console/audit?by=nobody")).text
        sheet = (await http.get("/console/audit?kind=reveals&format=csv")).text
        assert f";case show --reveal;{case};reason: ligação;feito" in sheet
        for wrong in ("kind=x", "after=0", "after=x", "by=%00"):
            assert (await http.get(f"/console/audit?{wrong}")).status_code == 404, wrong
        assert f"/console/cases/{case}/explanation?format=pdf" in (await http.get("/console/audit")).text


async def test_a_long_log_comes_in_pages(engine: Engine, owner: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO audit_log (actor, authenticated, command)
            SELECT 'x', false, 'cohort pause' FROM generate_series(1, 60)""")
        )
    async with browser(engine, signed_in_as(engine, "caio", Role.AUDITOR)) as http:
        first = (await http.get("/console/audit?by=x")).text
        [after] = re.findall(r'href="\?kind=all&amp;by=x&amp;after=(\d+)"', first)
        second = (await http.get(f"/console/audit?by=x&after={after}")).text
    numbers = [re.findall(r'<td data-name="Nº">(\d+)</td>', each) for each in (first, second)]
    assert [len(each) for each in numbers] == [50, 10]
    assert len({*numbers[0], *numbers[1]}) == 60


def broken(html: str) -> list[str]:
    """The faults of each part of the record but the tokens, which a test issues without an act."""
    found = re.findall(r'data-name="O quê">(\w+)[^<]*</td><td[^>]*>[^<]*</td><td[^>]*>(\d+)</td>', html)
    return [number for what, number in found if what != "Tokens"]


async def test_the_record_is_verified_and_what_was_altered_is_named(
    engine: Engine, owner: Engine, world: DeliveryWorld
) -> None:
    world.case(world.taxpayer())
    async with browser(engine, signed_in_as(engine, "caio", Role.AUDITOR)) as http:
        assert broken((await http.post("/console/audit/verify", data={"cohort": "icms"})).text) == ["0", "0", "0", "0"]
        assert (await http.post("/console/audit/verify", data={"cohort": "nowhere"})).status_code == 409
        with owner.begin() as connection:
            connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
            connection.execute(text("UPDATE audit_log SET actor = 'dora' WHERE actor = 'caio'"))
            connection.execute(text("ALTER TABLE audit_log ENABLE TRIGGER USER"))
        assert broken((await http.post("/console/audit/verify", data={})).text)[0] == "1"
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert (await http.post("/console/audit/verify", data={})).status_code == 403
