"""A file that a taxpayer sends with a request: what it is by its content, whatever its name says."""

from __future__ import annotations

from typing import NamedTuple

from models.errors import Refusal
from models.formats import unseen_in

LARGEST = 2 * 1024 * 1024
"""Bytes of one file: a photograph of a receipt, or a few pages as a PDF."""
MOST = 3
LONGEST_NAME = 100

BEGINS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
"""The media type of a file by its first bytes."""
ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}


class Attachment(NamedTuple):
    name: str
    media_type: str
    content: bytes


def read_attachment(name: str, content: bytes) -> Attachment:
    """Read a file, named by what it is. Raises Refusal, in pt-BR for who sent it: too large, or of another type."""
    if len(content) > LARGEST:
        raise Refusal(
            f"an attachment has {len(content)} bytes, {LARGEST} at most",
            f"Cada arquivo pode ter até {LARGEST // 1024 // 1024} MB.",
        )
    media_type = next((kind for begins, kind in BEGINS.items() if content.startswith(begins)), None)
    if media_type is None:
        raise Refusal(
            "an attachment is no PDF, PNG or JPEG", "Envie arquivos PDF, JPG ou PNG: um deles é de outro tipo."
        )
    return Attachment(_named(name, media_type), media_type, content)


def _named(name: str, media_type: str) -> str:
    """The last part of a name, without what no reader sees, ending as what it is."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(character for character in last if not unseen_in(character))
    stem = seen.rpartition(".")[0] or seen or "arquivo"
    return stem[:LONGEST_NAME] + ENDINGS[media_type]
