"""`experiment show`: what was registered, who was drawn, and the reading as planned, or one that holds on any day."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict

import typer

from commands.console import Json, emit, say, table
from commands.services import database
from models.proof.experiment import Primary
from models.proof.holdout import Arm
from storage.case.cohorts import Cohort, read_cohort
from storage.case.experiments import drawn_by_stratum, read_registration

if TYPE_CHECKING:
    from models.proof.uplift import Uplift

experiment = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(experiment, name="experiment")


@experiment.callback()
def _group() -> None:
    """A group, though it has one command."""


@experiment.command()
def show(named: str, json: Json = False) -> None:
    """Show an experiment by its name or its cohort's: registration, arms, who was drawn, and its reading."""
    # statistics take seconds to load
    from storage.proof.results import look_at, read_results

    engine = database()
    try:
        with engine.connect() as connection:
            registration = read_registration(connection, named)
            cohort = read_cohort(connection, registration["cohort"])
            strata = drawn_by_stratum(connection, cohort.name)
        results = read_results(engine, cohort.name, look_at(engine, cohort))
    finally:
        engine.dispose()
    compared = results.by_ruler or tuple(each for each in (results.by_lot,) if each)
    said = {
        **registration,
        "reads_on": cohort.lot and cohort.lot.reads_on,
        "arms": _arms(cohort),
        "strata": strata,
        "look": results.look,
        "on": results.on,
        "comparisons": _readings(compared, Primary(registration["primary_figure"])),
    }
    emit(said, json, lambda: _show(said))


class ShownArm(TypedDict):
    arm: str
    ruler: str | None
    """None: nobody contacts it."""
    share: str


def _arms(cohort: Cohort) -> list[ShownArm]:
    """Each arm with its ruler and its share of all."""
    lot = cohort.lot
    if lot is None:
        return []
    rest = 1 - sum(lot.shares.values(), Decimal(0))
    ours = cohort.frozen.ruler.label
    rulers = {
        Arm.STANDARD: f"{ours}, standard rungs",
        Arm.RULER: cohort.frozen.ruler.label,
        **{each.arm: each.frozen.ruler.label for each in lot.others},
    }
    shares = {Arm.RULER: rest, **{Arm(arm): share for arm, share in lot.shares.items()}}
    return [{"arm": arm, "ruler": rulers.get(arm), "share": str(share)} for arm, share in shares.items()]


def _readings(compared: tuple[Uplift, ...], primary: Primary) -> list[dict[str, object]]:
    """The comparisons by the primary figure, each p-value also as adjusted for how many there are."""
    figures = [
        (each, each.rate, each.rate_p, each.rate_p_adjusted)
        if primary is Primary.PAYERS
        else (each, each.value, each.value_p, each.value_p_adjusted)
        for each in compared
    ]
    return [
        {
            "treated": uplift.treated.name,
            "control": uplift.control.name,
            "value": estimate and estimate.value,
            "low": estimate and estimate.low,
            "high": estimate and estimate.high,
            "p": p,
            "p_adjusted": p if adjusted is None else adjusted,
        }
        for uplift, estimate, p, adjusted in figures
    ]


def _show(said: Mapping[str, Any]) -> None:
    say(f"{said['name']}: {said['claim']}")
    by = f"registered by {said['registered_by']} on {said['registered_at']:%Y-%m-%d}"
    say(f"{by}, cohort {said['cohort']}; {said['primary_figure']}, to be read on {said['reads_on']}")
    table(["arm", "ruler", "share"], [(each["arm"], each["ruler"] or "nobody", each["share"]) for each in said["arms"]])
    table(["arm", "stratum", "units", "cases"], [tuple(each.values()) for each in said["strata"]])
    held = "as planned" if said["look"] == "planned" else "by an interval that holds on any day"
    rows = [
        (
            f"{each['treated']} − {each['control']}",
            *(_number(each[key]) for key in ("value", "low", "high")),
            _number(each["p"]),
            _number(each["p_adjusted"]),
        )
        for each in said["comparisons"]
    ]
    table(["comparison", "value", "low", "high", "p", "p (Holm)"], rows, f"read on {said['on']}, {held}")


def _number(number: float | None) -> str:
    return "—" if number is None else f"{number:.4g}"
