"""The pages of cohorts: the map as it is, each cell a list of those on it, the acts on all of them, the report."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from models.roles import Role
from tests.delivery_world import DeliveryWorld
from tests.web.console.console_world import browser, signed_in_as
from tests.web.console.test_approvals import two_awaiting_approval

PLACED = (
    """UPDATE cases SET owed = :owed, state = jsonb_set(state, '{place}', CAST(:place AS jsonb)) WHERE id = :case"""
)


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


def stands(world: DeliveryWorld, row: str | None, rung: int, owed: int, status: str = "running") -> str:
    """A case on a cell, which owed so many reais."""
    case = world.case(world.taxpayer(), status=status)
    on = {"where": "on_row", "row": row, "kind": "non_payment", "rung": rung} if row else {"where": "off_map"}
    with world.engine.begin() as connection:
        connection.execute(text(PLACED), {"case": case, "owed": Decimal(owed), "place": json.dumps(on)})
    return case


def cells(html: str) -> dict[str, tuple[int, str]]:
    """The cases and the money of each cell with somebody on it, by the query that its link asks."""
    found = re.findall(r'<a href="[^"]*\?ruler=delivery&amp;([^"]*)"><b>([\d.]+)</b><br>([^<]*)</a>', html)
    return {asked.replace("&amp;", "&"): (int(cases.replace(".", "")), owed) for asked, cases, owed in found}


async def test_each_cell_of_the_map_opens_the_list_of_those_on_it(engine: Engine, world: DeliveryWorld) -> None:
    two = {stands(world, "h1", 0, 1000), stands(world, "h1", 0, 500)}
    before, off = stands(world, "h2", -1, 70), stands(world, None, -1, 9)
    gone = world.case(world.taxpayer(), status="resolved", closed=True)
    async with browser(engine, signed_in_as(engine, "caio", Role.AUDITOR)) as http:
        shown = (await http.get("/console/cohorts/icms")).text
        assert {asked: cases for asked, (cases, _) in cells(shown).items()} == {"row=h1&rung=0": 2, "row=h2&rung=-1": 1}
        assert cells(shown)["row=h1&rung=0"][1] == "R$\xa01,5\xa0mil"
        listed = (await http.get("/console/cohorts/icms/cases?ruler=delivery&row=h1&rung=0")).text
        assert set(re.findall(r"/console/cases/([0-9a-f]{16})", listed)) == two
        for asked, case in (("row=h2&rung=-1", before), ("row=none", off)):
            listed = (await http.get(f"/console/cohorts/icms/cases?ruler=delivery&{asked}")).text
            assert re.findall(r"/console/cases/([0-9a-f]{16})", listed) == [case]
        ended = (await http.get("/console/cohorts/icms/cases?status=resolved&sort=owed")).text
        assert re.findall(r"/console/cases/([0-9a-f]{16})", ended) == [gone]
        sheet = (await http.get("/console/cohorts/icms/cases?row=h1&sort=owed&format=csv")).text.removeprefix("\ufeff")
        rows = list(csv.DictReader(io.StringIO(sheet), delimiter=";"))
        assert [row["Devido na abertura"] for row in rows] == ["1000,00", "500,00"]
        assert "11222333000181" not in re.sub(r"\D", "", listed + sheet)


async def test_what_changes_is_asked_for_alone(engine: Engine, world: DeliveryWorld) -> None:
    case = stands(world, "h1", 0, 1000)
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        before = (await http.get("/console/cohorts/icms/now")).text
        world.notice(case)
        after = (await http.get("/console/cohorts/icms/now")).text
    assert "<html" not in before
    assert [re.findall(r'<p class="big">(\d+)</p><small>mensagens', each) for each in (before, after)] == [["0"], ["1"]]


async def test_a_cohort_is_paused_and_resumed_and_cancelled_by_who_may(engine: Engine, world: DeliveryWorld) -> None:
    stands(world, "h1", 0, 1000)
    reason = {"reason": "a lei mudou"}
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        assert "Pausar 1 caso aberto" in (await http.get("/console/cohorts/icms")).text
        assert (await http.post("/console/cohorts/icms/pause", data={})).status_code == 422
        paused = await http.post("/console/cohorts/icms/pause", data=reason)
        assert paused.headers["location"] == "/console/cohorts/icms?done=pause"
        shown = (await http.get(paused.headers["location"])).text
        assert all(words in shown for words in ("Pausado por ana", "a lei mudou", "Retomar 1 caso aberto"))
        assert (await http.post("/console/cohorts/icms/resume", data=reason)).status_code == 303
        assert (await http.post("/console/cohorts/icms/cancel", data=reason)).status_code == 403
        assert (await http.post("/console/cohorts/icms/budget", data={"amount": "1.500,00"})).status_code == 303
        wrong = await http.post("/console/cohorts/icms/budget", data={"amount": "muito"})
        assert (wrong.status_code, "escreva um valor" in wrong.text) == (422, True)
    async with browser(engine, signed_in_as(engine, "bia", Role.SUPERVISOR)) as http:
        assert (await http.post("/console/cohorts/icms/cancel", data=reason)).status_code == 303
        assert "nada mais se faz" in (await http.get("/console/cohorts/icms")).text
    assert world.rows("SELECT lifecycle, lifecycle_set_by, budget FROM cohorts") == [("cancelled", "bia", 1500)]
    told = world.rows("SELECT actor, command, outcome FROM audit_log WHERE command <> 'sign in' ORDER BY id")
    assert told == [
        ("ana", "cohort pause", "done"),
        ("ana", "cohort resume", "done"),
        ("ana", "cohort cancel", "refused"),
        ("ana", "cohort budget", "done"),
        ("bia", "cohort cancel", "done"),
    ]


async def test_the_list_of_cohorts_is_filtered_sorted_and_a_sheet(engine: Engine, world: DeliveryWorld) -> None:
    stands(world, "h1", 0, 1000)
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO cohorts (name, ruler, started_by, selection, clock, lifecycle)
                    SELECT 'velho', ruler, 'bia', selection, clock, 'cancelled' FROM cohorts""")
        )
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        named = {
            asked: re.findall(r'<a href="/console/cohorts/(\w+)">', (await http.get(f"/console/cohorts?{asked}")).text)
            for asked in ("", "sort=owed", "state=cancelled", "state=paused")
        }
        assert named.pop("") in (["velho", "icms"], ["icms", "velho"])
        assert named == {"sort=owed": ["icms", "velho"], "state=cancelled": ["velho"], "state=paused": []}
        sheet = (await http.get("/console/cohorts?format=csv")).text
        assert "icms;icms v1;em curso;1;1;1000,00;ana" in sheet
        for wrong in ("state=gone", "sort=1;", "after=%00", "after=nowhere"):
            assert (await http.get(f"/console/cohorts?{wrong}")).status_code in (404, 409), wrong


async def test_the_report_is_drawn_and_its_tables_come_in_one_file(engine: Engine) -> None:
    two_awaiting_approval(engine)
    with engine.connect() as connection:
        name = connection.execute(text("SELECT name FROM cohorts")).scalar_one()
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        drawn = await http.get(f"/console/cohorts/{name}/report")
        assert (drawn.status_code, "<svg" in drawn.text) == (200, True)
        packed = await http.get(f"/console/cohorts/{name}/report?format=csv")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert {"heat_map.csv", "coverage.csv"} <= {*archive.namelist()}
        assert archive.read("heat_map.csv").startswith(b"\xef\xbb\xbf")
