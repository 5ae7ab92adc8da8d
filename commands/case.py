"""`case …`: one taxpayer's case, and what a person may do to it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from commands import process, promise
from commands.acting import By, credentials
from commands.console import Json, complain, emit, say, table
from commands.imports import answering_database
from commands.listing import After, Limit, list_rows
from commands.portuguese import STATUSES
from commands.services import temporal_client
from commands.typed import day, one_of
from models.case.status import Status
from models.formats import money
from operations.cases import (
    Acted,
    approve_suspension,
    declare_hardship,
    give_contact,
    pause_case,
    recover_cases,
    reject_suspension,
    resume_case,
    reveal_case,
)
from operations.due_process import register_service
from storage.case.cohorts import read_cohort
from storage.case.prescription import ListedCase, list_cases
from storage.law.approvals import ToApprove, to_be_approved
from storage.read_models.case_file import case_file
from storage.read_models.case_parts import CaseFile, Communication, Hold, Notice
from workflows.start import status_after

SERVED_COLUMNS = ("id", "channel", "at", "served_on", "served_by")

case = typer.Typer(no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; it is kept on record.")]


process.register(case)
promise.register(case)


def register(app: typer.Typer) -> None:
    app.add_typer(case, name="case")


@case.command(name="list")
def list_(
    cohort: str,
    status: Annotated[
        Status | None, one_of(STATUSES, Status, help="Only those that are so; `unreachable` want a contact.")
    ] = None,
    limit: Limit = None,
    after: After = None,
    json: Json = False,
) -> None:
    """The cases of a cohort and their statuses; those near prescription first (CTN art. 174)."""

    def show(found: list[ListedCase]) -> None:
        rows = ((row["case"], row["status"], _prescribes(row)) for row in found)
        table(["case", "status", "prescribes"], rows, cohort)

    with answering_database() as engine, engine.connect() as connection:
        read_cohort(connection, cohort)
        read = partial(list_cases, connection, cohort, datetime.now(UTC), status)
        list_rows("cases", "case", read, show, limit, after, json)


@case.command()
def show(
    case: str,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the tax id and the name.")] = False,
    json: Json = False,
) -> None:
    """All that is on record of a case."""
    with answering_database() as engine:
        file = reveal_case(engine, credentials(), case) if reveal else _masked(engine, case)
    emit(file, json, lambda: _show(file))


def _masked(engine: Engine, case: str) -> CaseFile:
    with engine.connect() as connection:
        return case_file(connection, case, reveal=False)


@case.command()
def approve(case: str, by: By, reason: Reason, json: Json = False) -> None:
    """Approve the suspension of the taxpayer's benefits: those listed, on the notices and the balance listed."""
    _must_say("--reason", reason)
    with answering_database() as engine:
        with engine.connect() as connection:
            seen = to_be_approved(connection, case, _now())
        if seen and not json:
            _show_approval(seen)
        acted = approve_suspension(engine, credentials(by), case, seen["fingerprint"] if seen else "", reason, _now())
    _answer(acted, json, approval=seen)


@case.command()
def reject(case: str, by: By, reason: Reason, json: Json = False) -> None:
    """Refuse the suspension; the ruler asks again after its wait."""
    _must_say("--reason", reason)
    with answering_database() as engine:
        acted = reject_suspension(engine, credentials(by), case, reason, _now())
    _answer(acted, json)


@case.command()
def pause(case: str, by: By, json: Json = False) -> None:
    """Stop the clock of a case."""
    with answering_database() as engine:
        acted = pause_case(engine, credentials(by), case, _now())
    _answer(acted, json)


@case.command()
def resume(case: str, by: By, json: Json = False) -> None:
    """Let the clock of a paused case run on, with the wait that was left."""
    with answering_database() as engine:
        acted = resume_case(engine, credentials(by), case, _now())
    _answer(acted, json)


@case.command()
def hardship(case: str, by: By, json: Json = False) -> None:
    """Record that the taxpayer declared to be unable to pay."""
    with answering_database() as engine:
        declared_on = declare_hardship(engine, credentials(by), case, _now())
    _done(case, f"hardship declared on {declared_on:%Y-%m-%d}", json)


@case.command()
def contact(
    case: str,
    by: By,
    email: Annotated[str | None, typer.Option(help="Where the taxpayer gets mail from now on.")] = None,
    phone: Annotated[str | None, typer.Option(help="With its area code, as (82) 99999-1234.")] = None,
    address: Annotated[
        str | None, typer.Option(help="Where letters go: street, number, district, city/state and CEP.")
    ] = None,
    json: Json = False,
) -> None:
    """Put another e-mail, telephone or postal address on record; a case that reached nobody goes on."""
    with answering_database() as engine:
        given = give_contact(engine, credentials(by), case, _now(), email, phone, address)
    said = [f"{case}: {', '.join(given.kinds)} on record"]
    said += [f"{channel} is tried there again, where it had failed" for channel in given.recovered]
    said += [f"{channel} stays closed: the taxpayer wants no messages there" for channel in given.refused]
    emit({"case": case, **asdict(given)}, json, lambda: say("; ".join(said)))


@case.command()
def served(
    case: str,
    notice: Annotated[str, typer.Option(help="The notice's id, from `case show`.")],
    on: Annotated[date, typer.Option(parser=day, metavar="DATE", help="The day the taxpayer was served.")],
    by: By,
    reference: Annotated[str, typer.Option(help="What proves it: receipt number, file, page.")],
    json: Json = False,
) -> None:
    """Register the proof that a formal notice was served (ciência)."""
    _must_say("--reference", reference)
    with answering_database() as engine:
        register_service(engine, credentials(by), case, notice, on, reference, _now())
    _done(case, f"notice {notice} served on {on}", json)


