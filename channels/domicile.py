"""The authority's electronic tax domicile (DT-e): each publication is a file that the authority's system takes in."""

import json
from pathlib import Path

from channels.file_transport import keep
from channels.mail_gateway import Outgoing, Provider, Receipt


class Domicile:
    name: Provider = "domicile"
    tells = True
    needs_contact = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Outgoing) -> Receipt:
        """Publish a message once; what was published stays, since deemed notice counts from the first publication's
        date."""
        receipt = self.taken(message)
        if receipt is None:
            keep(self._path(message), _publication(message))
        return receipt or Receipt(self.name, None, "sent")

    def taken(self, message: Outgoing) -> Receipt | None:
        return Receipt(self.name, None, "sent") if self._path(message).exists() else None

    def _path(self, message: Outgoing) -> Path:
        return self.folder / f"{message.notice}.json"


def _publication(message: Outgoing) -> bytes:
    publication = {
        "notice": message.notice,
        "case": message.case,
        "published_at": message.at.isoformat(),
        "authority": message.sender_name,
        "taxpayer": message.recipient_name,
        "domicile": message.recipient,
        "formal": message.formal,
        "subject": message.subject,
        "text": message.body,
    }
    return json.dumps(publication, ensure_ascii=False, indent=2).encode()
