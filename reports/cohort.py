"""The report of what a cohort brought in, as analysts read it: one HTML file that needs nothing else, or its tables."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from babel.numbers import format_compact_currency, format_decimal
from markupsafe import Markup

from channels.markup import markup
from models.formats import day, money
from models.proof.estimate import Estimate
from models.proof.holdout import Arm
from models.proof.survival import Curve, Point
from models.proof.uplift import BASES, LOOKS, Robust, Uplift, conclusions
from models.ruler.schema import Ruler, Stage
from models.words import CHANNELS, PROMISED_BY, STAGES
from reports.charts import Column, Funnel, Interval, Stretch, bars, funnels, intervals, levels, steps
from reports.heatmap import svg
from storage.proof.figures import FIGURES, whole_query
from storage.proof.results import Results, Rows

NO_HOLDOUT = "ninguém ficou de fora: a coorte foi iniciada sem --control, e o que teria entrado sem a régua não se sabe"
ARMS = {
    Arm.RULER: "régua da coorte (A)",
    Arm.RIVAL: "régua B",
    Arm.RIVAL_2: "régua C",
    Arm.RIVAL_3: "régua D",
    Arm.STANDARD: "régua A, degraus padrão",
    Arm.CONTROL: "grupo de controle",
}
BY_WHOM = {
    "promised": "prometeu pagar",
    "spoken": "atendido por uma pessoa, sem prometer",
    "ruler": "só a régua",
}
NO_RETURNS = "sem declarações deste tributo não se sabe o que venceu e foi pago em dia"


def percent(share: float | Decimal | None, places: int = 1) -> str | None:
    if share is None:
        return None
    written: str = format_decimal(round(Decimal(share) * 100, places), "0." + "0" * places, locale="pt_BR")
    return f"{written} %".replace("-", "−")


def short(group: str) -> str:
    """A group's name without the ruler's and of whom it is, for which a chart has no room."""
    return group.split(" (")[0].split(",")[0]


def points(share: float) -> str:
    return f"{_signed(share * 100)} pp"


def chance(p: float | None) -> str | None:
    """A p-value, as written."""
    if p is None:
        return None
    return "p < 0,001" if p < 0.001 else f"p = {format_decimal(round(p, 3), '0.000', locale='pt_BR')}"


def tied(written: str | None) -> str | None:
    """A written figure that no line breaks within."""
    return written and re.sub(r"(?<=R\$) | (?=%|pp\b)|(?<=p) (?=[<=])|(?<=[<=]) ", "\xa0", written)


def a_real(cost: Decimal) -> str:
    """The cost of bringing in one real, as written, to two digits that say something."""
    places = max(2, 1 - cost.adjusted()) if cost else 2
    return f"R$ {format_decimal(round(cost, places), '0.' + '0' * places, locale='pt_BR')}"


def _signed(number: float) -> str:
    written: str = format_decimal(round(number, 2), "+0.00;−0.00", locale="pt_BR")
    return written


def _reais(value: float) -> str:
    return money(Decimal(f"{value:.2f}")).replace("-", "−")


def _compact(amount: float) -> str:
    written: str = format_compact_currency(amount, "BRL", locale="pt_BR", fraction_digits=1)
    return written.replace("\xa0", " ")


def _share(share: float) -> str:
    return percent(share) or ""


def _count(number: float) -> str:
    written: str = format_decimal(number, locale="pt_BR")
    return written


def _month(first: date) -> str:
    return f"{first:%m/%Y}"


class Line(NamedTuple):
    """One estimate of a comparison, as written."""

    name: str
    value: str | None
    interval: str | None
    p: str | None


def comparison(uplift: Uplift) -> Iterator[Line]:
    def line(
        name: str, found: Estimate | None, unit: Any, p: float | None = None, adjusted: float | None = None
    ) -> Line:
        told = chance(p) if adjusted is None else f"{chance(p)} (Holm: {chance(adjusted)})"
        if found is None:
            return Line(name, None, None, told)
        return Line(name, unit(found.value), f"{unit(found.low)} a {unit(found.high)}", told)

    def relative(share: float) -> str:
        return f"{_signed(share * 100)} %"

    yield line("pagantes, em pontos percentuais", uplift.rate, points, uplift.rate_p, uplift.rate_p_adjusted)
    yield line("pagantes, em %", uplift.rate_relative, relative)
    yield line("valor por contribuinte", uplift.value, _reais, uplift.value_p, uplift.value_p_adjusted)
    yield line("valor por contribuinte, em %", uplift.value_relative, relative)
    yield line("trazido a mais, ao todo", uplift.brought_in, _reais)


def robust_lines(uplift: Uplift, found: Robust) -> Iterator[Line]:
    """The value without the weight of its largest payers, as written."""
    low, high = _reais(found.winsorized.low), _reais(found.winsorized.high)
    value = _reais(found.winsorized.value)
    yield Line(
        "valor por contribuinte, aparado o maior de cada cem", value, f"{low} a {high}", chance(found.winsorized_p)
    )
    ours, theirs = (group.median_paid for group in (uplift.treated, uplift.control))
    apart = f"{money(ours)} contra {money(theirs)}" if ours and theirs else None
    yield Line("mediana do que um pagante pagou; acaso, por postos", apart, None, chance(found.ranks_p))


# ---- tables


def tables(results: Results) -> Mapping[str, Rows]:
    """Every table of the report: what each figure's query answers, and what was computed of it."""
    found = (results.by_lot, results.other_look, results.per_protocol, *results.by_ruler, results.as_delivered)
    compared = [uplift for uplift in found if uplift]
    return {
        **results.rows,
        "progress": [{**row, "share": _share_of_goal(results, row["total"])} for row in results.rows["progress"]],
        "year": [{**row, "share": results.programme.share} for row in results.rows["year"]],
        "avoided": [
            {**row, "letters_cost": results.avoided.letters_cost, "visits": results.avoided.visits}
            for row in results.rows["avoided"]
        ],
        "comparison": [row for uplift in compared for row in _estimates(uplift)],
        "robust": [*_robust(results)],
        "curves": [
            {"group": name, **point._asdict()} for name, curve in results.curves.items() for point in curve.points
        ],
        "sendings": [{**sending._asdict(), "cost": cost} for sending, cost in results.forecast or ()],
    }


