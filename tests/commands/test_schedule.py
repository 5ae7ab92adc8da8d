"""`schedule …` as an analyst types it, on Temporal's own server: who is taken in, when, and by which words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import Engine, text
from temporalio import workflow
from temporalio.client import (
    Client,
    ScheduleDescription,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowHandle,
)
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.cohorts import CohortActivities
from activities.dependencies import Dependencies
from channels.file_transport import FileTransport
from channels.mail_gateway import MailGateway
from commands.selection import selection_of
from embedded.temporal import program
from models.case.selection import Selection
from models.errors import Refusal
from models.law.calendar import Clock
from operations.cohorts import begin_cohort
from operations.operation import Credentials
from operations.rulers import load_ruler
from storage.case.cohorts import candidates
from tests.builders import ICMS, REGISTERED, shipped
from tests.commands.test_import_command import Line
from tests.commands.test_import_command import line as line
from tests.payloads import CONVERTER
from tests.storage.intake.test_imports import PGFN, pgfn
from web.background.intakes import keep_intakes
from workflows.client import register_search_attributes
from workflows.cohort_ruler import CohortRuler
from workflows.effects import CaseStart
from workflows.names import TASK_QUEUE, cohort_workflow_id, intake_id

NIGHTLY = ("--cron", "30 22 * * *", "--ruler", "divida-ativa", "--by", "ana")
"""In Brasília half past ten in the evening is the next day for UTC."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    starting = WorkflowEnvironment.start_local(dev_server_existing_path=program(), data_converter=CONVERTER)
    async with await starting as server:
        await register_search_attributes(server.client)
        yield server.client


@workflow.defn(name="TaxpayerRuler")
class Passer:
    """A case's workflow, of which nothing is asked here."""

    @workflow.run
    async def run(self, start: CaseStart) -> None:
        return


class Night:
    """A city whose debtors grow, and the commands of its analyst."""

    def __init__(self, line: Line, client: Client, engine: Engine, extract: Path) -> None:
        self.line, self.client, self.engine, self.extract = line, client, engine, extract

    async def says(self, *words: str) -> Any:
        return await asyncio.to_thread(self.line.json, "schedule", *words)

    async def complains(self, *words: str) -> str:
        code, said, complained = await asyncio.to_thread(self.line, "schedule", *words)
        assert (code, said, complained.count("\n")) == (1, "", 1)
        return complained

    async def enqueue(self, *people: str) -> None:
        """All debtors, by the extract of a day: once for each debt."""
        rows = (pgfn(f"{name} {people[:n].count(name)}", "XXX735.623XX", name) for n, name in enumerate(people))
        self.extract.write_text("\n".join([PGFN, *rows]))
        await asyncio.to_thread(self.line.json, "taxpayers", "import", self.extract, "--snapshot-of", "city")

    async def makes_up_for(self, day: date) -> None:
        """And what the day's run started is over. The server keeps the runs of former tests."""
        asked = datetime.now(UTC)
        await self.says("backfill", "city", "--since", f"{day}", "--until", f"{day}", "--by", "ana")
        async with asyncio.timeout(60):
            while not await self.ran(day, asked):  # noqa: ASYNC110 - it comes true in another process
                await asyncio.sleep(0.01)
            await self.run_of(day).result()

    def run_of(self, day: date) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"{intake_id('city')}-{day + timedelta(days=1)}T01:30:00Z")

    async def ran(self, day: date, since: datetime = LONG_AGO) -> bool:
        try:
            return (await self.run_of(day).describe()).start_time >= since
        except RPCError:
            return False

    async def lists(self, *shown: tuple[str, bool, str]) -> list[dict[str, Any]]:
        """Once the server's list says so: name, whether paused, note."""
        async with asyncio.timeout(60):
            while True:
                kept: list[dict[str, Any]] = (await self.says("list"))["schedules"]
                if [(one["schedule"], one["paused"], one["note"] or "") for one in kept] == [*shown]:
                    return kept
                await asyncio.sleep(0.05)

    def cases(self) -> list[str]:
        query = "SELECT taxpayers.name FROM cases JOIN taxpayers ON taxpayers.id = taxpayer ORDER BY 1"
        with self.engine.connect() as connection:
            return list(connection.scalars(text(query)))


