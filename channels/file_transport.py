"""The file transport: each message becomes a file that opens in a mail client. Needs no provider, and no contact
data."""

import os
from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from pathlib import Path

from channels.mail_gateway import Outgoing, Provider, Receipt

UTF_8 = Charset("utf-8")
UTF_8.body_encoding = QP

CRLF = compat32.clone(linesep="\r\n")


class FileTransport:
    name: Provider = "file"
    tells = True
    needs_contact = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Outgoing) -> Receipt:
        """Write the message as `.eml`, `.pdf` or `.txt`; the same notice again replaces its own file."""
        keep(self._path(message), _written(message))
        return Receipt(self.name, None, "sent")

    def taken(self, message: Outgoing) -> Receipt | None:
        return Receipt(self.name, None, "sent") if self._path(message).exists() else None

    def _path(self, message: Outgoing) -> Path:
        return self.folder / f"{message.notice}.{SUFFIXES.get(message.channel, 'txt')}"


SUFFIXES = {"email": "eml", "letter": "pdf"}


def _written(message: Outgoing) -> bytes:
    match message.channel:
        case "email":
            return _mail(message)
        case "letter":
            # what makes PDFs takes long to load, and most rulers send no letter
            from channels.letter_pdf import LetterPages, letter_pdf

            return letter_pdf(
                LetterPages(
                    authority=message.sender_name,
                    addressee=message.recipient_name,
                    address=message.recipient or "",
                    subject=message.subject or "",
                    body=message.body,
                )
            )
    return message.body.encode()


def keep(path: Path, content: bytes) -> None:
    """Write a whole file or none, for its owner's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def _mail(message: Outgoing) -> bytes:
    """Format a mail by the older of the library's two policies: the newer one takes three milliseconds to fold the
    headers."""
    mail: MIMEBase = _part(message.body, "plain")
    if message.html:
        mail = MIMEMultipart("alternative", _subparts=[mail, _part(message.html, "html")])
    mail["From"] = _address(message.sender_name, message.sender)
    mail["To"] = (
        _address(message.recipient_name, message.recipient) if message.recipient else "undisclosed-recipients:;"
    )
    mail["Subject"] = Header(_line(message.subject or ""), UTF_8, header_name="Subject").encode()
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.notice}@regua.invalid>"
    mail["X-Regua-Notice"] = message.notice
    return mail.as_bytes(policy=CRLF)


def _part(text: str, kind: str) -> MIMEText:
    part = MIMEText("", kind)
    del part["Content-Transfer-Encoding"]
    part.set_payload(text, UTF_8)
    return part


def _address(name: str, address: str) -> str:
    return formataddr((_line(name), address), UTF_8)


def _line(text: str) -> str:
    """The text as one line, as a header must be, whatever is on record."""
    return " ".join(text.split())
