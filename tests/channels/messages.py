"""A message ready to leave, for tests."""

from datetime import UTC, datetime
from typing import Any

from channels.mail_gateway import Outgoing

PUBLIC_URL = "https://regua.example"


def outgoing(number: int = 1, channel: str = "email", **more: Any) -> Outgoing:
    """`number` tells one taxpayer from another; their messages differ in nothing else."""
    name, amount = f"Padaria & Filhos {number}", f"R$ {number}.234,56"
    contact = f"contribuinte{number}@cidade.example" if channel == "email" else f"+55829999{number:05}"
    made: dict[str, Any] = {
        "notice": f"c-{number:04}-00-{channel}",
        "case": f"c-{number:04}",
        "cohort": "iptu-2026",
        "ruler": "divida-ativa v1",
        "channel": channel,
        "sender_name": "Prefeitura Exemplo",
        "sender": "cobranca@prefeitura.example",
        "recipient_name": name,
        "recipient": contact,
        "subject": "Aviso de débito" if channel == "email" else None,
        "body": f"{name}, há {amount} em aberto (protocolo c-{number:04}).\n",
        "personal": (name, amount, f"c-{number:04}"),
        "at": datetime(2026, 11, 23, 12, tzinfo=UTC),
        **more,
    }
    return Outgoing(**made)
