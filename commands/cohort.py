"""`cohort …`: a ruler for everybody whom a selection names, started, watched, held and ended."""

import asyncio
import re
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer
from sqlalchemy import Connection, Engine
from temporalio.client import WorkflowFailureError

from commands.acting import By, credentials
from commands.console import Json, complain, emit, say, table
from commands.imports import answering_database
from commands.overdue import overdue
from commands.progress import watch
from commands.selection import Select, nobody_in_words, selection_of
from commands.services import temporal_client
from commands.typed import amount, day, share
from embedded.home import find_services
from models.assets import RulerBundle, Texts
from models.case.cohort_state import State
from models.case.persistent_defaulter import LeftToPeople
from models.case.selection import Selection
from models.errors import Refusal, Unreckonable
from models.formats import money
from models.money.prices import ChannelCost
from models.proof.experiment import Experiment, Primary
from models.proof.holdout import RIVALS, Arm
from models.ruler.rivals import must_reach_alike
from models.ruler.schema import Ruler
from models.slug import must_be_slug
from operations.catalogue import in_force
from operations.cohorts import (
    Rival,
    begin_cohort,
    cancel_cohort,
    change_budget,
    clock_of,
    must_not_be_over,
    must_share,
    pause_cohort,
    release_control,
    resume_cohort,
)
from operations.rulers import load_ruler
from storage.case.cohorts import Cohort, read_cohort
from storage.case.dry_run import DryRun, foresee
from storage.case.nobody import why_nobody
from storage.case.selection import count_named
from storage.proof.holdout import drawn
from storage.read_models.cohort_file import cohort_file, statuses_of
from workflows.effects import STARTS_A_SECOND
from workflows.intakes import start_cohort

if TYPE_CHECKING:
    from models.proof.balance import Balance

cohort = typer.Typer(no_args_is_help=True)

MinAmount = Annotated[
    Decimal, typer.Option(parser=amount, metavar="AMOUNT", help="Only who owes at least this, in reais.")
]
Uf = Annotated[str | None, typer.Option(help="Only debtors of this state, two letters.")]
Tax = Annotated[str | None, typer.Option(help="Only this tax.")]
Budget = Annotated[
    Decimal | None,
    typer.Option(parser=amount, metavar="AMOUNT", help="The most its notices may cost in all; it stops before."),
]
Rehearse = Annotated[
    bool, typer.Option("--rehearse", help="Every notice becomes a file, whatever providers are there.")
]
Rate = Annotated[float, typer.Option(min=0.1, help="Cases started in a second at most.")]
DryRunOnly = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Reason = Annotated[str, typer.Option(help="Why.")]

ASKED_ABOVE = 500
"""Cases from which on a start is asked about once more, where somebody is there to answer."""

HORIZON = timedelta(days=30)

SHARE = re.compile(r"=[\d.,]+%?$")
"""The share after a ruler's file, whose name may have a sign of equality too."""

COVARIATES = {"valor devido": "amount", "tributo": "tax", "faixa de valor": "amount band", "hábito": "habit"}


def register(app: typer.Typer) -> None:
    app.add_typer(cohort, name="cohort")


Control = Annotated[
    Decimal | None,
    typer.Option(
        parser=share, metavar="SHARE", help="Held out by lot and never contacted, as in 10%; `power` says how large."
    ),
]


