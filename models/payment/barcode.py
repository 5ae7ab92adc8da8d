"""The collection barcode (FEBRABAN arrecadação): 44 digits, or the 48 that a person types: 4 × (11 + check digit).

    1 always 8 · 2 segment · 3 value kind · 4 check digit · 5-15 value · 16-19 FEBRABAN code + 20-44 free,
    or 16-23 CNPJ root + 24-44 free

A slip of ours has in 24-44, free in both forms, `MARK` and the debt's slip number in 17 digits; in CNAB 240 its
nosso número is `MARK` and the slip number in 13. The mark keeps another system's slip from being taken for one of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from models.errors import Refusal

MARK = "7348"
"""REGU on a telephone's keys."""

SLIP_DIGITS, OUR_NUMBER_DIGITS = 17, 13
LARGEST_VALUE = Decimal("999999999.99")

_OUR_NUMBER = re.compile(rf"0*{MARK}([0-9]{{{OUR_NUMBER_DIGITS}}})")
_SHORT_NUMBER = re.compile(rf"{MARK}([0-9]{{11}})")
"""The same where there are only fifteen places."""
_DOUBLED = str.maketrans("0123456789", "0246813579")
"""Each digit twice, and the digits of that added up: 7 → 14 → 5."""


class NoBarcode(Refusal):
    """The text is no collection barcode; the message says why."""


@dataclass(frozen=True, slots=True)
class Barcode:
    """A barcode whose check digits were verified."""

    digits: str

    @property
    def segment(self) -> str:
        return self.digits[1]

    @property
    def kind_is_standard(self) -> bool:
        """Whether the value kind is one of the standard's. Others than 6 to 9 are in circulation; they are taken with
        modulus 10, and whoever takes one says so."""
        return self.digits[2] in "6789"

    @property
    def value(self) -> Decimal:
        return Decimal(self.digits[4:15]).scaleb(-2)

    @property
    def slip_number(self) -> int | None:
        """The slip number, if the slip is ours; the check digit has vouched for it."""
        free = self.digits[23:]
        return int(free[len(MARK) :]) if free.startswith(MARK) else None

    @property
    def typed(self) -> str:
        """The line of 48 digits under the bars."""
        blocks = (self.digits[start : start + 11] for start in range(0, 44, 11))
        return "".join(block + check_digit(block, self.digits[2]) for block in blocks)


def read_barcode(digits: str) -> Barcode:
    """Read 44 digits. Raises NoBarcode with the reason."""
    if len(digits) != 44:
        raise NoBarcode(f"the barcode has {len(digits)} digits instead of 44")
    if not (digits.isascii() and digits.isdigit()):
        raise NoBarcode("the barcode holds something else than digits; an alphanumeric CNPJ can't be in one")
    if digits[0] != "8":
        raise NoBarcode("the barcode begins with another digit than 8, so it is of no collection slip")
    if digits[3] != check_digit(digits[:3] + digits[4:], digits[2]):
        raise NoBarcode("the check digit of the barcode is wrong")
    return Barcode(digits)


def read_typed(line: str) -> Barcode:
    """Read the line of 48 digits, however it is spaced. Raises NoBarcode with the reason."""
    digits = re.sub(r"[\s.-]", "", line)
    if len(digits) != 48 or not (digits.isascii() and digits.isdigit()):
        raise NoBarcode("the line under a barcode has 48 digits, and this has not")
    blocks = [digits[start : start + 12] for start in range(0, 48, 12)]
    for place, block in enumerate(blocks, start=1):
        if block[11] != check_digit(block[:11], digits[2]):
            raise NoBarcode(f"the check digit of block {place} is wrong")
    return read_barcode("".join(block[:11] for block in blocks))


def slip_barcode(slip_number: int, value: Decimal, febraban_code: str, segment: str = "1", kind: str = "6") -> Barcode:
    """The barcode of a debt's slip. The default segment is a city's, the default kind the value in reais checked by
    modulus 10."""
    if not 0 < value <= LARGEST_VALUE:
        raise Refusal(f"a barcode can carry from R$ 0.01 to R$ {LARGEST_VALUE:,}")
    cents = f"{int(value.scaleb(2)):011d}"
    rest = f"{cents}{febraban_code:0>4}0000{MARK}{slip_number:0{SLIP_DIGITS}d}"
    front = f"8{segment}{kind}"
    return read_barcode(front + check_digit(front + rest, kind) + rest)


def our_number(slip_number: int) -> str:
    """The nosso número of a debt's slip in CNAB 240."""
    return f"{MARK}{slip_number:0{OUR_NUMBER_DIGITS}d}"


def slip_of_our_number(written: str) -> int | None:
    """The slip number in a nosso número that bears our mark, else None; banks fill the field up with zeros before it or
    blanks after it."""
    found = _OUR_NUMBER.fullmatch(written.strip()) or _SHORT_NUMBER.fullmatch(written.strip())
    return int(found[1]) if found else None


def check_digit(digits: str, kind: str) -> str:
    return modulus_11(digits) if kind in "89" else modulus_10(digits)


def modulus_10(digits: str) -> str:
    """The check digit modulo 10: weights 2, 1, 2, … from the right, the digits of each product added."""
    total = sum(map(int, digits[::-2].translate(_DOUBLED))) + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def modulus_11(digits: str) -> str:
    """The check digit modulo 11: weights 2 to 9 from the right, over and over; remainders 0 and 1 give 0."""
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(reversed(digits)))
    return str(11 - total % 11) if total % 11 > 1 else "0"
