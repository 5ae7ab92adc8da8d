"""The pages on which everybody looks registered debts up by their access keys, and pays them.

They name no debtor. An unknown key and a wrong one are answered alike, and who tries many is slowed down: by the
subscriber who asks, and by the key that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from models.payment.slip import Beneficiary
from models.portal.keys import WrongKey, read_key
from models.portal.table import Looked, PortalTable
from storage.read_models.lookup import look_up
from web.form_body import fields_of
from web.portal.pages import answered, page_named
from web.portal.tries import TOO_MANY, Tries, caller
from web.webhooks.openapi import LOOKUP

NOTHING_FOUND = "Nada encontrado com estes dados. Só aparece aqui o que está inscrito em dívida ativa."


def lookup_routes(engine: Engine, table: PortalTable, beneficiary: Beneficiary) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse)
    tries = Tries()

    @router.get("/consulta")
    async def kinds() -> HTMLResponse:
        return page_named("lookup_kinds", 200, table=table)

    @router.get("/consulta/{kind}")
    async def form(kind: str) -> HTMLResponse:
        looked = table.named(kind)
        return _form(table, looked) if looked else page_named("unknown", 404)

    @router.post("/consulta/{kind}", openapi_extra=LOOKUP)
    async def find(kind: str, request: Request) -> HTMLResponse:
        looked = table.named(kind)
        if looked is None:
            return page_named("unknown", 404)
        typed = {name: values[0] for name, values in fields_of(await request.body()).items()}
        host = caller(request)
        return await run_sync(answered, lambda: _found(engine, table, looked, beneficiary, typed, tries, host))

    return router


def _form(
    table: PortalTable,
    looked: Looked,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    notice: str | None = None,
) -> HTMLResponse:
    shown = {"table": table, "looked": looked, "typed": typed or {}, "faults": faults or {}, "notice": notice}
    return page_named("lookup_form", status, **shown)


def _found(
    engine: Engine,
    table: PortalTable,
    looked: Looked,
    beneficiary: Beneficiary,
    typed: Mapping[str, str],
    tries: Tries,
    host: str,
) -> HTMLResponse:
    """The debts; or the form again, with what is wrong beside its field, or that nothing is found."""
    keys, faults = {}, {}
    for asked in looked.keys:
        try:
            keys[asked.key] = read_key(asked.key, typed.get(asked.key, ""))
        except WrongKey as wrong:
            faults[asked.key] = str(wrong)
    if faults:
        return _form(table, looked, 422, typed, faults)
    if not tries.admit(host, repr(sorted(keys.items()))):
        return _form(table, looked, 429, typed, notice=TOO_MANY)
    with engine.connect() as connection:
        debts = look_up(connection, keys, looked.taxes, beneficiary, datetime.now(UTC))
    if not debts:
        tries.miss(host)
        return _form(table, looked, 404, typed, notice=NOTHING_FOUND)
    written = [(asked.label, typed[asked.key].strip()) for asked in looked.keys]
    return page_named("lookup_found", 200, table=table, looked=looked, debts=debts, written=written)
