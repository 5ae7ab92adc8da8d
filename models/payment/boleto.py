"""The bar code of a bank slip (boleto): 44 digits, or the 47 of the line that a person types.

    1-3 bank · 4 currency (9) · 5 check digit · 6-9 due factor · 10-19 value · 20-44 the bank's free field

The due factor counts days since 07/10/1997; after 9999, which was 21/02/2025, it went on from 1000 (FEBRABAN, 2025). So
a factor may mean two days, and is read as the one that is nearer to a day that is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from models.errors import Refusal
from models.payment.barcode import NoBarcode, modulus_10

FIRST_BASE = date(1997, 10, 7)
ROLLOVER = date(2025, 2, 22)
"""The first day whose factor is again 1000."""
ROLLED_BY = timedelta(days=9000)
LARGEST_FACTOR, SMALLEST_FACTOR = 9999, 1000
LARGEST_VALUE = Decimal("99999999.99")
CURRENCY = "9"
FREE_DIGITS = 25


@dataclass(frozen=True, slots=True)
class BoletoCode:
    """A bar code whose check digit was verified."""

    digits: str

    @property
    def bank(self) -> str:
        return self.digits[:3]

    @property
    def factor(self) -> int:
        return int(self.digits[5:9])

    @property
    def value(self) -> Decimal:
        return Decimal(self.digits[9:19]).scaleb(-2)

    @property
    def free(self) -> str:
        return self.digits[19:]

    def due(self, near: date) -> date | None:
        """The due date: of the two that the factor may mean, the one nearer to `near`. None: the slip has none."""
        if not self.factor:
            return None
        first = FIRST_BASE + timedelta(days=self.factor)
        return min(first, first + ROLLED_BY, key=lambda day: abs(day - near))

    @property
    def typed(self) -> str:
        """The line above the bars, spaced as it is printed."""
        free = self.free
        one, two, three = f"{self.digits[:4]}{free[:5]}", free[5:15], free[15:]
        blocks = [each + modulus_10(each) for each in (one, two, three)]
        shown = [f"{each[:5]}.{each[5:]}" for each in blocks]
        return " ".join([*shown, self.digits[4], self.digits[5:19]])


def due_factor(due: date) -> int:
    """The factor of a due date. Raises Refusal for a day that has none."""
    days = (due - FIRST_BASE).days
    factor = days if due < ROLLOVER else days - ROLLED_BY.days
    if not SMALLEST_FACTOR <= factor <= LARGEST_FACTOR:
        raise Refusal(f"a slip can't be due on {due:%d/%m/%Y}: its bar code has no factor for that day")
    return factor


def boleto_code(bank: str, due: date, value: Decimal, free: str) -> BoletoCode:
    """The bar code of a slip. Raises Refusal for what doesn't fit into it."""
    if not 0 < value <= LARGEST_VALUE:
        raise Refusal(f"a slip can carry from R$ 0.01 to R$ {LARGEST_VALUE:,}")
    if len(free) != FREE_DIGITS or not free.isdigit():
        raise Refusal(f"the free field of a slip has {FREE_DIGITS} digits, and {bank}'s has not")
    front, rest = f"{bank}{CURRENCY}", f"{due_factor(due):04}{int(value.scaleb(2)):010}{free}"
    return BoletoCode(front + _check_digit(front + rest) + rest)


def read_boleto(written: str) -> BoletoCode:
    """Read 44 digits or the 47 of the line, however spaced. Raises NoBarcode with the reason."""
    digits = re.sub(r"[\s.-]", "", written)
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (44, 47):
        raise NoBarcode("the code of a bank slip has 44 digits, its line 47, and this has neither")
    if len(digits) == 47:
        digits = _of_typed(digits)
    if digits[3] != CURRENCY:
        raise NoBarcode("the slip is not in reais")
    if digits[4] != _check_digit(digits[:4] + digits[5:]):
        raise NoBarcode("the check digit of the slip is wrong")
    return BoletoCode(digits)


def _of_typed(line: str) -> str:
    blocks = (line[:10], line[10:21], line[21:32])
    for place, block in enumerate(blocks, start=1):
        if block[-1] != modulus_10(block[:-1]):
            raise NoBarcode(f"the check digit of block {place} is wrong")
    one, two, three = (block[:-1] for block in blocks)
    return one[:4] + line[32] + line[33:] + one[4:] + two + three


def _check_digit(digits: str) -> str:
    """Modulus 11 with weights 2 to 9 from the right; what would be 0, 10 or 11 is 1."""
    total = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(reversed(digits)))
    found = 11 - total % 11
    return str(found) if found in range(2, 10) else "1"
