"""A debt's situation as an extract states it: the ground on which it is held (CTN art. 151), or how it ended (156)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from models.formats import fold
from models.law.extinction import Extinction

UNKNOWN = "unknown_situation"
"""The ground of what we don't understand, and therefore don't dun."""
NEGOTIATION, UNREGISTERED, RECTIFICATION = "negotiation", "not_yet_registered", "under_rectification"


class Situation(NamedTuple):
    """The meaning of a situation: neither, and the debt is to be collected."""

    hold: str = ""
    ended: str = ""
    """One of Extinction."""


TO_COLLECT = Situation()

# PGFN's TIPO_SITUACAO_INSCRICAO
SITUATIONS = {
    "EM COBRANCA": "",
    "BENEFICIO FISCAL": "tax_benefit",
    "EM NEGOCIACAO": NEGOTIATION,
    "GARANTIA": "guarantee",
    "SUSPENSO POR DECISAO JUDICIAL": "judicial_decision",
}

_THE_CREDIT = r"(?:(?:DIVIDA|DEBITO|CREDITO|INSCRICAO|CDA|ATIVA|TOTALMENTE|INTEGRALMENTE) )*"
_WHEN = r"(?: (?:INTEGRALMENTE|TOTALMENTE|NA ORIGEM|EM [0-9 ]+))*"
_ENDED = {
    Extinction.PAYMENT: ("QUITAD[AO]|PAG[AO]|LIQUIDAD[AO]|PAID|SETTLED", "PAGAMENTO|QUITACAO|LIQUIDACAO"),
    Extinction.CANCELLATION: ("CANCELAD[AO]|ANULAD[AO]|CANCELL?ED", "CANCELAMENTO|ANULACAO"),
    Extinction.PRESCRIPTION: ("PRESCRIT[AO]|PRESCRIBED", "PRESCRICAO"),
    Extinction.LAPSE: ("DECAID[AO]", "DECADENCIA"),
    Extinction.REMISSION: ("REMITID[AO]|REMITTED", "REMISSAO"),
    Extinction.COMPENSATION: ("COMPENSAD[AO]", "COMPENSACAO"),
}
"""The participle and the noun by which a situation says how the debt ended. Words about anything else leave it unknown:
what was cancelled may be the agreement or the suit, and what is paid an instalment."""
_ENDS = [
    (re.compile(rf"{_THE_CREDIT}(?:{said}|(?:EXTINT|BAIXAD|ENCERRAD)[AO] (?:POR|PEL[AO]) (?:{noun})){_WHEN}"), ground)
    for ground, (said, noun) in _ENDED.items()
]

# PGFN's SITUACAO_INSCRICAO is written by hand and by three systems: "ATIVA AJUIZADA - PARCELADA", "NEGOCIADO NO
# SISPAR", "ATIVA NAO AJUIZ PARC LEI 11941/09", "ATIVA AJUIZADA AGUARD NEG LEI 12.996/14", "OPCAO REFIS"
_AGREEMENT = (
    r"(?:RE)?NEGOCIA\w*|(?:RE)?PARCEL\w*|TRANSACAO|TRANSACION\w*|SISPAR|PARCWEB|(?<!DE )ACORDO|"
    r"(?:RE)?NEG|PARC|REFIS|PAES|PAEX|TIMEMANIA"
)
_NAMES_AN_AGREEMENT = re.compile(rf"\b(?:{_AGREEMENT})\b")
_DENIES_AN_AGREEMENT = re.compile(rf"\b(?:NAO|SEM)(?: (?:FOI|ESTA|EM|HA|HOUVE|TEM))* (?:{_AGREEMENT})\b")
_OVER = (
    r"(?:RESC|RESCI[NS]\w*|ROMP[IE]\w*|(?:CANCELA|EXCLU|ENCERRA|EXTIN|INDEFERI|RECUSA|REJEITA|DESIST|REVOGA|EXPIRA)\w*)"
)
_IS_OVER = re.compile(rf"\b{_OVER}\b")
# what is still to end is in force, and what began after another one ended too: "PARC EM RESCISAO", "REPARCELADA APOS
# RESCISAO"
_NOT_OVER_YET = re.compile(rf"\b(?:EM|A SER|A|PARA|AGUARD\w*|PEDIDO DE|APOS(?: A)?|DEPOIS D[AE]) {_OVER}\b")
# "PARCELAMENTO SIMPLIFICADO E AJUIZAMENTO A SER CANCELADO": what ends there is the suit
_SUIT_TO_END = re.compile(r"\bAJUIZAM\w* A (?:SER )?\w+")

_PREREGISTERED = re.compile(
    r"\bPRE ?INSCRI\w*|\bNAO INSCRIT\w*|\b(?:A SER|AGUARD\w*|PENDENTE DE|EM) INSCRI(?:T|CAO)\w*"
)
# once rectified it is what the extract says now
_TO_BE_RECTIFIED = re.compile(r"\b(?:EM|A SER|A|PARA|AGUARD\w*|PENDENTE DE|PEDIDO DE) RETIFIC\w*")
_KNOWN_DETAIL = re.compile(r"\b(?:RETIFICAD[AO]|INSCRIT[AO]|(?:DES)?AJUIZ\w*)\b")


@lru_cache(maxsize=4096)
def situation_of(situation: str, detail: str = "") -> Situation:
    """The meaning of a situation and its detail."""
    kind = fold(situation)
    if kind not in SITUATIONS:
        return _in_words(kind) or Situation(hold=UNKNOWN)
    if hold := SITUATIONS[kind]:
        return Situation(hold)
    return _in_words(fold(detail)) or TO_COLLECT


def _in_words(text: str) -> Situation | None:
    """The meaning of a situation that is told in words; None where they have none that is known."""
    if ended := next((ground for words, ground in _ENDS if words.fullmatch(text)), None):
        return Situation(ended=ended)
    if in_negotiation(text):
        return Situation(NEGOTIATION)
    if _PREREGISTERED.search(text):
        return Situation(UNREGISTERED)
    if _TO_BE_RECTIFIED.search(text):
        return Situation(RECTIFICATION)
    told = _NAMES_AN_AGREEMENT.search(text) or _KNOWN_DETAIL.search(text)
    return TO_COLLECT if told else None


def in_negotiation(detail: str) -> bool:
    text = _SUIT_TO_END.sub("", fold(detail))
    text = _NOT_OVER_YET.sub("", _DENIES_AN_AGREEMENT.sub("", text))
    return bool(_NAMES_AN_AGREEMENT.search(text)) and not _IS_OVER.search(text)