@pytest.fixture
async def night(
    line: Line, client: Client, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Night]:
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
    intake = CohortActivities(
        Dependencies(engine, MailGateway({}, FileTransport(tmp_path / "outbox"))), client
    ).start_cases
    serving = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[CohortRuler, Passer],
        activities=[intake],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with serving:
        yield Night(line, client, engine, tmp_path / "extract.csv")
        async for left in await client.list_schedules():
            await client.get_schedule_handle(left.id).delete()


async def test_each_night_takes_in_who_became_delinquent_since_and_nobody_twice(night: Night) -> None:
    await night.enqueue("ANA", "RUI")
    created = await night.says("create", "city", *NIGHTLY)
    assert created == {"schedule": "city", "cron": "30 22 * * *", "timezone": "America/Sao_Paulo"}
    [kept] = await night.lists(("city", False, ""))
    assert datetime.fromisoformat(kept["next_at"]).strftime("%H:%M") == "01:30"
    assert night.cases() == []
    await night.makes_up_for(date(2026, 11, 9))
    assert night.cases() == ["ANA", "RUI"]
    await night.enqueue("ANA", "BIA", "CAIO", "RUI")
    await night.makes_up_for(date(2026, 11, 10))
    assert night.cases() == ["ANA", "BIA", "CAIO", "RUI"]
    assert [await night.ran(date(2026, 11, day)) for day in range(8, 12)] == [False, True, True, False]


async def test_the_snapshot_of_each_night_reaches_the_open_cases(night: Night) -> None:
    await night.enqueue("ANA", "RUI")
    await night.says("create", "city", *NIGHTLY)
    await night.makes_up_for(date(2026, 11, 9))
    await night.enqueue("ANA", "ANA", "BIA")
    await night.makes_up_for(date(2026, 11, 10))
    assert night.cases() == ["ANA", "BIA", "RUI"]
    [page] = candidates(night.engine, shipped(REGISTERED), Selection(), date(2026, 11, 10))
    ana, rui, _ = page
    assert {each.cohort for each in page} == {"city"}
    assert [len(each.facts.debts) for each in page] == [2, 1, 1]
    assert [each.facts.on_hold for each in page] == [False, True, False]
    with night.engine.connect() as connection:
        told = connection.execute(text('SELECT taxpayer, name FROM outbox JOIN cases ON cases.id = "case"')).all()
    assert sorted(told) == [(ana.pair[0], "extract_changed"), (rui.pair[0], "extract_changed")]


async def test_a_control_group_is_drawn_from_whoever_comes(night: Night) -> None:
    await night.enqueue("ANA", "RUI")
    await night.says("create", "city", *NIGHTLY, "--control", "50%")
    await night.makes_up_for(date(2026, 11, 9))
    await night.enqueue("ANA", "BIA", "CAIO", "RUI")
    await night.makes_up_for(date(2026, 11, 10))
    with night.engine.connect() as connection:
        arms = connection.execute(text("SELECT arm, count(*) FROM cases GROUP BY arm ORDER BY 1")).all()
    assert [tuple(arm) for arm in arms] == [("control", 2), ("ruler", 2)]


async def test_paused_resumed_and_deleted_it_leaves_the_cohort_and_its_cases(night: Night) -> None:
    await night.enqueue("ANA")
    await night.says("create", "city", *NIGHTLY)
    await night.makes_up_for(date(2026, 11, 9))
    await night.says("pause", "city", "--by", "bruno")
    await night.lists(("city", True, "paused by bruno"))
    await night.says("resume", "city")
    await night.lists(("city", False, ""))
    await night.says("delete", "city", "--by", "bruno")
    await night.lists()
    assert night.cases() == ["ANA"]
    assert "cohort city has no schedule; `schedule list`" in await night.complains("pause", "city")
    assert (await night.says("create", "city", *NIGHTLY))["schedule"] == "city"


