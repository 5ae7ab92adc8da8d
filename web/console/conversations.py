"""The pages of conversations: those that wait for a person, one with its transcript, and what no flow understood."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from sqlalchemy import Engine

from banks.settings import beneficiary_from
from operations.conversation_effects import Effects
from operations.conversations import (
    answer_in_conversation,
    claim_conversation,
    end_conversation,
    return_conversation,
)
from storage.conversation.conversations import Conversation, lines_of, not_understood, read_conversation, waiting
from web.console.act_form import ActForm, Field, NotDone, do
from web.console.bodies import Asking, Said
from web.console.door import Admitted, RowId, Visitor
from web.console.pages import Pages, page, see_other
from web.webhooks.webhook import Refused

HELD_BY = {"bot": "com o assistente", "queue": "na fila", "person": "com uma pessoa", "nobody": "terminada"}


class Answering(Asking):
    said: Said


@dataclass(frozen=True)
class ConversationForm(ActForm[int]):
    fits: Callable[[Conversation, Visitor], bool]


def _mine(talk: Conversation, by: Visitor) -> bool:
    return talk.held_by == "person" and talk.agent == by.actor.name


FORMS: tuple[ConversationForm, ...] = (
    ConversationForm(
        "answer", answer_in_conversation, "Responder",
        "O contribuinte lê a resposta na página da conversa.",
        "Enviar", Answering, (Field("said", "Resposta", "long"),),
        lambda engine, who, talk, said, now: answer_in_conversation(engine, who, talk, said.said),
        _mine,
    ),
    ConversationForm(
        "claim", claim_conversation, "Assumir a conversa",
        "A partir daí só você responde: o assistente se cala.",
        "Assumir", Asking, (),
        lambda engine, who, talk, said, now: claim_conversation(engine, who, talk),
        lambda talk, by: talk.held_by in ("bot", "queue"),
    ),
    ConversationForm(
        "return", return_conversation, "Devolver ao assistente",
        "O assistente continua de onde parou.",
        "Devolver", Asking, (),
        lambda engine, who, talk, said, now: return_conversation(
            engine, who, talk, Effects(beneficiary_from(os.environ), now), now
        ),
        _mine,
    ),
    ConversationForm(
        "end", end_conversation, "Encerrar a conversa",
        "Ninguém mais escreve nela; o contribuinte pode começar outra.",
        "Encerrar", Asking, (),
        lambda engine, who, talk, said, now: end_conversation(engine, who, talk),
        _mine,
    ),
)  # fmt: skip

BY_PATH = {form.path: form for form in FORMS}


def conversation_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def shown(request: Request, by: Visitor, talk: int, status: int = 200, **more: Any) -> Response:
        with engine.connect() as connection:
            found = read_conversation(connection, id=talk)
            if found is None:
                raise Refused(404, f"there is no conversation {talk}")
            lines = lines_of(connection, talk)
        offered = [form for form in FORMS if form.is_open_to(by) and form.fits(found, by)]
        values = {"talk": found, "lines": lines, "forms": offered, "held_by": HELD_BY, "done": None, "wrong": None}
        return page(request, "conversation", status, **{**values, **more})

    @pages.reads("conversations", "/conversations")
    async def listed(request: Request, by: Admitted) -> Response:
        def read() -> Response:
            with engine.connect() as connection:
                rows, unclear = waiting(connection), not_understood(connection)
            return page(request, "conversations", rows=rows, unclear=unclear, held_by=HELD_BY)

        return await run_sync(read)

    @pages.reads("conversations", "/conversations/{conversation}")
    async def show(request: Request, by: Admitted, conversation: RowId, done: str = "") -> Response:
        return await run_sync(lambda: shown(request, by, conversation, done=BY_PATH.get(done)))

    def sent(form: ConversationForm) -> Callable[..., Awaitable[Response]]:
        async def act(request: Request, by: Admitted, conversation: RowId) -> Response:
            try:
                await do(engine, form, request, by, conversation)
            except NotDone as refused:
                wrong = refused.wrong
                return await run_sync(lambda: shown(request, by, conversation, wrong.status, wrong=wrong))
            return see_other(f"/console/conversations/{conversation}?done={form.path}")

        return act

    for form in FORMS:
        pages.does(form.what, f"/conversations/{{conversation}}/{form.path}", form.body)(sent(form))
    return pages
