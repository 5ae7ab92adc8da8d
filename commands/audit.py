"""`audit` and `audit-log`: whether the record is lawful and whole, and who did what."""

from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Annotated, Any, cast

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from commands.console import Json, emit, err, say, table
from commands.imports import answering_database
from commands.listing import After, Limit, list_rows
from commands.overdue import overdue
from models.assets import unverified
from models.errors import Refusal
from storage.audit.chains import broken_decisions, broken_log, counts
from storage.audit.checkpoints import broken_checkpoints, checkpoint_now, newest_checkpoint
from storage.audit.invariants import violations
from storage.audit.log import LoggedEntry, read_log
from storage.audit.untold import untold
from storage.case.cases import case_ids
from storage.case.cohorts import cohort_names, read_cohort

PAGE = 500


def register(app: typer.Typer) -> None:
    app.command("audit")(audit)
    app.command("audit-log")(audit_log)


@dataclass
class Findings:
    cases: int = 0
    unlawful: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    overdue: int = 0
    gone: list[str] = field(default_factory=list)
    """Overdue cases that nothing carries on."""
    unasked: list[str] = field(default_factory=list)
    """Cohorts of whose overdue cases Temporal doesn't tell."""
    untold: list[str] = field(default_factory=list)
    unverified: list[dict[str, object]] = field(default_factory=list)
    """Cohorts that go by what nobody has verified."""

    @property
    def altered(self) -> list[str]:
        return [*self.decisions, *self.log, *self.checkpoints, *self.untold]


def audit(
    cohort: Annotated[str, typer.Argument(help="The cohort whose cases are audited.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every cohort.")] = False,
    as_json: Json = False,
) -> None:
    """Check what must be true of every case, and that no decision and no entry of the audit log was changed or taken
    out. Exit code 1 when anything is wrong."""
    if bool(cohort) == everything:
        raise typer.BadParameter("name a cohort, or say --all", param_hint="COHORT")
    with answering_database() as engine:
        names = _cohorts(engine, cohort)
        set_now = checkpoint_now(engine)
        found = Findings()
        with _progress() as bar:
            for name in names:
                _audit_cohort(engine, name, found, bar)
        with engine.connect() as connection:
            found.log += broken_log(connection)
            found.checkpoints += broken_checkpoints(connection)
            found.untold += untold(connection)
            chain = counts(connection, None if everything else [case for case, _ in case_ids(connection, cohort)])
            newest = newest_checkpoint(connection)
    said = {
        "cohort": cohort or None,
        "cohorts": names,
        "cases": found.cases,
        "violations": [*found.unlawful, *found.altered, *found.gone],
        "overdue": {"cases": found.overdue, "without_workflow": None if found.unasked else len(found.gone)},
        "unverified": found.unverified,
        "chain": {**chain, "sealed_now": set_now, "ok": not found.altered},
        "seal": newest,
    }
    emit(said, as_json, lambda: _show(said, found))
    if said["violations"]:
        raise typer.Exit(1)


def _cohorts(engine: Engine, asked: str) -> list[str]:
    with engine.connect() as connection:
        if asked:
            return [read_cohort(connection, asked).name]
        return cohort_names(connection)


def _audit_cohort(engine: Engine, name: str, found: Findings, bar: Progress) -> None:
    with engine.connect() as connection:
        cases = [case for case, _ in case_ids(connection, name)]
        frozen = read_cohort(connection, name).frozen
    if open_ones := unverified(frozen.ruler, frozen.texts):
        found.unverified.append({"cohort": name, "by": open_ones})
    task = bar.add_task(f"{name}: chains", total=len(cases))
    pages = iter(cases)
    while page := [*islice(pages, PAGE)]:
        with engine.connect() as connection:
            found.decisions += broken_decisions(connection, page)
        bar.advance(task, len(page))
    bar.update(task, description=f"{name}: invariants", completed=0)
    try:
        found.unlawful += violations(engine, name, lambda done: bar.advance(task, done))
    except Refusal as unknown:
        found.unlawful.append(f"cohort {name} can't be judged: {unknown}")
    found.cases += len(cases)
    late = overdue(engine, name)
    found.overdue += len(late.cases)
    found.gone += [
        f"case {case}: its step is overdue, and Temporal runs no workflow for it" for case in late.gone or ()
    ]
    found.unasked += [name] if late.gone is None else []


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _show(said: dict[str, Any], found: Findings) -> None:
    for violation in said["violations"]:
        say(violation)
    chain, newest = said["chain"], said["seal"]
    rows = [
        ("cases, by the invariants", said["cases"], len(found.unlawful)),
        ("decisions, in the chain of their case", chain["decisions"], len(found.decisions)),
        ("entries of the audit log, in one chain", chain["audit_log"], len(found.log)),
        ("checkpoints over the decisions", chain["seals"], len(found.checkpoints)),
        ("overdue cases, in Temporal", found.overdue, len(found.gone)),
        ("tokens, approvals, service and debts that nothing tells of", "", len(found.untold)),
    ]
    for each in found.unverified:
        say(f"unverified: cohort {each['cohort']} goes by {', '.join(map(str, cast(list[str], each['by'])))}")
    for cohort in found.unasked:
        say(f"Temporal doesn't answer: whether {cohort}'s overdue cases have their workflows is not known")
    table(["checked", "how many", "faults"], rows)
    if newest:
        say(f"newest checkpoint: {newest['id']} {newest['hash']}")
    say("nothing is wrong" if not said["violations"] else f"{len(said['violations'])} faults")


def audit_log(
    case: Annotated[str, typer.Option(help="Only what was done to this case.")] = "",
    by: Annotated[str, typer.Option(help="Only what this person did.")] = "",
    limit: Limit = None,
    after: After = None,
    as_json: Json = False,
) -> None:
    """Show who did what and when, the oldest first."""
    with answering_database() as engine, engine.connect() as connection:
        read = partial(read_log, connection, case or None, by or None)
        list_rows("entries", "id", read, lambda found: table(COLUMNS, map(_row, found)), limit, after, as_json)


COLUMNS = ("nº", "at", "who", "role", "command", "subject", "outcome")


def _row(entry: LoggedEntry) -> tuple[object, ...]:
    role = entry["role"] if entry["authenticated"] else "unauthenticated"
    at, shown = f"{entry['at']:%Y-%m-%d %H:%M:%S}", "" if entry["command"] == "seal" else role
    return entry["id"], at, entry["actor"], shown, entry["command"], entry["subject"], entry["outcome"]
