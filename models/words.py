"""The domain's words in pt-BR, for everything a taxpayer or an analyst's report shows."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency

from models.ruler import Kind, Stage, Tone

STAGES = {
    Stage.REMINDER: "lembrete",
    Stage.ALERT: "alerta",
    Stage.WARNING: "advertência",
    Stage.NOTICE: "notificação",
    Stage.FINAL_NOTICE: "última notificação",
    Stage.SUSPENSION: "suspensão de benefícios",
}

TONES = {
    Tone.FRIENDLY: "amistoso",
    Tone.GUIDING: "orientador",
    Tone.FIRM: "firme",
    Tone.FORMAL: "formal",
    Tone.FINAL: "final",
}

KINDS = {
    Kind.NON_PAYMENT: "declarado e não pago",
    Kind.RETURN: "declaração não entregue no prazo",
    Kind.DIVERGENCE: "divergência entre declarado, apurado e pago",
    Kind.REGISTERED_DEBT: "débito inscrito em dívida ativa",
}

GROUNDS = {
    "tax_benefit": "benefício fiscal",
    "negotiation": "em negociação",
    "guarantee": "garantia",
    "judicial_decision": "suspenso por decisão judicial",
}

STATUSES = {
    "running": "em curso",
    "on_hold": "em espera",
    "paused": "pausado",
    "unreachable": "sem contato",
    "awaiting_approval": "aguardando aprovação",
    "resolved": "regularizado",
    "benefits_suspended": "benefícios suspensos",
    "referred": "encaminhado",
    "cancelled": "cancelado",
    "control": "controle",
}


def money(amount: Decimal) -> str:
    return format_currency(amount, "BRL", locale="pt_BR").replace("\xa0", " ")


def day(on: date) -> str:
    return format_date(on, "dd/MM/yyyy", locale="pt_BR")