@cohort.command()
def start(
    name: Annotated[str, typer.Argument(help="A name for the cohort; starting it twice starts nobody twice.")],
    ruler: Annotated[str, typer.Option(help="A ruler's file, or the name of one.")],
    by: By,
    min_amount: MinAmount = Decimal(0),
    uf: Uf = None,
    tax: Tax = None,
    select: Select = None,
    day_seconds: Annotated[float | None, typer.Option(min=0.001, max=86400, help="Seconds a day lasts.")] = None,
    start: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="First logical day; only on a compressed clock.")
    ] = None,
    budget: Budget = None,
    rehearse: Rehearse = False,
    rate: Rate = STARTS_A_SECOND,
    control: Control = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULER[=SHARE]", help="Another ruler, by lot too, up to three; without a share even ones."
        ),
    ] = None,
    reads_on: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="The one day on which its figures will be read.")
    ] = None,
    contacted_too: Annotated[
        bool, typer.Option("--contacted-too", help="Also hold out people whom another cohort contacts.")
    ] = False,
    experiment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Register it as an experiment of this name, with --claim.")
    ] = None,
    claim: Annotated[str, typer.Option(metavar="TEXT", help="The sentence that the experiment tests.")] = "",
    primary: Annotated[Primary, typer.Option(help="The figure that the experiment is read by.")] = Primary.PAYERS,
    dry_run: DryRunOnly = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Don't wait until every case has been started.")] = False,
    json: Json = False,
) -> None:
    """Open a case for each taxpayer and tax that the ruler's evidence reaches."""
    must_be_slug("a cohort", name)
    with answering_database() as catalogue:
        named = in_force(catalogue)
    bundle = load_ruler(ruler, named)
    read = bundle.ruler
    selection = selection_of(read, select or [], min_amount=min_amount, uf=uf, tax=tax)
    services = find_services()
    clock = clock_of(read, services.day_seconds if day_seconds is None else day_seconds, start, datetime.now(UTC))
    must_not_be_over(read, clock.origin_day)
    rivals = _rivals(bundle, arm or [], named)
    shares = must_share(control, rivals, read)
    if dry_run:
        others = {arm: rival.bundle.ruler for arm, rival in zip(RIVALS, rivals, strict=False)}
        preview(name, read, selection, clock.origin_day, budget, shares, others, json)
        return
    if claim and not experiment:
        raise typer.BadParameter("is that of an experiment: say --experiment NAME too", param_hint="--claim")
    registered = Experiment(experiment, claim, primary) if experiment else None
    chosen = (selection, clock, budget, rehearse, control, rivals, rate, reads_on, contacted_too, services.providers)
    with answering_database() as engine:
        with engine.connect() as connection:
            named_most = count_named(connection, read, selection, clock.origin_day)
        if not named_most:
            tell_nobody(engine, name, read, selection, clock.origin_day)
        _must_be_meant(name, named_most, json)
        begun = begin_cohort(engine, credentials(by), name, bundle, *chosen, experiment=registered)
        before = sum(status_counts(engine, name).values())
        done = asyncio.run(_run(begun, rate, wait=not no_wait))
        counts = status_counts(engine, name)
        started = sum(counts.values()) - before
        result = {"cohort": name, "ruler": read.label, "started": started, **done, "cases": sum(counts.values())}
        if named_most and not counts and not no_wait:
            tell_nobody(engine, name, read, selection, clock.origin_day)
        with engine.connect() as connection:
            result |= {"statuses": counts, "holdout": holdout_of(connection, name)}
    emit(result, json, lambda: _show_started(name, result))


def _must_be_meant(name: str, most: int, json: bool) -> None:
    """At a terminal have a large cohort's name typed. Raises Refusal."""
    if most > ASKED_ABOVE and sys.stdin.isatty() and not json:
        typed = typer.prompt(f"{name} may open up to {most} cases. Type its name to start it", err=True)
        if typed.strip() != name:
            raise Refusal("that is not its name; nobody was started")


def preview(
    name: str,
    ruler: Ruler,
    selection: Selection,
    day: date,
    budget: Decimal | None,
    shares: dict[str, Decimal],
    others: dict[Arm, Ruler],
    json: bool,
) -> None:
    """Show what would come of a cohort that took in on a day; nothing is written."""
    with answering_database() as engine:
        foreseen = foresee(engine, ruler, selection, day, budget, shares, others)
        if not foreseen["would_start"] + foreseen["would_be_on_hold"]:
            tell_nobody(engine, name, ruler, selection, day)
    said = {"cohort": name, "ruler": ruler.label, "dry_run": True, **foreseen}
    emit(said, json, lambda: _show(ruler.label, foreseen))


def tell_nobody(engine: Engine, name: str, ruler: Ruler, selection: Selection, day: date) -> None:
    """Tell on stderr why a cohort takes nobody in, and what to do; of one that does take somebody in nothing."""
    try:
        missed = why_nobody(engine, ruler, selection, day, name)
    except Unreckonable as lacking:
        complain(f"{name} takes nobody in: {lacking}")
        return
    if missed:
        complain(f"{name} takes nobody in: {nobody_in_words(missed, ruler, selection)}")