async def test_what_is_refused_leaves_neither_cohort_nor_schedule(night: Night) -> None:
    said = await night.complains("create", "city", *NIGHTLY, "--cron", "every night")
    assert said == "error: 'every night' is no time of a schedule; write for example \"0 3 * * 1-5\"\n"
    assert "there is no cohort city; none was started yet" in await night.complains("delete", "city")
    assert "ends on 2023-06-23" in await night.complains("create", "city", *NIGHTLY, "--ruler", "refis-2023")
    assert "there is no cohort city; none was started yet" in await night.complains("resume", "city")
    await night.says("create", "city", *NIGHTLY, "--select", "uf=AL")
    again = await night.complains("create", "city", *NIGHTLY, "--select", "uf=SE")
    assert again == "error: cohort city has a schedule already; delete it first with `schedule delete city`\n"
    await night.says("delete", "city")
    assert "was started with another selection" in await night.complains("create", "city", *NIGHTLY)
    await night.lists()


@pytest.mark.parametrize("name", ["../../x", "a\nb", "x" * 3000, "\x1b[2J", ""])
async def test_a_name_that_is_no_slug_reaches_no_temporal(night: Night, name: str) -> None:
    assert "is no name for a cohort" in await night.complains("create", name, *NIGHTLY)
    await night.lists()


async def test_its_commands_are_in_the_audit_log_with_whom_it_takes_in(night: Night) -> None:
    await night.says("create", "city", *NIGHTLY, "--select", "uf=AL", "--control", "10%")
    [entry] = (await asyncio.to_thread(night.line.json, "audit-log"))["entries"]
    assert (entry["actor"], entry["command"], entry["subject"]) == ("ana", "schedule create", "city")
    assert entry["detail"] == {
        "cron": "30 22 * * *",
        "ruler": "divida-ativa v1",
        "select": "uf=AL",
        "control": "0.1",
        "rate": "500.0",
    }


# ---- whatever becomes of it in Temporal


