"""The pages on which everybody looks registered debts up by their access keys, and pays them.

They name no debtor. An unknown key and a wrong one are answered alike, and who tries many is slowed down: by the
subscriber who asks, and by the key that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Engine

from models.errors import Refusal
from models.lookup.keys import WrongKey, read_key
from models.lookup.table import Looked, LookupTable, read_lookup
from models.payment.slip import Beneficiary
from storage.catalogue import ROOT, read_file
from storage.read_models.lookup import look_up
from web.portal.pages import answered, page_named
from web.security.throttle import subscriber
from web.webhooks.openapi import LOOKUP

MISSES, WINDOW_MINUTES = 60, 10
"""Keys that find nothing, tried by one subscriber within so many minutes: behind one address of a mobile carrier are
thousands of telephones, of whom few mistype."""

OF_ONE_KEY = 20
"""Times that one key is asked for within these minutes, by whomever."""

NOTHING_FOUND = "Nada encontrado com estes dados. Só aparece aqui o que está inscrito em dívida ativa."
TOO_MANY = "Houve consultas demais em pouco tempo. Tente de novo em alguns minutos."


def lookup_from(environment: Mapping[str, str]) -> LookupTable | None:
    """The table of the page, named by REGUA_LOOKUP: a file, or one of `lookups/`; None where nothing is looked up.
    Raises Refusal with all faults of the file, one a line."""
    named = environment.get("REGUA_LOOKUP", "").strip()
    if not named:
        return None
    shipped = {path.stem: path for path in sorted((ROOT / "lookups").glob("*.yaml"))}
    choice = f"REGUA_LOOKUP is a path, or one of {', '.join(shipped)}"
    read = read_lookup(read_file(str(shipped.get(named, Path(named))), "lookup table", choice))
    if read.table is None:
        raise Refusal("\n".join(f"{named}: {fault}" for fault in read.faults))
    return read.table


class Tries:
    """The tries of each subscriber and of each key, counted in this process alone."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._misses = RateLimitItemPerMinute(MISSES, WINDOW_MINUTES, namespace="misses")
        self._of_key = RateLimitItemPerMinute(OF_ONE_KEY, WINDOW_MINUTES, namespace="key")

    def admits(self, host: str, key: str) -> bool:
        """Whether a key may be tried; it counts as asked for."""
        return self._limiter.test(self._misses, subscriber(host)) and self._limiter.hit(self._of_key, key)

    def missed(self, host: str) -> None:
        self._limiter.hit(self._misses, subscriber(host))


def lookup_routes(engine: Engine, table: LookupTable, beneficiary: Beneficiary) -> APIRouter:
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
        typed = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        host = request.client.host if request.client else "unknown"
        return await run_sync(answered, lambda: _found(engine, table, looked, beneficiary, typed, tries, host))

    return router


def _form(
    table: LookupTable,
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
    table: LookupTable,
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
    if not tries.admits(host, repr(sorted(keys.items()))):
        return _form(table, looked, 429, typed, notice=TOO_MANY)
    with engine.connect() as connection:
        debts = look_up(connection, keys, looked.taxes, beneficiary, datetime.now(UTC))
    if not debts:
        tries.missed(host)
        return _form(table, looked, 404, typed, notice=NOTHING_FOUND)
    written = [(asked.label, typed[asked.key].strip()) for asked in looked.keys]
    return page_named("lookup_found", 200, table=table, looked=looked, debts=debts, written=written)
