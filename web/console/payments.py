"""The page of a payment, on which a person puts it on the debt it was meant for, elsewhere, or gives it back."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import Request, Response
from pydantic import Field as Limit
from sqlalchemy import Engine

from models.errors import Refusal
from operations.payments import match_payment, move_payment, refund_payment, retry_item, unmatch_payment
from storage.read_models.payment_file import PaymentFile, debt_named, payment_file
from web.console.act_form import ActForm, Field, NotDone, do
from web.console.bodies import Amount, Asking, Reasoning, Said
from web.console.door import Admitted, RowId, Visitor
from web.console.pages import Pages, page, see_other
from web.webhooks.webhook import Refused
from workflows.secrecy import cipher_from

CHANNELS = {"pix": "Pix", "slip": "guia", "boleto": "boleto"}

Some = Annotated[Amount, Limit(gt=0)]


class Matching(Asking):
    debt: Said


class Moving(Reasoning):
    debt: Said
    amount: Some | None = None


class Refunding(Reasoning):
    amount: Some | None = None
    reference: Said | None = None


@dataclass(frozen=True)
class PaymentForm(ActForm[int]):
    fits: Callable[[PaymentFile], bool]


REASON = Field("reason", "Motivo", "long", "Fica no registro. Não escreva nomes nem números de documentos.")
DEBT = Field("debt", "Débito", hint="O número dele, ou a inscrição.")
PART = Field("amount", "Quanto, em reais", hint="Em branco: tudo o que sobra.", wanted=False)

FORMS: tuple[PaymentForm, ...] = (
    PaymentForm(
        "match", match_payment, "Vincular a um débito",
        "O débito é abatido como se o pagamento tivesse vindo por ele, e o caso é julgado de novo.",
        "Vincular", Matching, (DEBT,),
        lambda engine, who, payment, said, now: match_payment(engine, who, payment, _debt(engine, said), now),
        lambda file: file["debt"] is None and file["instalment"] is None,
    ),
    PaymentForm(
        "move", move_payment, "Levar o que sobra a outro débito",
        "O que o débito não precisava paga outro débito da mesma pessoa, num registro novo.",
        "Levar", Moving, (DEBT, PART, REASON),
        lambda engine, who, payment, said, now: move_payment(
            engine, who, payment, _debt(engine, said), said.reason, now, said.amount
        ),
        lambda file: file["debt"] is not None,
    ),
    PaymentForm(
        "refund", refund_payment, "Registrar devolução",
        "Registra que o dinheiro foi devolvido a quem pagou; o que o débito perde volta a ser devido.",
        "Registrar devolução", Refunding,
        (PART, Field("reference", "Documento da devolução", wanted=False), REASON),
        lambda engine, who, payment, said, now: refund_payment(
            engine, who, payment, said.reason, now, said.amount, said.reference
        ),
        lambda file: file["stays"] > 0,
    ),
    PaymentForm(
        "unmatch", unmatch_payment, "Desvincular do débito",
        "O pagamento volta a ser de débito nenhum, e o débito volta a ser devido.",
        "Desvincular", Reasoning, (REASON,),
        lambda engine, who, payment, said, now: unmatch_payment(engine, who, payment, said.reason, now),
        lambda file: file["debt"] is not None,
    ),
)  # fmt: skip

BY_PATH = {form.path: form for form in FORMS}


def payment_routes(engine: Engine) -> Pages:
    pages = Pages(engine)

    def shown(request: Request, by: Visitor, payment: int, status: int = 200, **more: Any) -> Response:
        try:
            with engine.connect() as connection:
                file = payment_file(connection, payment)
        except Refusal as refusal:
            raise Refused(404, str(refusal)) from None
        offered = [form for form in FORMS if form.is_open_to(by) and form.fits(file)]
        values = {"file": file, "forms": offered, "pays": CHANNELS, "done": None, "wrong": None, **more}
        return page(request, "payment", status, **values)

    @pages.reads("waiting", "/payments/{payment}")
    async def show(request: Request, by: Admitted, payment: RowId, done: str = "") -> Response:
        return await run_sync(lambda: shown(request, by, payment, done=BY_PATH.get(done)))

    def sent(form: PaymentForm) -> Callable[..., Awaitable[Response]]:
        async def act(request: Request, by: Admitted, payment: RowId) -> Response:
            try:
                await do(engine, form, request, by, payment)
            except NotDone as refused:
                wrong = refused.wrong
                return await run_sync(lambda: shown(request, by, payment, wrong.status, wrong=wrong))
            return see_other(f"/console/payments/{payment}?done={form.path}")

        return act

    for form in FORMS:
        pages.does(form.what, f"/payments/{{payment}}/{form.path}", form.body)(sent(form))

    @pages.does(retry_item, "/quarantine/{item}/retry")
    async def retry(by: Admitted, item: RowId) -> Response:
        await run_sync(retry_item, engine, by.who, item, cipher_from(os.environ), datetime.now(UTC))
        return see_other("/console/waiting/quarantined")

    return pages


def _debt(engine: Engine, said: Matching | Moving) -> str:
    with engine.connect() as connection:
        return debt_named(connection, said.debt)
