"""The meaning of a taxpayer's reply, and the answer to it: a menu and keywords in pt-BR, no more. Refusing messages is
understood first. Where words stand for several requests, the one that stops a person from being pressed comes first: to
talk to somebody, to have paid, to object, to pay on a day, and only then to pay.
"""

from __future__ import annotations

import re
from enum import StrEnum

from models.contact.promised import promise_in
from models.formats import fold


class Intent(StrEnum):
    PAY = "pay"
    INSTALMENTS = "instalments"
    PAID = "paid"
    OBJECTION = "objection"
    CALL = "call"
    PROMISE = "promise"
    """To pay on a day that it names (models/contact/promised.py)."""
    OPT_OUT = "opt_out"
    UNCLEAR = "unclear"


MENU = {
    "1": Intent.PAY,
    "2": Intent.INSTALMENTS,
    "3": Intent.PAID,
    "4": Intent.OBJECTION,
    "5": Intent.CALL,
}

KEYS = {"2": Intent.CALL, "3": Intent.PAY}
"""The keys of a call, whose spoken menu is shorter; any other key repeats the message."""

SPELLED = {"UM": "1", "DOIS": "2", "TRES": "3", "QUATRO": "4", "CINCO": "5"}

_FILLER = re.compile(r"\b(?:OPCAO|NUMERO|TECLA|DIGITO|ESCOLHO|QUERO|GOSTARIA|PREFIRO|DE|A|O|E|N)\b")
_COURTESY = re.compile(
    r"\b(?:POR FAVOR|PFV|PF|FAVOR|OBRIGAD[OA]|OBG|VALEU|BOM DIA|BOA TARDE|BOA NOITE|OLA|OI|SIM|OK|MOCO|MOCA)\b"
)

# carriers' words (STOP and its kin) are Twilio's own list
_OPT_OUT_ALONE = re.compile(
    r"(?:QUERO )?(?:SAIR|PARAR|PARE|PARA|PAREM|CANCELAR|CANCELA|CANCELE|REMOVER|REMOVA|REMOVE|DESCADASTRAR|DESCADASTRE|"
    r"DESCADASTRA|DESINSCREVER|BLOQUEAR|STOP|STOPALL|STOP ALL|UNSUBSCRIBE|CANCEL|END|QUIT|REVOKE|OPTOUT|OPT OUT)"
    r"(?: (?:DA LISTA|DO GRUPO|AGORA|JA|TUDO|MENSAGEM|MENSAGENS|SMS|ENVIO|ENVIOS|CADASTRO|MEU NUMERO|ISSO))*"
)
_OPT_OUT = re.compile(
    r"\bNAO (?:QUERO|DESEJO|AUTORIZO|ACEITO)(?: MAIS)?(?: RECEBER)?(?: \w+)? (?:MENSAGE\w+|SMS|AVISOS?|CONTATOS?)\b|"
    r"\bNAO (?:QUERO|DESEJO)(?: MAIS)? RECEBER(?: MAIS| NADA| ISSO)*$|"
    r"\b(?:PAR[AE]M?|PAREM|CHEGA|DEIXE?M?) DE (?:ME )?(?:MANDAR|ENVIAR|PERTURBAR|ENCHER|INCOMODAR|LIGAR|ESCREVER)\b|"
    r"\bNAO (?:ME )?(?:MAND|ENVI|PERTURB|INCOMOD|ESCREV|LIGU?)(?:E|A|EM|AM)(?: ME)?(?: MAIS\b|$)|"
    r"\b(?:ME )?(?:TIR|REMOV|EXCLU|RETIR|APAG|DESCADASTR)\w*(?: ME)?(?: O)?(?: MEU)?(?: (?:NUMERO|TELEFONE|CONTATO))? "
    r"(?:DA (?:\w+ )?LISTA|DESSA LISTA|DESTA LISTA|DO (?:\w+ )?CADASTRO|DESSE GRUPO)\b|"
    r"\b(?:TIR|REMOV|EXCLU|RETIR|APAG|DESCADASTR)\w* (?:O )?MEU (?:NUMERO|TELEFONE|CONTATO)\b"
)

