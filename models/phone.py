"""Telephone numbers as the world's networks write them."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

REGION = "BR"
"""Where a number without a country code is."""


def e164(written: str) -> str:
    """`+5582999991234` for `(82) 99999-1234`. Raises ValueError, whose message doesn't repeat the number."""
    try:
        number = phonenumbers.parse(written, REGION)
    except NumberParseException:
        raise ValueError("is not a telephone number") from None
    if number.extension:
        raise ValueError("is a telephone number with an extension, which can't be reached from here")
    if not phonenumbers.is_valid_number(number):
        raise ValueError("is not a telephone number that exists: area code and number, as (82) 99999-1234")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