@case.command(name="revive")
def recover(json: Json = False) -> None:
    """Make every open case look at its record, and start anew those whose workflow Temporal has lost."""
    with answering_database() as engine:
        recovered = recover_cases(engine, credentials())
    said = f"{recovered.cases} cases and {recovered.agreements} agreements look at their record again"
    emit(asdict(recovered), json, lambda: say(said))


def _answer(acted: Acted, as_json: bool, **more: Any) -> None:
    """Show the status that the case's workflow came to, or the record's when there is no answer."""
    reached = asyncio.run(status_after(temporal_client, acted.case, acted.act))
    status = reached or acted.status
    if reached is None:
        complain("the case does not answer yet: it is on record, and the case hears of it")
    said = {"case": acted.case, "status": status, **more}
    emit(said, as_json, lambda: say(f"{acted.case}: {status}"))


def _now() -> datetime:
    return datetime.now(UTC)


def _must_say(option: str, value: str) -> None:
    if not value.strip():
        raise typer.BadParameter("must not be empty", param_hint=option)


def _done(case: str, what: str, as_json: bool) -> None:
    emit({"case": case, "done": what}, as_json, lambda: say(f"{case}: {what}"))


def _show(file: CaseFile) -> None:
    cell = " · ".join(str(part) for part in (file["hypothesis"], file["stage"], file["rigidity"]) if part)
    say(f"{file['case']} {file['status']}  {cell}")
    say(f"{file['cohort']} · {file['ruler']} · {file['tax']} · {file['tax_id']}")
    if file["next_step"]:
        say(f"next: {file['next_step']['at']} {file['next_step']['reason']}")
    if file["waits_because"]:
        say(f"waits: {file['waits_because']}")
    if file["blocks"]:
        blocks = [(block["kind"], block["since"], block["until"], block["reason"]) for block in file["blocks"]]
        table(["blocked", "since", "until", "why"], blocks)
    table(["debt", "due", "amount", "Pix txid"], _columns(file["debts"], "id", "due", "amount", "pix_txid"))
    _whole("periods left out of the thresholds, for people to judge", file["left_to_people"])
    held = [(h["ground"], h["debts"], *_by_whom(h)) for h in file["holds"]]
    if held:
        table(["on hold", "debts", "by", "why", "from", "until"], held, "holds")
    _whole("defences", file["defences"])
    _whole("prior steps", file["prior_steps"])
    _whole("requests", file["requests"])
    _whole("promises", file["promises"])
    _whole("payments", file["payments"])
    _whole("agreements", file["agreements"])
    _whole("benefits", file["benefits"])
    given = _columns(file["approvals"], "given_by", "given_on", "state", "reason")
    if given:
        table(["approved by", "on", "state", "why"], given, "approvals")
    if file["to_approve"]:
        _show_approval(file["to_approve"])
    sent = [(n["id"], n["at"], _cell_of(n), n["failure"] or n["status"], n["served_on"]) for n in file["notices"]]
    table(["notice", "at", "cell", "status", "served"], sent, "notices")
    told = [(c["kind"], c["asked_on"], _state_of(c), c["reason"], _left_by(c)) for c in file["communications"]]
    table(["communication", "asked", "state", "why", "by"], told, "communications")
    _whole("replies", file["replies"])
    _whole("tasks", file["tasks"])
    table(["at", "kind", "reason"], _columns(file["events"], "at", "kind", "reason"), "events")


def _whole(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """All columns of the rows, where there are any."""
    if rows:
        table(rows[0].keys(), [row.values() for row in rows], title)


def _by_whom(hold: Hold) -> tuple[str, str, date | None, date | None]:
    why = " · ".join(said for said in (hold["reason"], hold["evidence"]) if said)
    return hold["by"] or hold["source"], why, hold["from"], hold["until"]


def _prescribes(row: ListedCase) -> str:
    if row["prescribes"] is None:
        return ""
    return f"{row['prescribes']} near" if row["near_prescription"] else str(row["prescribes"])


def _show_approval(seen: ToApprove) -> None:
    balance = money(Decimal(seen["balance"]))
    say(f"to be suspended on {seen['on']}, with {balance} open: {seen['because']}")
    table(["benefit", "name"], _columns(seen["benefits"], "code", "name"))
    table(["notice", "channel", "of", "served on", "by"], _columns(seen["notices"], *SERVED_COLUMNS))
    given = f", given by {' and '.join(seen['given_by'])}" if seen["given_by"] else ""
    say(f"{seen['wanted']} approvals wanted{given}" if seen["wanted"] > 1 else "one approval wanted")


def _columns(rows: Sequence[Mapping[str, object]], *keys: str) -> list[list[object]]:
    return [[row[key] for key in keys] for row in rows]


def _state_of(told: Communication) -> str:
    return told["outcome"] or ("waits for the budget" if told["unpaid"] else "waits")


def _left_by(told: Communication) -> str:
    return ", ".join(f"{notice['channel']} {notice['status']}" for notice in told["notices"])


def _cell_of(notice: Notice) -> str:
    return f"{notice['hypothesis']} {notice['stage']} {notice['rigidity']}"
