"""The report of one or more cohorts as one HTML file: nothing is fetched, so it can be mailed, printed and archived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from babel.numbers import format_decimal
from markupsafe import Markup

from channels.markup import markup
from models.formats import day, money
from models.words import STATUSES
from reports.heatmap import svg
from storage.proof.report import CohortReport
from workflows.names import case_workflow_id

STORIES = {
    "hardship": "declarou dificuldade e mudou de hipótese",
    "reanchored": "pagou em parte, e o prazo do degrau recomeçou",
    "reclassified": "regularizou uma pendência e foi reclassificado",
    "reopened": "teve o pagamento devolvido, e o caso foi reaberto",
    "rejected": "a suspensão foi recusada pela supervisão",
    "suspended": "teve os benefícios suspensos",
    "reinstated": "regularizou e teve os benefícios devolvidos",
    "referred": "foi encaminhado para protesto e execução fiscal",
    "notice_lost": "teve um aviso devolvido, que seguiu por outro canal",
    "instalments_asked": "pediu parcelamento em resposta a um aviso",
    "agreement_completed": "parcelou e pagou todas as parcelas",
    "agreement_broken": "deixou de pagar o parcelamento, e a cobrança recomeçou",
    "settled": "quitou o débito pela anistia",
}

_environment = markup("report")
_environment.filters.update(money=money, day=day, number=lambda n: format_decimal(n, locale="pt_BR"))


def page(title: str, cohorts: Sequence[CohortReport], violations: Sequence[str], ui: str | None) -> str:
    """The report as HTML. `ui` is the address of Temporal's Web UI; without it nothing is linked."""
    return _environment.get_template("report.html.j2").render(
        title=title,
        cohorts=[_section(cohort, ui) for cohort in cohorts],
        total=_total(cohorts),
        violations=violations,
    )


def _total(cohorts: Sequence[CohortReport]) -> Mapping[str, Any]:
    statuses = sum((Counter(cohort.statuses) for cohort in cohorts), Counter[str]())
    return {
        "cases": statuses.total(),
        "resolved": statuses["resolved"],
        "notices": sum(cohort.notices for cohort in cohorts),
        "cost": sum((cohort.cost for cohort in cohorts), Decimal(0)),
        "payments": sum(cohort.payments for cohort in cohorts),
        "recovered": sum((cohort.recovered for cohort in cohorts), Decimal(0)),
        "outstanding": sum((cohort.outstanding for cohort in cohorts), Decimal(0)),
        "suspended": sum(cohort.suspended for cohort in cohorts),
        "reinstated": sum(cohort.reinstated for cohort in cohorts),
        "receipts": sum(cohort.receipts for cohort in cohorts),
        "fell_over": sum(cohort.fell_over for cohort in cohorts),
        "replies": sum(cohort.replies for cohort in cohorts),
        "signed": sum(cohort.agreements["signed"] for cohort in cohorts),
        "broken": sum(cohort.agreements["broken"] for cohort in cohorts),
        "settled_by_offer": sum(cohort.settled_by_offer for cohort in cohorts),
    }


def _section(cohort: CohortReport, ui: str | None) -> Mapping[str, Any]:
    return {
        "name": cohort.name,
        "title": cohort.ruler.title,
        "label": cohort.ruler.label,
        "begins": cohort.begins,
        "today": cohort.today,
        "cases": sum(cohort.statuses.values()),
        "recovered": cohort.recovered,
        "outstanding": cohort.outstanding,
        "all_cases": _list_of(ui, cohort.name),
        "statuses": [
            {"name": STATUSES[status], "cases": cases, "link": _list_of(ui, cohort.name, status)}
            for status, cases in sorted(cohort.statuses.items(), key=lambda item: -item[1])
        ],
        # drawn by us from a checked ruler, whose words are escaped in it
        "map": Markup(svg(cohort.ruler, cohort.counts)),  # noqa: S704
        "examples": [
            {"case": example.case, "story": STORIES[example.kind], "link": _case(ui, example.case)}
            for example in cohort.examples
        ],
    }


def _list_of(ui: str | None, cohort: str, status: str | None = None) -> str | None:
    query = f'Cohort="{cohort}"' + (f' AND CaseStatus="{status}"' if status else "")
    return f"{ui}/namespaces/default/workflows?query={quote(query, safe='')}" if ui else None


def _case(ui: str | None, case: str) -> str | None:
    return f"{ui}/namespaces/default/workflows/{case_workflow_id(case)}" if ui else None
