"""Access keys as somebody types them: brought to the spellings by which debts are found, or told what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

from models.errors import Refusal
from models.intake.access_keys import ACCESS_KEYS
from models.intake.fields import inscription_key
from models.taxid import CNPJ_LENGTH, read_number

LONGEST = 40
"""Characters of a key, however written."""

RENAVAM_DIGITS = 11

OF_THE_DEBT, OF_THE_COMPANY = "inscription", "cnpj"
"""Two keys that every debt, and every company's, has beside ACCESS_KEYS."""

KINDS = (*ACCESS_KEYS, OF_THE_DEBT, OF_THE_COMPANY)

_PLATE = re.compile("[A-Z]{3}[0-9][0-9A-J][0-9]{2}")
"""`ABC1234`, and Mercosul's `ABC1D23`."""


class WrongKey(Refusal):
    """The text can't be a key of its kind; the message says why, to a taxpayer."""


def read_key(kind: str, written: str) -> tuple[str, ...]:
    """Read a key: the spellings under which it may be on record, without case, accents, spaces and punctuation. Raises
    WrongKey when there is none of that kind."""
    if len(written) > LONGEST:
        raise WrongKey(f"Tem mais de {LONGEST} caracteres.")
    key = inscription_key(written)
    if not key:
        raise WrongKey("Preencha este campo.")
    return _SPELLINGS[kind](key) if kind in _SPELLINGS else (key,)


def _plate(key: str) -> tuple[str, ...]:
    """Mercosul's plate has a letter for the second digit, A for 0 to J for 9: the same vehicle's, before and after."""
    if not _PLATE.fullmatch(key):
        raise WrongKey("Uma placa é escrita ABC1234 ou ABC1D23.")
    second = key[4]
    other = chr(ord("A") + int(second)) if second.isdecimal() else str(ord(second) - ord("A"))
    return key, key[:4] + other + key[5:]


def _renavam(key: str) -> tuple[str, ...]:
    """Eleven digits, the last of which checks the others, modulus 11. Older ones have nine, with zeros before them or
    without."""
    digits = key.zfill(RENAVAM_DIGITS)
    if not re.fullmatch("[0-9]{11}", digits) or int(digits[-1]) != _renavam_digit(digits[:-1]):
        raise WrongKey("O RENAVAM tem até 11 algarismos, e estes não conferem: veja no documento do veículo.")
    return digits, digits.lstrip("0")


def _renavam_digit(first_ten: str) -> int:
    weighted = sum(int(digit) * weight for digit, weight in zip(first_ten, (3, 2, 9, 8, 7, 6, 5, 4, 3, 2), strict=True))
    return weighted * 10 % 11 % 10


def _process(key: str) -> tuple[str, ...]:
    """Twenty digits are the number of a suit, whose eighth and ninth check the others (CNJ, Resolução 65/2008; modulus
    97 of ISO 7064). An authority numbers its own processes as it likes."""
    if re.fullmatch("[0-9]{20}", key) and int(key[:7] + key[9:] + key[7:9]) % 97 != 1:
        raise WrongKey("Os algarismos deste número de processo não conferem.")
    return (key,)


def _cnpj(key: str) -> tuple[str, ...]:
    try:
        number = read_number(key)
    except ValueError:
        number = ""
    if len(number) != CNPJ_LENGTH:
        raise WrongKey("Este CNPJ não confere.")
    return (number,)


_SPELLINGS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "plate": _plate,
    "renavam": _renavam,
    "process": _process,
    OF_THE_COMPANY: _cnpj,
}
