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
