"""CNAB 240 return: file header, lots of segments T and U (one title each), lot trailers, file trailer.

Which movements are payments, and where our number is, differs from bank to bank (`models/payment/cnab_banks.py`).
Lines may be cut where the rest is blank. The trailers count lines; none states what was paid, so there is no total to
compare. Banks count a lot with or without its header and trailer (Santander's sample has them left out), or write
zeros.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from models.errors import Refusal
from models.payment.bank_record import (
    SKEW,
    BadLine,
    BankPayment,
    BankReturn,
    Header,
    Line,
    RejectedLine,
    amount,
    brought_nothing,
    day,
    field,
    number,
    payment_day,
    printable,
)
from models.payment.cnab_banks import FirstToLast, bank_of

WIDTH = 240
SLACK = 1
"""Santander's own sample has a line one blank too long."""
AFTER_NAME = 72
_MADE = re.compile(
    r"(?P<code>[12])(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4})(?:[0-9]{6}| {6})(?P<number>[0-9]{6})[0-9]{3}"
)
"""143-166 of the header: return code, date, hour, file number, layout version. Looked for rather than counted out,
since some banks (Sicoob's sample) write the names before it shorter than they should."""


def is_cnab240(first: str) -> bool:
    return first[:3].isascii() and first[:3].isdigit() and field(first, 4, 8) == "00000"


@dataclass(frozen=True)
class _Title:
    """A segment T that waits for its U."""

    line: int
    text: str

    @property
    def movement(self) -> str:
        return field(self.text, 16, 17)

    def written(self, places: Iterable[FirstToLast]) -> list[str]:
        return [field(self.text, first, last).strip(" ") for first, last in places]

    def goes_with(self, charge: str) -> bool:
        same_lot = field(self.text, 4, 7) == field(charge, 4, 7)
        return same_lot and self.movement == field(charge, 16, 17)