def minutes_pass(engine: Engine) -> None:
    """In which the commands had time to carry out what is on record."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE intakes SET changed_at = changed_at - interval '5 minutes'"))


def interfered(engine: Engine) -> list[tuple[Any, ...]]:
    query = "SELECT command, subject, outcome FROM audit_log WHERE actor = 'temporal' ORDER BY id"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def tasks_about(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT reference FROM tasks WHERE kind = 'interference'")))


async def test_a_schedule_that_nobody_touched_is_left_alone(night: Night) -> None:
    await night.says("create", "city", *NIGHTLY)
    minutes_pass(night.engine)
    await keep_intakes(night.client, night.engine)
    assert interfered(night.engine) == []


@pytest.mark.parametrize("paused", [False, True])
async def test_a_schedule_deleted_in_temporal_is_made_again_as_it_was(night: Night, paused: bool) -> None:
    await night.enqueue("ANA")
    await night.says("create", "city", *NIGHTLY)
    await night.makes_up_for(date(2026, 11, 9))
    if paused:
        await night.says("pause", "city", "--by", "bruno")
    [before] = (await night.says("list"))["schedules"]
    await night.client.get_schedule_handle(intake_id("city")).delete()
    await keep_intakes(night.client, night.engine)
    [gone] = (await night.says("list"))["schedules"]
    assert gone["next_at"] is None
    minutes_pass(night.engine)
    await keep_intakes(night.client, night.engine)
    assert (await night.says("list"))["schedules"] == [before]
    assert interfered(night.engine) == [("temporal schedule loss", "city", "refused")]
    assert [task.split(" ")[:2] for task in tasks_about(night.engine)] == [["schedule", "loss"]]
    assert (await described(night)).schedule.state.paused == paused


async def test_a_schedule_paused_or_changed_in_temporal_goes_by_the_record(night: Night) -> None:
    await night.says("create", "city", *NIGHTLY)
    minutes_pass(night.engine)
    handle = night.client.get_schedule_handle(intake_id("city"))
    await handle.pause(note="by nobody")
    await keep_intakes(night.client, night.engine)
    assert not (await described(night)).schedule.state.paused

    def hourly(found: ScheduleUpdateInput) -> ScheduleUpdate:
        found.description.schedule.spec = ScheduleSpec(cron_expressions=["0 * * * *"])
        return ScheduleUpdate(found.description.schedule)

    await handle.update(hourly)
    await keep_intakes(night.client, night.engine)
    ahead = (await described(night)).info.next_action_times
    assert {moment.strftime("%H:%M") for moment in ahead} == {"01:30"}
    await keep_intakes(night.client, night.engine)
    assert [command for command, _, _ in interfered(night.engine)] == [
        "temporal schedule pause",
        "temporal schedule change",
    ]


async def test_a_schedule_made_by_hand_in_place_of_ours_goes_by_the_record(night: Night) -> None:
    """With what ours says and does, but for the times; nobody updated it since."""
    await night.says("create", "city", *NIGHTLY)
    minutes_pass(night.engine)
    ours = (await described(night)).schedule
    for _ in range(2):
        await night.client.get_schedule_handle(intake_id("city")).delete()
        never = replace(ours, spec=ScheduleSpec(cron_expressions=["0 0 1 1 *"]))
        await night.client.create_schedule(intake_id("city"), never)
        await keep_intakes(night.client, night.engine)
        ahead = (await described(night)).info.next_action_times
        assert {moment.strftime("%H:%M") for moment in ahead} == {"01:30"}
    await keep_intakes(night.client, night.engine)
    assert [command for command, _, _ in interfered(night.engine)] == ["temporal schedule change"] * 2


async def test_a_schedule_of_before_its_making_was_on_record_is_made_again_and_nobody_blamed(night: Night) -> None:
    await night.says("create", "city", *NIGHTLY)
    minutes_pass(night.engine)
    with night.engine.begin() as connection:
        connection.execute(text("UPDATE intakes SET made_at = NULL"))
    await keep_intakes(night.client, night.engine)
    kept = (await described(night)).info.created_at
    await keep_intakes(night.client, night.engine)
    assert ((await described(night)).info.created_at, interfered(night.engine)) == (kept, [])


async def described(night: Night) -> ScheduleDescription:
    return await night.client.get_schedule_handle(intake_id("city")).describe()


async def test_a_deleted_schedule_stays_deleted(night: Night) -> None:
    await night.says("create", "city", *NIGHTLY)
    await night.says("delete", "city")
    minutes_pass(night.engine)
    await keep_intakes(night.client, night.engine)
    assert (await night.says("list"))["schedules"] == []
    with pytest.raises(RPCError, match="not found"):
        await described(night)
    assert interfered(night.engine) == []


@pytest.mark.parametrize("done", ["loss", "end", "squat"])
async def test_a_start_that_was_cut_off_takes_in_who_is_left(night: Night, done: str) -> None:
    await night.enqueue("ANA", "RUI")
    bundle = load_ruler("divida-ativa")
    clock = Clock(
        day_seconds=Decimal(86_400),
        origin_wall=datetime.now(UTC),
        origin_day=date(2026, 11, 9),
        timezone="America/Sao_Paulo",
    )
    begin_cohort(night.engine, Credentials("ana"), "city", bundle, Selection(), clock)
    if done != "loss":
        kind = "CohortRuler" if done == "end" else "Anything"
        cut = await night.client.start_workflow(
            kind, id=cohort_workflow_id("city"), task_queue=TASK_QUEUE, start_delay=timedelta(hours=1)
        )
        if done == "end":
            await cut.terminate()
    minutes_pass(night.engine)
    await keep_intakes(night.client, night.engine)
    await night.client.get_workflow_handle(cohort_workflow_id("city")).result()
    assert night.cases() == ["ANA", "RUI"]
    found = "loss" if done == "loss" else "end"
    assert interfered(night.engine) == [(f"temporal start {found}", "city", "refused")]
    await keep_intakes(night.client, night.engine)
    assert len(interfered(night.engine)) == 1


def test_days_the_wrong_way_round_are_wrong_usage(line: Line) -> None:
    assert line("schedule", "backfill", "city", "--since", "2026-11-10", "--until", "2026-11-09")[0] == 2


# ---- --select


@pytest.mark.parametrize(
    ("written", "selection"),
    [
        ([], Selection()),
        (["", " , "], Selection()),
        (["min-amount=1000 uf=al tax=icms"], Selection(min_amount=Decimal(1000), uf="AL", tax="ICMS")),
        (["MIN_AMOUNT=0.50,tax=icms"], Selection(min_amount=Decimal("0.50"), tax="ICMS")),
        (["min-amount=1.000,50,uf=AL"], Selection(min_amount=Decimal("1000.50"), uf="AL")),
        (["uf=AL", "tax=ICMS"], Selection(uf="AL", tax="ICMS")),
        (["municipality=São_Miguel_dos_Campos"], Selection(municipality="SAO MIGUEL DOS CAMPOS")),
        (
            ["postcode=57.020-440,571", "paid-after=sms,email"],
            Selection(postcode=("57020440", "571"), paid_after=("sms", "email")),
        ),
    ],
)
def test_whom_it_takes_in_is_written_in_pairs(written: list[str], selection: Selection) -> None:
    assert selection_of(shipped(ICMS), written) == selection


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (["postcode=5"], "postcode: '5' is no beginning of a CEP; write for example 57020-000 or 570,571"),
        (["municipality=-"], "municipality: '-' is no name"),
        (["paid-after=pigeon"], "paid-after: 'pigeon' is none of email, sms"),
        (["active=night"], "active: 'night' is none of morning, afternoon, evening"),
        (["city=Maceió"], "'city=Maceió' is no KEY=VALUE; write for example \"min-amount=1000"),
        (["uf"], "'uf' is no KEY=VALUE"),
        (["tax="], "'tax=' is no KEY=VALUE"),
        (["uf=AL", "UF=SE"], "uf is there twice; write for example"),
        (["min-amount=1000,505"], "min-amount: '1000,505' is not an amount"),
        (["min-amount=much"], "min-amount: 'much' is not an amount; write 1000.00 or 1.000,00"),
        (["min-amount=-1"], "min-amount: '-1' is not an amount"),
        (["max-amount=10 min-amount=20"], "min-amount lies above max-amount"),
        (["due-from=2026-13-01"], "due-from: '2026-13-01' is a day that doesn't exist"),
        (["litigation=maybe"], "litigation: 'maybe' is none of yes, no"),
        (["habits=silent,loud"], "habits: 'loud' is none of paid_after_notice"),
        (["top-share=lots"], "top-share: "),
        (["only=/nowhere/list.txt"], "only: /nowhere/list.txt, a list of CPF and CNPJ, can't be read: No such file"),
        (["uf=XX"], "uf: 'XX' is no Brazilian state; write for example AL"),
    ],
)
def test_what_is_no_pair_is_wrong_usage_and_told_by_its_key(line: Line, written: list[str], said: str) -> None:
    with pytest.raises(typer.BadParameter) as wrong:
        selection_of(shipped(ICMS), written)
    assert wrong.value.message.startswith(said)
    code, _, complained = line(
        "schedule", "create", "x", *NIGHTLY, *(word for one in written for word in ("--select", one))
    )
    assert (code, "--select" in complained) == (2, True)


def test_a_list_of_people_is_read_as_other_tax_ids_are_and_a_faulty_line_named(tmp_path: Path) -> None:
    people = tmp_path / "people.txt"
    people.write_text("\ufeff111.444.777-35\n\n 12ABC34501DE35 \n11144477735\n")
    assert selection_of(shipped(ICMS), [f"only={people}"]).only == ("11144477735", "12ABC34501DE35")
    people.write_text("111.444.777-35\n111.444.777-36\n")
    with pytest.raises(typer.BadParameter, match=r"people.txt line 2 is not a CPF: its check digits are wrong"):
        selection_of(shipped(ICMS), [f"exclude={people}"])


def test_a_tax_that_the_ruler_is_not_for_is_refused() -> None:
    with pytest.raises(Refusal, match="alagoas-icms v1 is for ICMS, not for IPTU"):
        selection_of(shipped(ICMS), ["tax=iptu"])
