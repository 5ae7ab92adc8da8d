"""The body of a form as a browser sends it."""

from urllib.parse import parse_qs


def fields_of(body: bytes) -> dict[str, list[str]]:
    """The values of each field, in their order; blank ones are left out, and what is no text is replaced."""
    return parse_qs(body.decode(errors="replace"))
