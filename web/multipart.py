"""The body of a form with files, as a browser sends it (RFC 7578)."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser
from typing import NamedTuple


class Sent(NamedTuple):
    fields: dict[str, list[str]]
    """The values of each field; what is no text is replaced."""
    files: list[tuple[str, bytes]]
    """The name and the content of each file that was chosen."""


def read_multipart(content_type: str, body: bytes) -> Sent:
    """Read a body by the content type of its request; one that is no such form has neither fields nor files."""
    sent = Sent({}, [])
    if "\r" in content_type or "\n" in content_type or not content_type.startswith("multipart/form-data"):
        return sent
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if not isinstance(content, bytes) or not isinstance(name, str):
            continue
        if (filename := part.get_filename()) is None:
            sent.fields.setdefault(name, []).append(content.decode(errors="replace"))
        elif content:
            sent.files.append((filename, content))
    return sent
