"""`python -m tests.chaos`: a city lives twice, once undisturbed and once in a storm, and both are compared."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.console import Json, complain, emit, out, run, table
from commands.demo import watching
from embedded.home import Home
from embedded.stack import stoppable
from models.errors import Refusal
from tests.chaos.run import FIRST_DAY, Outcome, Town, bearable, endure
from tests.chaos.stories import differences
from tests.chaos.storm import Strike, draw
from workflows.client import leave


def chaos(
    people: Annotated[int, typer.Option(min=1, max=2000, help="How many people, each with a case.")] = 300,
    days: Annotated[int, typer.Option(min=10, max=1000, help="How many days they live through.")] = 240,
    day_seconds: Annotated[
        float | None, typer.Option(min=0.05, max=60, help="How long a day lasts; else as this machine can bear.")
    ] = None,
    kills: Annotated[int, typer.Option(min=0, help="How many processes are killed, each in turn.")] = 20,
    closures: Annotated[
        int, typer.Option(min=0, help="How often the folder of messages or the providers are out of reach.")
    ] = 4,
    others: Annotated[
        int, typer.Option(min=0, help="How many other faults: a workflow terminated, Temporal's database deleted, …")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed: the same people, and the same storm.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="How many storms in a row, from that seed on.")] = 1,
    json: Json = False,
) -> None:
    """Exits with 1 when something was lost, done twice or left behind, or when a difference has no reason."""
    for each in range(seed, seed + seeds):
        town = Town(each, people, days, day_seconds or bearable(people))
        endured(town, draw(each, kills, closures, town.seconds, others), json)


def endured(town: Town, storm: list[Strike], json: bool) -> None:
    """One city, undisturbed and in a storm. Raises Refusal when something was lost, done twice or left behind."""
    homes = Path(tempfile.mkdtemp(prefix="regua-chaos-"))
    with stoppable():
        try:
            calm = live(town, [], Home(homes, "calm"))
            stormy = live(town, storm, Home(homes, "storm"))
        except KeyboardInterrupt:
            shutil.rmtree(homes)
            raise Refusal("stopped before the city had lived through its days") from None
    result = compared(town, calm, stormy)
    emit(result, json, lambda: show(result))
    sys.stdout.flush()
    if result["broken"]:
        raise Refusal(f"something was lost, done twice or left behind: see the databases and logs in {homes}")
    shutil.rmtree(homes)


def live(town: Town, strikes: list[Strike], where: Home) -> Outcome:
    complain(f"{where.name}: {town.people} people live through {town.days} days of {town.day_seconds:g} s in {where}")
    return endure(town, strikes, where, watching(FIRST_DAY, town.last_day))


def compared(town: Town, calm: Outcome, stormy: Outcome) -> dict[str, Any]:
    found = differences(calm.account.stories, stormy.account.stories)
    unexplained = [str(difference) for difference in found if difference.because is None]
    return {
        "seed": town.seed,
        "people": town.people,
        "day_seconds": town.day_seconds,
        "faults": {str(blow): count for blow, count in sorted(stormy.injected.items())},
        "payments": {"accepted": stormy.account.payments_accepted, "applied": stormy.account.payments_applied},
        "notices": dict(stormy.account.notices),
        "differences": [asdict(difference) for difference in found],
        "broken": [f"calm: {fault}" for fault in calm.faults] + stormy.faults + unexplained,
    }


def show(result: dict[str, Any]) -> None:
    table(["fault injected", "times"], result["faults"].items(), f"{result['people']} people, seed {result['seed']}")
    money, notices = result["payments"], result["notices"]
    table(["payments accepted", "applied once"], [(money["accepted"], money["applied"])])
    table(["notices sent", "failed", "duplicates"], [(notices["sent"], notices["failed"], notices["duplicates"])])
    rows = [(d["person"], d["calm"], d["stormy"], d["because"] or "nothing explains it") for d in result["differences"]]
    otherwise = sum(not difference["same_status"] for difference in result["differences"])
    title = f"{len(rows)} differences, {otherwise} of them in the status at the end"
    table(["person", "undisturbed", "in the storm", "because"], rows, title)
    for fault in result["broken"]:
        out.print(f"broken: {fault}", style="red", markup=False, soft_wrap=True)
    out.print(f"{len(result['broken'])} broken")


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(chaos)
    leave(run(app))
