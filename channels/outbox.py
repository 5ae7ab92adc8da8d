"""The outbox: each message becomes a file that opens in a mail client. Needs no provider, and no contact data."""

import os
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from channels.post import Outgoing, Provider, Receipt


class Outbox:
    name: Provider = "outbox"
    tells = True
    needs_contact = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Outgoing) -> Receipt:
        """Writes the message as `.eml` or `.txt`; the same notice again replaces its own file."""
        keep(self._path(message), _mail(message) if message.channel == "email" else message.body.encode())
        return Receipt(self.name, None, "sent")

    def taken(self, message: Outgoing) -> Receipt | None:
        return Receipt(self.name, None, "sent") if self._path(message).exists() else None

    def _path(self, message: Outgoing) -> Path:
        return self.folder / f"{message.notice}.{'eml' if message.channel == 'email' else 'txt'}"


def keep(path: Path, content: bytes) -> None:
    """A whole file or none, for its owner's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


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
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def _address(name: str, address: str) -> str:
    quoted = name.replace("\\", "").replace('"', "")
    return f'"{quoted}" <{address}>'
