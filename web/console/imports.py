"""The pages on which a file is brought, checked and imported: what it would change, how far it is, its rejects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine

from models.errors import Refusal
from models.intake.upload import Kind, Options
from models.words import EXTINCTIONS, GROUNDS
from operations.uploads import bring_file, check_file, drop_upload, start_import, take_rejects
from storage.intake.uploads import KEPT, Upload, list_uploads, read_upload
from storage.paging import Page
from web.console.bodies import Asking
from web.console.door import Admitted, RowId
from web.console.forms import WrongForm, read_form, read_form_with_file
from web.console.lists import ROWS
from web.console.pages import HEADERS, Pages, page, see_other
from web.webhooks.webhook import Refused

LONGEST = 64 * 1024 * 1024
"""Bytes of a file that is brought here; a longer one is for the command line."""

KINDS = {
    Kind.TAXPAYERS: ("Extrato de contribuintes e débitos", "taxpayers import"),
    Kind.FILINGS: ("Declarações", "filings import"),
    Kind.BENEFITS: ("Benefícios fiscais", "benefits import"),
    Kind.CONTACTS: ("Contatos", "contacts import"),
    Kind.PAYMENTS: ("Retorno de banco", "payments import"),
    Kind.RATES: ("Índices mensais", "rates import"),
}
"""The name of each kind, and the command that does the same."""

WORDS: dict[str, Any] = {
    "kinds": KINDS,
    "counted": {
        "rows": "Linhas",
        "records": "Linhas",
        "taxpayers": "Contribuintes",
        "debts": "Débitos",
        "on_hold": "Débitos suspensos",
        "ended": "Débitos extintos",
        "as_of": "Posição de",
        "amounts": "Valores",
        "outdated": "Linhas mais antigas que o registro",
        "nothing_owed": "Linhas de débitos extintos, aqui desconhecidos",
        "filings": "Declarações",
        "changed": "Mudam",
        "benefits": "Benefícios",
        "contacts": "Contatos novos ou mudados",
        "refused": "Não querem mensagens",
        "unknown": "Linhas de pessoas desconhecidas, que não ficam",
        "payments": "Pagamentos",
        "accepted": "Pagamentos bem formados",
        "amount": "Valor",
        "reversals": "Estornos",
        "reversals_waiting": "Estornos sem pagamento no registro",
        "duplicates": "Já contados antes",
        "unmatched": "Sem débito conhecido",
        "rates": "Meses",
        "rejected": "Linhas recusadas",
        "remarks": "Linhas aceitas com ressalva",
    },
    "differences": {
        "added": "Entram",
        "changed": "Mudam",
        "ended": "Acabam",
        "collected again": "Voltam a ser cobrados",
        "held": "Ficam suspensos",
        "lifted": "Deixam de estar suspensos",
        "debtors added": "Ganham devedor",
        "debtors removed": "Perdem devedor",
    },
    "columns": {
        "amount": "valor",
        "due": "vencimento",
        "litigation": "em juízo",
        "period": "período",
        "kind": "natureza",
        "prescribes": "prescrição",
        "registered_on": "inscrição em dívida ativa",
    },
    "amount_kinds": {"left": "o que resta de cada débito", "lodged": "o que foi lançado"},
    "grounds": {**GROUNDS, **EXTINCTIONS},
    "longest": LONGEST,
    "kept_days": KEPT.days,
}


class Bringing(Asking):
    kind: Kind


class Choosing(Options):
    """The kind of a file and the options of its import, as their form sends them."""

    kind: Kind


def import_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def listed(request: Request, after: str | None, rejected: bool, status: int = 200, **more: Any) -> Response:
        with engine.connect() as connection:
            rows = list(list_uploads(connection, Page(ROWS + 1, after), rejected=rejected))
        shown = rows[:ROWS]
        following = shown[-1]["id"] if len(rows) > ROWS else None
        values = {"rows": shown, "next_after": following, "rejected": rejected, "errors": {}, "given": {}, **more}
        return page(request, "imports", status, **values, **WORDS)

    def read(upload: int) -> Upload:
        try:
            with engine.connect() as connection:
                return read_upload(connection, upload)
        except Refusal as refusal:
            raise Refused(404, str(refusal)) from None

    def shown(request: Request, template: str, upload: int, status: int = 200, **more: Any) -> Response:
        values = {"upload": read(upload), "errors": {}, "refusal": "", **more}
        return page(request, template, status, **values, **WORDS)

    @pages.reads("imports", "/imports")
    async def index(request: Request, after: str | None = None, rejected: bool = False) -> Response:
        return await run_sync(lambda: listed(request, after if after and after.isdecimal() else None, rejected))

    @pages.takes(bring_file, "/imports", Bringing)
    async def bring(request: Request, by: Admitted) -> Response:
        try:
            async with read_form_with_file(request, Bringing) as (said, file):
                if (file.size or 0) > LONGEST:
                    mib = LONGEST // (1024 * 1024)
                    command = KINDS[said.kind][1]
                    raise WrongForm({"file": f"passa de {mib} MB: importe-o por {command}"}, {"kind": said.kind})
                name = name_of(file.filename or "")
                upload = await run_sync(bring_file, engine, by.who, file.file, name, said.kind)
        except WrongForm as error:
            told = {"errors": error.errors, "given": error.given}
            return await run_sync(lambda: listed(request, None, False, 422, **told))
        except Refusal as refusal:
            told = {"errors": {"file": str(refusal)}, "given": {}}
            return await run_sync(lambda: listed(request, None, False, 422, **told))
        return see_other(f"/console/imports/{upload}")

    @pages.reads("imports", "/imports/{upload}")
    async def show(request: Request, upload: RowId) -> Response:
        return await run_sync(shown, request, "import", upload)

    @pages.reads("imports", "/imports/{upload}/now")
    async def show_progress(request: Request, upload: RowId) -> Response:
        return await run_sync(shown, request, "import_now", upload)

    @pages.does(check_file, "/imports/{upload}/check", Choosing)
    async def check(request: Request, by: Admitted, upload: RowId) -> Response:
        try:
            said = await read_form(request, Choosing)
        except WrongForm as error:
            wrong = error.errors
            return await run_sync(lambda: shown(request, "import", upload, 422, errors=wrong))
        options = Options(**said.model_dump(exclude={"kind"}))
        return await done(request, upload, lambda: check_file(engine, by.who, upload, said.kind, options))

    @pages.does(start_import, "/imports/{upload}/start")
    async def start(request: Request, by: Admitted, upload: RowId) -> Response:
        return await done(request, upload, lambda: start_import(engine, by.who, upload))

    async def done(request: Request, upload: int, act: Callable[[], None]) -> Response:
        """Do an act on a file and show its page; what the record doesn't allow is told there."""
        await run_sync(read, upload)
        try:
            await run_sync(act)
        except Refusal as refusal:
            words = str(refusal)
            return await run_sync(lambda: shown(request, "import", upload, 409, refusal=words))
        return see_other(f"/console/imports/{upload}")

    @pages.does(take_rejects, "/imports/{upload}/rejects")
    async def rejects(by: Admitted, upload: RowId) -> Response:
        """The rejected rows as CSV; people are named in them, so that who took them is on record."""
        content = await run_sync(take_rejects, engine, by.who, upload)
        named = {**HEADERS, "Content-Disposition": f'attachment; filename="recusadas-{upload}.csv"'}
        return Response(b"\xef\xbb\xbf" + content, media_type="text/csv; charset=utf-8", headers=named)

    @pages.does(drop_upload, "/imports/{upload}/drop")
    async def drop(request: Request, by: Admitted, upload: RowId) -> Response:
        await run_sync(drop_upload, engine, by.who, upload)
        return see_other("/console/imports")

    return pages


def name_of(written: str) -> str:
    """A file's own name as it is kept: the last part of a path, of plain characters."""
    last = re.split(r"[\\/]", written)[-1]
    return re.sub(r"[^\w. ()-]", "_", last).strip(". ")[-120:] or "arquivo"
