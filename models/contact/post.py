"""The postal service's word on a letter with a return receipt: handed over, or why not."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    DELIVERED = "delivered"
    REFUSED = "refused"
    ABSENT = "absent"
    UNCLAIMED = "unclaimed"
    MOVED = "moved"
    UNKNOWN = "unknown"
    INSUFFICIENT = "insufficient"
    DECEASED = "deceased"
    OTHER = "other"

    @property
    def in_words(self) -> str:
        """Why it wasn't handed over, in pt-BR, as the postal service writes it."""
        return WORDS[self][0]

    @property
    def address_failed(self) -> bool:
        """Whether no letter finds the taxpayer there."""
        return self in (Outcome.MOVED, Outcome.UNKNOWN, Outcome.INSUFFICIENT)


WORDS: dict[Outcome, tuple[str, ...]] = {
    Outcome.DELIVERED: ("entregue", "recebido", "assinado"),
    Outcome.REFUSED: ("recusado",),
    Outcome.ABSENT: ("ausente",),
    Outcome.UNCLAIMED: ("não procurado",),
    Outcome.MOVED: ("mudou-se",),
    Outcome.UNKNOWN: ("desconhecido",),
    Outcome.INSUFFICIENT: ("endereço insuficiente", "não existe o número", "endereço incorreto"),
    Outcome.DECEASED: ("falecido",),
    Outcome.OTHER: ("outros", "outro"),
}
"""The words for each in a list of returns, the usual one first."""
