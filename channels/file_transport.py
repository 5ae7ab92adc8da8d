"""The file transport: each message becomes a file that opens in a mail client. Needs no provider, and no contact
data."""

import os
from pathlib import Path

from channels.eml import eml
from channels.mail_gateway import Outgoing, Provider, Receipt


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
            return eml(message)
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