def _rivals(bundle: RulerBundle, written: list[str], named: Texts) -> list[Rival]:
    """The other rulers, as `RULER` or `RULER=SHARE`. Refuse one that would not reach the same people, and the same
    ruler again: nothing could be told of them."""
    found: list[Rival] = []
    for each in written:
        ruler, _, part = each.rpartition("=") if SHARE.search(each) else (each, "", "")
        rival = load_ruler(ruler, named)
        if rival.source in [bundle.source, *(known.bundle.source for known in found)]:
            raise Refusal(f"--arm {ruler} is {rival.ruler.label} again: different rulers can be compared")
        must_reach_alike(bundle.ruler, rival.ruler)
        found.append(Rival(rival, share(part) if part else None))
    return found


@cohort.command()
def status(name: str, json: Json = False) -> None:
    """How many of a cohort's cases are in which state and cell."""
    with answering_database() as engine, engine.connect() as connection:
        file = cohort_file(connection, name, datetime.now(UTC))
        holdout = holdout_of(connection, name)
        late = overdue(engine, name)
        if not file["cases"]:
            known = read_cohort(connection, name)
            tell_nobody(engine, name, known.frozen.ruler, known.selection, known.clock.day_at(datetime.now(UTC)))

    def readable() -> None:
        if file["state"] != State.RUNNING:
            say(f"{name} is {file['state']} by {file['lifecycle_set_by']} since {file['lifecycle_since']}")
        if near := file["near_prescription"]:
            say(f"{near} of {file['cases']} cases near prescription; `case list` has them first")
        if late.cases:
            gone = "Temporal doesn't answer" if late.gone is None else f"{len(late.gone)} of them without a workflow"
            say(f"{len(late.cases)} cases overdue, {gone}")
        table(["status", "cases"], file["statuses"].items(), f"{name} · {file['ruler']}")
        table(["hypothesis", "stage", "cases"], [tuple(cell.values()) for cell in file["cells"]])
        of = "no budget" if file["budget"] is None else f"of {money(file['budget'])}"
        _show_costs(file["costs"], f"{money(file['spent'])} spent, {of}")
        _show_holdout(holdout)

    missing = None if late.gone is None else len(late.gone)
    overdue_now = {"cases": len(late.cases), "without_workflow": missing}
    emit({**file, "holdout": holdout, "overdue": overdue_now}, json, readable)


@cohort.command("release")
def release_(name: str, by: By, json: Json = False) -> None:
    """Let go of a cohort's control group, so that other cohorts may take it up; its report ends on that day."""
    who = credentials(by)
    with answering_database() as engine:
        released = release_control(engine, who, name)
    said = {"cohort": name, "released": released, "by": who.name}
    emit(said, json, lambda: say(f"{name}: {released} cases released"))


@cohort.command("budget")
def budget_(
    name: str,
    amount: Annotated[
        Decimal, typer.Argument(metavar="AMOUNT", parser=amount, help="The most its notices may cost in all, in reais.")
    ],
    by: By,
    json: Json = False,
) -> None:
    """Change what a cohort may spend; cases that the former budget had stopped go on."""
    with answering_database() as engine:
        woken = change_budget(engine, credentials(by), name, amount, datetime.now(UTC))
    shown = f"{name} may spend {money(amount)}; cases that had stopped and look again: {woken}"
    emit({"cohort": name, "budget": amount, "woken": woken}, json, lambda: say(shown))


@cohort.command()
def pause(name: str, by: By, reason: Reason = "", json: Json = False) -> None:
    """Hold every case of a cohort: no notice is claimed once this has returned."""
    with answering_database() as engine:
        yet_to_hear = pause_cohort(engine, credentials(by), name, reason, datetime.now(UTC))
    _show_state(name, State.PAUSED, yet_to_hear, json)


