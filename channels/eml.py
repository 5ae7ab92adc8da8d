"""An e-mail as the bytes of an `.eml` file (RFC 5322, RFC 2045). They are those of the library's message objects, which
take much longer."""

from __future__ import annotations

from email.charset import QP, Charset
from email.header import Header
from email.policy import compat32
from email.quoprimime import body_encode
from email.utils import format_datetime, formataddr
from functools import lru_cache

from channels.mail_gateway import Outgoing

UTF_8 = Charset("utf-8")
UTF_8.body_encoding = QP

CRLF = compat32.clone(linesep="\r\n")
"""The older of the library's two policies: the newer one takes three milliseconds to fold the headers."""

LINE = 78
"""Characters of a line that needs no folding (RFC 5322, 2.1.1)."""


def eml(message: Outgoing) -> bytes:
    """Format a mail; the same message again is the same bytes."""
    headers = [
        _header("From", _sender(message.sender_name, message.sender)),
        _header("To", _address(message.recipient_name, message.recipient)),
        _header("Subject", _subject(message.subject or "")),
        _header("Date", format_datetime(message.at)),
        _header("Message-ID", f"<{message.notice}@regua.invalid>"),
        _header("X-Regua-Notice", message.notice),
    ]
    plain = _part(message.body, "plain")
    if not message.html:
        head, text = plain
        return "".join([*head, *headers, "\r\n", text]).encode("ascii")
    # no text has it in it: quoted-printable writes =5F for no sign, and an equals sign as =3D
    boundary = f"=_{message.notice}"
    head = (_header("Content-Type", f'multipart/alternative; boundary="{boundary}"'), "MIME-Version: 1.0\r\n")
    parts = [f"--{boundary}\r\n{''.join(of)}\r\n{text}\r\n" for of, text in (plain, _part(message.html, "html"))]
    return "".join([*head, *headers, "\r\n", *parts, f"--{boundary}--\r\n"]).encode("ascii")


def _part(text: str, kind: str) -> tuple[tuple[str, ...], str]:
    """The headers and the content of a part of text."""
    head = (
        "MIME-Version: 1.0\r\n",
        f'Content-Type: text/{kind}; charset="utf-8"\r\n',
        "Content-Transfer-Encoding: quoted-printable\r\n",
    )
    return head, body_encode(text.encode().decode("latin-1")).replace("\n", "\r\n")


def _header(name: str, value: str) -> str:
    """A header's line; the library folds one that is too long, or is not plain."""
    if len(name) + 2 + len(value) <= LINE and value.isascii() and value.isprintable():
        return f"{name}: {value}\r\n"
    return CRLF.fold_binary(name, value).decode("ascii")


@lru_cache(maxsize=64)
def _sender(name: str, address: str) -> str:
    return _address(name, address)


def _address(name: str, address: str | None) -> str:
    return formataddr((_line(name), address), UTF_8) if address else "undisclosed-recipients:;"


@lru_cache(maxsize=1024)
def _subject(subject: str) -> str:
    """A subject in ASCII. A campaign's mails have few."""
    return Header(_line(subject), UTF_8, header_name="Subject").encode()


def _line(text: str) -> str:
    """The text as one line, as a header must be, whatever is on record."""
    return " ".join(text.split())
