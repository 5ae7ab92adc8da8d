"""The refusals that people meet at the console, in Portuguese; any other stays as the record says it, in English."""

from __future__ import annotations

import re

from markupsafe import Markup

from models.words import STATUSES

PORTUGUESE: tuple[tuple[str, str], ...] = (
    (r"four eyes: (?P<by>.+) started the cohort, so somebody else must approve", "quatro olhos: {by} iniciou o grupo"),
    (r"four eyes: (?P<by>.+) has approved already; .+", "quatro olhos: {by} já aprovou; falta outra pessoa"),
    (
        r"four eyes: only (?P<alone>.+) says who (?P<one>.+) is; .+",
        "quatro olhos: só {alone} responde por quem é {one}; outra supervisão precisa confirmar com person add",
    ),
    (
        r"four eyes: (?P<by>.+) did `(?P<did>.+)`, on which this rests, so somebody else must `.+`",
        "quatro olhos: {by} fez “{did}”, em que isto se apoia",
    ),
    (
        r"the case has changed since it was shown; .+",
        "o caso mudou depois de mostrado; confira abaixo como está agora e decida de novo",
    ),
    (r"the case is (?P<status>\w+), not awaiting approval", "o caso está {status}, e não aguarda aprovação"),
    (r"the suspension is approved already, .+", "a suspensão já está aprovada, e vai ser executada"),
    (r"the case is paused already", "o caso já está pausado"),
    (r"the case is (?P<status>\w+); there is nothing to pause", "o caso está {status}; não há o que pausar"),
    (r"not the case alone, the whole cohort is paused; .+", "o grupo inteiro está pausado, não só este caso"),
    (r"the case is (?P<status>\w+), not paused", "o caso está {status}, e não pausado"),
    (r"the case is (?P<status>\w+): nothing more can be done to it", "o caso está {status}: nada mais se faz nele"),
    (r".+ on (?P<on>\S+), which is yet to come: today is (?P<today>\S+)", "{on} ainda não chegou: hoje é {today}"),
    (r"no formal notice was sent, .+", "nenhuma notificação formal foi enviada: ainda não há de que se defender"),
    (r"no defence is on record; .+", "não há defesa no registro"),
    (
        r"four eyes: (?P<by>.+) changed the draft, so somebody else must publish it",
        "quatro olhos: {by} mudou o rascunho, e outra pessoa da supervisão o publica",
    ),
    (
        r"the draft was changed by (?P<by>.+) meanwhile; .+",
        "o rascunho foi mudado por {by} enquanto você editava; confira e edite de novo",
    ),
    (r"there is no draft of .+: .+", "não há mais rascunho: foi publicado ou descartado"),
    (
        r"the draft, or what is in force, has changed since it was shown; .+",
        "o rascunho, ou o que está em vigor, mudou depois de mostrado; confira de novo",
    ),
    (r"(?P<file>.+) is empty", "{file} está vazio"),
    (r"(?P<file>.+) has a header and no rows", "{file} tem cabeçalho e nenhuma linha"),
    (r"(?P<file>.+) is a binary file, not text", "{file} não é texto: é um arquivo binário"),
    (r"(?P<file>.+) is UTF-16; .+", "{file} está em UTF-16; salve-o como texto em UTF-8"),
    (r"(?P<file>.+): its first line is not a header; .+", "{file}: a primeira linha não é um cabeçalho"),
    (r"the header lacks (?P<what>.+); .+", "faltam no cabeçalho as colunas {what}"),
    (
        r"the header is of no layout known here: .+",
        "o cabeçalho não é de nenhum formato conhecido: o da régua começa com tax_id, o da PGFN com CPF_CNPJ",
    ),
    (
        r"(?:.+: )?it begins neither like .+",
        "não começa como arquivo de arrecadação FEBRABAN (A), nem como retorno CNAB 240 ou CNAB 400",
    ),
    (r"(?P<file>.+) is neither SGS's JSON nor its CSV, .+", "{file} não é o JSON do SGS, nem o CSV dele (data;valor)"),
    (
        r"file number (?P<number>.+) of this convênio was imported before; .+",
        "o arquivo de número {number} deste convênio já foi importado; pode-se aceitar a repetição ao lado",
    ),
    (
        r"the file is to be checked before it is imported, .+",
        "o arquivo precisa ser conferido antes, e é importado uma vez",
    ),
    (r"the file was imported already, or is being imported", "o arquivo já foi importado, ou está sendo"),
    (r"the file is being imported; wait for its end", "o arquivo está sendo importado; espere o fim"),
    (r"a fault of ours; .+", "falha nossa; o que houve está no nosso registro de falhas"),
    (r"the draft has changed since it was checked, .+", "o rascunho mudou depois de conferido; confira-o primeiro"),
    (r"something stands against starting it; see above", "algo impede o início; veja acima"),
    (r"this browser began no sign-in, .+", "este navegador não começou uma entrada, ou faz tempo demais"),
    (r"the provider's answer is not to the sign-in .+", "a resposta não é à entrada que este navegador começou"),
    (r"the provider's answer is no proof: .+", "a resposta do provedor não prova quem você é"),
    (r"the provider let nobody in: (?P<why>.+)", "o provedor não deixou entrar: {why}"),
    (r"(?P<issuer>https?://\S+) does not answer", "{issuer} não responde; tente de novo em instantes"),
    (r"the provider says no (?P<claim>\S+) of .+", "o provedor não diz {claim} de quem entra"),
    (r"the provider has not verified the e-mail of .+", "o provedor não verificou o seu e-mail"),
    (r"the provider gives who signed in none of the roles .+", "o provedor não lhe dá nenhum papel conhecido aqui"),
    (r"(?:.+ is auditor, and )?an auditor is nothing else.+", "quem audita não tem outro papel"),
)
"""Patterns of whole sentences, and what each says; statuses are told by their own words."""

_PATTERNS = tuple((re.compile(pattern), words) for pattern, words in PORTUGUESE)


def in_portuguese(refusal: str) -> str | None:
    """A refusal in Portuguese; None: nobody has put it into words yet."""
    for pattern, words in _PATTERNS:
        if found := pattern.fullmatch(refusal):
            told = found.groupdict()
            if "status" in told:
                told["status"] = STATUSES.get(told["status"], told["status"])
            return words.format(**told)
    return None


def refusal_in_words(refusal: str) -> Markup:
    """A refusal as a page shows it, marked as English where it is."""
    told = in_portuguese(refusal)
    return Markup("{}").format(told) if told else Markup('<span lang="en">{}</span>').format(refusal)
