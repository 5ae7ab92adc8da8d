"""`report`: what a cohort brought in, in the terminal, as one HTML file, as JSON or as CSV tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.console import Json, complain, emit, say, table
from commands.services import database
from commands.typed import amount, day, share, some_amount
from models.errors import Refusal
from models.formats import money
from models.proof.outcome import Assumptions
from models.words import CHANNELS
from storage.proof.figures import named, whole_query
from storage.proof.question import Question

if TYPE_CHECKING:
    from models.proof.uplift import Uplift
    from storage.proof.results import ArmOutcome, Results, Rows


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    name: Annotated[str, typer.Argument(help="The cohort.")],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one HTML file; in a folder it is report-NAME.html.")
    ] = None,
    csv_dir: Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write a file a table there.")] = None,
    on: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="The last day that counts; default: today.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option(metavar="FIGURE", help="Print the query behind a figure, its formula and its source.")
    ] = None,
    within: Annotated[
        int, typer.Option(min=1, max=365, help="Days after a notice in which a payment counts as its.")
    ] = 30,
    goal: Annotated[
        Decimal | None,
        typer.Option(parser=some_amount, metavar="AMOUNT", help="What a campaign is to bring, in reais."),
    ] = None,
    letter_cost: Annotated[
        Decimal | None,
        typer.Option(parser=amount, metavar="AMOUNT", help="What a letter costs you, printed and posted."),
    ] = None,
    counter_share: Annotated[
        Decimal | None,
        typer.Option(
            parser=share, metavar="SHARE", help="Of those who settled by themselves, who would have come to a counter."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say what a cohort's ruler brought in, and how sure that is: recovered, uplift, channels, time to payment."""
    if explain is not None:
        named(explain)
    # statistics take seconds to load
    from reports.cohort import page, tables
    from storage.proof.results import question, read_results

    assumed = Assumptions(within, goal, letter_cost, counter_share)
    engine = database()
    try:
        if explain is not None:
            _explain(explain, question(engine, name, on, assumed), json)
            return
        results = read_results(engine, name, on, assumed)
    finally:
        engine.dispose()
    if html is not None:
        _write(html / f"report-{name}.html" if html.is_dir() else html, page(results))
    if csv_dir is not None:
        _write_tables(csv_dir, tables(results))
    if json or (html is None and csv_dir is None):
        emit({**_summary(results), "tables": tables(results)}, json, lambda: _show(results))


def _explain(figure: str, asked: Question, json: bool) -> None:
    known, query = named(figure), whole_query(figure, asked)
    said = {"figure": figure, "title": known.title, "formula": known.formula, "source": known.source}
    said |= {"cohort": asked.cohort, "on": asked.on.isoformat(), "query": query}

    def readable() -> None:
        for line in (f"-- {known.title}", f"-- {known.formula}", f"-- fonte: {known.source}"):
            say(line)
        say(f"-- cohort = {asked.cohort}, on = {asked.on}\n{query}")

    emit(said, json, readable)


def _write(file: Path, content: str) -> None:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise Refusal(f"the report can't be written to {file}: {error.strerror}") from None
    complain(f"written: {file}")


def _write_tables(folder: Path, written: Mapping[str, Rows]) -> None:
    from reports.cohort import as_csv

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in written.items():
            (folder / f"{name}.csv").write_bytes(as_csv(rows))
    except OSError as error:
        raise Refusal(f"the tables can't be written to {folder}: {error.strerror}") from None
    complain(f"written: {len(written)} tables in {folder}")


