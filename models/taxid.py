"""CPF and CNPJ: read, checked, written. The alphanumeric CNPJ (July 2026 on) and PGFN's masked CPF included.

Check digits are computed here, not by python-stdnum, since a million of them pass at a time; tests hold the two equal.
"""

from __future__ import annotations

import re
from operator import mul
from typing import NamedTuple

from models.formats import fold

CPF_LENGTH, CNPJ_LENGTH = 11, 14
MASK = "XXX"
"""How a masked CPF begins here: `XXX735623XX`."""

_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_CPF = re.compile(r"[0-9]{11}")
_MASKED_CPF = re.compile(r"[X*]{3}([0-9]{6})[X*]{2}")

# a check digit is the weighted sum of the values (ASCII − 48) before it, taken from 11; the second one's last weight,
# which is the first check digit's, is always 2
_CNPJ_WEIGHTS = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3)
_CPF_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2), (11, 10, 9, 8, 7, 6, 5, 4, 3)


class TaxId(NamedTuple):
    number: str
    """Without punctuation: 14 characters of a CNPJ, 11 of a CPF, masked or not."""
    key: str
    """The key that makes two rows the same person: the number; for a masked CPF, which many share, the name as well."""

    @property
    def is_company(self) -> bool:
        return len(self.number) == CNPJ_LENGTH

    @property
    def formatted(self) -> str:
        return formatted(self.number)


def read_tax_id(text: str, name: str = "") -> TaxId:
    """Read a CPF or CNPJ. Raises ValueError, whose message says what is wrong without repeating the number."""
    number = read_number(text)
    return TaxId(number, f"{number} {fold(name)}" if number.startswith(MASK) else number)


def read_number(text: str) -> str:
    number = text.replace(".", "").replace("/", "").replace("-", "").replace(" ", "").upper()
    if len(number) == CNPJ_LENGTH:
        if _CNPJ.fullmatch(number) is None:
            raise ValueError("is not a CNPJ: 12 letters or digits and 2 check digits")
        if number[12:] != cnpj_check_digits(number[:12]) or number.startswith("000000000000"):
            raise ValueError("is not a CNPJ: its check digits are wrong")
    elif len(number) == CPF_LENGTH:
        if masked := _MASKED_CPF.fullmatch(number):
            return f"{MASK}{masked[1]}XX"
        if _CPF.fullmatch(number) is None:
            raise ValueError("is not a CPF: 11 digits")
        # 111.111.111-11 and the like have right check digits, and are nobody's
        if number[9:] != cpf_check_digits(number[:9]) or number == number[0] * CPF_LENGTH:
            raise ValueError("is not a CPF: its check digits are wrong")
    else:
        raise ValueError("is neither a CPF (11 digits) nor a CNPJ (14 characters)")
    return number


def cnpj_check_digits(base: str) -> str:
    return _check_digits(base.encode(), *_CNPJ_WEIGHTS)


def cpf_check_digits(base: str) -> str:
    return _check_digits(base.encode(), *_CPF_WEIGHTS)


def _check_digits(base: bytes, first: tuple[int, ...], second: tuple[int, ...]) -> str:
    # 48 times the sum of the weights is the same for every number, and cheaper to take off at the end
    one = (48 * sum(first) - sum(map(mul, first, base))) % 11 % 10
    two = (48 * sum(second) - sum(map(mul, second, base)) - 2 * one) % 11 % 10
    return f"{one}{two}"


def formatted(number: str) -> str:
    if len(number) == CNPJ_LENGTH:
        return f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"
    if number.startswith(MASK):
        return mask(number)
    return f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"


def mask(number: str) -> str:
    """A tax id masked for display where the whole number has no business: `***.735.623-**`, `**.***.345/0001-**`."""
    if len(number) == CNPJ_LENGTH:
        return f"**.***.{number[5:8]}/{number[8:12]}-**"
    return f"***.{number[3:6]}.{number[6:9]}-**"
