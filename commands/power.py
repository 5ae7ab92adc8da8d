"""`power`: how large a hold-out must be, asked before a cohort is started, for its result to prove anything."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

import typer
from babel.numbers import format_decimal

from commands.console import Json, emit, say, table
from commands.typed import some_amount
from models.errors import Refusal
from models.formats import money
from models.percentages import points_of, share_of
from models.proof.power import (
    LARGEST_COHORT,
    LEVEL,
    POWER,
    Clusters,
    Design,
    Effect,
    RateEffect,
    ValueEffect,
    design,
    smallest_cohort,
    smallest_control,
)

USUAL_SHARES = tuple(Fraction(share, 100) for share in (5, 10, 20, 30, 50))
"""Shown when nothing is said of the cohort or of the share held out."""


def register(app: typer.Typer) -> None:
    app.command()(power)


def _reads(read: Callable[[str], Decimal]) -> Callable[[str], Decimal]:
    """Read an option, and show a refusal with the option that it was given to."""

    def parse(written: str) -> Decimal:
        try:
            return read(written)
        except Refusal as refused:
            raise typer.BadParameter(str(refused)) from None

    return parse


def power(
    base_rate: Annotated[
        Decimal, typer.Option(parser=_reads(share_of), metavar="SHARE", help="How many pay without a notice, as in 6%.")
    ],
    uplift: Annotated[
        Decimal,
        typer.Option(parser=_reads(points_of), metavar="POINTS", help="How many more would pay notified, as in 1pp."),
    ],
    cohort: Annotated[
        int | None, typer.Option(min=2, max=LARGEST_COHORT, help="Cases there are; default: as many as are needed.")
    ] = None,
    control: Annotated[
        Decimal | None,
        typer.Option(
            parser=_reads(share_of), metavar="SHARE", help="Held out, as in 10%; default: as few as are needed."
        ),
    ] = None,
    amount_sd: Annotated[
        Decimal | None,
        typer.Option(
            parser=some_amount,
            metavar="REAIS",
            help="Standard deviation of what is received per head, who pays nothing included; `report` shows it.",
        ),
    ] = None,
    amount_uplift: Annotated[
        Decimal | None,
        typer.Option(parser=some_amount, metavar="REAIS", help="How much more would be received per head."),
    ] = None,
    unit_size: Annotated[
        float,
        typer.Option(min=1, max=1_000, help="Cases drawn together, on the average: a person's taxes, co-debtors."),
    ] = 1.0,
    unit_variation: Annotated[
        float, typer.Option(min=0, max=10, help="Standard deviation of that number ÷ its average.")
    ] = 0.0,
    correlation: Annotated[
        float, typer.Option(min=0, max=1, help="How alike cases drawn together pay: 0 as strangers, 1 as one.")
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Say how many cases must be held out for an uplift to show, in 80 of 100 draws, at a significance of 5 %."""
    if base_rate + uplift >= 1:
        raise typer.BadParameter("with the base rate makes 100% or more", param_hint="--uplift")
    if amount_uplift and not amount_sd:
        raise typer.BadParameter("needs --amount-sd", param_hint="--amount-uplift")
    asked = (cohort, Fraction(control) if control else None, Clusters(unit_size, unit_variation, correlation))
    designs = list(_designs(RateEffect(float(base_rate), float(uplift)), *asked))
    if amount_sd and amount_uplift:
        designs += _designs(ValueEffect(float(amount_sd), float(amount_uplift)), *asked)
    elif amount_sd:
        designs += [_just_visible(known, float(amount_sd)) for known in designs]
    emit(
        {"power": POWER, "level": LEVEL, "designs": [_data(each) for each in designs]}, as_json, lambda: _show(designs)
    )


def _designs(effect: Effect, cohort: int | None, share: Fraction | None, clusters: Clusters) -> Iterator[Design]:
    if cohort is not None:
        yield design(effect, cohort, share, clusters) if share else smallest_control(effect, cohort, clusters)
        return
    for held_out in [share] if share else USUAL_SHARES:
        if found := smallest_cohort(effect, held_out, clusters):
            yield found
        else:
            raise Refusal(f"no cohort of up to {LARGEST_COHORT:,} cases shows so small an uplift; ask for a larger one")


def _just_visible(known: Design, deviation: float) -> Design:
    """The effect on the value per head that the groups show which the payment rate asks for."""
    blank = replace(known, effect=ValueEffect(deviation, 0))
    return replace(known, effect=ValueEffect(deviation, blank.detectable or 0))


def _data(design: Design) -> dict[str, object]:
    counted_control, counted_treated = design.counted
    return {
        "figure": "rate" if isinstance(design.effect, RateEffect) else "value",
        "cohort": design.cohort,
        "control": design.control,
        "share": round(design.control / design.cohort, 6),
        "uplift": design.effect.uplift,
        "detectable": design.detectable,
        "power": round(design.power, 4),
        "enough": design.enough,
        "design_effect": round(design.clusters.design_effect, 4),
        "counted_control": round(counted_control, 1),
        "counted_treated": round(counted_treated, 1),
    }


def _show(designs: list[Design]) -> None:
    table(
        ("", "cases", "control", "share", "effect", "smallest visible", "power"),
        (
            (
                "payers" if isinstance(each.effect, RateEffect) else "value a case",
                format_decimal(each.cohort, locale="pt_BR"),
                format_decimal(each.control, locale="pt_BR"),
                _percent(each.control / each.cohort),
                _uplift(each.effect, each.effect.uplift),
                _uplift(each.effect, each.detectable),
                _percent(each.power),
            )
            for each in designs
        ),
    )
    clusters = designs[0].clusters
    if clusters.design_effect > 1:
        for each in designs:
            control, treated = (format_decimal(round(count), locale="pt_BR") for count in each.counted)
            say(f"{each.control} held out and {each.treated} treated, counted as {control} and {treated} strangers")
        apart = (
            f"{clusters.size:g} cases a unit (variation {clusters.variation:g}), correlation {clusters.correlation:g}"
        )
        say(f"design effect {format_decimal(round(clusters.design_effect, 2), locale='pt_BR')}: {apart}")
    if not all(each.enough for each in designs):
        say(f"below a power of {_percent(POWER)} an effect of this size may go unseen")


def _uplift(effect: Effect, uplift: float | None) -> str:
    if uplift is None:
        return "none"
    if isinstance(effect, ValueEffect):
        return money(Decimal(f"{uplift:.2f}"))
    return f"{format_decimal(round(uplift * 100, 2), locale='pt_BR')} pp"


def _percent(share: float) -> str:
    return f"{format_decimal(round(share * 100, 2), locale='pt_BR')} %"
