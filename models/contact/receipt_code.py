"""The code of a letter's return receipt (AR): its number with a check digit, and nothing of a person."""

from __future__ import annotations

import re

from stdnum import damm

from models.errors import Refusal

CODE = re.compile(r"AR(\d{10})", re.ASCII)
DIGITS = 9


def receipt_code(number: int) -> str:
    """The code of a letter: `AR0000001234` for number 123, its last digit by Damm."""
    digits = f"{number:0{DIGITS}}"
    return f"AR{digits}{damm.calc_check_digit(digits)}"


def number_of(written: str) -> int:
    """The number of a letter by its code, as it is read or typed. Raises Refusal: it is none, or was mistyped."""
    code = CODE.fullmatch(re.sub(r"[\s.-]", "", written).upper())
    if code is None:
        raise Refusal("the code of a receipt is AR and ten digits, as it stands under the letter's bars")
    if not damm.is_valid(code[1]):
        raise Refusal(f"{code[0]} is no code of a receipt: its last digit doesn't fit the others, so one was misread")
    return int(code[1][:DIGITS])
