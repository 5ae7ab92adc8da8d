"""The promise that a reply makes: "prometo pagar dia 10", "sexta", "R$ 200 dia 5".

A promise names one day, and one amount or none. What names two days, a number that is no amount, or a share of what is
owed is not understood: a person is asked, and nobody is held to a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

DayOf = Callable[[date], date | None]
"""The day that was named, as of the day on which it was said; none: there is no such day."""


@dataclass(frozen=True)
class Said:
    amount: Decimal | None
    """In reais; none: all that is owed."""
    day: DayOf


WEEKDAYS = {"SEGUNDA": 0, "TERCA": 1, "QUARTA": 2, "QUINTA": 3, "SEXTA": 4, "SABADO": 5, "DOMINGO": 6}
MONTHS = (
    "JANEIRO FEVEREIRO MARCO ABRIL MAIO JUNHO JULHO AGOSTO SETEMBRO OUTUBRO NOVEMBRO DEZEMBRO".split()  # noqa: SIM905
)

_VOW = re.compile(r"\b(?:PROMET(?:O|EMOS|IDO)|ME COMPROMETO|COMBINADO|GARANTO)\b")
_PAYS = re.compile(
    r"\b(?:PAGO|PAGAREI|PAGAREMOS|PAGAR|PAGAMENTO|QUITO|QUITAR|QUITAREI|ACERTO|ACERTAR|DEPOSITO|DEPOSITAR|"
    r"(?:FACO|FAZER|FAREI|MANDO|MANDAR) (?:O |UM )?(?:PIX|PAGAMENTO|DEPOSITO))\b"
)
_REFUSES = re.compile(r"\b(?:NAO|NUNCA|NEM|JAMAIS|SE|TALVEZ|ACHO|TENTAR|TENTO|QUEM SABE)\b|\?")
_SHARE = re.compile(r"%|\b(?:METADE|PARTE|PARCELA|ENTRADA|VEZES|UM POUCO|ALGUMA COISA|POR CENTO|MIL)\b")
_AMOUNT = re.compile(
    r"R\$ ?(?P<reais>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<cents>\d{2}))?(?![\d.,]\d)|"
    r"(?<![\d/.,])(?P<reais2>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<cents2>\d{2}))?(?![\d/]|[.,]\d)(?: ?REAIS)?\b"
)
_FILLER = re.compile(
    r"\b(?:DIA|NO|NA|ATE|DE|DO|DA|O|A|E|EM|PARA|PRA|FEIRA|PROXIM[OA]|AGORA|QUE VEM|SEM FALTA|OK|SIM|EU|POR FAVOR|"
    r"OBRIGAD[OA]|BOM|BOA|TARDE|NOITE|CEDO|MANHA|MEIO|VOU|SO|SOMENTE)\b"
)


def promise_in(written: str) -> Said | None:
    """Read the promise that a reply makes; none: it makes none, or none that can be told for certain."""
    text = _plain(written)
    if _REFUSES.search(text) or _SHARE.search(text):
        return None
    days = list(_days(text))
    if len(days) != 1:
        return None
    [(day, rest, today)] = days
    amounts = list(_AMOUNT.finditer(rest))
    if len(amounts) > 1:
        return None
    rest = _AMOUNT.sub(" ", rest)
    vows = bool(_VOW.search(rest))
    # "pagar hoje" asks how; and a day alone says nothing beside other words
    alone = not re.search(r"\w", _FILLER.sub(" ", rest))
    if re.search(r"\d", rest) or not (vows or (not today and (alone or _PAYS.search(rest)))):
        return None
    amount = _amount(amounts[0]) if amounts else None
    return Said(amount, day) if amount is None or amount > 0 else None


def _plain(written: str) -> str:
    """Upper case without accents, with the punctuation of amounts and dates."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", written) if not unicodedata.combining(c)).upper()
    return " ".join(re.sub(r"[^A-Z0-9$.,/?% ]", " ", bare).split())


def _amount(match: re.Match[str]) -> Decimal:
    reais, cents = match["reais"] or match["reais2"], match["cents"] or match["cents2"]
    return Decimal(f"{reais.replace('.', '')}.{cents or '00'}")


# ---- the day


def _days(text: str) -> Iterator[tuple[DayOf, str, bool]]:
    """Each day that is named, the text without it, and whether it is today."""
    for pattern, day_of in DAYS:
        for match in pattern.finditer(text):
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            yield day_of(match), rest, match[0] == "HOJE"
            text = text[: match.start()] + "_" * len(match[0]) + text[match.end() :]


def _in_days(count: int) -> DayOf:
    return lambda today: today + timedelta(days=count)


def _weekday(match: re.Match[str]) -> DayOf:
    """The next such day, which today is not."""
    wanted = WEEKDAYS[match["weekday"]]
    return lambda today: today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _of_month(match: re.Match[str]) -> DayOf:
    """The next day of that number; of next month where that is said."""
    number, next_month = int(match["day"]), bool(match["next"])

    def day(today: date) -> date | None:
        later = next_month or number < today.day
        first = (today.replace(day=1) + timedelta(days=32)).replace(day=1) if later else today
        return _date(first.year, first.month, number)

    return day


def _of_year(match: re.Match[str]) -> DayOf:
    """The next day of that date, in the year that is said or the one that comes to it first."""
    number = int(match["day"])
    month = MONTHS.index(match["month"]) + 1 if match["month"] in MONTHS else int(match["month"])
    year = match["year"] and int(match["year"]) % 100 + 2000

    def day(today: date) -> date | None:
        if year:
            return _date(int(year), month, number)
        this = _date(today.year, month, number)
        return this if this and this >= today else _date(today.year + 1, month, number)

    return day


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


DAYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], DayOf]], ...] = (
    (re.compile(r"\bDEPOIS DE AMANHA\b"), lambda _: _in_days(2)),
    (re.compile(r"\bAMANHA\b"), lambda _: _in_days(1)),
    (re.compile(r"\bHOJE\b"), lambda _: _in_days(0)),
    (re.compile(r"\b(?:EM|DAQUI A?) ?(?P<count>\d{1,2}) DIAS?\b"), lambda match: _in_days(int(match["count"]))),
    (
        re.compile(
            r"\b(?:DIA )?(?P<day>\d{1,2})[/.](?P<month>\d{1,2})(?:[/.](?P<year>(?:20)?\d{2}))?(?![\d/]|[.,]\d)\b"
        ),
        _of_year,
    ),
    (
        re.compile(rf"\b(?:DIA )?(?P<day>\d{{1,2}}) DE (?P<month>{'|'.join(MONTHS)})(?: DE (?P<year>20\d{{2}}))?\b"),
        _of_year,
    ),
    (
        re.compile(
            r"\bDIA (?P<day>\d{1,2})(?![\d/]|[.,]\d)"
            r"(?P<next> (?:DO |NO )?(?:PROXIMO MES|MES QUE VEM))?(?: DESTE MES)?\b"
        ),
        _of_month,
    ),
    (re.compile(rf"\b(?P<weekday>{'|'.join(WEEKDAYS)})(?: FEIRA)?(?: QUE VEM)?\b"), _weekday),
)
"""The ways a day is named, what is longer first."""
