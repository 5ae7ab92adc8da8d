"""Telephone numbers as the world's networks write them."""

import re

REGION = "BR"
"""Where a number without a country code is."""


def e164(written: str) -> str:
    """A number in E.164: `+5582999991234` for `(82) 99999-1234`. Raises ValueError, whose message doesn't repeat the
    number."""
    # the world's numbering plans take longer to load than most commands to run
    import phonenumbers
    from phonenumbers import NumberParseException, PhoneNumberFormat

    try:
        number = phonenumbers.parse(written, REGION)
    except NumberParseException:
        raise ValueError("is not a telephone number") from None
    if number.extension:
        raise ValueError("is a telephone number with an extension, which can't be reached from here")
    if not phonenumbers.is_valid_number(number):
        raise ValueError("is not a telephone number that exists: area code and number, as (82) 99999-1234")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


MOBILE = re.compile(r"\+55(\d\d)9?([6-9]\d{7})")


def spellings(number: str) -> tuple[str, ...]:
    """The spellings in which a Brazilian mobile number comes in: WhatsApp knows older ones without their ninth
    digit."""
    mobile = MOBILE.fullmatch(number)
    return (f"+55{mobile[1]}9{mobile[2]}", f"+55{mobile[1]}{mobile[2]}") if mobile else (number,)
