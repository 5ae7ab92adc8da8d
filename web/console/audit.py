"""The auditor's pages: the log looked through, and whether the record is whole and lawful."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from sqlalchemy import Engine

from models.errors import Refusal
from storage.audit.chains import broken_decisions, broken_log, counts
from storage.audit.checkpoints import broken_checkpoints, newest_checkpoint
from storage.audit.invariants import violations
from storage.audit.untold import untold
from storage.case.cases import case_ids
from storage.case.cohorts import cohort_names
from storage.paging import Page
from storage.read_models.oversight import KINDS, Sought, look_through
from web.console.bodies import Asking
from web.console.cohort import must_be_known
from web.console.forms import form_of, read_form
from web.console.lists import ROWS, Row, Waits, csv_of, paged
from web.console.pages import ROLES, Pages, page
from web.webhooks.webhook import Refused

KINDS_IN_WORDS = {
    "all": "tudo",
    "acts": "atos feitos",
    "sign-ins": "entradas, saídas e tokens",
    "reveals": "revelações de pessoas",
    "refused": "recusas",
    "seals": "selos",
}

MOST_CASES = 5_000
"""Cases that are judged while somebody waits for the page; larger cohorts are for `audit` on the command line."""

LOG = Waits(
    "Registro de auditoria",
    "",
    lambda connection, page: [],
    {
        "Nº": lambda row: row["id"],
        "Quando": lambda row: row["at"],
        "Quem": lambda row: row["actor"],
        "Papel": lambda row: ROLES.get(row["role"], "") if row["authenticated"] else "não provado",
        "O quê": lambda row: row["command"],
        "Sobre": lambda row: row["subject"],
        "Detalhe": lambda row: "; ".join(f"{name}: {value}" for name, value in row["detail"].items()),
        "Resultado": lambda row: {"done": "feito", "refused": "recusado"}[row["outcome"]],
    },
    "id",
)

Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Cursor = Annotated[int | None, Query(ge=1, lt=2**63)]


class Verifying(Asking):
    cohort: str = ""


@dataclass(frozen=True)
class Verified:
    """The parts of the record that were looked at, and what is wrong with each."""

    looked_at: list[tuple[str, int | None, list[str]]]
    """The name of each, how many there are, and the faults."""
    seal: Any
    left_out: str = ""
    """A cohort too large to be judged on a page."""

    @property
    def faults(self) -> int:
        return sum(len(faults) for _, _, faults in self.looked_at)


def audit_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def names() -> list[str]:
        with engine.connect() as connection:
            return cohort_names(connection)

    @pages.reads("audit", "/audit")
    async def show(
        request: Request,
        kind: Word = "all",
        by: Word = "",
        command: Word = "",
        subject: Word = "",
        since: Day = "",
        until: Day = "",
        after: Cursor = None,
        format: str = "",
    ) -> Response:
        must_be_known(kind, tuple(KINDS))
        sought = Sought(kind, by or None, command or None, subject or None, day_of(since), day_of(until))
        if format == "csv":
            return csv_of(LOG, "auditoria", await run_sync(entries, sought, Page()))
        found = paged(LOG, await run_sync(entries, sought, Page(ROWS + 1, str(after) if after else None)))
        given = {"kind": kind, "by": by, "command": command, "subject": subject, "since": since, "until": until}
        kept = urlencode({name: value for name, value in given.items() if value})
        options = [(name, name) for name in await run_sync(names)]
        values = {"sought": sought, "kept": kept, "kinds": KINDS_IN_WORDS, "cohort_options": options, **found}
        return page(request, "audit", **values)

    def entries(sought: Sought, asked: Page) -> list[Row]:
        with engine.connect() as connection:
            return list(look_through(connection, sought, asked))

    # it reads all and changes nothing, but takes its time: nobody's browser fetches it unasked
    @pages.post("/audit/verify", openapi_extra={"x-reading": "audit", **form_of(Verifying)})
    async def verify(request: Request) -> Response:
        said = await read_form(request, Verifying)
        verified = await run_sync(look, said.cohort)
        return page(request, "audit_verified", verified=verified, cohort=said.cohort)

    def look(cohort: str) -> Verified:
        if cohort and cohort not in names():
            raise Refusal(f"there is no cohort {cohort}")
        with engine.connect() as connection:
            cases = [case for case, _ in case_ids(connection, cohort)] if cohort else []
            judged = cases if len(cases) <= MOST_CASES else []
            chain = counts(connection, judged)
            looked_at: list[tuple[str, int | None, list[str]]] = [
                ("Entradas do registro de auditoria, numa cadeia", chain["audit_log"], [*broken_log(connection)]),
                ("Selos sobre as decisões", chain["seals"], [*broken_checkpoints(connection)]),
                ("Tokens, aprovações, ciências e débitos sem ato que os conte", None, [*untold(connection)]),
            ]
            if judged:
                found = [*broken_decisions(connection, judged)]
                looked_at.append((f"Decisões de {cohort}, na cadeia de cada caso", chain["decisions"], found))
            seal = newest_checkpoint(connection)
        if judged:
            looked_at.append((f"Casos de {cohort}, pelas regras que valem sempre", len(judged), lawful(cohort)))
        return Verified(looked_at, seal, cohort if len(cases) > MOST_CASES else "")

    def lawful(cohort: str) -> list[str]:
        try:
            return violations(engine, cohort)
        except Refusal as unknown:
            return [str(unknown)]

    return pages


def day_of(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise Refused(404, "there is no such day") from None