def _share_of_goal(results: Results, total: Decimal) -> Decimal | None:
    return total / results.assumed.goal if results.assumed.goal else None


def _robust(results: Results) -> Iterator[Mapping[str, Any]]:
    if found := results.robust:
        seen = found.winsorized
        yield {"figure": "winsorized", "value": seen.value, "low": seen.low, "high": seen.high, "p": found.winsorized_p}
        yield {"figure": "ranks", "value": None, "low": None, "high": None, "p": found.ranks_p}


def _estimates(uplift: Uplift) -> Iterator[Mapping[str, Any]]:
    found = {
        "rate": (uplift.rate, uplift.rate_p, uplift.rate_p_adjusted),
        "rate_relative": (uplift.rate_relative, None, None),
        "value": (uplift.value, uplift.value_p, uplift.value_p_adjusted),
        "value_relative": (uplift.value_relative, None, None),
        "brought_in": (uplift.brought_in, None, None),
    }
    for name, (estimate, p, adjusted) in found.items():
        value, low, high = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
        of = {"basis": uplift.basis.value, "look": uplift.look.value}
        of |= {"treated": uplift.treated.name, "control": uplift.control.name}
        yield {**of, "figure": name, "value": value, "low": low, "high": high, "p": p, "p_adjusted": adjusted}


def as_csv(rows: Rows) -> bytes:
    """A table as a file: UTF-8 with a mark, and semicolons, so a spreadsheet in Portuguese opens it as it is."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]) if rows else [], delimiter=";")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    """Numbers with a decimal comma, nothing where there is nothing."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).replace(".", ",") if isinstance(value, float | Decimal) else str(value)


# ---- the page

_environment = markup("report")
_environment.filters.update(
    money=lambda amount: tied(money(amount)),
    a_real=lambda cost: tied(a_real(cost)),
    day=day,
    month=_month,
    percent=lambda part, places=1: tied(percent(part, places)),
    chance=lambda p: tied(chance(p)),
    tied=tied,
    number=_count,
)
_environment.globals.update(
    channels=CHANNELS,
    stages=STAGES,
    bases=BASES,
    looks=LOOKS,
    arms=ARMS,
    by_whom=BY_WHOM,
    promised_by=PROMISED_BY,
    short=short,
    comparison=comparison,
    robust_lines=robust_lines,
    conclusions=conclusions,
)


def page(results: Results) -> str:
    return _environment.get_template("cohort.html.j2").render(
        r=results,
        no_holdout=NO_HOLDOUT,
        no_returns=NO_RETURNS,
        charts={name: Markup(drawn) for name, drawn in _charts(results)},  # noqa: S704 - drawn by us, words escaped
        rival_maps=[
            (ARMS[arm], Markup(_map(ruler, arm, results.rows["heat_map"])))  # noqa: S704 - drawn by us, words escaped
            for arm, ruler in {Arm.STANDARD: results.ruler, **results.rivals}.items()
            if any(each.arm is arm for each in results.arms)
        ],
        foreseen=_by_channel(results),
        figures=FIGURES,
        queries={name: whole_query(name, results.question) for name in FIGURES},
    )