class Cnab240Return(BankReturn):
    def __init__(self, first: str, rest: Iterator[Line], today: date) -> None:
        """Read the header. Raises Refusal when it is not one of a return."""
        self.header = _header(first)
        self._code = first[:3]
        self._bank = bank_of(self._code)
        self._agreement = field(first, 33, 41).strip(" ").lstrip("0")
        self._rest = rest
        self._latest = max(self.header.made_on, today) + SKEW
        self._lines = 1
        self._lot_lines = 0
        self._title: _Title | None = None
        self._other: Counter[str] = Counter()
        self._faults: list[str] = []
        self._ended = False
        self._uncounted = False

    def records(self) -> Iterator[BankPayment | RejectedLine]:
        for line, text in self._rest:
            self._lines += 1
            try:
                yield from self._read(line, text.rstrip(" "))
            except BadLine as bad:
                yield RejectedLine(line, str(bad), text)
        yield from self._widowed()

    def disagreements(self) -> list[str]:
        ending = [] if self._ended else ["it ends without its trailer, so lines may be missing"]
        return self._faults + ending

    def warnings(self) -> list[str]:
        return brought_nothing(self._other) + ["its trailers don't say how many lines there are"] * self._uncounted

    def _read(self, line: int, text: str) -> Iterator[BankPayment | RejectedLine]:
        if self._ended:
            raise BadLine("it stands after the file's trailer")
        if len(text) > WIDTH + SLACK:
            raise BadLine(f"the line has {len(text)} characters instead of {WIDTH}")
        padded, kind = text.ljust(WIDTH), field(text, 8, 8)
        if kind == "3":
            self._lot_lines += 1
            yield from self._detail(line, padded)
            return
        if kind in "24":  # what a lot begins and ends with, where there are more lines of it than one
            self._lot_lines += 1
            return
        yield from self._widowed()
        if kind == "1":
            self._lot_lines = 1
        elif kind == "5":
            self._close_lot(padded)
        elif kind == "9":
            self._close_file(padded)
        else:
            raise BadLine("its record type is none of 1 to 5 and 9")

    def _detail(self, line: int, text: str) -> Iterator[BankPayment | RejectedLine]:
        segment = field(text, 14, 14).upper()
        if segment == "T":
            yield from self._widowed()
            self._title = _Title(line, text)
        elif segment == "U":
            title, self._title = self._title, None
            if title is None:
                raise BadLine("a segment U without its T before it")
            if not title.goes_with(text):
                yield RejectedLine(title.line, "a segment T without its U after it", title.text.rstrip())
                raise BadLine("a segment U of another lot or movement than the T before it")
            yield from self._money(title, line, text)
        elif not segment.isalpha():
            raise BadLine("its segment is none")

    def _money(self, title: _Title, line: int, text: str) -> Iterator[BankPayment]:
        """The payment of a title or its reversal; nothing where the bank's movement is known to bring no money."""
        bank, paid = self._bank, field(text, 78, 92)
        if paid.endswith(" ") and title.movement in bank.payments | bank.reversals:
            raise BadLine("it is cut off before the amount paid")
        if paid.strip("0 ") and bank.brings_money(title.movement):
            yield self._payment(title, line, text)
        else:
            self._other[title.movement] += 1

    def _payment(self, title: _Title, line: int, text: str) -> BankPayment:
        paid = amount(field(text, 78, 92), "the amount paid")
        bank = self._bank
        slip_number, marked = bank.slip_of(
            title.written(bank.number_at), title.written(bank.client_at), self._agreement
        )
        (payer,) = title.written([bank.payer_at])
        written = field(text, 138, 145)
        paid_on = day(written[4:], written[2:4], written[:2], "the payment date")
        return BankPayment(
            line=line,
            code=_code(title),
            slip_number=slip_number,
            amount=paid,
            paid_on=payment_day(paid_on, self._latest),
            authentication="",
            sequence=printable(field(text, 4, 7) + field(text, 9, 13), "the line's own number"),
            by_pix=False,
            payer="" if marked or slip_number is None else payer.lstrip("0"),
            bank="" if marked else self._code,
            taken_back=title.movement in bank.reversals,
        )

    def _widowed(self) -> Iterator[RejectedLine]:
        title, self._title = self._title, None
        if title is not None:
            yield RejectedLine(title.line, "a segment T without its U after it", title.text.rstrip())

    def _close_lot(self, text: str) -> None:
        stated, lines = number(field(text, 18, 23), "the lot's count"), self._lot_lines + 1
        self._uncounted |= not stated
        if stated not in (0, lines, lines - 2):
            self._faults.append(f"a lot's trailer counts {stated} lines and the lot has {lines}")
        self._lot_lines = 0

    def _close_file(self, text: str) -> None:
        stated = number(field(text, 24, 29), "the file's count")
        self._ended = True
        self._uncounted |= not stated
        if stated not in (0, self._lines, self._lines - 2):
            self._faults.append(f"its trailer counts {stated} lines and it has {self._lines}")


def _code(title: _Title) -> str:
    """The name of a title for people: its nosso número, else what the client wrote into it."""
    written = title.written([(38, 57), (59, 73), (106, 130)])
    code = next(filter(None, written), None)
    if code is None:
        raise BadLine("its segment T has no nosso número")
    return printable(code, "the nosso número")


def _header(first: str) -> Header:
    if len(first.rstrip()) > WIDTH + SLACK:
        raise Refusal(f"its first line has {len(first)} characters instead of {WIDTH}; nothing was imported")
    made = _MADE.search(first, AFTER_NAME)
    if made is None or made["code"] != "2":
        raise Refusal("its header is not that of a return (code 2); nothing was imported")
    try:
        return Header(
            layout="cnab-240",
            agreement=f"{field(first, 1, 3)}/{''.join(field(first, 18, 72).split())}",
            number=int(made["number"]),
            made_on=day(made["year"], made["month"], made["day"], "the date"),
        )
    except BadLine as bad:
        raise Refusal(f"its header: {bad}; nothing was imported") from None