_CALL = re.compile(
    r"\b(?:ATENDENTE|ATENDIMENTO|HUMANO|FALAR|CONVERSAR|ME LIG\w+|LIG(?:A|UE|UEM|AR) (?:PARA|PRA|PRO) MIM|"
    r"RETORN\w+ A LIGACAO|ALGUEM)\b"
)
_PAID = re.compile(
    r"\b(?:PAGUEI|PAGAMOS|QUITEI|QUITAMOS|QUITAD[OA]S?|(?:JA |TA |ESTA |ESTAO |FOI |FORAM )PAG[OA]S?|PAGAMENTO FEITO|"
    r"(?:FIZ|FIZEMOS|MANDEI|TRANSFERI|REALIZEI|EFETUEI) (?:O |UM |JA O )?(?:PIX|PAGAMENTO)|COMPROVANTE)\b"
)
_NOT_PAID = re.compile(
    r"\b(?:NAO|NUNCA|NEM) (?:\w+ )?(?:PAGUEI|PAGAMOS|QUITEI|QUITAMOS|QUITAD\w+|FOI PAG\w+|TA PAG\w+|ESTA PAG\w+|FIZ)\b|"
    r"\bSE (?:EU )?(?:PAG|QUIT)\w+\b"
)
_OBJECTION = re.compile(
    r"\b(?:CONTEST\w+|DISCORD\w+|IMPUGN\w+|INDEVID[OA]S?|INJUST[OA]S?|NAO (?:RECONHECO|DEVO|CONCORDO|E MINH[AO]|E MEU)|"
    r"(?:VALOR|DIVIDA|DEBITO|COBRANCA|CONTA|CALCULO)\w* (?:\w+ )?(?:ERRAD[OA]S?|INCORRET[OA]S?)|"
    r"(?:COBRANCA|DIVIDA|DEBITO)\w* (?:E|ESTA|TA) ERRAD[OA])\b"
)
_INSTALMENTS = re.compile(
    r"\b(?:PARCEL\w+|PRESTAC\w+|DIVIDIR|DIVIDO|(?:RE)?NEGOCIA\w*|ACORDO|(?:\d+ ?X|EM \w+ VEZES|SEM CONDIC\w+)|"
    r"NAO (?:TENHO|TEMOS) (?:COMO|CONDIC\w+|DINHEIRO)|NAO (?:CONSIGO|CONSEGUIMOS|POSSO) PAGAR)\b"
)
_HAS_AGREEMENT = re.compile(r"\bJA (?:FOI |ESTA |TA |TENHO |FIZ |FIZEMOS )?(?:O |UM )?(?:PARCEL\w+|NEGOCI\w+|ACORDO)\b")
_PAY = re.compile(r"\b(?:PAGAR|PAGO|PAGAMENTO|PIX|BOLETO|GUIA|LINK|(?:2A?|SEGUNDA) VIA|QUITAR|REGULARIZAR)\b")
_NOT_PAY = re.compile(r"\bNAO (?:\w+ )?(?:PAGAR|PAGO|PAGAREI)\b")


def intent_of(written: str) -> Intent:
    text = _COURTESY.sub(" ", fold(written))
    text = " ".join(text.split())
    if _OPT_OUT_ALONE.fullmatch(text) or _OPT_OUT.search(text):
        return Intent.OPT_OUT
    return _chosen(text) or _promised(written, text) or _said(text)


def _promised(written: str, text: str) -> Intent | None:
    said = _said(text)
    return Intent.PROMISE if said in (Intent.PAY, Intent.UNCLEAR) and promise_in(written) else None


def _chosen(text: str) -> Intent | None:
    """The item chosen by a number of the menu, alone or with the words that the menu has for it."""
    words = _FILLER.sub(" ", text).split()
    number = SPELLED.get(words[0], words[0]) if words else ""
    if number not in MENU:
        return None
    rest = " ".join(words[1:])
    return MENU[number] if not rest or _said(rest) is MENU[number] else None


def _said(text: str) -> Intent:
    if _CALL.search(text):
        return Intent.CALL
    if _PAID.search(text) and not _NOT_PAID.search(text):
        return Intent.PAID
    if _OBJECTION.search(text):
        return Intent.OBJECTION
    if _INSTALMENTS.search(text) and not _HAS_AGREEMENT.search(text):
        return Intent.INSTALMENTS
    if _PAY.search(text) and not _NOT_PAY.search(text) and not _HAS_AGREEMENT.search(text):
        return Intent.PAY
    return Intent.UNCLEAR


# What is answered. Without the accents that GSM-7 lacks, so that each is one SMS segment.

ASK = (
    "Responda com o numero: 1 pagar, 2 parcelar, 3 ja paguei, 4 contestar, 5 falar com atendente."
    " SAIR para nao receber mais."
)
NOT_PROMISED = "Nao anotamos esse dia: um atendente vai falar com voce. Para pagar, acesse: {link}"
NOTHING_OPEN = "Nao ha pendencia em aberto neste atendimento. Para falar com atendente, responda 5."

ANSWERS = {
    Intent.PAY: "Para pagar, acesse: {link}",
    Intent.INSTALMENTS: "Registramos seu pedido de parcelamento. Entraremos em contato. Consulte: {link}",
    Intent.PAID: "Obrigado. Vamos aguardar a confirmacao do banco antes de enviar outro aviso.",
    Intent.OBJECTION: "Registramos sua contestacao. Ela sera analisada e responderemos em breve.",
    Intent.CALL: "Um atendente entrara em contato no proximo dia util.",
    Intent.PROMISE: "Anotamos seu pagamento para {on}. Se algo mudar, responda 5. Para pagar, acesse: {link}",
    Intent.OPT_OUT: "Voce nao recebera mais mensagens por este canal.",
    Intent.UNCLEAR: ASK,
}

SPOKEN = {
    Intent.CALL: "Obrigado. Um atendente entrará em contato no próximo dia útil.",
    Intent.PAY: "Obrigado. Enviamos o endereço por SMS.",
}
