"""Letters and published notices: they wait on record until a person closes them into a batch, which then leaves."""

from dataclasses import dataclass

from channels.mail_gateway import Outgoing, Provider, Receipt


@dataclass
class OnPaper:
    name: Provider
    needs_contact: bool
    tells: bool = True

    def deliver(self, message: Outgoing) -> Receipt:
        """Leave it on record, from which the batch is made (`storage/contact/batches.py`)."""
        return Receipt(self.name, None, "queued")

    def taken(self, message: Outgoing) -> Receipt | None:
        """Nothing has left before its batch, so that what has come up meanwhile still stops it."""
        return None
