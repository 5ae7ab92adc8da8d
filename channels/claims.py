"""The sentences that a letter may not say: what wasn't looked up, what the law forbids, what the ruler doesn't keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from channels.rendering import OPEN, Letter, Message
from models.contact.channel import Channel
from models.formats import unseen_in
from models.law.calendar import Unit, Wait
from models.law.term import never_shorter


@dataclass(frozen=True)
class Claim:
    """Something that a text may say, and to whom it must not be said."""

    said_by: Callable[[str], bool]
    wrong_in: Callable[[Letter, Channel], bool]
    what: str


def _matching(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern, re.IGNORECASE)
    return lambda text: found.search(text) is not None


DENIAL = re.compile(r"\b(?:não|nenhum|nenhuma|sem|nem|falta|inexist\w*)\b", re.IGNORECASE)
CONDITION = re.compile(r"^\W*(?:sem|se|caso|enquanto|persistindo|decorrid[oa])\b", re.IGNORECASE)
"""The openings of sentences that deny nothing: they say what happens if."""


def _denying(noun: str) -> Callable[[str], bool]:
    """Whether a sentence says that there is none of it."""
    named = re.compile(rf"\b{noun}", re.IGNORECASE)

    def denies(text: str) -> bool:
        return bool(named.search(text)) and any(
            DENIAL.search(sentence[: found.start()])
            for sentence in _sentences(text)
            if (found := named.search(sentence)) and not CONDITION.match(sentence)
        )

    return denies


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"(?<!\bart)(?<!\bnº)[.;:\n]+", text))


CLAIMS: tuple[Claim, ...] = (
    Claim(
        _denying("pagamentos?"),
        lambda letter, _: letter.partly_paid,
        "says that nothing was paid, also to who has paid in part: ask `partly_paid`",
    ),
    Claim(
        _denying("parcelamentos?"),
        lambda letter, _: letter.agreement is not None,
        "says that there is no agreement, also where one is on record: ask `agreement`",
    ),
    Claim(
        _denying("defesas?"),
        lambda letter, _: letter.defence is not None,
        "says that there is no defence, also where one is on record: ask `defence`",
    ),
    Claim(
        _denying("garantias?"),
        lambda letter, _: letter.guaranteed,
        "says that there is no guarantee, also where one is on record: ask `guaranteed`",
    ),
    Claim(
        _matching(r"não é a primeira vez|\bse repetindo|\brepetid|mais de um exercício|\breincid"),
        lambda letter, _: letter.occurrences == 1,
        "says that it has happened before, also to whom it happens for the first time: ask `occurrences`",
    ),
    Claim(
        _matching(r"execução fiscal|(?:cobrança|ação) judicial|ajuiza(?:mento|d[ao])"),
        lambda letter, _: letter.in_court,
        "threatens with a suit who is in court already: ask `in_court`",
    ),
    Claim(
        _matching(r"\bart(?:igo|\.)?\s*138\b|espont[âa]ne[ao]"),
        lambda letter, _: not letter.missing_returns and not letter.divergences,
        "speaks of spontaneous regularisation (CTN art. 138) where no return is missing or wrong: for tax declared and "
        "unpaid it isn't open (STJ, Súmula 360)",
    ),
    Claim(
        _matching(r"\b225(?:\s*/\s*|, de )2026"),
        lambda letter, _: not letter.statutory,
        "cites LC 225/2026 to who isn't pursued by its thresholds: ask `statutory`",
    ),
    Claim(
        _matching(
            r"\bseus benefícios|benefícios? (?:fiscais )?(?:são |foram )?(?:suspens|restabelec|alcançad)"
            r"|^(?:suspensão|restabelecimento) de benefícios"
        ),
        lambda letter, channel: channel in OPEN and not letter.taxpayer.is_company,
        "tells of a natural person's benefits over an open channel (CTN art. 198, § 3º, is about companies): ask "
        "`taxpayer.is_company` or `closed`",
    ),
    Claim(
        _matching(r"\b(?:a|por) (?:citar|conferir|definir)\b|\?\?"),
        lambda *_: True,
        "puts a question to a lawyer before a taxpayer",
    ),
    Claim(lambda text: unseen_in(text) is not None, lambda *_: True, "holds a character that no reader sees"),
)


@lru_cache(maxsize=8192)
def _said(paragraph: str) -> tuple[Claim, ...]:
    """The claims of a paragraph, looked for once: letters have most of their paragraphs in common."""
    return tuple(claim for claim in CLAIMS if claim.said_by(paragraph))


def wrong_claims(letter: Letter, channel: Channel, message: Message) -> Iterator[str]:
    """Find what a message says that it may not say in this letter."""
    for paragraph in (message.subject or "", *message.body.split("\n")):
        for claim in _said(paragraph):
            if claim.wrong_in(letter, channel):
                yield claim.what


# ---- terms

IN_WORDS = {"dez": 10, "quinze": 15, "vinte": 20, "trinta": 30, "quarenta e cinco": 45, "sessenta": 60, "noventa": 90}
DAYS = rf"(?:até\s+)?(?P<days>\d+|{'|'.join(IN_WORDS)})\s*(?:\([^)]*\)\s*)?dias?(?P<business>\s+úteis)?"
PROMISES = (
    re.compile(rf"\bprazo\s+(?:\w+\s+)?de\s+{DAYS}", re.IGNORECASE),
    re.compile(rf"\b(?:em|dentro de|terá|tem)\s+{DAYS}\s*,?\s*(?:cont|a contar|da ciência|da notific)", re.IGNORECASE),
)


def wrong_promises(message: Message, given: Wait, dwell: Wait | None) -> Iterator[str]:
    """The terms that a formal notice promises and the ruler doesn't keep."""
    for found in chain.from_iterable(promise.finditer(message.body) for promise in PROMISES):
        days = IN_WORDS.get(found["days"].lower()) or int(found["days"])
        promised = Wait(days=days, unit=Unit.BUSINESS if found["business"] else Unit.LEGAL)
        if promised != given:
            yield f"promises {_short(promised)}, and the ruler gives {_short(given)}: print `time_given`"
        if dwell and not never_shorter(dwell, promised):
            yield f"promises {_short(promised)}, and its rung lasts {_short(dwell)}: the dwell must be no shorter"


def _short(wait: Wait) -> str:
    return f"{wait.days} {wait.unit}"