def _summary(results: Results) -> dict[str, object]:
    uplift, covered, came = results.by_lot, results.coverage, results.recovered
    return {
        "cohort": results.cohort.name,
        "ruler": results.ruler.label,
        "begins": results.begins,
        "on": results.on,
        "cases": results.cases,
        "held_out": results.held_out,
        "coverage": {"share": _float(covered.share), "amount_share": _float(covered.amount_share)},
        "recovered": {
            "total": came.total,
            "after_action": came.after_action,
            "spontaneous": came.spontaneous,
            "share_after_action": _float(came.share_after_action),
        },
        "year": {
            "year": results.programme.year,
            "brought": results.programme.brought,
            "received": results.programme.received,
            "share": _float(results.programme.share),
        },
        "goal": results.assumed.goal
        and {"goal": results.assumed.goal, "share": _float(came.total / results.assumed.goal)},
        "avoided": {
            "letters": results.avoided.letters,
            "letters_cost": results.avoided.letters_cost,
            "settled": results.avoided.settled,
            "visits": results.avoided.visits,
        },
        "uplift": uplift and _told(uplift),
        "reads_on": results.cohort.lot and results.cohort.lot.reads_on,
        "contaminated": [
            {"arm": row["arm"], "cases": row["contaminated"], "owed": row["owed"]}
            for row in results.rows["contamination"]
        ],
        "arms": [
            {
                "arm": outcome.arm.value,
                "name": outcome.group.name,
                "cases": outcome.group.cases,
                "payers": outcome.group.payers,
                "received": outcome.group.received,
                "sent": outcome.sent,
                "cost": outcome.cost,
                "cost_of_a_real": _float(outcome.cost_of_a_real),
            }
            for outcome in results.arms
        ],
        "by_ruler": [
            {"treated": each.treated.name, "control": each.control.name, **_told(each)} for each in results.by_ruler
        ],
        "cautions": [*(uplift.cautions if uplift else ()), *results.as_delivered.cautions],
        "cost": results.cost,
        "delinquency": {
            name: {"mean": _float(found.mean), "deviation": _float(found.deviation), "months": len(found.months)}
            for name, found in (("before", results.before), ("after", results.after))
        },
        "monthly_fee": results.fee,
    }


def _told(uplift: Uplift) -> dict[str, object]:
    told: dict[str, object] = {"points": uplift.rate and uplift.rate.value, "p": uplift.rate_p, "look": uplift.look}
    return told if uplift.rate_p_adjusted is None else {**told, "p_adjusted": uplift.rate_p_adjusted}


def _float(number: Decimal | None) -> float | None:
    return None if number is None else round(float(number), 6)


def _show(results: Results) -> None:
    from models.proof.uplift import BASES, LOOKS
    from reports.cohort import NO_HOLDOUT

    table(("", ""), _overview(results), f"{results.cohort.name} · {results.ruler.label} · até {results.on:%d/%m/%Y}")
    if results.arms:
        named = ("grupo", "casos", "pagantes", "recebido", "avisos", "custo")
        table(named, map(_arm, results.arms), "por régua")
        for uplift in results.by_ruler:
            _show_comparison(uplift, f"{uplift.treated.name} menos {uplift.control.name}, por sorteio")
    if results.by_lot:
        _show_comparison(results.by_lot, f"por sorteio, {LOOKS[results.look]}")
        if results.per_protocol:
            _show_comparison(results.per_protocol, BASES[results.per_protocol.basis])
    else:
        say(f"— ({NO_HOLDOUT})")
    _show_comparison(results.as_delivered, "como entregue: indício, não prova")
    sent = ("canal", "enviados", "entregues", "lidos", "respondidos", "custo")
    rows = results.rows["channels"]
    columns = ("sent", "delivered", "read", "answered")
    table(sent, [(CHANNELS[r["channel"]], *(r[each] for each in columns), money(r["cost"])) for r in rows])


def _arm(outcome: ArmOutcome) -> tuple[Any, ...]:
    group = outcome.group
    return group.name, group.cases, group.payers, money(group.received), outcome.sent, money(outcome.cost)


def _show_comparison(uplift: Uplift, title: str) -> None:
    from models.proof.uplift import conclusions
    from reports.cohort import comparison

    table(("diferença", "valor", "intervalo de 95 %", "acaso"), comparison(uplift), title)
    for sentence in (*conclusions(uplift), *uplift.cautions):
        say(sentence)


def _overview(results: Results) -> Iterator[tuple[str, str]]:
    from reports.cohort import percent

    covered, came = results.coverage, results.recovered
    yield "casos", f"{results.cases}, dos quais {results.held_out} no grupo de controle"
    yield "cobrados", f"{covered.charged} de {covered.to_charge} ({percent(covered.share) or '—'})"
    share = percent(covered.amount_share) or "—"
    yield "valor cobrado", f"{money(covered.amount_charged)} de {money(covered.amount_to_charge)} ({share})"
    share = percent(came.share_after_action) or "—"
    yield "recuperado", f"{money(came.total)}, após ação {money(came.after_action)} ({share})"
    yield "custo", money(results.cost)
