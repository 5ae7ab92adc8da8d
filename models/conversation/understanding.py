"""An answer as it is understood: with accents or without, mistyped, numbers in words, days as one says them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from rapidfuzz import fuzz

from models.conversation.flow import Kind, Option
from models.formats import fold
from models.portal.keys import WrongKey, read_key
from models.taxid import read_number

LONGEST = 300
"""Characters of an answer that is looked at: nothing longer is an answer to a question of ours."""

ALIKE = 83
"""Percent of likeness from which a word is taken for another (Indel distance)."""
SHORTEST_MISTYPED = 4
"""Letters of a word from which it may be mistyped: of shorter ones too many are alike."""

UNITS = {
    word: number
    for number, words in enumerate(
        (
            "ZERO",
            "UM UMA PRIMEIRO PRIMEIRA",
            "DOIS DUAS SEGUNDO SEGUNDA",
            "TRES TERCEIRO TERCEIRA",
            "QUATRO QUARTO QUARTA",
            "CINCO QUINTO QUINTA",
            "SEIS MEIA SEXTO",
            "SETE SETIMO SETIMA",
            "OITO OITAVO OITAVA",
            "NOVE NONO NONA",
            "DEZ",
            "ONZE",
            "DOZE",
            "TREZE",
            "QUATORZE CATORZE",
            "QUINZE",
            "DEZESSEIS",
            "DEZESSETE",
            "DEZOITO",
            "DEZENOVE",
        )
    )
    for word in words.split()
}
TENS = {
    word: 10 * number
    for number, word in enumerate(
        ("VINTE", "TRINTA", "QUARENTA", "CINQUENTA", "SESSENTA", "SETENTA", "OITENTA", "NOVENTA"), start=2
    )
}
WEEKDAYS = ("SEGUNDA", "TERCA", "QUARTA", "QUINTA", "SEXTA", "SABADO", "DOMINGO")
MONTHS = [
    "JANEIRO",
    "FEVEREIRO",
    "MARCO",
    "ABRIL",
    "MAIO",
    "JUNHO",
    "JULHO",
    "AGOSTO",
    "SETEMBRO",
    "OUTUBRO",
    "NOVEMBRO",
    "DEZEMBRO",
]

FILLER = frozenset(
    [
        "A",
        "O",
        "AS",
        "OS",
        "E",
        "DE",
        "DA",
        "DO",
        "EM",
        "NO",
        "NA",
        "PARA",
        "PRA",
        "QUERO",
        "GOSTARIA",
        "OPCAO",
        "NUMERO",
        "TECLA",
        "DIGITO",
        "DIA",
        "POR",
        "FAVOR",
    ]
)


def chosen(options: Sequence[Option], written: str) -> Option | None:
    """The item of a menu that an answer chooses: by its number, by its title or words, or by words almost as those.
    None: none of them, or two of them alike."""
    if len(written) > LONGEST:
        return None
    said = fold(written)
    words = [word for word in said.split() if word not in FILLER]
    number = number_in(" ".join(words))
    if number is not None:
        return options[number - 1] if 1 <= number <= len(options) else None
    for known in (_named, _mistyped):
        found = [option for option in options if any(known(fold(name), said) for name in (option.title, *option.words))]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _named(name: str, said: str) -> bool:
    return f" {name} " in f" {said} "


def _mistyped(name: str, said: str) -> bool:
    """Whether so many words of the answer in a row are almost these."""
    words, count = said.split(), len(name.split())
    if len(name) < SHORTEST_MISTYPED:
        return False
    return any(fuzz.ratio(name, " ".join(words[at : at + count])) >= ALIKE for at in range(len(words) - count + 1))


def read_answer(kind: Kind, written: str, today: date) -> str | None:
    """The answer to a question of that kind, in the form in which it is kept; None: it isn't understood."""
    if len(written) > LONGEST:
        return None
    match kind:
        case "digits":
            digits = re.sub(r"[\s.\-/]", "", written)
            return digits if digits.isascii() and digits.isdecimal() else None
        case "number":
            number = number_in(fold(written))
            return None if number is None else str(number)
        case "date":
            day = day_in(fold(written.replace("/", " ")), today)
            return day.isoformat() if day else None
        case "tax_id":
            try:
                return read_number(fold(written).replace(" ", "")) or None
            except ValueError:
                return None
        case "plate" | "renavam":
            try:
                return read_key(kind, written)[0]
            except WrongKey:
                return None
        case _:
            return written.strip() or None


def number_in(said: str) -> int | None:
    """The number that a folded text is, in digits or in words up to 99; None: it is no number, or more than one."""
    words = [word for word in said.split() if word not in FILLER]
    match words:
        case [one] if one.isascii() and one.isdecimal() and len(one) <= 9:
            return int(one)
        case [one] if one in UNITS or one in TENS:
            return UNITS.get(one, TENS.get(one))
        case [ten, one] if ten in TENS and 0 < UNITS.get(one, 0) < 10:
            return TENS[ten] + UNITS[one]
    return None


def day_in(said: str, today: date) -> date | None:
    """The day that a folded text names, today or later: `HOJE`, `AMANHA`, `SEXTA`, `DIA 10`, `10 12`, `10 DE
    DEZEMBRO`, `10 12 2026`. None: it names none."""
    said = re.sub(r"\b(FEIRA|QUE VEM|PROXIM[AO])\b", " ", said)
    words = [word for word in said.split() if word not in FILLER]
    match words:
        case ["HOJE"]:
            return today
        case ["AMANHA"]:
            return today + timedelta(days=1)
        case ["DEPOIS", "AMANHA"]:
            return today + timedelta(days=2)
        case [name] if name in WEEKDAYS:
            return today + timedelta(days=(WEEKDAYS.index(name) - today.weekday() - 1) % 7 + 1)
        case [day] if (number := number_in(day)) is not None:
            return _next(number, None, None, today)
        case [day, month] if (number := number_in(day)) is not None:
            return _next(number, _month(month), None, today)
        case [day, month, year] if (number := number_in(day)) is not None and re.fullmatch(r"20\d{2}", year, re.ASCII):
            return _next(number, _month(month), int(year), today)
    return None


def _month(written: str) -> int:
    """The number of a month, 0 for what is none."""
    if written in MONTHS:
        return MONTHS.index(written) + 1
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= 2 else 0


def _next(number: int, month: int | None, year: int | None, today: date) -> date | None:
    """The next such day, within a year of today where no year is said."""
    for ahead in range(13):
        start = today.replace(day=1) + relativedelta(months=ahead)
        try:
            day = date(year or start.year, start.month if month is None else month, number)
        except ValueError:
            continue
        if day >= today:
            return day
    return None
