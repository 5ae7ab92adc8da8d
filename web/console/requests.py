"""The page of a request: what its taxpayer wrote, the files that he sent, and the forms to work on it and to answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine

from models.law.requests import RequestKind
from models.words import REQUESTS
from operations.due_process import answer_request, take_request
from storage.law.filed_requests import FiledRequest, files_of, read_file, read_request
from web.console.act_form import ActForm, Field, NotDone, do
from web.console.bodies import Asking, Reasoning
from web.console.door import Admitted, RowId, Visitor
from web.console.pages import HEADERS, Pages, page, see_other
from web.webhooks.webhook import Refused


class Deciding(Reasoning):
    decided: Literal["granted", "denied"]


@dataclass(frozen=True)
class RequestForm(ActForm[FiledRequest]):
    fits: Callable[[FiledRequest], bool]


FORMS: tuple[RequestForm, ...] = (
    RequestForm(
        "take", take_request, "Começar a análise",
        "O contribuinte passa a ler que o pedido está em análise.",
        "Começar", Asking, (),
        lambda engine, who, request, said, now: take_request(engine, who, request["case"], request["id"], now),
        lambda request: request["answer"] is None and request["taken_by"] is None,
    ),
    RequestForm(
        "answer", answer_request, "Responder",
        "O pedido deixa de segurar o caso, que é julgado de novo. O contribuinte lê a resposta.",
        "Responder", Deciding,
        (
            Field("decided", "Resposta", "choice", options={"granted": "deferido", "denied": "indeferido"}),
            Field("reason", "O que responder, e por quê", "long", "O contribuinte lê este texto."),
        ),
        lambda engine, who, request, said, now: answer_request(
            engine, who, request["case"], RequestKind(request["kind"]), said.decided, said.reason, now,
            request=request["id"],
        ),
        lambda request: request["answer"] is None,
    ),
)  # fmt: skip

BY_PATH = {form.path: form for form in FORMS}


def request_pages(engine: Engine) -> Pages:
    pages = Pages(engine)

    def found(request: int) -> FiledRequest:
        with engine.connect() as connection:
            there = read_request(connection, request)
        if there is None:
            raise Refused(404, f"there is no request {request}")
        return there

    def shown(request: Request, by: Visitor, number: int, status: int = 200, **more: Any) -> Response:
        there = found(number)
        with engine.connect() as connection:
            files = files_of(connection, number)
        offered = [form for form in FORMS if form.is_open_to(by) and form.fits(there)]
        values = {"asked": there, "files": files, "forms": offered, "kinds": REQUESTS, "done": None, "wrong": None}
        return page(request, "request", status, **{**values, **more})

    @pages.reads("waiting", "/requests/{number}")
    async def show(request: Request, by: Admitted, number: RowId, done: str = "") -> Response:
        return await run_sync(lambda: shown(request, by, number, done=BY_PATH.get(done)))

    @pages.reads("waiting", "/requests/{number}/files/{file}")
    async def download(number: RowId, file: RowId) -> Response:
        with engine.connect() as connection:
            there = read_file(connection, number, file)
        if there is None:
            raise Refused(404, f"there is no file {file} of request {number}")
        # never shown on our own pages: it is somebody else's
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="pedido-{number}-{file}"'}
        return Response(there.content, media_type=there.media_type, headers=headers)

    def sent(form: RequestForm) -> Callable[..., Awaitable[Response]]:
        async def act(request: Request, by: Admitted, number: RowId) -> Response:
            try:
                await do(engine, form, request, by, await run_sync(found, number))
            except NotDone as refused:
                wrong = refused.wrong
                return await run_sync(lambda: shown(request, by, number, wrong.status, wrong=wrong))
            return see_other(f"/console/requests/{number}?done={form.path}")

        return act

    for form in FORMS:
        pages.does(form.what, f"/requests/{{number}}/{form.path}", form.body)(sent(form))
    return pages
