"""The bank's news of Pix Automático (API Pix 2.9.0): what became of an authorisation, and of a charge debited by it.

The money itself is told by the Pix callback, as of every charge. News come in any order and more than once: what is
over stays so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from models.callback import Malformed, json_of

Kind = Literal["rec", "cobr"]
LISTS: dict[Kind, str] = {"rec": "recs", "cobr": "cobsr"}
"""The name of each callback's items."""
NAMED: dict[Kind, tuple[str, str]] = {"rec": ("idRec", "[a-zA-Z0-9]{29}"), "cobr": ("txid", "[a-zA-Z0-9]{1,35}")}


class Status(StrEnum):
    """An authorisation's, in the standard's words."""

    ASKED = "CRIADA"
    APPROVED = "APROVADA"
    REJECTED = "REJEITADA"
    EXPIRED = "EXPIRADA"
    CANCELLED = "CANCELADA"

    @property
    def over(self) -> bool:
        return self not in (Status.ASKED, Status.APPROVED)

    def follows(self, before: Status) -> bool:
        """Whether it is news, of which what came before is no later state."""
        return not before.over and self not in (Status.ASKED, before)


class Debit(StrEnum):
    """A charge's, in the standard's words."""

    MADE = "CRIADA"
    SENT = "ATIVA"
    PAID = "CONCLUIDA"
    EXPIRED = "EXPIRADA"
    REJECTED = "REJEITADA"
    CANCELLED = "CANCELADA"

    @property
    def failed(self) -> bool:
        return self in (Debit.EXPIRED, Debit.REJECTED, Debit.CANCELLED)


@dataclass(frozen=True)
class News:
    of: str
    """The recurrence's id, or the charge's txid."""
    status: Status | Debit


def items_of(body: bytes, kind: Kind) -> list[Any]:
    """The items of a callback. Raises Malformed when it is none."""
    said, name = json_of(body), LISTS[kind]
    if not isinstance(said, dict):
        raise Malformed("body", "must be an object")
    if "evento" in said:
        return []
    items = said.get(name)
    if not isinstance(items, list):
        raise Malformed(name, "must be a list")
    return items


def news_kept(written: bytes) -> News | None:
    """The news in an item of the quarantine; None when it is another callback's. Raises Malformed."""
    try:
        item = json_of(written)
    except Malformed:
        return None
    if not isinstance(item, dict) or "idRec" not in item:
        return None
    return read_news(item, "cobr" if "txid" in item else "rec")


def read_news(item: Any, kind: Kind) -> News:
    """Read an item. Raises Malformed."""
    (name, code), known = NAMED[kind], Status if kind == "rec" else Debit
    if not isinstance(item, dict):
        raise Malformed(LISTS[kind], "must hold objects")
    of, status = item.get(name), item.get("status")
    if not (isinstance(of, str) and re.fullmatch(code, of)):
        raise Malformed(name, "is missing, or no code of the standard's length")
    if status not in list(known):
        raise Malformed("status", f"must be one of {', '.join(known)}")
    return News(of, known(status))