def _charts(results: Results) -> Iterator[tuple[str, str]]:
    yield "heat_map", _map(results.ruler, Arm.RULER, results.rows["heat_map"])
    for name, uplift in (("groups", results.by_lot), ("as_delivered", results.as_delivered)):
        if uplift and uplift.rate:
            found = [Interval("diferença de pagantes", uplift.rate.value, uplift.rate.low, uplift.rate.high)]
            yield name, intervals("Diferença de pagantes, com 95 % de confiança", found, points)
    if apart := list(_apart(results.by_ruler)):
        yield "by_ruler", intervals("Diferença de pagantes, com 95 % de confiança", apart, points)
    if results.rows["recovered"]:
        columns = [
            Column(_month(row["month"]), (float(max(row["after_action"], 0)), float(max(row["spontaneous"], 0))))
            for row in results.rows["recovered"]
        ]
        yield "recovered", bars("Recuperado por mês", ("após ação", "espontâneo"), columns, _compact)
    if months := results.rows["coverage_by_month"]:
        columns = [
            Column(_month(row["month"]), (float(row["charged"]), float(row["to_charge"] - row["charged"])))
            for row in months
        ]
        yield "coverage_by_month", bars("Casos a cobrar por mês", ("cobrados", "ainda não"), columns, _count)
    if results.assumed.goal and results.rows["progress"]:
        shares = [(row["day"], _share_of_goal(results, row["total"])) for row in results.rows["progress"]]
        points_ = [Point((on - results.begins).days, float(share or 0), None, None) for on, share in shares]
        last = (results.on - results.begins).days
        yield (
            "progress",
            steps("Parte da meta, por dia", {"recebido ÷ meta": Curve(tuple(points_), None)}, last, _share),
        )
    if results.rows["channels"]:
        yield "channels", funnels("Do envio ao pagamento, por canal", [*_funnels(results)], _count)
    if any(point.paid for curve in results.curves.values() for point in curve.points):
        last = (results.on - results.begins).days
        curves = {short(name): curve for name, curve in results.curves.items()}
        yield "survival", steps("Parte que já quitou, por dia", curves, last, _share)
    if results.rows["delinquency"]:
        stretches = [
            Stretch(name, [(_month(month.month), float(month.rate)) for month in found.months], _float(found.mean))
            for name, found in (("antes", results.before), ("desde a régua", results.after))
        ]
        yield "delinquency", levels("Inadimplência mensal", stretches, _share)
    if results.forecast:
        days: dict[date, float] = {}
        for (on, _, notices), _ in results.forecast:
            days[on] = days.get(on, 0) + notices
        columns = [Column(f"{on:%d/%m}", (float(notices),)) for on, notices in sorted(days.items())]
        yield "forecast", bars("Avisos por dia", ("avisos",), columns, _count)


def _funnels(results: Results) -> Iterator[Funnel]:
    for row in results.rows["channels"]:
        paid = f"pagos em {results.assumed.within} d"
        stages = {
            "sent": "enviados",
            "delivered": "entregues",
            "read": "lidos",
            "answered": "respondidos",
            "paid": paid,
        }
        yield Funnel(CHANNELS[row["channel"]], [(name, row[stage]) for stage, name in stages.items()])


def _map(ruler: Ruler, arm: Arm, rows: Rows) -> str:
    cells = {(row["hypothesis"], Stage(row["stage"])): row for row in rows if row["arm"] == arm}
    counts = {cell: (row["cases"], int(row["notices"])) for cell, row in cells.items()}
    return svg(ruler, counts, {cell: row["owed"] for cell, row in cells.items()})


def _apart(uplifts: Iterable[Uplift]) -> Iterator[Interval]:
    for uplift in uplifts:
        if uplift.rate:
            name = f"{short(uplift.treated.name)} − {short(uplift.control.name)}"
            yield Interval(name, uplift.rate.value, uplift.rate.low, uplift.rate.high)


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


def _by_channel(results: Results) -> Mapping[str, tuple[int, Decimal]]:
    """The forecast of the next 30 days by channel: notices, and what they cost."""
    found: dict[str, tuple[int, Decimal]] = {}
    for (_, channel, notices), cost in results.forecast or ():
        so_far, spent = found.get(channel, (0, Decimal(0)))
        found[channel] = (so_far + notices, spent + cost)
    return dict(sorted(found.items()))
