"""The bodies and answers of routes beyond what their signatures say, in OpenAPI's words. Our own tests read it."""

from __future__ import annotations

from typing import Any

from models.portal.keys import KINDS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
AMOUNT: Schema = {"type": "string", "pattern": r"^[0-9]{1,10}\.[0-9]{2}$"}
INSTANT: Schema = {
    "type": "string",
    "pattern": "^202[0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
}
"""Narrower than what is read: other offsets, fractions and the ends of months are taken too."""
WORD: Schema = {"type": "string", "pattern": "^[a-z_-]{1,30}$"}
FIELD: Schema = {"type": "string", "maxLength": 1600}


def object_of(required: list[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": required, "properties": properties}


def taking(media_type: str, schema: Schema) -> Schema:
    """The description of a body for `openapi_extra`, where a route reads the body itself."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


REFUND = object_of(
    ["id", "valor", "horario", "status"],
    id={"type": "string", "pattern": "^[a-zA-Z0-9]{1,35}$"},
    valor=AMOUNT,
    horario=object_of(["solicitacao"], solicitacao=INSTANT, liquidacao=INSTANT),
    status={"enum": ["EM_PROCESSAMENTO", "DEVOLVIDO", "NAO_REALIZADO"]},
)
PAYMENT = object_of(
    ["endToEndId", "valor", "horario"],
    endToEndId={"type": "string", "pattern": "^[a-zA-Z0-9]{32}$"},
    txid={"type": "string", "pattern": "^[a-zA-Z0-9]{1,35}$"},
    valor=AMOUNT,
    horario=INSTANT,
    infoPagador={"type": "string", "maxLength": 140},
    devolucoes={"type": "array", "items": REFUND},
)
PIX_CALLBACK = taking("application/json", object_of(["pix"], pix={"type": "array", "items": PAYMENT}))
"""The Central Bank's API Pix 2.9.0, as wide as `models/payment/pix.py` reads it."""

NEWS_OF_RECURRENCES = taking(
    "application/json",
    object_of(
        ["recs"],
        recs={
            "type": "array",
            "items": object_of(
                ["idRec", "status"],
                idRec={"type": "string", "pattern": "^[a-zA-Z0-9]{29}$"},
                status={"enum": ["CRIADA", "APROVADA", "REJEITADA", "EXPIRADA", "CANCELADA"]},
            ),
        },
    ),
)
NEWS_OF_DEBITS = taking(
    "application/json",
    object_of(
        ["cobsr"],
        cobsr={
            "type": "array",
            "items": object_of(
                ["idRec", "txid", "status"],
                idRec={"type": "string", "pattern": "^[a-zA-Z0-9]{29}$"},
                txid={"type": "string", "pattern": "^[a-zA-Z0-9]{26,35}$"},
                status={"enum": ["CRIADA", "ATIVA", "CONCLUIDA", "EXPIRADA", "REJEITADA", "CANCELADA"]},
            ),
        },
    ),
)

SENDGRID_EVENT = object_of(
    ["event", "sg_event_id", "timestamp"],
    event={"anyOf": [{"enum": ["processed", "delivered", "open", "click", "bounce", "dropped", "unsubscribe"]}, TEXT]},
    sg_event_id={"type": "string", "minLength": 1, "maxLength": 100},
    timestamp={"type": "integer", "minimum": 1, "maximum": 1_800_000_000},
    notice=TEXT,
    type=TEXT,
    reason=TEXT,
    status=TEXT,
    sg_machine_open={"type": "boolean"},
)
SENDGRID_EVENTS = taking("application/json", {"type": "array", "items": SENDGRID_EVENT})

SID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9]{1,64}$"}
ADDRESS: Schema = {"type": "string", "pattern": r"^(whatsapp:|messenger:)?\+?[0-9]{5,15}$"}
FORM = "application/x-www-form-urlencoded"
TWILIO_STATUS = taking(
    FORM,
    object_of([], MessageSid=SID, CallSid=SID, MessageStatus=WORD, CallStatus=WORD, ErrorCode=FIELD, AnsweredBy=FIELD),
)
TWILIO_MESSAGE = taking(FORM, object_of(["MessageSid", "From"], MessageSid=SID, From=ADDRESS, Body=FIELD))
TWILIO_CALL = taking(
    FORM, object_of(["CallSid"], CallSid=SID, From=ADDRESS, To=ADDRESS, Digits=FIELD, AnsweredBy=FIELD)
)
CONTEST = taking(
    FORM,
    object_of(
        [],
        why={"enum": ["paid", "amount", "not_mine", "suspended", "other"]},
        credit={"type": "array", "items": {"type": "string"}},
    ),
)
LOOKUP = taking(FORM, object_of([], **dict.fromkeys(KINDS, FIELD)))
BEGINNING = taking(FORM, object_of([], flow={"enum": ["atendimento", "jaque-ipva"]}))
LINE = taking(FORM, object_of(["text"], text={"type": "string", "maxLength": 5000}, event=WORD))
REQUESTED = taking("multipart/form-data", object_of([], said=FIELD, credit=FIELD))
FOLLOWED = taking(FORM, object_of([], protocol=WORD, key=WORD))
CHECK = taking(FORM, object_of([], code=WORD))
CHOICE = taking(
    FORM, object_of([], instalments={"type": "integer", "minimum": 1, "maximum": 999}, accepted=WORD, deed=WORD)
)

REFUSAL = {"application/json": {"schema": object_of(["error"], error=TEXT)}}
REFUSALS: dict[int | str, Schema] = {
    status: {"description": why, "content": REFUSAL}
    for status, why in {
        400: "The body can't be read; nothing of it is taken",
        401: "This is not the address of a webhook",
        403: "The signature is not its sender's",
        404: "It is not heard here",
        413: "The body is too long",
        429: "Too many requests; `Retry-After` says when to come back",
        503: "The database is not answering; send it again",
    }.items()
}
