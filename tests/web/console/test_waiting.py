"""The lists of what waits for somebody: each a number as long as its list, in pages and as CSV, naming nobody."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import Engine, text

from models.roles import Role
from tests.delivery_world import DeliveryWorld
from tests.web.console.console_world import browser, signed_in_as
from web.console.lists import LISTS, ROWS


@pytest.fixture
def world(engine: Engine) -> DeliveryWorld:
    return DeliveryWorld(engine)


def cards(html: str) -> dict[str, int]:
    """The number of each kind, by the address that its card leads to."""
    found = re.findall(r'<a class="card todo[^"]*" href="([^"]+)">.*?<b>([\d.]+)</b>', html, re.DOTALL)
    return {address: int(number.replace(".", "")) for address, number in found}


async def test_the_first_page_counts_what_its_lists_show(engine: Engine, world: DeliveryWorld) -> None:
    for status, many in (("unreachable", 3), ("awaiting_prior_steps", 1), ("running", 2)):
        for _ in range(many):
            world.case(world.taxpayer(), status=status)
    case = world.case(world.taxpayer(), status="unreachable")
    with engine.begin() as connection:
        for statement in (
            """INSERT INTO tasks ("case", kind, reference, what, due)
               VALUES (:case, 'call', 'r', 'ligar', '2026-11-05')""",
            """INSERT INTO requests ("case", kind, made_on, due, reference, recorded_by)
               VALUES (:case, 'contest', '2026-11-03', '2026-12-03', 'p 7', 'ana')""",
            """INSERT INTO replies (provider, event, channel, address, "case", body, intent)
               VALUES ('twilio', 'e1', 'sms', '+5582', :case, 'oi?', 'unclear')""",
            "INSERT INTO payments (end_to_end_id, amount, paid_at, paid_on) VALUES ('E1', 12.5, now(), '2026-11-04')",
        ):
            connection.execute(text(statement), {"case": case} if ":case" in statement else {})
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        counted = cards((await http.get("/console")).text)
        assert {address: number for address, number in counted.items() if number} == {
            "/console/waiting/unreachable": 4,
            "/console/waiting/awaiting_prior_steps": 1,
            "/console/waiting/requests": 1,
            "/console/waiting/tasks": 1,
            "/console/waiting/replies": 1,
            "/console/waiting/unmatched": 1,
        }
        for address, number in counted.items():
            if address.startswith("/console/waiting/"):
                shown = await http.get(address)
                assert (shown.status_code, shown.text.count("<tr>")) == (200, number + 1 if number else 0), address
                assert "Padaria" not in shown.text
                assert "11222333000181" not in re.sub(r"\D", "", shown.text)


async def test_a_long_list_comes_in_pages_and_whole_as_csv(engine: Engine, world: DeliveryWorld) -> None:
    cases = {world.case(world.taxpayer(), status="unreachable") for _ in range(ROWS + 2)}
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        first = (await http.get("/console/waiting/unreachable")).text
        [after] = re.findall(r'href="\?after=([0-9a-f]{16})"', first)
        second = (await http.get(f"/console/waiting/unreachable?after={after}")).text
        listed = [re.findall(r"/console/cases/([0-9a-f]{16})", each) for each in (first, second)]
        assert [len(each) for each in listed] == [ROWS, 2]
        assert {*listed[0], *listed[1]} == cases
        sheet = await http.get("/console/waiting/unreachable?format=csv")
        rows = list(csv.reader(io.StringIO(sheet.text.removeprefix("\ufeff")), delimiter=";"))
        assert {row[0] for row in rows[1:]} == cases
        assert rows[0][0] == "Caso"


async def test_a_cell_that_a_spreadsheet_would_run_is_a_text(engine: Engine, world: DeliveryWorld) -> None:
    case = world.case(world.taxpayer())
    with engine.begin() as connection:
        connection.execute(
            text(
                """INSERT INTO requests ("case", kind, made_on, due, reference, recorded_by)
                   VALUES (:case, 'contest', '2026-11-03', '2026-12-03', '=1+1', 'ana')"""
            ),
            {"case": case},
        )
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        assert ";'=1+1" in (await http.get("/console/waiting/requests?format=csv")).text


@pytest.mark.parametrize("what", LISTS)
async def test_an_empty_list_says_so(engine: Engine, what: str) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        shown = await http.get(f"/console/waiting/{what}")
        assert (shown.status_code, "Nada espera aqui" in shown.text) == (200, True)


@pytest.mark.parametrize("address", ["nothing", "tasks?after=77", "tasks?after=%00"])
async def test_a_list_or_a_page_of_it_that_isn_t_there_is_refused(engine: Engine, address: str) -> None:
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:
        assert (await http.get(f"/console/waiting/{address}")).status_code in (404, 409)


async def test_a_task_is_done_from_the_list_by_who_may(engine: Engine, world: DeliveryWorld) -> None:
    case = world.case(world.taxpayer())
    with engine.begin() as connection:
        asked = """INSERT INTO tasks ("case", kind, reference, what, due)
            VALUES (:case, 'call', 'r', 'ligar', '2026-11-05') RETURNING id"""
        task = connection.execute(text(asked), {"case": case}).scalar_one()
    async with browser(engine, signed_in_as(engine, "caio", Role.AUDITOR)) as http:
        assert (await http.post(f"/console/tasks/{task}/done")).status_code == 403
    async with browser(engine, signed_in_as(engine, "dora", Role.AGENT)) as http:
        assert (await http.post(f"/console/tasks/{task}/done")).headers["location"] == "/console/waiting/tasks"
        assert (await http.post(f"/console/tasks/{task}/done")).status_code == 409
    assert world.rows("SELECT done_by FROM tasks") == [("dora",)]
    assert world.rows("SELECT actor, outcome FROM audit_log WHERE command = 'task done' ORDER BY id") == [
        ("caio", "refused"),
        ("dora", "done"),
        ("dora", "refused"),
    ]


async def test_a_list_is_filtered_and_sorted_also_as_csv(engine: Engine, world: DeliveryWorld) -> None:
    for owed in (100, 300, 200):
        case = world.case(world.taxpayer(), status="unreachable")
        with engine.begin() as connection:
            connection.execute(text("UPDATE cases SET owed = :owed WHERE id = :case"), {"owed": owed, "case": case})
    with engine.begin() as connection:
        cohort = connection.execute(text("SELECT cohort FROM cases LIMIT 1")).scalar_one()
    here = "/console/waiting/unreachable"
    async with browser(engine, signed_in_as(engine, "ana", Role.ANALYST)) as http:

        async def owed_by(query: str) -> list[str]:
            rows = csv.DictReader(io.StringIO((await http.get(f"{here}?{query}&format=csv")).text), delimiter=";")
            return [row["Devido na abertura"] for row in rows]

        assert await owed_by("sort=owed") == ["300,00", "200,00", "100,00"]
        assert len(await owed_by(f"cohort={cohort}")) == 3
        assert await owed_by("cohort=outro") == []
        assert await owed_by("tax=XYZ") == []
        assert len(await owed_by("tax=icms")) == 3
        shown = (await http.get(f"{here}?sort=owed&cohort={cohort}")).text
        assert f'value="{cohort}"' in shown
        assert f"cohort={cohort}&amp;sort=owed&amp;format=csv" in shown
        assert "Nada espera deste grupo" in (await http.get(f"{here}?cohort=outro")).text
        assert (await http.get(f"{here}?sort=nome")).status_code == 404
