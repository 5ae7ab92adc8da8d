"""A bank's return file, whatever its layout: who made it, the payments, and the lines that can't be taken.

Positions are 1-based and inclusive, as the standards print them. No reason repeats what a line holds.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

UNPRINTABLE = re.compile(r"[^ -~]")
MARKS = "\x1a\f\v\t\ufeff"
"""By these a text or a page begins or ends; they belong to no field."""
EARLIEST = date(1990, 1, 1)
SKEW = timedelta(days=1)
"""How far a bank's calendar may run ahead."""


Line = tuple[int, str]
"""A line by its place in the file, from 1."""


class BadLine(ValueError):
    """The reason for which a line is not taken."""


@dataclass(frozen=True)
class Header:
    layout: str
    agreement: str
    """Bank and convênio: within it the files are numbered."""
    number: int
    """NSA: one more with each file."""
    made_on: date
    numbered: bool = True
    """False: the layout has no number, and `number` is the file's day."""


@dataclass(frozen=True, slots=True)
class BankPayment:
    line: int
    """The line of the file, from 1."""
    code: str
    """The code paid: the barcode, or the nosso número."""
    slip_number: int | None
    amount: Decimal
    paid_on: date
    authentication: str
    """The bank's, when it gives one: the same in whichever file the payment is reported."""
    sequence: str
    """The line's own number in the file: two lines with the same one are one line said twice."""
    by_pix: bool
    payer: str = ""
    """The tax id of whom the title is for, where it has to vouch for the slip number: a number that doesn't bear our
    mark may be another system's."""
    bank: str = ""
    """The bank whose own count the slip number may be of; none: it bears our mark, so it is the debt's."""
    taken_back: bool = False
    """Whether the line takes such a payment back, instead of reporting it."""


def identity_of(payment: BankPayment, header: Header) -> str:
    """The same for a payment in whichever file its bank reports it, and for equal payments of one day."""
    # without an authentication nothing but its file tells a payment from an equal one of the same day
    told_by = payment.authentication or f"NSA {header.number}"
    identity = f"{header.agreement} {payment.code} {payment.paid_on} {payment.amount} {told_by}".replace("\t", " ")
    return f"reversal {identity}" if payment.taken_back else identity


@dataclass(frozen=True, slots=True)
class RejectedLine:
    line: int
    reason: str
    text: str


class BankReturn(ABC):
    """A file that is being read: its header at once, what its trailer confirms once `records` has ended."""

    header: Header

    @abstractmethod
    def records(self) -> Iterator[BankPayment | RejectedLine]:
        """Each payment or rejected line as it is read; nothing is kept."""

    @abstractmethod
    def disagreements(self) -> list[str]:
        """The points in which the trailer and the lines contradict each other."""

    @abstractmethod
    def warnings(self) -> list[str]:
        """Sentences about what people should know, though it keeps no payment from being counted."""


def written_lines(lines: Iterable[str]) -> Iterator[Line]:
    """The lines on which something is written, without the marks at either end. Their blanks stay: they may be
    fields."""
    for place, text in enumerate(lines, start=1):
        begun = text.lstrip(MARKS)
        said = begun.rstrip(f"{MARKS} ")
        if said.strip(" "):
            yield place, said + " " * begun.count(" ", len(said))


def field(line: str, first: int, last: int) -> str:
    return line[first - 1 : last]


def number(written: str, what: str) -> int:
    if not (written.isascii() and written.isdigit()):
        raise BadLine(f"{what} is not a number")
    return int(written)


def amount(written: str, what: str) -> Decimal:
    """An amount in reais, two decimals implied."""
    return Decimal(number(written, what)).scaleb(-2)


def printable(written: str, what: str) -> str:
    """The field's text without the blanks around it."""
    if UNPRINTABLE.search(written):
        raise BadLine(f"{what} holds a character that is no printable ASCII")
    return written.strip(" ")


@lru_cache(maxsize=4096)
def day(year: str, month: str, on: str, what: str) -> date:
    try:
        found = date(number(year, what), number(month, what), number(on, what))
    except ValueError:
        raise BadLine(f"{what} is no date") from None
    if found < EARLIEST:
        raise BadLine(f"{what} is before {EARLIEST.year}")
    return found


def brought_nothing(movements: Mapping[str, int]) -> list[str]:
    """The warning for each movement whose titles bring no money, by how many."""
    return [f"{times} titles of movement {movement} bring no money" for movement, times in sorted(movements.items())]


def payment_day(found: date, latest: date) -> date:
    if found > latest:
        raise BadLine("the payment date is in the future")
    return found
