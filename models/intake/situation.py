"""A debt's situation as an extract states it, and the ground on which that holds the debt (CTN 151)."""

from __future__ import annotations

import re
from functools import lru_cache

from models.formats import fold

UNKNOWN = "unknown_situation"
"""The ground of what we don't understand, and therefore don't dun."""

# PGFN's TIPO_SITUACAO_INSCRICAO
SITUATIONS = {
    "EM COBRANCA": None,
    "BENEFICIO FISCAL": "tax_benefit",
    "EM NEGOCIACAO": "negotiation",
    "GARANTIA": "guarantee",
    "SUSPENSO POR DECISAO JUDICIAL": "judicial_decision",
}

# PGFN's SITUACAO_INSCRICAO is written by hand and by three systems: "ATIVA AJUIZADA - PARCELADA", "NEGOCIADO NO
# SISPAR", "ATIVA NAO AJUIZ PARC LEI 11941/09", "ATIVA AJUIZADA AGUARD NEG LEI 12.996/14", "OPCAO REFIS"
_AGREEMENT = (
    r"(?:RE)?NEGOCIA\w*|(?:RE)?PARCEL\w*|TRANSACAO|TRANSACION\w*|SISPAR|PARCWEB|(?<!DE )ACORDO|"
    r"(?:RE)?NEG|PARC|REFIS|PAES|PAEX|TIMEMANIA"
)
_NAMES_AN_AGREEMENT = re.compile(rf"\b(?:{_AGREEMENT})\b")
_DENIES_AN_AGREEMENT = re.compile(rf"\b(?:NAO|SEM)(?: (?:FOI|ESTA|EM|HA|HOUVE|TEM))* (?:{_AGREEMENT})\b")
_IS_OVER = re.compile(
    r"\b(?:RESCI[NS]|ROMP[IE]|CANCELA|EXCLU|ENCERRA|EXTIN|INDEFERI|RECUSA|REJEITA|DESIST|REVOGA|EXPIRA)\w*"
)
# "PARCELAMENTO SIMPLIFICADO E AJUIZAMENTO A SER CANCELADO": what ends there is the suit
_SUIT_TO_END = re.compile(r"\bAJUIZAM\w* A (?:SER )?\w+")


@lru_cache(maxsize=4096)
def ground_of(situation: str, detail: str = "") -> str | None:
    """The ground on which the debt is held; None when it is to be collected."""
    kind = fold(situation)
    if kind not in SITUATIONS:
        return UNKNOWN
    return SITUATIONS[kind] or ("negotiation" if in_negotiation(detail) else None)


def in_negotiation(detail: str) -> bool:
    text = _SUIT_TO_END.sub("", fold(detail))
    text = _DENIES_AN_AGREEMENT.sub("", text)
    return bool(_NAMES_AN_AGREEMENT.search(text)) and not _IS_OVER.search(text)
