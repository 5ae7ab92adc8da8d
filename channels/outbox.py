"""The outbox: each message becomes a file that opens in a mail client. Needs no provider, and no contact data."""

import os
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path


@dataclass(frozen=True)
class Outgoing:
    """A message ready to leave. `notice` is its id and, as the file's name, its idempotency key."""

    notice: str
    channel: str
    sender_name: str
    sender: str
    recipient_name: str
    recipient: str | None
    subject: str | None
    body: str
    at: datetime


class Outbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Outgoing) -> Path:
        """Writes the message as `.eml` or `.txt`; the same notice again replaces its own file."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = _mail(message) if message.channel == "email" else message.body.encode()
        path = self.folder / f"{message.notice}.{'eml' if message.channel == 'email' else 'txt'}"
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        draft.replace(path)
        return path


def _mail(message: Outgoing) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(message.sender_name, message.sender)
    mail["To"] = (
        _address(message.recipient_name, message.recipient) if message.recipient else "undisclosed-recipients:;"
    )
    mail["Subject"] = message.subject or ""
    mail["Date"] = message.at
    mail["Message-ID"] = f"<{message.notice}@regua.invalid>"
    mail["X-Regua-Notice"] = message.notice
    mail.set_content(message.body, cte="quoted-printable")
    return mail.as_bytes()


def _address(name: str, address: str) -> str:
    quoted = name.replace("\\", "").replace('"', "")
    return f'"{quoted}" <{address}>'