@cohort.command()
def resume(name: str, by: By, reason: Reason = "", json: Json = False) -> None:
    """Let the clocks of a paused cohort run on, with the waits that were left; cases paused alone stay so."""
    with answering_database() as engine:
        yet_to_hear = resume_cohort(engine, credentials(by), name, reason, datetime.now(UTC))
    _show_state(name, State.RUNNING, yet_to_hear, json)


@cohort.command()
def cancel(
    name: str,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; each case's journal keeps it.")],
    json: Json = False,
) -> None:
    """End a cohort for good: its cases are closed, and the benefits they hold suspended are given back."""
    if not reason.strip():
        raise typer.BadParameter("must not be empty", param_hint="--reason")
    with answering_database() as engine:
        yet_to_hear = cancel_cohort(engine, credentials(by), name, reason, datetime.now(UTC))
    _show_state(name, State.CANCELLED, yet_to_hear, json)


def _show_state(name: str, to: State, yet_to_hear: int, as_json: bool) -> None:
    shown = f"{name} is {to} from now on; cases that are being told: {yet_to_hear}"
    emit({"cohort": name, "state": to, "told": yet_to_hear}, as_json, lambda: say(shown))


class Balanced(TypedDict):
    """Whether two groups were alike in one thing before anything was sent."""

    covariate: str
    apart: float
    p: float
    balanced: bool
    said: str


class Holdout(TypedDict):
    share: str | None
    salt: str
    control: int
    ruler: int
    standard: int
    """The cases that go by the ruler without what it says by habit."""
    rival: int
    """The cases of the first other ruler, which `rival_ruler` names."""
    rival_ruler: str | None
    rivals: list["OfRival"]
    balance: list[Balanced]


class OfRival(TypedDict):
    """Another ruler's arm, and whether it and the cohort's were alike before anything was sent."""

    arm: str
    ruler: str
    share: str
    cases: int
    balance: list[Balanced]


def holdout_of(connection: Connection, name: str) -> Holdout | None:
    """The hold-out of a cohort: who was drawn for what, and whether the groups were alike before anything was sent."""
    lot = read_cohort(connection, name).lot
    if lot is None:
        return None
    # statistics take seconds to load
    from models.proof.balance import balance

    arms = drawn(connection, name)
    contacted = [case for arm, cases in arms.items() if arm is not Arm.CONTROL for case in cases]
    return {
        "share": None if lot.control is None else str(lot.control),
        "salt": lot.salt,
        "control": len(arms[Arm.CONTROL]),
        "ruler": len(arms[Arm.RULER]),
        "standard": len(arms[Arm.STANDARD]),
        "rival": len(arms[Arm.RIVAL]),
        "rival_ruler": lot.others[0].frozen.ruler.label if lot.others else None,
        "rivals": [
            {
                "arm": arm,
                "ruler": frozen.ruler.label,
                "share": str(share),
                "cases": len(arms[arm]),
                "balance": [_balanced(each) for each in balance(arms[Arm.RULER], arms[arm])],
            }
            for arm, share, frozen in lot.others
        ],
        "balance": [_balanced(each) for each in balance(arms[Arm.CONTROL], contacted)],
    }


def _balanced(found: "Balance") -> Balanced:
    return {
        "covariate": found.covariate,
        "apart": found.apart,
        "p": found.p,
        "balanced": found.balanced,
        "said": found.said,
    }


def status_counts(engine: Engine, name: str) -> dict[str, int]:
    with engine.connect() as connection:
        return statuses_of(connection, name)


async def _run(begun: Cohort, rate: float, wait: bool) -> dict[str, int]:
    handle = await start_cohort(await temporal_client(), begun.name, begun.frozen.ruler.label, rate)
    if not wait:
        return {}
    try:
        done = await watch(begun.name, handle)
        return {"already_open": done.already_open, "to_try_again": done.failed}
    except WorkflowFailureError as failure:
        raise Refusal(f"the cohort's start failed: {failure.cause}") from None


LEFT_OUT: dict[LeftToPeople, str] = {"paid_in_part": "paid in part", "assessed": "of taxes that are assessed"}


