"""E-mail addresses as people type them."""

import re

ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")
"""The form by which a mail server can be found. Whether anybody reads it, only a message tells."""


def email_address(written: str) -> str:
    """Read an e-mail address: without spaces around it, its domain in lower case. Raises ValueError, whose message
    doesn't repeat it."""
    address = written.strip()
    if len(address) > 254 or ".." in address or not ADDRESS.fullmatch(address):
        raise ValueError("is not an e-mail address, as nome@exemplo.com.br")
    name, domain = address.rsplit("@", 1)
    return f"{name}@{domain.lower()}"
