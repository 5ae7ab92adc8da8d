"""FEBRABAN arrecadação, 150 characters a line, versions 4 to 7: A the header, G a payment each, Z count and total."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

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
    day,
    field,
    number,
    payment_day,
    printable,
)
from models.payment.barcode import NoBarcode, read_barcode

WIDTH = 150
SHORTEST_PAYMENT = 117
"""The length up to the channel: blanks after it may be cut off."""
MOST_COUNTED = 1_000_000
VERSIONS = ("04", "05", "06", "07")
PIX_CHANNELS = ("9", "i", "I")


def is_febraban(first: str) -> bool:
    return first[:2].upper() in ("A1", "A2")


class FebrabanReturn(BankReturn):
    def __init__(self, first: str, rest: Iterator[Line], today: date) -> None:
        """Read the header. Raises Refusal when it is not one of a return."""
        self.header = _header(first)
        self._rest = rest
        self._latest = max(self.header.made_on, today) + SKEW
        self._lines = 1
        self._total = Decimal(0)
        self._unread = 0
        self._odd_kinds = 0
        self._nothing = 0
        self._stated: tuple[int, Decimal] | None = None

    def records(self) -> Iterator[BankPayment | RejectedLine]:
        for line, text in self._rest:
            self._lines += 1
            try:
                payment = self._read(line, text.ljust(WIDTH), len(text))
            except (BadLine, NoBarcode) as bad:
                yield RejectedLine(line, str(bad), text)
            else:
                if payment:
                    yield payment

    def disagreements(self) -> list[str]:
        if self._stated is None:
            return ["it ends without its trailer (Z), so lines may be missing"]
        count, total = self._stated
        found = []
        if count != self._lines % MOST_COUNTED:
            found.append(f"its trailer (Z) counts {count} lines and it has {self._lines}")
        if total < self._total or (total > self._total and not self._unread):
            found.append(f"its trailer (Z) says R$ {total:,.2f} and its lines add up to R$ {self._total:,.2f}")
        return found

    def warnings(self) -> list[str]:
        said = []
        if self._odd_kinds:
            said.append(f"{self._odd_kinds} barcodes have a value kind outside 6-9 and were checked by modulus 10")
        if self._nothing:
            said.append(f"{self._nothing} lines report that nothing was paid")
        if self._unread:
            said.append(f"the amount of {self._unread} rejected lines can't be read, so the total is not confirmed")
        return said

    def _read(self, line: int, text: str, length: int) -> BankPayment | None:
        if self._stated is not None:
            raise BadLine("it stands after the trailer (Z)")
        kind = text[0].upper()
        if kind == "Z":
            self._stated = self._trailer(text)
            return None
        if kind != "G":
            raise BadLine("a second header (A)" if kind == "A" else "its type is none of A, G and Z")
        return self._payment(line, text, length)

    def _trailer(self, text: str) -> tuple[int, Decimal]:
        """Read the trailer's count and total. The count has six places: from a million lines on it starts over, or
        shoves the total on."""
        if self._lines >= MOST_COUNTED and field(text, 2, 8) == str(self._lines):
            return self._lines % MOST_COUNTED, amount(field(text, 9, 25), "the total")
        return number(field(text, 2, 7), "the count"), amount(field(text, 8, 24), "the total")

    def _payment(self, line: int, text: str, length: int) -> BankPayment | None:
        paid = self._amount(text)
        if len(text.rstrip(" ")) > WIDTH or length < SHORTEST_PAYMENT:
            raise BadLine(f"the line has {length} characters instead of {WIDTH}")
        if not paid:
            self._nothing += 1
            return None
        barcode = read_barcode(field(text, 38, 81))
        self._odd_kinds += not barcode.kind_is_standard
        written = field(text, 22, 29)
        paid_on = day(written[:4], written[4:6], written[6:], "the payment date")
        return BankPayment(
            line=line,
            code=barcode.digits,
            slip_number=barcode.slip_number,
            amount=paid,
            paid_on=payment_day(paid_on, self._latest),
            authentication=_meaningful(printable(field(text, 118, 140), "the authentication")),
            sequence=printable(field(text, 101, 108), "the line's own number"),
            by_pix=field(text, 117, 117) in PIX_CHANNELS,
        )

    def _amount(self, text: str) -> Decimal:
        """Read an amount and add it to what the trailer must say, though the line may be rejected for something
        else."""
        try:
            paid = amount(field(text, 82, 93), "the amount received")
        except BadLine:
            self._unread += 1
            raise
        self._total += paid
        return paid


def _header(first: str) -> Header:
    text = first.ljust(WIDTH)
    if len(first.rstrip(" ")) > WIDTH:
        raise Refusal(f"its first line has {len(first)} characters instead of {WIDTH}; nothing was imported")
    if text[1] != "2":
        raise Refusal("its header (A) is not that of a return (code 2); nothing was imported")
    if field(text, 80, 81) not in VERSIONS:
        raise Refusal("its header (A) is of a layout version other than 4 to 7; nothing was imported")
    made = field(text, 66, 73)
    try:
        return Header(
            layout="febraban-150",
            agreement=f"{field(text, 43, 45).strip()}/{field(text, 3, 22).strip()}",
            number=number(field(text, 74, 79), "the file number"),
            made_on=day(made[:4], made[4:6], made[6:], "the date"),
        )
    except BadLine as bad:
        raise Refusal(f"its header (A): {bad}; nothing was imported") from None


def _meaningful(authentication: str) -> str:
    """The field, or None: blanks and zeros are how a bank says that it gives none."""
    return authentication if authentication.strip("0") else ""