def _show(ruler: str, foreseen: DryRun) -> None:
    say(f"would start {foreseen['would_start']} cases; {foreseen['already_open']} have an open case already")
    if len(foreseen["selected"]) > 1:
        table(["key", "left"], foreseen["selected"].items(), "taxpayers and taxes left by each key")
    if alone := foreseen["declared_without_debt"]:
        say(f"{alone} taxpayers' returns are from before their due date: import them again, or nobody is asked")
    for why, periods in foreseen["left_to_people"].items():
        say(f"{periods} periods {LEFT_OUT[why]} are left out of the thresholds: people judge whether they count")
    if foreseen["control"]:
        drawn_out = f"about {foreseen['control']} cases would be drawn for the control group and not contacted"
        say(f"{drawn_out}; notices and costs below are as if nobody were")
    if standard := foreseen["arms"].get(Arm.STANDARD):
        say(f"about {standard} cases would be drawn for the standard rungs; notices and costs below are as if all were")
    if rivals := foreseen["rivals"]:
        drawn_for = [f"{foreseen['arms'][each['arm']]} for {each['ruler']}" for each in rivals]
        say(f"about {foreseen['arms'][Arm.RULER]} would be drawn for {ruler}, {', '.join(drawn_for)}")
        say("notices and costs below are as if all were on the first")
        for each in rivals:
            whole, first = each["costs"]["whole_ladder"], each["costs"]["first_30_days"]
            say(f"on {each['ruler']}: {money(whole)}, {money(first)} of it in 30 days")
    if strata := foreseen["strata"]:
        table(["tax", "owed", "habit", "cases"], [tuple(each.values()) for each in strata], "strata of the draw")
    cells = [(cell["hypothesis"], cell["stage"], cell["cases"], money(cell["owed"])) for cell in foreseen["cells"]]
    table(["hypothesis", "stage", "cases", "owed"], cells)
    table(["reached by", "cases"], foreseen["reachable"].items(), f"{foreseen['unreachable']} by no channel at all")
    table(["on hold, ground", "cases"], foreseen["on_hold"].items(), f"{foreseen['would_be_on_hold']} would be on hold")
    soon = foreseen["first_30_days"]
    rows = [tuple(cell.values()) for cell in soon["cells"]]
    table(["hypothesis", "stage", "channel", "notices"], rows, f"{soon['notices']} notices in the first 30 days")
    costs = foreseen["costs"]
    title = f"{money(costs['whole_ladder'])} for the whole ladder at the prices of {costs['prices']}"
    _show_costs(costs["channels"], title)
    fee = f", and {money(costs['monthly_fee'])} a month whatever is sent" if costs["monthly_fee"] else ""
    say(f"{money(costs['first_30_days'])} of it in the first 30 days{fee}; supposing {costs['supposing']}")
    if costs["budget"] is not None:
        bears = "bears it" if costs["within_budget"] else "doesn't bear it: the cohort would stop before"
        say(f"a budget of {money(costs['budget'])} {bears}")


def _show_costs(channels: list[ChannelCost], title: str) -> None:
    table(["channel", "notices", "cost"], [(c["channel"], c["notices"], money(c["cost"])) for c in channels], title)


def _show_started(name: str, result: dict[str, Any]) -> None:
    already = f", {result['already_open']} had an open case already" if "already_open" in result else ""
    say(f"{name}: {result['started']} cases started{already}")
    table(["status", "cases"], result["statuses"].items())
    _show_holdout(result["holdout"])


def _show_holdout(found: Holdout | None) -> None:
    if not found:
        return
    others = "".join(f", {each['cases']} on {each['ruler']}" for each in found["rivals"])
    others += f", {found['standard']} on its standard rungs" if found["standard"] else ""
    held = f"{found['control']} cases held out, {found['ruler']} on the ruler{others}"
    say(f"{held}; by lot, salt {found['salt']}")
    beside = [(each["balance"], f"the ruler and {each['ruler']}, ") for each in found["rivals"]]
    for balances, of in ((found["balance"], ""), *beside):
        for found_of in balances:
            verdict = "balanced" if found_of["balanced"] else "not balanced"
            apart = f"{found_of['apart']:.2f} standard deviations apart (p = {found_of['p']:.2f})"
            say(f"{of}{COVARIATES[found_of['covariate']]}: {apart}, {verdict}")
